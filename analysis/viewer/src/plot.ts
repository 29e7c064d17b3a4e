// uPlot in the page's type and colours.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h } from "./dom";
import { plain } from "./format";
import { onThemeChange, theme, type Theme } from "./theme";

export interface PlotOptions {
  xName: string;
  yName: string;
  label: string;
  logarithmic?: boolean;
  logarithmicX?: boolean;
  /** Pixels to the right of the axes that `draw` needs. */
  margin?: number;
  xRange?: [number, number];
  yRange?: [number, number];
  /** Whole numbers along x, and how they are written. */
  wholeX?: boolean;
  writeX?: (x: number) => string;
  series: (theme: Theme) => uPlot.Series[];
  /** Drawn over the series, in canvas pixels. */
  draw?: (plot: uPlot, theme: Theme) => void;
  /** Called with the nearest place along x, or null when the pointer has left. */
  hover?: (index: number | null) => void;
}

/** A plot that follows its width and the colours of the page. */
export class Plot {
  readonly element: HTMLElement;
  private plot: uPlot | null = null;
  private options: PlotOptions | null = null;
  private data: uPlot.AlignedData = [[]];

  constructor(private readonly height: number) {
    this.element = h("div", { class: "plot" });
    let width = 0;
    new ResizeObserver(() => {
      if (this.element.clientWidth === width) return;
      width = this.element.clientWidth;
      if (this.plot) this.plot.setSize({ width, height: this.height });
      else this.build();
    }).observe(this.element);
    onThemeChange(() => this.build());
  }

  set(options: PlotOptions, data: uPlot.AlignedData): void {
    this.options = options;
    this.data = data;
    this.build();
  }

  redraw(): void {
    this.plot?.redraw(false);
  }

  private build(): void {
    const width = this.element.clientWidth;
    if (!this.options || width === 0) return;
    this.plot?.destroy();
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", this.options.label);
    this.plot = new uPlot(settings(this.options, width, this.height), this.data, this.element);
  }
}

const WHOLE_STEPS = [1, 2, 5].flatMap((k) => [0, 1, 2, 3, 4, 5, 6].map((power) => k * 10 ** power))
  .sort((a, b) => a - b);

function settings(options: PlotOptions, width: number, height: number): uPlot.Options {
  const colours = theme();
  const font = `12px ${colours.font}`;
  const axis = (name: string): uPlot.Axis => ({
    label: name, labelFont: font, font, stroke: colours.ink, labelSize: 20,
    grid: { stroke: colours.line, width: 1 }, ticks: { stroke: colours.line, width: 1, size: 5 },
  });
  const wholes = (_: uPlot, splits: number[]) => splits.map((v) => (Number.isInteger(v) ? options.writeX?.(v) ?? String(v) : ""));
  const values = (_: uPlot, splits: number[], __: number, ___: number, step: number) => splits.map((v) =>
    step < 1 && step >= 1e-5 ? v.toFixed(decimals(step)).replace("-", "−") : plain(v, 3));
  const powers = { splits: logSplits, values: logValues, filter: everyOne };
  const xTicks = options.wholeX ? { values: wholes, incrs: WHOLE_STEPS } : options.logarithmicX ? powers : { values };
  return {
    width, height,
    ...(options.margin ? { padding: [null, options.margin, null, null] as uPlot.Padding } : {}),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { time: false, distr: options.logarithmicX ? 3 : 1, ...(options.xRange ? { range: options.xRange } : {}) },
      y: {
        distr: options.logarithmic ? 3 : 1,
        ...(options.yRange ? { range: options.yRange } : options.logarithmic ? { range: loosely } : {}),
      },
    },
    axes: [
      { ...axis(options.xName), size: 30, ...xTicks },
      { ...axis(options.yName), size: 74, ...(options.logarithmic ? powers : { values }) },
    ],
    series: [{}, ...options.series(colours)],
    hooks: {
      draw: [(plot) => options.draw?.(plot, colours)],
      setCursor: [(plot) => options.hover?.(plot.cursor.left! < 0 ? null : plot.cursor.idx ?? null)],
    },
  };
}

/** A logarithmic range with some room at both ends. */
function loosely(_: uPlot, low: number, high: number): [number, number] {
  if (!(low > 0)) return [0.1, 1];
  const room = (high / low) ** 0.05 * 1.02;
  return [low / room, high * room];
}

/** Round numbers from `low` to `high`: powers of ten, and as many between them as it takes for three. */
function logSplits(_: uPlot, __: number, low: number, high: number): number[] {
  for (const leading of [[1], [1, 3], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
    const found: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      found.push(...leading.map((k) => k * 10 ** power).filter((v) => v >= low && v <= high));
    }
    if (found.length >= 3) return found.filter((_, k) => k % Math.ceil(found.length / 9) === 0);
  }
  const step = 10 ** Math.floor(Math.log10((high - low) / 2));
  const first = Math.ceil(low / step);
  const most = Math.floor(high / step) - first + 1;
  const stride = Math.ceil(most / 6);
  return Array.from({ length: Math.ceil(most / stride) }, (_, k) => (first + k * stride) * step);
}

function logValues(_: uPlot, splits: number[]): string[] {
  return splits.map((v) => plain(v, 4).replace(/^1 × /, ""));
}

/** uPlot would leave out all but the powers of ten. */
function everyOne(_: uPlot, splits: number[]): number[] {
  return splits;
}

function decimals(step: number): number {
  return (String(Number(step.toPrecision(6))).split(".")[1] ?? "").length;
}
