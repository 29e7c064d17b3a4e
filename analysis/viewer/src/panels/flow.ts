// How the linear model learns: the loss of each flow, and the modes that a flow has learned.
import { CurveChart } from "../curve_chart";
import { h, select, symbol } from "../dom";
import { plain } from "../format";
import { listing, upTo } from "../listing";
import type { Values } from "../model";
import type { Panel } from "../panel";
import { latest } from "../selection";

const PLACES = 1500; // along a curve
const FEW = 40; // so few times are marked: nothing is known between them
const DASHES = [undefined, [9, 4], [9, 3, 2, 3], [2, 3]]; // flows can be so close that one hides another

export const flow: Panel = {
  id: "flow",
  title: "Flow",
  applies: (run) => run.has("/flow/loss"),
  async build(run) {
    const [time, loss] = await Promise.all([run.read("/flow/time"), run.read("/flow/loss")]);
    const ends = await run.readAll("/flow", ["rule", "critical_loss", "nearest_loss", "nearest_distance",
      "stop_reason", "steps", "eigenvalue"]);
    const rules = ends.rule!.words!;
    const losses = rules.map((_, rule) => row(loss, rule));
    const xRange: [number, number] = [time.data[0], settled(time.data, losses)];
    const end = time.data[time.data.length - 1];
    const drawn = thinned(time.data.length);
    const x = drawn.map((k) => time.data[k]);
    const look = x.filter((t) => t <= xRange[1]).length <= FEW ? "marked" : "line";
    const place = (t: number) => `time ${plain(t, 4)}`;

    const curves = new CurveChart(false);
    curves.set({
      x, xRange, place, xName: "time", yName: "loss",
      label: `The loss of ${rules.length} flows against time; the table below has where they end.`,
      curves: rules.map((name, colour) => ({
        name, colour, look, dash: DASHES[colour], values: drawn.map((k) => losses[colour][k]),
      })),
      levels: Array.from(ends.critical_loss?.data ?? [], (value, k) => ({ value, name: `${k} learned` })),
    });

    const strengths = new CurveChart(false, 280);
    const trouble = h("p", { class: "trouble", hidden: true });
    const show = latest(async (rule: number) => {
      const { data, shape } = await run.read("/flow/strength", [rule, rule + 1]);
      const modes = shape[2];
      return () => strengths.set({
        x, xRange, place, xName: "time", yName: "strength",
        label: `The strengths of ${modes} modes against time in the flow ${rules[rule]}.`,
        curves: upTo(modes).map((mode) => ({
          name: `λ${subscript(mode + 1)} = ${plain(ends.eigenvalue?.data[mode] ?? NaN, 4)}`, colour: mode, look,
          values: drawn.map((k) => data[k * modes + mode]),
        })),
      });
    }, (error) => { trouble.hidden = false; trouble.textContent = error.message; });
    await show(0);

    const last: Values = { shape: [rules.length], data: Float64Array.from(losses, (curve) => finite(curve).at(-1) ?? NaN) };
    return h("div", {},
      h("p", {}, "The linear model ", symbol("x"), " ↦ ", symbol("ABx"), " learns one eigenvector of the second moment ",
        "after the other. The lines named at the right are the losses when so many of them are learned, the largest first."),
      h("h3", {}, "Loss"), curves.element,
      xRange[1] < end ? h("p", { class: "note" }, `Drawn until time ${plain(xRange[1], 3)} of ${plain(end, 3)}: later, no loss moves by a thousandth of its way.`) : null,
      h("h3", {}, "Strength of the modes"),
      h("p", { class: "note" }, "0: not learned, 1: learned."),
      h("div", { class: "controls" }, select("Flow", rules, 0, show)), trouble, strengths.element,
      listing("Where the flows end", [
        { head: "Flow", values: ends.rule },
        { head: "Final loss", values: last, digits: 9 },
        { head: "Loss of the nearest critical point", values: ends.nearest_loss, digits: 9 },
        { head: h("span", {}, "Distance of ", symbol("AB"), " to it"), values: ends.nearest_distance, digits: 4 },
        { head: "Stop reason", values: ends.stop_reason },
        { head: "Steps", values: ends.steps },
      ], upTo(rules.length)));
  },
};

/** Places along time, the last one among them. */
function thinned(times: number): number[] {
  const stride = Math.ceil(times / PLACES);
  return upTo(times).filter((k) => k % stride === 0 || k === times - 1);
}

function row({ shape, data }: Values, k: number): Float64Array {
  return data.subarray(k * shape[1], (k + 1) * shape[1]);
}

function finite(curve: Float64Array): number[] {
  return Array.from(curve).filter(Number.isFinite);
}

/** A little after all losses are within a thousandth of the way of where they end. */
function settled(time: Float64Array, losses: Float64Array[]): number {
  const last = losses.map((curve) => finite(curve).at(-1) ?? NaN);
  const moves = (k: number) => losses.some((curve, rule) =>
    Math.abs(curve[k] - last[rule]) > 1e-3 * Math.abs(curve[0] - last[rule]));
  const place = upTo(time.length).filter(moves).at(-1) ?? -1;
  const end = time[time.length - 1];
  return place < 0 ? end : Math.min(end, 1.15 * time[Math.min(place + 1, time.length - 1)]);
}

function subscript(n: number): string {
  return [...String(n)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
}
