// The columns of W and their Gram matrix.
import { ColumnsView } from "../columns_view";
import { h, symbol, table } from "../dom";
import { number, plain } from "../format";
import { HeatMap } from "../heat_map";
import type { Gram } from "../model";
import { modelGroup, readModel, weights, type Model } from "../models";
import type { Panel } from "../panel";
import type { Run } from "../run";
import { latest } from "../selection";
import { thomsonMatch } from "../thomson";

const MOST = 1024; // columns in the heat map
const CROWDED = 8; // more columns than this: the colours are scaled to the entries off the diagonal
const LISTED = 500; // columns in the table

export const columns: Panel = {
  id: "columns",
  title: "Columns of W",
  applies: (run) => modelGroup(run) !== null,
  async build(run, selection) {
    const view = new ColumnsView("Columns of W");
    const match = new ColumnsView("Matched configuration");
    view.link(match);
    const beside = h("div", {}, h("h3", {}, "Thomson match"), match.element);
    const map = new HeatMap("Gram matrix", true);
    const gramNote = h("p", { class: "note" });
    const list = h("div", {});
    const show = latest(async (index: number) => {
      const { path, ranges } = weights(run, index);
      const [model, gram, dimensionality] = await Promise.all([
        readModel(run, index), run.gram(path, ranges, MOST), readDimensionality(run, index),
      ]);
      const thomson = await thomsonMatch(run, index, model.columns);
      return () => {
        view.set(model.columns, (j) => thresholdText(model, j) +
          (dimensionality ? `, dimensionality ${plain(dimensionality[j], 4)}` : ""));
        beside.hidden = thomson === null;
        if (thomson) match.set(thomson);
        showGram(map, gramNote, gram, model.columns.features);
        list.replaceChildren(columnTable(model, dimensionality));
      };
    }, (error) => list.replaceChildren(h("p", { class: "trouble" }, error.message)));
    selection.onChange(show);
    await show(selection.index);
    return h("div", {},
      h("p", {}, "Feature ", symbol("j"), " is written into the hidden dimensions as the column ", symbol("w", "j"),
        " of ", symbol("W"), "; the Gram matrix holds their inner products ",
        h("span", { class: "math" }, symbol("w", "i"), " · ", symbol("w", "j")), "."),
      h("div", { class: "side-by-side" },
        h("div", {}, h("h3", {}, "Columns"), view.element), beside,
        h("div", {}, h("h3", {}, "Gram matrix"), map.element, gramNote)),
      list);
  },
};

function thresholdText({ b }: Model, j: number): string {
  return b ? `, threshold ${plain(b[j], 5)}` : "";
}

async function readDimensionality(run: Run, index: number): Promise<Float64Array | null> {
  const path = "/geometry/dimensionality";
  return run.has(path) ? (await run.read(path, [index, index + 1])).data : null;
}

function showGram(map: HeatMap, note: HTMLElement, { columns, data }: Gram, features: number): void {
  const n = columns.length;
  let off = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) off = Math.max(off, Math.abs(data[i * n + j]));
  const crowded = n > CROWDED && off > 0;
  const labels = columns.map(String);
  map.set({
    rows: n, columns: n, values: data, rowLabels: labels, columnLabels: labels,
    rowName: "feature i", columnName: "feature j", scale: "signed", most: crowded ? off : undefined,
    describe: (i, j) => i === j
      ? `Squared length of column ${columns[i]}: ${plain(data[i * n + i], 6)}`
      : `Columns ${columns[i]} and ${columns[j]}: inner product ${plain(data[i * n + j], 6)}`,
  });
  note.textContent = [
    crowded ? "The colours are scaled to the entries off the diagonal." : "",
    n < features ? `The ${n} longest of ${features} columns.` : "",
  ].filter(Boolean).join(" ");
}

function columnTable({ columns, b }: Model, dimensionality: Float64Array | null): HTMLElement {
  const { features, lengths } = columns;
  const shown = Math.min(features, LISTED);
  const rows = Array.from({ length: shown }, (_, j) => [
    String(j), number(lengths[j]), b ? number(b[j]) : "–",
    ...(dimensionality ? [number(dimensionality[j])] : []),
  ]);
  const caption = (dimensionality ? "Length, threshold and feature dimensionality" : "Length and threshold") + " of each feature" +
    (shown < features ? ` (the first ${shown} of ${features})` : "");
  return h("details", {}, h("summary", {}, "Features one by one"),
    table(caption, ["Feature", h("span", {}, "Length |", symbol("w", "j"), "|"), h("span", {}, "Threshold ", symbol("b", "j")),
      ...(dimensionality ? [h("span", {}, "Dimensionality ", symbol("D", "j"))] : [])], rows));
}
