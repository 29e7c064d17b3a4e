// Curves over one axis with their key, and what they are where the pointer is.
import uPlot from "uplot";
import { check, h } from "./dom";
import { extent } from "./extent";
import { plain } from "./format";
import { drawLevels, levelMargin, type Level } from "./levels";
import { Plot } from "./plot";
import { MANY, ofMany, onThemeChange, type Theme } from "./theme";

export interface Curve {
  /** In the key and the readout; "" keeps the curve out of both. */
  name: string;
  /** Number of its colour. */
  colour: number;
  values: ArrayLike<number>;
  /** Steps go from each x to the next one. */
  look?: "line" | "points" | "hollow" | "marked" | "steps";
  /** Pixels drawn and left out in turn, so that curves on one another can both be seen. */
  dash?: number[];
  width?: number;
}

export interface Curves {
  /** Rising. */
  x: number[];
  curves: Curve[];
  xName: string;
  yName: string;
  /** The picture in a sentence. */
  label: string;
  logarithmicX?: boolean;
  /** x counts: whole numbers along it. */
  wholeX?: boolean;
  xRange?: [number, number];
  levels?: Level[];
  /** The place that is pointed at, such as "time 3". */
  place: (x: number) => string;
}

const READ = 12; // curves that the readout can tell of
const REST = "Point at the chart to read it.";

export class CurveChart {
  readonly element: HTMLElement;
  private readonly plot: Plot;
  private readonly key = h("span", { class: "controls" });
  private readonly readout = h("p", { class: "readout", "aria-live": "polite" }, REST);
  private shown: Curves | null = null;

  constructor(private logarithmic: boolean, height = 320) {
    this.plot = new Plot(height);
    const scale = check("Logarithmic", logarithmic, (on) => { this.logarithmic = on; this.draw(); });
    this.element = h("div", {}, h("div", { class: "controls" }, scale, this.key), this.plot.element, this.readout);
    onThemeChange(() => this.writeKey());
  }

  set(shown: Curves): void {
    this.shown = shown;
    this.readout.textContent = REST;
    this.writeKey();
    this.draw();
  }

  private draw(): void {
    if (!this.shown) return;
    const { x, levels = [], ...options } = this.shown;
    const curves = [...this.shown.curves].sort((a, b) => Number(isOther(b)) - Number(isOther(a))); // those below
    const data = curves.map(({ values }) => Array.from(values, (value) => (this.drawable(value) ? value : null)));
    this.plot.set({
      ...options,
      logarithmic: this.logarithmic,
      margin: levelMargin(levels),
      xRange: options.xRange ?? around(x, options.logarithmicX ?? false, 0),
      yRange: around([...curves.flatMap(({ values }) => Array.from(values)), ...levels.map(({ value }) => value)]
        .filter((value) => this.drawable(value)), this.logarithmic, 0.05),
      series: (theme) => curves.map((curve) => series(curve, theme)),
      draw: (plot, theme) => drawLevels(levels.filter(({ value }) => this.drawable(value)), plot, theme),
      hover: (k) => this.tell(k),
    }, [x, ...data]);
  }

  private drawable(value: number): boolean {
    return Number.isFinite(value) && (!this.logarithmic || value > 0);
  }

  private tell(k: number | null): void {
    const { x, curves, place } = this.shown!;
    const parts = curves.filter(({ name }) => name).slice(0, READ)
      .map(({ name, values }) => `${name} ${plain(values[k ?? 0], 5)}`);
    this.readout.textContent = k === null ? REST : `${place(x[k])}: ${parts.join(", ")}`;
  }

  /** Curves beyond the palette have one colour and one entry. */
  private writeKey(): void {
    const named = this.shown?.curves.filter(({ name }) => name) ?? [];
    const single = named.length > MANY ? MANY - 1 : MANY;
    const texts = named.slice(0, single).map(({ name }) => name).concat(named.length > single ? ["others"] : []);
    this.key.replaceChildren(...texts.map((text, k) => {
      const swatch = h("i", { class: "swatch line" });
      swatch.style.background = stripes(ofMany(named[k].colour), named[k].dash);
      return h("span", { class: "key" }, swatch, text);
    }));
  }
}

/** Whether the curve has the colour of all beyond the palette. */
function isOther({ colour }: Curve): boolean {
  return colour >= MANY - 1;
}

function series(curve: Curve, theme: Theme): uPlot.Series {
  const { colour, look = "line", dash, width = isOther(curve) ? 1.25 : 2 } = curve;
  const stroke = ofMany(colour);
  const lined = look !== "points" && look !== "hollow";
  return {
    stroke, width, spanGaps: true,
    ...(dash ? { dash } : {}),
    ...(lined ? {} : { paths: () => null }),
    ...(look === "steps" ? { paths: uPlot.paths.stepped!({ align: 1 }), fill: `${stroke}2b` } : {}),
    points: look === "line" || look === "steps" ? { show: false }
      : { show: true, size: 7, width: 1.5, stroke, fill: look === "hollow" ? theme.paper : stroke },
  };
}

function stripes(colour: string, dash: number[] = []): string {
  let end = 0;
  const stops = dash.map((length, k) => `${k % 2 ? "transparent" : colour} ${end}px ${end += length}px`);
  return stops.length ? `repeating-linear-gradient(90deg, ${stops.join(", ")})` : colour;
}

/** From the least to the largest value, and that share of the way more at both ends; never beyond a zero. */
function around(values: ArrayLike<number>, logarithmic: boolean, room: number): [number, number] {
  const [low, high] = extent(Array.from(values));
  if (Number.isNaN(low)) return logarithmic ? [0.1, 1] : [0, 1];
  if (logarithmic) {
    const factor = (high / low) ** room * 1.08;
    return [low / factor, high * factor];
  }
  const more = room * ((high - low) || Math.abs(high) || 1);
  return [low >= 0 ? Math.max(0, low - more) : low - more, high + more];
}
