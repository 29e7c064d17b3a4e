// The columns of W as arrows from the origin: in the plane, or in space and turned by hand.
import { drawn } from "./canvas";
import { h } from "./dom";
import { extent } from "./extent";
import { plain } from "./format";
import type { Columns } from "./model";
import { edges } from "./polytope";
import { theme, type Theme } from "./theme";

const LABELLED = 24; // so many columns can carry their number
const SHORTEST = 0.1; // of the longest: shorter columns have no direction worth naming
const STEP = Math.PI / 36; // of an arrow key
const NEAR = 14; // pixels between the pointer and the tip it points at

type Point = [number, number, number];

export class ColumnsView {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly note = h("p", { class: "readout", "aria-live": "polite" });
  private readonly turnButton: HTMLButtonElement;
  private readonly redraw: () => void;
  private points: Point[] = [];
  private sides: [number, number][] = [];
  private lengths: Float64Array = new Float64Array();
  private dimensions = 0;
  private summary = "";
  private describe: (j: number) => string = () => "";
  private yaw = 0.6;
  private pitch = 0.35;
  private turning = 0;
  private linked: ColumnsView | null = null;
  private held: { x: number; y: number } | null = null;
  private tips: { x: number; y: number }[] = [];

  constructor(private readonly label: string) {
    this.canvas = h("canvas", {
      tabindex: 0, role: "img",
      pointerdown: (event: PointerEvent) => this.grab(event),
      pointermove: (event: PointerEvent) => this.drag(event),
      pointerup: () => { this.held = null; },
      pointercancel: () => { this.held = null; },
      keydown: (event: KeyboardEvent) => this.key(event),
    });
    this.turnButton = h("button", { type: "button", "aria-pressed": "false", click: () => this.toggle() }, "Turn");
    this.element = h("div", { class: "columns" }, this.canvas,
      h("div", { class: "below" }, this.note, this.turnButton));
    this.redraw = drawn(this.canvas, (context, width, height) => this.draw(context, width, height));
  }

  /** `describe` says more about a column than its number and length. */
  set({ hidden, features, points, lengths }: Columns, describe: (j: number) => string = () => ""): void {
    this.dimensions = Math.min(hidden, 3);
    this.points = Array.from({ length: features }, (_, j) =>
      [points[0]?.[j] ?? 0, points[1]?.[j] ?? 0, points[2]?.[j] ?? 0]);
    this.lengths = lengths;
    const whole = lengths.reduce((sum, length) => sum + length ** 2, 0);
    const kept = this.points.reduce((sum, point) => sum + point.reduce((s, x) => s + x * x, 0), 0);
    this.describe = describe;
    this.sides = hidden === 3 ? this.hull() : [];
    this.summary = hidden > 3
      ? `Projected on the three principal axes of ${hidden}, which keep ${plain(100 * kept / (whole || 1), 3)} % of the squared lengths.`
      : hidden === 3 ? "Drag or use the arrow keys to turn." : "The circle has radius 1.";
    if (hidden === 1) this.summary = "One hidden dimension: the columns lie on a line.";
    this.note.textContent = this.summary;
    this.turnButton.hidden = this.dimensions < 3;
    this.canvas.classList.toggle("turns", this.dimensions === 3);
    this.canvas.setAttribute("aria-label", `${this.label}: ${features} columns in ${hidden} dimensions.` +
      (this.dimensions === 3 ? " Arrow keys turn the view." : ""));
    this.redraw();
  }

  /** The other view turns with this one, and this one with it. */
  link(other: ColumnsView): void {
    this.linked = other;
    other.linked = this;
  }

  private long(): number[] {
    const [, most] = extent(this.lengths);
    return [...this.lengths.keys()].filter((j) => this.lengths[j] > 0 && this.lengths[j] >= SHORTEST * most);
  }

  private hull(): [number, number][] {
    const long = this.long();
    const directions = long.map((j) => this.points[j].map((x) => x / this.lengths[j]) as Point);
    return edges(directions).map(([a, b]) => [long[a], long[b]]);
  }

  private grab(event: PointerEvent): void {
    if (this.dimensions < 3) return;
    this.held = { x: event.offsetX, y: event.offsetY };
    this.canvas.setPointerCapture(event.pointerId);
  }

  private drag(event: PointerEvent): void {
    if (this.held) {
      this.turn((event.offsetX - this.held.x) / 120, (event.offsetY - this.held.y) / 120);
      this.held = { x: event.offsetX, y: event.offsetY };
      return;
    }
    let nearest = -1, least = NEAR;
    this.tips.forEach((tip, j) => {
      const distance = Math.hypot(tip.x - event.offsetX, tip.y - event.offsetY);
      if (distance < least) [nearest, least] = [j, distance];
    });
    this.note.textContent = nearest < 0 ? this.summary
      : `Feature ${nearest}: length ${plain(this.lengths[nearest], 5)}${this.describe(nearest)}`;
  }

  private key(event: KeyboardEvent): void {
    const turns: Record<string, [number, number]> = {
      ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP],
    };
    const by = turns[event.key];
    if (!by || this.dimensions < 3) return;
    event.preventDefault();
    this.turn(...by);
  }

  private turn(yaw: number, pitch: number): void {
    this.yaw += yaw;
    this.pitch = Math.min(Math.max(this.pitch + pitch, -Math.PI / 2), Math.PI / 2);
    this.redraw();
    if (!this.linked) return;
    [this.linked.yaw, this.linked.pitch] = [this.yaw, this.pitch];
    this.linked.redraw();
  }

  private toggle(): void {
    const on = this.turning === 0;
    this.turnButton.setAttribute("aria-pressed", String(on));
    this.turnButton.textContent = on ? "Stop" : "Turn";
    if (!on) {
      cancelAnimationFrame(this.turning);
      this.turning = 0;
      return;
    }
    let before = performance.now();
    const frame = (now: number) => {
      if (!this.canvas.isConnected) return;
      this.turn((now - before) / 2500, 0);
      before = now;
      this.turning = requestAnimationFrame(frame);
    };
    this.turning = requestAnimationFrame(frame);
  }

  /** Screen coordinates in units of length, y upwards, and depth towards the reader. */
  private seen([x, y, z]: Point): Point {
    if (this.dimensions < 3) return [x, y, 0];
    const c = Math.cos(this.yaw), s = Math.sin(this.yaw), cp = Math.cos(this.pitch), sp = Math.sin(this.pitch);
    const right = c * x + s * y, back = c * y - s * x;
    return [right, cp * z + sp * back, sp * z - cp * back];
  }

  private draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const colours = theme();
    context.clearRect(0, 0, width, height);
    const [, longest] = extent(this.points.map((point) => Math.hypot(...point)));
    const reach = 1.18 * Math.max(longest || 0, 1);
    const scale = Math.min(width, height) / 2 / reach;
    const place = (point: Point): Point => {
      const [x, y, depth] = this.seen(point);
      return [width / 2 + scale * x, height / 2 - scale * y, depth / reach];
    };
    this.drawGround(context, colours, place, scale, width, height);
    const placed = this.points.map(place);
    this.tips = placed.map(([x, y]) => ({ x, y }));
    context.strokeStyle = colours.muted;
    for (const [i, j] of this.sides) {
      context.globalAlpha = 0.35 + 0.5 * front((placed[i][2] + placed[j][2]) / 2);
      line(context, placed[i], placed[j]);
    }
    const origin = place([0, 0, 0]);
    const order = [...placed.keys()].sort((i, j) => placed[i][2] - placed[j][2]);
    const many = placed.length > 100;
    for (const j of order) {
      context.globalAlpha = (many ? 0.35 : 0.45) + 0.55 * front(placed[j][2]) * (many ? 0.8 : 1);
      context.strokeStyle = context.fillStyle = colours.exact;
      context.lineWidth = many ? 0.8 : 1.6;
      line(context, origin, placed[j]);
      context.beginPath();
      context.arc(placed[j][0], placed[j][1], many ? 2 : 3.5, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    context.lineWidth = 1;
    if (placed.length <= LABELLED) this.writeNumbers(context, colours, placed, origin);
  }

  private drawGround(
    context: CanvasRenderingContext2D, colours: Theme, place: (point: Point) => Point,
    scale: number, width: number, height: number,
  ): void {
    context.strokeStyle = colours.line;
    if (this.dimensions < 3) {
      context.beginPath();
      context.moveTo(0, height / 2);
      context.lineTo(width, height / 2);
      if (this.dimensions > 1) {
        context.moveTo(width / 2, 0);
        context.lineTo(width / 2, height);
      }
      context.stroke();
    }
    context.beginPath();
    context.arc(width / 2, height / 2, scale, 0, 2 * Math.PI);
    context.stroke();
    if (this.dimensions < 3) return;
    for (const level of [-0.5, 0, 0.5]) ring(context, place, (t) => around(t, level));
    for (const turn of [0, 1, 2]) ring(context, place, (t) => meridian(t, turn * Math.PI / 3));
  }

  private writeNumbers(context: CanvasRenderingContext2D, colours: Theme, placed: Point[], origin: Point): void {
    context.font = `12px ${colours.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours.ink;
    // Those of columns that nearly coincide stand together.
    const labels: { x: number; y: number; text: string; depth: number }[] = [];
    for (const j of this.long()) {
      const [x, y, depth] = placed[j];
      const distance = Math.hypot(x - origin[0], y - origin[1]) || 1;
      const at = { x: x + 14 * (x - origin[0]) / distance, y: y + 14 * (y - origin[1]) / distance };
      const near = labels.find((label) => Math.hypot(label.x - at.x, label.y - at.y) < 13);
      if (near) near.text += `, ${j}`;
      else labels.push({ ...at, text: String(j), depth });
    }
    for (const { x, y, text, depth } of labels) {
      context.globalAlpha = 0.5 + 0.5 * front(depth);
      context.fillText(text, x, y);
    }
    context.globalAlpha = 1;
  }
}

/** 0 at the back, 1 at the front. */
function front(depth: number): number {
  return Math.min(Math.max((depth + 1) / 2, 0), 1);
}

function line(context: CanvasRenderingContext2D, from: Point, to: Point): void {
  context.beginPath();
  context.moveTo(from[0], from[1]);
  context.lineTo(to[0], to[1]);
  context.stroke();
}

function around(t: number, level: number): Point {
  const radius = Math.sqrt(1 - level * level);
  return [radius * Math.cos(t), radius * Math.sin(t), level];
}

function meridian(t: number, turn: number): Point {
  return [Math.cos(t) * Math.cos(turn), Math.cos(t) * Math.sin(turn), Math.sin(t)];
}

function ring(context: CanvasRenderingContext2D, place: (point: Point) => Point, at: (t: number) => Point): void {
  context.beginPath();
  for (let k = 0; k <= 48; k++) context.lineTo(...(place(at(k * Math.PI / 24)).slice(0, 2) as [number, number]));
  context.globalAlpha = 0.5;
  context.stroke();
  context.globalAlpha = 1;
}
