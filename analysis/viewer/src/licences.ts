// The notices that the packages inside this page ask to be kept with it.
import h5wasm from "../node_modules/h5wasm/LICENSE.txt?raw";
import uplot from "../node_modules/uplot/LICENSE?raw";
import { h } from "./dom";

export function licences(): HTMLElement {
  return h("details", {}, h("summary", {}, "Software inside this page"),
    h("p", {}, "h5wasm of the National Institute of Standards and Technology reads the files; uPlot draws the curves."),
    h("pre", {}, h5wasm.trim()), h("pre", {}, uplot.trim()));
}
