// How the figures of a dictionary are spread over its features, beside random directions; its loss by activity.
import { CurveChart, type Curve } from "../curve_chart";
import { h, select } from "../dom";
import { percent, plain } from "../format";
import { upTo } from "../listing";
import type { Run } from "../run";

const WORDS: Record<string, string> = {
  relative_loss: "loss over E x²", interference_deviation: "standard deviation of the interference",
  false_activation: "probability of a false activation", recall: "recall", precision: "precision",
};

/** A chart of one of the histograms, to choose from. */
export async function histogramView(run: Run): Promise<HTMLElement> {
  const read = await run.readAll("/dictionary",
    ["quantity", "logarithmic", "bin_edge", "bin_count", "random_bin_share", "without", "done"]);
  const quantities = read.quantity!.words ?? [];
  const [, bins] = run.shape("/dictionary/bin_count");
  const chart = new CurveChart(false, 280);
  const show = (k: number) => {
    const wide = read.logarithmic!.data[k] === 1;
    const edges = Array.from(read.bin_edge!.data.slice(k * (bins + 1), (k + 1) * (bins + 1)));
    // A first bin from 0 is as wide as the others.
    if (wide && edges[0] === 0) edges[0] = edges[1] ** 2 / edges[2];
    const done = read.done!.data[0];
    // What stands for the last bin also ends its step.
    const steps = (values: Float64Array, total: number) => {
      const shares = Array.from(values.slice(k * bins, (k + 1) * bins), (x) => x / total);
      return [...shares, shares[bins - 1]];
    };
    const curves: Curve[] = [{ name: "this dictionary", colour: 0, look: "steps", values: steps(read.bin_count!.data, done) }];
    if (read.random_bin_share) {
      curves.push({ name: "random directions", colour: 1, look: "steps", values: steps(read.random_bin_share.data, 1) });
    }
    const words = WORDS[quantities[k]] ?? quantities[k].replaceAll("_", " ");
    const without = read.without!.data[k];
    chart.set({
      x: edges, curves, logarithmicX: wide, xName: words + (without ? ` (${plain(without)} features have none)` : ""),
      yName: "share of the features in a bin",
      label: `How the ${words} is spread over the features, from ${plain(edges[0], 2)} to ${plain(edges[bins], 2)}.`,
      place: (x) => `from ${plain(x, 3)}`,
    });
  };
  show(0);
  const choice = select("Figure", quantities.map((name) => WORDS[name] ?? name), 0, show);
  return h("div", {}, h("h3", {}, "Over the features"), choice, chart.element);
}

/** The loss by number of active features; null if the run did not split it. */
export async function countView(run: Run): Promise<HTMLElement | null> {
  if (!run.has("/dictionary/by_count")) return null;
  const { by_count: parts, loss } = await run.readAll("/dictionary", ["by_count", "loss"]);
  const shares = Array.from(parts!.data, (x) => x / loss!.data[0]);
  const chart = new CurveChart(false, 280);
  chart.set({
    x: upTo(shares.length), curves: [{ name: "share of the loss", colour: 0, values: shares, look: "marked" }],
    xName: "number of active features l", yName: "share of the loss", wholeX: true,
    label: `The loss by number of active features, up to ${shares.length - 1}.`,
    place: (l) => `${l} active`,
  });
  const beyond = Math.max(0, 1 - shares.reduce((a, b) => a + b, 0));
  return h("div", {}, h("h3", {}, "By number of active features"), chart.element,
    h("p", { class: "note" }, `With more than ${shares.length - 1} active: ${percent(beyond)} of the loss.`));
}
