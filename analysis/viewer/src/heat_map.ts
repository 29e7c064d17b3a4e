// A matrix in colour: pointed at with the mouse or walked through with the arrow keys.
import { drawn } from "./canvas";
import { h } from "./dom";
import { extent } from "./extent";
import { plain } from "./format";
import { css, readable, rising, theme } from "./theme";

export interface HeatMapData {
  rows: number;
  columns: number;
  /** Row-major; NaN is left empty. */
  values: Float64Array;
  rowLabels: string[];
  columnLabels: string[];
  rowName: string;
  columnName: string;
  /** Of the colours: signed has zero in its middle; words are categories 0, 1, … */
  scale: "signed" | "linear" | "logarithmic" | string[];
  /** The colours of a signed scale end here; larger entries have the last one. */
  most?: number;
  /** What the reader is told about a cell. */
  describe(row: number, column: number): string;
  /** Row 0 at the bottom, as in a diagram, instead of at the top, as in a matrix. */
  upwards?: boolean;
}

interface Colours {
  of: (value: number) => [number, number, number];
  /** The value at a place of the colour bar, from 0 to 1, and the places that are labelled. */
  at: (t: number) => number;
  marks: [number, string][];
}

const NUMBERED = 8; // so many rows and columns can carry their entries

export class HeatMap {
  readonly element: HTMLElement;
  /** Called when another cell is chosen, with a click or with the keys. */
  onChoose: (row: number, column: number) => void = () => {};
  private readonly canvas: HTMLCanvasElement;
  private readonly readout = h("p", { class: "readout", "aria-live": "polite" });
  private readonly redraw: () => void;
  private data: HeatMapData | null = null;
  private image: HTMLCanvasElement | null = null;
  private cell: [number, number] = [0, 0];
  private chosen = false;
  private box = { x: 0, y: 0, width: 0, height: 0 };

  constructor(label: string, private readonly square: boolean) {
    this.canvas = h("canvas", {
      tabindex: 0, role: "img", "aria-label": `${label}. Arrow keys move from entry to entry.`,
      pointermove: (event: PointerEvent) => this.point(event, false),
      pointerdown: (event: PointerEvent) => this.point(event, true),
      pointerleave: () => this.tell(),
      keydown: (event: KeyboardEvent) => this.walk(event),
      focus: () => this.redraw(), blur: () => this.redraw(),
    });
    this.element = h("div", { class: square ? "heatmap square" : "heatmap" }, this.canvas, this.readout);
    this.redraw = drawn(this.canvas, (context, width, height) => this.draw(context, width, height));
  }

  set(data: HeatMapData, cell: [number, number] = [0, 0], chosen = false): void {
    this.data = data;
    this.image = null;
    this.cell = cell;
    this.chosen = chosen;
    this.tell();
    this.redraw();
  }

  /** About the chosen cell, when none is pointed at. */
  private tell(): void {
    this.readout.textContent = this.data && this.chosen ? this.data.describe(...this.cell) : "Point at an entry to read it.";
  }

  private point(event: PointerEvent, choose: boolean): void {
    const { data, box } = this;
    if (!data) return;
    const column = Math.floor((event.offsetX - box.x) / box.width * data.columns);
    const place = Math.floor((event.offsetY - box.y) / box.height * data.rows);
    const row = data.upwards ? data.rows - 1 - place : place;
    if (column < 0 || row < 0 || column >= data.columns || row >= data.rows) return;
    if (choose) this.move(row, column);
    else this.readout.textContent = data.describe(row, column);
  }

  private walk(event: KeyboardEvent): void {
    const { data } = this;
    if (!data) return;
    const up = data.upwards ? 1 : -1;
    const steps: Record<string, [number, number]> = {
      ArrowUp: [up, 0], ArrowDown: [-up, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (k: number, by: number, size: number) => Math.min(Math.max(k + by, 0), size - 1);
    this.move(next(this.cell[0], step[0], data.rows), next(this.cell[1], step[1], data.columns));
  }

  private move(row: number, column: number): void {
    this.cell = [row, column];
    this.chosen = true;
    this.tell();
    this.onChoose(row, column);
    this.redraw();
  }

  private draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const { data } = this;
    context.clearRect(0, 0, width, height);
    if (!data || data.rows * data.columns === 0) return;
    const { ink, muted, line, font } = theme();
    context.font = `12px ${font}`;
    const widest = Math.max(...data.rowLabels.map((text) => context.measureText(text).width), 8);
    const left = Math.min(widest, 90) + 30, top = 8, bottom = 40;
    const words = Array.isArray(data.scale) ? data.scale : [];
    const colour = this.colours(data);
    const beside = words.length ? words : colour.marks.map(([, text]) => text);
    const right = 40 + Math.max(...beside.map((text) => context.measureText(text).width));
    const room = [Math.max(width - left - right, 40), Math.max(height - top - bottom, 40)];
    const side = Math.min(...room);
    this.box = this.square
      ? { x: left, y: top, width: side, height: side }
      : { x: left, y: top, width: room[0], height: room[1] };
    this.image ??= picture(data, colour.of);
    context.imageSmoothingEnabled = this.image.width > this.box.width;
    context.drawImage(this.image, this.box.x, this.box.y, this.box.width, this.box.height);
    context.strokeStyle = line;
    context.strokeRect(this.box.x - 0.5, this.box.y - 0.5, this.box.width + 1, this.box.height + 1);
    if (data.rows <= NUMBERED && data.columns <= NUMBERED) this.writeEntries(context, data, colour.of);
    this.writeAxes(context, data, ink, muted);
    if (words.length) this.drawKey(context, words, colour.of, ink);
    else this.drawBar(context, colour, ink);
    if (this.chosen || document.activeElement === this.canvas) this.outline(context, data, ink);
  }

  private colours(data: HeatMapData): Colours {
    const [low, high] = extent(data.values);
    if (Array.isArray(data.scale)) {
      const last = Math.max(data.scale.length - 1, 1);
      return scale(0, last, false, (v) => rising(0.15 + 0.8 * v / last));
    }
    if (data.scale === "signed") {
      const most = data.most || Math.max(Math.abs(low), Math.abs(high)) || 1;
      return scale(-most, most, false, (v) => rising((v / most + 1) / 2));
    }
    const log = data.scale === "logarithmic" && low > 0 && high > low;
    const f = log ? Math.log : (v: number) => v;
    const span = f(high) - f(low) || 1;
    return scale(low, high, log, (v) => rising((f(v) - f(low)) / span));
  }

  private center(data: HeatMapData, row: number, column: number): [number, number] {
    const place = data.upwards ? data.rows - 1 - row : row;
    return [this.box.x + (column + 0.5) * this.box.width / data.columns,
            this.box.y + (place + 0.5) * this.box.height / data.rows];
  }

  private writeEntries(
    context: CanvasRenderingContext2D, data: HeatMapData, of: (v: number) => [number, number, number],
  ): void {
    if (this.box.width / data.columns < 34 || this.box.height / data.rows < 16) return;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let row = 0; row < data.rows; row++) {
      for (let column = 0; column < data.columns; column++) {
        const value = data.values[row * data.columns + column];
        if (Number.isNaN(value)) continue;
        context.fillStyle = readable(of(value));
        const word = Array.isArray(data.scale) ? data.scale[value]
          : data.scale === "signed" && Number.isFinite(value) ? value.toFixed(2).replace("-0.00", "0.00").replace("-", "−") : plain(value, 3);
        if (context.measureText(word).width < this.box.width / data.columns - 4) {
          context.fillText(word, ...this.center(data, row, column));
        }
      }
    }
  }

  private writeAxes(context: CanvasRenderingContext2D, data: HeatMapData, ink: string, muted: string): void {
    const { box } = this;
    context.fillStyle = ink;
    context.textBaseline = "top";
    context.textAlign = "center";
    const widest = Math.max(...data.columnLabels.map((text) => context.measureText(text).width), 8);
    for (const k of ticks(data.columns, box.width / (widest + 12))) {
      context.fillText(data.columnLabels[k], this.center(data, 0, k)[0], box.y + box.height + 5);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const k of ticks(data.rows, box.height / 18)) {
      context.fillText(data.rowLabels[k], box.x - 6, this.center(data, k, 0)[1], 90);
    }
    context.fillStyle = muted;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText(data.columnName, box.x + box.width / 2, box.y + box.height + 37);
    context.save();
    context.translate(3, box.y + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "top";
    context.fillText(data.rowName, 0, 0);
    context.restore();
  }

  private drawBar(context: CanvasRenderingContext2D, { of, at, marks }: Colours, ink: string): void {
    const x = this.box.x + this.box.width + 14, { y, height } = this.box;
    for (let k = 0; k < height; k++) {
      context.fillStyle = css(of(at(1 - (k + 0.5) / height)));
      context.fillRect(x, y + k, 12, 1.5);
    }
    context.fillStyle = ink;
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const [t, text] of marks) {
      context.fillText(text, x + 17, y + Math.min(Math.max((1 - t) * height, 6), height - 6));
    }
  }

  private drawKey(
    context: CanvasRenderingContext2D, words: string[], of: (v: number) => [number, number, number], ink: string,
  ): void {
    const x = this.box.x + this.box.width + 14;
    context.textAlign = "left";
    context.textBaseline = "middle";
    words.forEach((word, k) => {
      const y = this.box.y + 22 * k;
      context.fillStyle = css(of(k));
      context.fillRect(x, y, 12, 14);
      context.fillStyle = ink;
      context.fillText(word, x + 18, y + 7);
    });
  }

  private outline(context: CanvasRenderingContext2D, data: HeatMapData, ink: string): void {
    const width = Math.max(this.box.width / data.columns, 4), height = Math.max(this.box.height / data.rows, 4);
    const [x, y] = this.center(data, ...this.cell);
    context.lineWidth = 2;
    context.strokeStyle = ink;
    context.strokeRect(x - width / 2, y - height / 2, width, height);
    context.lineWidth = 1;
  }
}

function scale(low: number, high: number, log: boolean, of: Colours["of"]): Colours {
  const at = (t: number) => (log ? low * (high / low) ** t : low + t * (high - low));
  return { of, at, marks: [0, 0.5, 1].map((t) => [t, plain(at(t), 3)]) };
}

/** One pixel for each entry. */
function picture(data: HeatMapData, of: (v: number) => [number, number, number]): HTMLCanvasElement {
  const canvas = h("canvas", { width: data.columns, height: data.rows });
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(data.columns, data.rows);
  for (let row = 0; row < data.rows; row++) {
    const place = data.upwards ? data.rows - 1 - row : row;
    for (let column = 0; column < data.columns; column++) {
      const value = data.values[row * data.columns + column];
      if (Number.isNaN(value)) continue;
      const at = 4 * (place * data.columns + column), [r, g, b] = of(value);
      image.data[at] = r;
      image.data[at + 1] = g;
      image.data[at + 2] = b;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Places of so many labels at most. */
function ticks(size: number, most: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
  const step = steps.find((s) => size / s <= Math.max(most, 1)) ?? size;
  return Array.from({ length: Math.ceil(size / step) }, (_, k) => k * step);
}
