// How many features are active, and how much of a model's loss that leaves out.
import { h, symbol } from "../dom";
import { percent } from "../format";
import { listing, upTo, type Column } from "../listing";
import type { Run } from "../run";

const share = (value: number) => percent(value, 4);

/** With the loss of that model, if the file has models. */
export async function lawTable(run: Run, index: number): Promise<HTMLElement> {
  const law = await run.readAll("/approximation",
    ["l", "probability", "tail", "union_bound", "chernoff_bound", "poisson"]);
  const loss = await run.readAll("/approximation",
    ["contribution", "beyond", "share_beyond", "beyond_bound"], [index, index + 1]);
  const columns: Column[] = [
    { head: symbol("l"), values: law.l, write: String },
    { head: h("span", {}, "P(", symbol("N"), " = ", symbol("l"), ")"), values: law.probability },
    { head: h("span", {}, "P(", symbol("N"), " ≥ ", symbol("l"), ")"), values: law.tail },
    { head: "Union bound", values: law.union_bound },
    { head: "Chernoff bound", values: law.chernoff_bound },
    { head: "Poisson", values: law.poisson },
    { head: h("span", {}, "Loss on ", symbol("Q", "l")), values: loss.contribution },
    { head: h("span", {}, "Loss beyond ", symbol("Q", "l")), values: loss.beyond },
    { head: "Its upper bound", values: loss.beyond_bound },
    { head: "Its share", values: loss.share_beyond, write: share },
  ];
  return h("div", {},
    h("p", { class: "note" }, "Both bounds and the Poisson approximation are of P(", symbol("N"), " ≥ ", symbol("l"), ")."),
    listing("Number of active features", columns, upTo(law.l!.data.length)));
}

/** How far the gradient on few active features is from the whole one. */
export async function gradientTable(run: Run, index: number): Promise<HTMLElement> {
  const most = await run.read("/approximation/most");
  const gradient = await run.readAll("/approximation",
    ["gradient_size", "gradient_difference", "gradient_angle"], [index, index + 1]);
  return listing("Gradient of the loss on at most k active features against that of the whole loss", [
    { head: symbol("k"), values: most, write: String },
    { head: "Size ratio", values: gradient.gradient_size },
    { head: "Difference, relative", values: gradient.gradient_difference },
    { head: "Angle in radians", values: gradient.gradient_angle },
  ], upTo(most.data.length));
}

/** The law in brief for several sparsities. */
export async function sparsityTable(run: Run): Promise<HTMLElement> {
  const rows = await run.readAll("/approximation", ["table_sparsity", "table_none", "table_one", "table_two"]);
  return listing("Number of active features at several sparsities", [
    { head: h("span", {}, "Sparsity ", symbol("S")), values: rows.table_sparsity },
    { head: h("span", {}, "P(", symbol("N"), " = 0)"), values: rows.table_none },
    { head: h("span", {}, "P(", symbol("N"), " = 1)"), values: rows.table_one },
    { head: h("span", {}, "P(", symbol("N"), " ≥ 2)"), values: rows.table_two },
  ], upTo(rows.table_sparsity!.data.length));
}
