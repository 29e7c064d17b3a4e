// The eigenvalues of a loss at each model: what the model is, and how flat the loss is there.
import { CurveChart, type Curve } from "../curve_chart";
import { definitions, h, symbol } from "../dom";
import { count, number, plain, plural } from "../format";
import { listing, upTo } from "../listing";
import type { Values } from "../model";
import type { Panel } from "../panel";
import type { Run } from "../run";

const NAMES = ["instance", "loss", "gradient_norm", "landscape", "error", "zero", "rank", "negative", "orbit_dimension",
  "dropped", "unexplained", "condition", "learning_coefficient", "kinks", "first_kink", "crossing"] as const;
type Spectra = Partial<Record<(typeof NAMES)[number], Values>>;

export const spectrum: Panel = {
  id: "spectrum",
  title: "Spectrum",
  applies: (run) => run.has("/spectrum/eigenvalues"),
  async build(run, selection) {
    const read = await run.readAll("/spectrum", NAMES);
    const chart = new CurveChart(true);
    const facts = h("div", {}), values = h("div", {});
    const show = async (k: number) => {
      const { data } = await run.read("/spectrum/eigenvalues", [k, k + 1]);
      chart.set(curves(data, at(read, "zero", k)));
      facts.replaceChildren(factsOf(read, k));
      values.replaceChildren(h("details", {}, h("summary", {}, "Eigenvalues one by one"),
        listing("Eigenvalues of the Hessian, smallest first", [
          { head: "Number", values: { data: Float64Array.from(upTo(data.length)), shape: [data.length] }, write: String },
          { head: "Eigenvalue", values: { data, shape: [data.length] }, digits: 9 },
          { head: "Counts as", values: { data, shape: [data.length] }, write: (value) => sort(value, at(read, "zero", k)) },
        ], upTo(data.length))));
    };
    selection.onChange((k) => void show(k));
    await show(selection.index);
    return h("div", {},
      h("p", {}, "The eigenvalues of the Hessian of the loss, by size. Filled: upwards. Hollow: downwards, a way to a smaller " +
        "loss. Those below the dashed line count as 0: a flat direction, or one that the error hides."),
      chart.element, facts, values, run.shape("/spectrum/instance")[0] > 1 ? await all(run, read) : null);
  },
};

function at(read: Spectra, name: keyof Spectra, k: number): number {
  return read[name]?.data[k] ?? NaN;
}

function sort(value: number, zero: number): string {
  return Math.abs(value) <= zero ? "zero" : value > 0 ? "positive" : "negative";
}

function curves(data: Float64Array, zero: number) {
  const sizes = (kind: string) => Array.from(data, (value) =>
    (sort(value, zero) === kind && value !== 0 ? Math.abs(value) : NaN));
  const found: Curve[] = [
    { name: "positive", colour: 0, values: sizes("positive"), look: "points" },
    { name: "negative", colour: 3, values: sizes("negative"), look: "hollow" },
    { name: "counts as 0", colour: 5, values: sizes("zero"), look: "hollow" },
  ];
  const numbers = (kind: string) => data.filter((value) => sort(value, zero) === kind).length;
  return {
    x: upTo(data.length), curves: found, xName: "number, smallest first", yName: "size of the eigenvalue", wholeX: true,
    label: `${plural(data.length, "eigenvalue")} of the Hessian: ${numbers("positive")} positive, ` +
      `${numbers("negative")} negative, ${numbers("zero")} that count as 0.`,
    levels: zero > 0 ? [{ value: zero, name: "zero" }] : [],
    place: (x: number) => `eigenvalue ${x} is ${plain(data[x], 6)}`,
  };
}

function factsOf(read: Spectra, k: number): HTMLElement {
  const of = (name: keyof Spectra, digits = 6) => number(at(read, name, k), digits);
  const many = (name: keyof Spectra) => (at(read, name, k) > 0 ? of(name) : null);
  const crossing = at(read, "crossing", k);
  return definitions([
    ["It is", read.landscape?.words?.[k] ?? null],
    ["Loss", of("loss", 10)],
    ["Norm of the gradient", of("gradient_norm", 3)],
    ["Rank", of("rank")],
    ["Negative (Morse index)", of("negative")],
    ["Flat: turning the hidden space", many("orbit_dimension")],
    ["Flat: features that are dropped", many("dropped")],
    ["Flat without a known reason", many("unexplained")],
    ["Outputs at a kink", many("kinks")],
    ["Condition", of("condition", 4)],
    ["Learning coefficient", Number.isNaN(at(read, "learning_coefficient", k)) ? null : of("learning_coefficient")],
    ["The best of the file is preferred from", crossing > 1 ? h("span", {}, of("crossing", 4), " samples on") : null],
    ["Error of each eigenvalue", of("error", 2)],
  ]);
}

async function all(run: Run, read: Spectra): Promise<HTMLElement> {
  return listing("All models of the file", [
    { head: "Model", values: read.instance, write: count },
    { head: "It is", values: read.landscape },
    { head: "Loss", values: read.loss, digits: 9 },
    { head: "Rank", values: read.rank },
    { head: "Negative", values: read.negative },
    { head: "Unexplained zeros", values: read.unexplained },
    { head: h("span", {}, "Learning coefficient ", symbol("λ")), values: read.learning_coefficient },
  ], upTo(run.shape("/spectrum/instance")[0]));
}
