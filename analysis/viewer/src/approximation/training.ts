// What it costs to train on at most k active features: against density, and in numbers.
import { CurveChart, type Curve } from "../curve_chart";
import { h, symbol } from "../dom";
import { plain } from "../format";
import { listing, upTo } from "../listing";
import type { Values } from "../model";
import type { Run } from "../run";

const ENOUGH = 0.01; // an excess below 1 % of the loss

export async function trainingCosts(run: Run): Promise<HTMLElement> {
  const [sparsity, k] = await Promise.all([run.read("/approximation/sparsity"), run.read("/approximation/k")]);
  const found = await run.readAll("/approximation",
    ["lower", "upper", "minimum", "excess", "same_configuration", "distance", "hits"]);
  const settings = upTo(sparsity.data.length), most = k.data.length;
  const size = settings.length * most;
  const along = (of: (place: number) => number): Values =>
    ({ shape: [size], data: Float64Array.from({ length: size }, (_, place) => of(place)) });
  const setting = (place: number) => Math.floor(place / most);
  const share = along((place) => 1 - found.lower!.data[place] / found.upper!.data[place]);
  const relative = along((place) => found.excess!.data[place] / found.minimum!.data[place]);
  const table = listing("Trained on at most k active features", [
    { head: h("span", {}, "Sparsity ", symbol("S")), values: along((place) => sparsity.data[setting(place)]) },
    { head: symbol("k"), values: along((place) => k.data[place % most]), write: String },
    { head: "Least loss up to k", values: found.lower },
    { head: "Whole loss there", values: found.upper },
    { head: "Least whole loss", values: found.minimum },
    { head: "Excess", values: found.excess, digits: 4 },
    { head: "Excess / least", values: relative, digits: 4 },
    { head: "Share beyond", values: share, digits: 4 },
    { head: "Same", values: found.same_configuration, write: (value) => (value ? "yes" : "no") },
    { head: "Distance", values: found.distance, digits: 3 },
    { head: "Hits", values: found.hits },
  ], upTo(size));
  return h("div", {},
    settings.length > 1 ? charts(sparsity, k, share, relative, found.same_configuration) : null, table,
    h("p", { class: "note" }, "Same: both minimisers are one configuration. Distance: of the columns of both minimisers, after the best turn. ",
      "Hits: random starts that ended at the least loss up to ", symbol("k"), "."));
}

function charts(sparsity: Values, k: Values, share: Values, relative: Values, same?: Values): HTMLElement {
  const density = sparsity.data.map((S) => Number((1 - S).toPrecision(12)));
  const order = upTo(density.length).sort((i, j) => density[i] - density[j]);
  const most = k.data.length;
  const curves = (values: Values): Curve[] => Array.from(k.data, (active, c) => {
    const of = (setting: number) => values.data[setting * most + c];
    const other = (setting: number) => (same?.data[setting * most + c] === 0 ? of(setting) : NaN);
    return [
      { name: `k = ${active}`, colour: c, values: order.map(of), look: "marked" as const },
      { name: "", colour: c, values: order.map(other), look: "hollow" as const },
    ];
  }).flat();
  const common = {
    x: order.map((setting) => density[setting]), logarithmicX: true, xName: "density p = 1 − S",
    place: (p: number) => `density ${plain(p, 4)}`,
  };
  const excess = new CurveChart(true);
  excess.set({
    ...common, curves: curves(relative), yName: "excess / least loss", levels: [{ value: ENOUGH, name: "1 %" }],
    label: "What training on at most k active features loses, relative to the least loss, against density.",
  });
  const beyond = new CurveChart(false);
  beyond.set({
    ...common, curves: curves(share), yName: "share beyond Qk",
    label: "The share of the loss on more than k active features, against density.",
  });
  return h("div", {},
    h("p", { class: "note" }, "Hollow points: the minimiser looks different from that of the whole loss."),
    h("div", { class: "side-by-side" },
      h("div", {}, h("h3", {}, "Excess loss"), excess.element),
      h("div", {}, h("h3", {}, "Share of the loss beyond k active features"), beyond.element)));
}
