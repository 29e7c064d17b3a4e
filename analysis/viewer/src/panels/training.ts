// What each start went through: the objective against the steps, and W on its way.
import { ColumnsView } from "../columns_view";
import { check, definitions, h, slider, table } from "../dom";
import { count, exact, number, plain, plural } from "../format";
import type { Columns, Values } from "../model";
import type { Panel } from "../panel";
import { Plot } from "../plot";
import type { Run } from "../run";
import { latest, type Selection } from "../selection";
import { ofMany } from "../theme";

const DRAWN = 40; // starts in the plot, beside the chosen one
const PLACES = 1500; // along a curve
const LISTED = 6; // minima in the key

const NAMES = ["start", "loss", "error_bound", "gradient_norm", "stop_reason", "steps", "evaluations",
  "objective_value", "objective_gradient_norm", "unmet", "minimum_of", "minimum_loss", "count", "rank", "norm",
  "best_start", "recorded", "step"] as const;
type Starts = Partial<Record<(typeof NAMES)[number], Values>>;

export const training: Panel = {
  id: "training",
  title: "Training",
  applies: (run) => run.has("/training/loss"),
  async build(run, selection) {
    const starts = await run.readAll("/training", NAMES);
    const facts = h("div", {});
    const show = (k: number) => facts.replaceChildren(startFacts(starts, k));
    selection.onChange(show);
    show(selection.index);
    const snapshot = run.has("/training/snapshot_w") ? new Snapshot(run) : null;
    const curves = run.has("/training/trajectory") && run.has("/training/step")
      ? await trajectories(run, starts, selection, snapshot)
      : h("p", { class: "note" }, "This run recorded no steps; skeleta train --record-every 1 does.");
    const minima = [h("h3", {}, "Distinct minima"), minimaTable(starts)];
    return h("div", {}, curves, h("div", { class: "side-by-side" }, snapshot?.element,
      h("div", {}, h("h3", {}, "The chosen start"), facts), h("div", {}, minima)));
  },
};

async function trajectories(
  run: Run, starts: Starts, selection: Selection, snapshot: Snapshot | null,
): Promise<HTMLElement> {
  const [startCount, stepCount] = run.shape("/training/trajectory");
  const stride = Math.max(1, Math.ceil(stepCount / PLACES));
  const rows = (from: number, to: number) =>
    run.read("/training/trajectory", [from, to], [0, stepCount, stride]);
  const background = await rows(0, Math.min(startCount, DRAWN));
  const width = background.shape[1];
  const row = (values: Values, k: number) => Array.from(values.data.subarray(k * width, (k + 1) * width),
    (value) => (Number.isFinite(value) ? value : null));
  const curves = Array.from({ length: background.shape[0] }, (_, k) => row(background, k));
  const steps = starts.step!.data;
  const x = Array.from({ length: width }, (_, k) => steps[k * stride]);
  const recorded = (k: number) => Math.max(starts.recorded?.data[k] ?? stepCount, 1);

  const plot = new Plot(340);
  const readout = h("p", { class: "readout", "aria-live": "polite" });
  let logarithmic = curves.every((curve) => curve.every((value) => value === null || value > 0));
  let place = recorded(selection.index) - 1;
  let chosen = curves[selection.index];

  const startSlider = slider("Start", startCount - 1, selection.index, (k) => startText(starts, k),
    (k) => selection.choose(k));
  const stepSlider = slider("Step", recorded(selection.index) - 1, place,
    (s) => `step ${count(steps[s])} of ${count(steps[recorded(selection.index) - 1])}`, (s) => {
      place = s;
      plot.redraw();
      void read(place);
    });

  const read = latest(async (s: number) => {
    const k = selection.index;
    const [objective] = (await run.read("/training/trajectory", [k, k + 1], [s, s + 1])).data;
    const columns = await snapshot?.read(k, s);
    return () => {
      readout.textContent = `Start ${starts.start?.data[k] ?? k}, step ${count(steps[s])}: objective ${plain(objective, 10)}`;
      if (columns) snapshot!.show(columns, k, s, starts);
    };
  }, (error) => { readout.textContent = error.message; });

  const draw = () => plot.set({
    xName: "step", yName: "objective", logarithmic, wholeX: true,
    label: `The objective of ${plural(curves.length, "start")} against the step.`,
    series: (theme) => [
      ...curves.map((_, k) => ({
        stroke: colour(starts, k) ?? theme.muted, width: 1, alpha: 0.6, points: { show: width === 1 },
      })),
      { stroke: colour(starts, selection.index) ?? theme.muted, width: 3, points: { show: width === 1 } },
    ],
    draw: (u, theme) => {
      const at = u.valToPos(steps[place], "x", true);
      u.ctx.save();
      u.ctx.strokeStyle = theme.ink;
      u.ctx.lineWidth = devicePixelRatio;
      u.ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      u.ctx.beginPath();
      u.ctx.moveTo(at, u.bbox.top);
      u.ctx.lineTo(at, u.bbox.top + u.bbox.height);
      u.ctx.stroke();
      u.ctx.restore();
    },
    hover: (k) => {
      const value = k === null ? null : chosen[k];
      if (k !== null && value !== null && value !== undefined) {
        readout.textContent = `Start ${starts.start?.data[selection.index] ?? selection.index}, step ${count(x[k])}: objective ${plain(value, 10)}`;
      }
    },
  }, [x, ...curves, chosen]);

  const choose = latest(async (k: number) => {
    const curve = curves[k] ?? row(await rows(k, k + 1), 0);
    return () => {
      chosen = curve;
      place = recorded(k) - 1;
      startSlider.set(k);
      stepSlider.set(place, place);
      draw();
      void read(place);
    };
  }, (error) => { readout.textContent = error.message; });
  selection.onChange(choose);
  draw();
  void read(place);

  return h("div", {},
    h("div", { class: "controls" }, check("Logarithmic", logarithmic, (on) => { logarithmic = on; draw(); }),
      colourKey(starts)),
    plot.element, startSlider.element, stepSlider.element, readout,
    startCount > DRAWN ? h("p", { class: "note" }, `The ${DRAWN} best starts and the chosen one are drawn.`) : null);
}

/** W after one step. */
class Snapshot {
  private readonly view = new ColumnsView("Columns of W after the step");
  private readonly title = h("h3", {});
  readonly element = h("div", {}, this.title, this.view.element);

  constructor(private readonly run: Run) {}

  read(start: number, step: number): Promise<Columns> {
    return this.run.columns("/training/snapshot_w", [[start, start + 1], [step, step + 1]]);
  }

  show(columns: Columns, k: number, s: number, starts: Starts): void {
    this.title.textContent = `Columns of start ${starts.start?.data[k] ?? k} after step ${count(starts.step!.data[s])}`;
    this.view.set(columns);
  }
}

function minimum(starts: Starts, k: number): number {
  return starts.minimum_of?.data[k] ?? -1;
}

/** By the minimum that the start ended in; null if in none. */
function colour(starts: Starts, k: number): string | null {
  return minimum(starts, k) < 0 ? null : ofMany(minimum(starts, k));
}

function colourKey(starts: Starts): HTMLElement[] {
  const losses = starts.minimum_loss?.data ?? new Float64Array();
  return Array.from(losses.subarray(0, LISTED), (loss, k) => {
    const swatch = h("i", { class: "swatch line" });
    swatch.style.background = ofMany(k);
    return h("span", { class: "key" }, swatch, `minimum ${k}: ${plain(loss, 5)}`);
  });
}

/** How a start ended that is in no minimum. */
function ended(loss: number): string {
  return Number.isFinite(loss) ? "not at a minimum" : "diverged";
}

function startText(starts: Starts, k: number): string {
  const m = minimum(starts, k);
  const end = m >= 0 ? `minimum ${m}` : starts.minimum_of ? ended(starts.loss!.data[k]) : "";
  return [`start ${starts.start?.data[k] ?? k}`, `loss ${plain(starts.loss!.data[k], 7)}`, end].filter(Boolean).join(", ");
}

function startFacts(starts: Starts, k: number): HTMLElement {
  const value = (name: keyof Starts) => starts[name]?.data[k] ?? NaN;
  const given = (name: keyof Starts, show: (x: number) => HTMLElement) => (starts[name] ? show(value(name)) : null);
  const whole = (x: number) => exact(count(x), x);
  return definitions([
    ["Start", String(starts.start?.data[k] ?? k)],
    ["Loss at the end", number(value("loss"), 12)],
    ["Bound of its error", given("error_bound", (x) => number(x, 2))],
    ["Norm of the loss’s gradient", given("gradient_norm", (x) => number(x, 3))],
    ["Minimised value at the end", given("objective_value", (x) => number(x, 12))],
    ["Norm of that value’s gradient", given("objective_gradient_norm", (x) => number(x, 3))],
    ["Ended by", (starts.stop_reason?.words?.[k] ?? "").replaceAll("_", " ")],
    ["Steps", given("steps", whole)],
    ["Evaluations", given("evaluations", whole)],
    ["Evaluations short of their precision", value("unmet") > 0 ? whole(value("unmet")) : null],
  ]);
}

function minimaTable(starts: Starts): HTMLElement {
  if (!starts.minimum_loss) return h("p", { class: "note" }, "No start ended with a finite loss.");
  const rows = Array.from(starts.minimum_loss.data, (loss, m) => [
    String(m), number(loss, 10), number(starts.count?.data[m] ?? NaN), number(starts.rank?.data[m] ?? NaN),
    number(starts.norm?.data[m] ?? NaN), number(starts.best_start?.data[m] ?? NaN),
  ]);
  return table("Minima that the starts ended in, best first",
    ["Minimum", "Least loss", "Starts", "Rank of W", "‖W‖²", "Best start"], rows);
}
