// The loss by number of active features: a chart and the table behind it.
import uPlot from "uplot";
import { check, definitions, h, symbol, table } from "../dom";
import { count, exact, number, percent, plain, uncertain } from "../format";
import { normalQuantile } from "../normal";
import type { Panel } from "../panel";
import { Plot } from "../plot";
import type { Run } from "../run";
import { latest } from "../selection";
import type { Theme } from "../theme";

const NEGLIGIBLE = 1e-4; // share of the loss below which skeletons at either end are not drawn

interface Skeleton {
  l: number;
  probability: number;
  mean: number;
  contribution: number;
  error: number;
  samples: number;
}

interface Loss {
  skeletons: Skeleton[];
  value: number; error: number; low: number; high: number; confidence: number; bound: number;
  method: string; reason: string; samples: number; nonFinite: number; seconds: number;
  tail: Record<string, number>;
}

export const skeletons: Panel = {
  id: "skeletons",
  title: "Loss by number of active features",
  applies: (run) => run.has("/loss/contribution"),
  async build(run, selection) {
    const plot = new Plot(330);
    const readout = h("p", { class: "readout", "aria-live": "polite" });
    const numbers = h("div", {});
    let logarithmic = false;
    let loss: Loss;
    const key = h("span", { class: "controls" });
    const draw = () => {
      chart(plot, loss, logarithmic, readout);
      key.replaceChildren(...chartKey(loss));
    };
    const show = latest(async (index: number) => {
      const read = await readLoss(run, index);
      return () => {
        loss = read;
        draw();
        numbers.replaceChildren(lossTable(loss), facts(loss));
      };
    }, (error) => numbers.replaceChildren(h("p", { class: "trouble" }, error.message)));
    selection.onChange(show);
    await show(selection.index);
    return h("div", {},
      h("p", {}, "The skeleton ", symbol("Q", "l"), " holds the data with exactly ", symbol("l"),
        " active features; their number is ",
        symbol("N"), ". It contributes ", h("span", { class: "math" }, symbol("C", "l"), " = P(", symbol("N"), " = ",
          symbol("l"), ")"), " times the mean loss on ", symbol("Q", "l"), " to the loss."),
      h("div", { class: "controls" },
        check("Logarithmic", logarithmic, (on) => { logarithmic = on; if (loss) draw(); }),
        key),
      plot.element, readout, numbers);
  },
};

async function readLoss(run: Run, index: number): Promise<Loss> {
  const one: [number, number] = [index, index + 1];
  const loss = await run.readAll("/loss", ["value", "value_standard_error", "low", "high", "confidence",
    "error_bound", "method", "stop_reason", "value_samples", "non_finite", "seconds", "probability", "mean",
    "contribution", "standard_error", "samples"], one);
  const tail = await run.readAll("/tail", ["one_sparse_contribution", "one_sparse_share", "rest",
    "rest_standard_error", "rest_bound", "probability_of_rest", "union_bound", "chernoff_bound"], one);
  const { data: l } = await run.read("/loss/l");
  const at = (values: { data: Float64Array } | undefined, k = 0) => values?.data[k] ?? NaN;
  const word = (values: { words?: string[] } | undefined) => (values?.words?.[0] ?? "").replaceAll("_", " ");
  return {
    // What this instance did not evaluate has no probability.
    skeletons: Array.from(l, (number, k) => ({
      l: number, probability: at(loss.probability, k), mean: at(loss.mean, k),
      contribution: at(loss.contribution, k), error: at(loss.standard_error, k), samples: at(loss.samples, k),
    })).filter(({ probability }) => Number.isFinite(probability)),
    value: at(loss.value), error: at(loss.value_standard_error), low: at(loss.low), high: at(loss.high),
    confidence: at(loss.confidence), bound: at(loss.error_bound),
    method: word(loss.method), reason: word(loss.stop_reason), samples: at(loss.value_samples),
    nonFinite: at(loss.non_finite), seconds: at(loss.seconds),
    tail: Object.fromEntries(Object.entries(tail).map(([name, values]) => [name, at(values)])),
  };
}

/** Without negligible skeletons at the ends; all of them with a positive contribution if logarithmic. */
function drawn(loss: Loss, logarithmic: boolean): Skeleton[] {
  const rows = loss.skeletons;
  const least = logarithmic ? 0 : NEGLIGIBLE * loss.value;
  const large = rows.flatMap(({ contribution }, k) => (contribution > least ? [k] : []));
  if (large.length === 0) return rows;
  return rows.slice(large[0] < 5 ? 0 : large[0], large[large.length - 1] + 1);
}

function chart(plot: Plot, loss: Loss, logarithmic: boolean, readout: HTMLElement): void {
  const rows = drawn(loss, logarithmic);
  const z = normalQuantile(loss.confidence);
  const half = (row: Skeleton) => (row.error > 0 ? z * row.error : 0);
  const last = rows[rows.length - 1]?.l ?? 0;
  const beyond = visible(loss.bound, loss) ? loss.bound : 0;
  const tops = [...rows.map((row) => row.contribution + half(row)), beyond].filter(Number.isFinite);
  const top = Math.max(...tops, 0) || 1;
  const least = Math.min(...rows.map((row) => row.contribution).concat(beyond).filter((v) => v > 0));
  const first = rows[0]?.l ?? 0;
  const rest = `Point at a bar to read it.`;
  readout.textContent = rest;
  plot.set({
    xName: "number of active features l",
    yName: "contribution to the loss",
    label: `Bar chart of the contributions to the loss for ${first} to ${last} active features; the table below has the numbers.`,
    logarithmic, wholeX: true, writeX: (l) => (beyond && l > last ? "all beyond" : String(l)),
    xRange: [first - 0.7, last + (beyond ? 1.7 : 0.7)],
    yRange: logarithmic && Number.isFinite(least)
      ? [10 ** Math.floor(Math.log10(least) - 0.001), 10 ** Math.ceil(Math.log10(top))] : [0, 1.08 * top],
    series: () => [{ paths: () => null, points: { show: false } }],
    draw: (u, colours) => {
      const paint = new BarPainter(u, colours, logarithmic);
      for (const row of rows) paint.bar(row.l, row.contribution, row.samples > 0, half(row));
      if (beyond) paint.outline(last + 1, beyond);
    },
    hover: (k) => {
      const row = k === null ? undefined : rows[k];
      readout.textContent = row === undefined ? rest
        : `l = ${row.l}: contribution ${uncertain(row.contribution, row.error)}` +
          (row.samples > 0 ? ` ± ${plain(half(row), 2)}` : ", exact") +
          `, ${percent(row.contribution / loss.value)} of the loss; P(N = l) = ${plain(row.probability, 4)}`;
    },
  }, [rows.map((row) => row.l), rows.map((row) => row.contribution)]);
}

function chartKey(loss: Loss): HTMLElement[] {
  const key = (kind: string, text: string) => h("span", { class: "key" }, h("i", { class: `swatch ${kind}` }), text);
  const sampled = loss.skeletons.filter(({ samples }) => samples > 0).length;
  return [
    ...(sampled < loss.skeletons.length ? [key("exact", "exact")] : []),
    ...(sampled > 0 ? [key("sampled", `sampled, with its ${percent(loss.confidence)} interval`)] : []),
    ...(visible(loss.bound, loss) ? [key("bound", "upper bound of what was not evaluated")] : []),
  ];
}

/** Whether a bound would be seen beside the loss. */
function visible(bound: number, loss: Loss): boolean {
  return bound > 1e-3 * loss.value;
}

class BarPainter {
  private readonly width: number;
  private readonly ratio = devicePixelRatio || 1;

  constructor(private readonly plot: uPlot, private readonly theme: Theme, private readonly log: boolean) {
    this.width = Math.min(0.72 * (this.x(1) - this.x(0)), 90 * this.ratio);
  }

  bar(l: number, value: number, sampled: boolean, half: number): void {
    if (!Number.isFinite(value) || (this.log && value <= 0)) return;
    const { ctx } = this.plot;
    const left = this.x(l) - this.width / 2, y = this.y(value);
    ctx.save();
    ctx.fillStyle = sampled ? this.theme.sampled : this.theme.exact;
    ctx.fillRect(left, y, this.width, this.floor() - y);
    if (half > 0) this.whisker(this.x(l), this.y(Math.max(value - half, this.log ? 1e-300 : 0)), this.y(value + half));
    ctx.restore();
  }

  outline(l: number, value: number): void {
    const { ctx } = this.plot;
    ctx.save();
    ctx.strokeStyle = this.theme.bound;
    ctx.lineWidth = 1.5 * this.ratio;
    ctx.setLineDash([5 * this.ratio, 3 * this.ratio]);
    const y = this.y(value);
    ctx.strokeRect(this.x(l) - this.width / 2, y, this.width, this.floor() - y);
    ctx.restore();
  }

  private whisker(x: number, low: number, high: number): void {
    const { ctx } = this.plot;
    const cap = 4 * this.ratio, bottom = Math.min(low, this.floor());
    ctx.strokeStyle = this.theme.ink;
    ctx.lineWidth = 1.25 * this.ratio;
    ctx.beginPath();
    for (const y of [bottom, high]) {
      ctx.moveTo(x - cap, y);
      ctx.lineTo(x + cap, y);
    }
    ctx.moveTo(x, bottom);
    ctx.lineTo(x, high);
    ctx.stroke();
  }

  private x(l: number): number {
    return this.plot.valToPos(l, "x", true);
  }

  private y(value: number): number {
    return this.plot.valToPos(value, "y", true);
  }

  private floor(): number {
    return this.plot.bbox.top + this.plot.bbox.height;
  }
}

function lossTable(loss: Loss): HTMLElement {
  const share = (value: number) => exact(percent(value / loss.value, 4), value / loss.value);
  const error = (value: number, samples: number) => (samples > 0 ? number(value, 2) : "exact");
  const rows = loss.skeletons.map((row) => [
    String(row.l), number(row.probability), exact(uncertain(row.mean, row.error / row.probability), row.mean),
    exact(uncertain(row.contribution, row.error), row.contribution),
    error(row.error, row.samples), share(row.contribution),
    exact(row.samples > 0 ? count(row.samples) : "–", row.samples),
  ]);
  const { tail } = loss;
  const foot = [
    ["0 and 1", number(1 - tail.probability_of_rest), "", number(tail.one_sparse_contribution, 10), "",
     exact(percent(tail.one_sparse_share, 4), tail.one_sparse_share), ""],
    ["2 and more", number(tail.probability_of_rest), "",
     exact(uncertain(tail.rest, tail.rest_standard_error), tail.rest), error(tail.rest_standard_error, loss.samples),
     share(tail.rest), ""],
    ["all", "1", "", exact(uncertain(loss.value, loss.error), loss.value), error(loss.error, loss.samples), "",
     exact(loss.samples > 0 ? count(loss.samples) : "–", loss.samples)],
  ];
  return table("Skeleton by skeleton, and together",
    [symbol("l"), h("span", {}, "P(", symbol("N"), " = ", symbol("l"), ")"), "Mean loss",
     h("span", {}, "Contribution ", symbol("C", "l")), "Standard error", "Share", "Samples"],
    rows, Number.isNaN(tail.rest ?? NaN) ? foot.slice(2) : foot);
}

function facts(loss: Loss): HTMLElement {
  const given = (name: string, digits?: number) => (name in loss.tail ? number(loss.tail[name], digits) : null);
  return definitions([
    ["Method", loss.method],
    ["Ended by", loss.reason],
    ["Time", `${plain(loss.seconds, 3)} s`],
    ["Samples left out (NaN or infinite)", loss.nonFinite > 0 ? count(loss.nonFinite) : null],
    ["Bound on what was not evaluated", number(loss.bound, 3)],
    ["Upper bound of the loss on 2 and more", given("rest_bound", 5)],
    ["Probability of 2 and more", given("probability_of_rest")],
    ["… its union bound", given("union_bound")],
    ["… its Chernoff bound", given("chernoff_bound")],
  ]);
}
