// The law of the data: densities, values of active features, and which features are active together.
import { CurveChart } from "../curve_chart";
import { h, symbol, table } from "../dom";
import { plain } from "../format";
import { GroupTree, readGroups } from "../group_tree";
import type { Panel } from "../panel";
import type { Run } from "../run";

const SPREAD = 10; // densities farther apart than by this factor want a logarithmic scale
const LAWS = 6; // so many laws of values have a curve each

export const data: Panel = {
  id: "data",
  title: "Data",
  applies: (run) => run.has("/data/density"),
  async build(run) {
    const { density } = await run.readAll("/data", ["density"]);
    const p = density!.data;
    const laws = await valueLaws(run, p.length);
    const groups = await readGroups(run);
    return h("div", {},
      h("p", {}, "Feature ", symbol("j"), " is active with probability ", symbol("p", "j"), "; ", valuesInWords(laws), " ",
        groups ? "Brackets join the features that depend on each other; all others are independent."
          : "The features are independent."),
      h("div", { class: "side-by-side" },
        h("div", {}, h("h3", {}, "Densities"), densities(p, laws)),
        groups ? h("div", {}, h("h3", {}, "Groups"), new GroupTree(groups).element) : null),
      new Set(laws).size > 1 ? lawTable(laws) : null);
  },
};

function valuesInWords(laws: string[]): string {
  const kinds = new Set(laws);
  return kinds.size === 1 ? `values of active features are ${laws[0]}.`
    : `values of active features follow ${kinds.size} laws.`;
}

/** Against the rank: a power of the rank is a straight line on logarithmic scales. */
function densities(p: Float64Array, laws: string[]): HTMLElement {
  const order = [...p.keys()].sort((a, b) => p[b] - p[a] || laws[a].localeCompare(laws[b]) || a - b);
  const x = order.map((_, k) => k + 1);
  const named = [...new Set(order.map((j) => laws[j]))];
  const most = p[order[0]], least = p[order[order.length - 1]];
  const wide = least > 0 && most > SPREAD * least;
  const several = named.length > 1 && named.length <= LAWS;
  const points = several
    ? named.map((name, colour) => ({ name, colour, values: order.map((j) => (laws[j] === name ? p[j] : NaN)), look: "points" as const }))
    : [{ name: "density", colour: 0, values: order.map((j) => p[j]), look: "marked" as const }];
  const chart = new CurveChart(wide, 260);
  chart.set({
    x, curves: points, xName: "rank of the feature, densest first", yName: "density p", logarithmicX: wide, wholeX: !wide,
    label: `The densities of ${p.length} features, from ${plain(most, 3)} to ${plain(least, 3)}.`,
    place: (k) => `feature ${order[k - 1]}, ${laws[order[k - 1]]}`,
  });
  return chart.element;
}

async function valueLaws(run: Run, features: number): Promise<string[]> {
  if (!run.has("/data/value_law")) return Array.from({ length: features }, () => "uniform on [0, 1]");
  const { value_law: kind, value_first: first, value_second: second } =
    await run.readAll("/data", ["value_law", "value_first", "value_second"]);
  return Array.from(kind!.data, (k, j) => words(k, first!.data[j], second!.data[j]));
}

/** The numbers of the kinds are those of files. */
function words(kind: number, first: number, second: number): string {
  const a = plain(first, 4), b = plain(second, 4);
  return [`uniform on [${a}, ${b}]`, `always ${a}`, `exponential of mean ${a}`, `half-normal of scale ${a}`,
    `normal of mean ${a} and deviation ${b}`][kind] ?? "unknown";
}

function lawTable(laws: string[]): HTMLElement {
  const shown = laws.slice(0, 500);
  const caption = "Law of the values of each feature" +
    (shown.length < laws.length ? ` (the first ${shown.length} of ${laws.length})` : "");
  return h("details", {}, h("summary", {}, "Values one by one"),
    table(caption, ["Feature", "Values"], shown.map((law, j) => [String(j), law])));
}
