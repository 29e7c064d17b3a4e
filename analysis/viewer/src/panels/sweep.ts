// Phase diagrams of a sweep: two of its parameters against each other, in the colours of a result.
import { ColumnsView } from "../columns_view";
import { definitions, h, select, table } from "../dom";
import { count, exact, number, plain } from "../format";
import { HeatMap } from "../heat_map";
import type { Columns, Values } from "../model";
import type { Panel } from "../panel";
import type { Run } from "../run";
import { latest } from "../selection";

const LISTED = 400; // cells in the table

const PARAMETERS = {
  density: "density p", importance_decay: "importance decay r", features: "features D",
  hidden: "hidden dimensions d", objective: "objective", seed: "seed",
} as const;
type Parameter = keyof typeof PARAMETERS;

const RESULTS = {
  loss: "best loss", dimensions_per_feature: "dimensions per feature D*", represented: "represented features",
  failed: "starts that diverged", gradient_norm: "norm of the gradient", error_bound: "error bound of the loss",
} as const;
type Result = keyof typeof RESULTS;
type Colour = Result | "phase";

const PHASES = ["the first alone", "the second alone", "both, opposite"];
const NAMES = [...Object.keys(PARAMETERS), ...Object.keys(RESULTS), "best_start", "stop_reason"] as
  (Parameter | Result | "best_start" | "stop_reason")[];
type Cells = Partial<Record<(typeof NAMES)[number], Values>>;

export const sweep: Panel = {
  id: "sweep",
  title: "Phase diagram",
  applies: (run) => run.has("/sweep/cell"),
  async build(run) {
    const cells = await run.readAll("/sweep", NAMES);
    return new Diagram(run, cells, await phases(run, cells)).element;
  },
};

/** One of the varied parameters and the values it takes. */
interface Axis {
  name: Parameter;
  labels: string[];
  /** Of each cell: which label. */
  places: number[];
}

class Diagram {
  readonly element = h("div", {});
  private readonly map = new HeatMap("Phase diagram", false);
  private readonly view = new ColumnsView("Columns of the best start of the cell");
  private readonly title = h("h3", {});
  private readonly facts = h("div", {});
  private readonly controls = h("div", { class: "controls" });
  private readonly axes: Axis[];
  private readonly results: Colour[];
  private x: Axis;
  private y: Axis | null;
  private colour: Colour;
  private readonly fixed = new Map<Axis, number>();

  constructor(private readonly run: Run, private readonly cells: Cells, private readonly phase: Float64Array | null) {
    this.axes = variedAxes(cells);
    this.results = [...(phase ? ["phase" as const] : []), ...(Object.keys(RESULTS) as Result[]).filter((name) => cells[name])];
    const varied = (name: Parameter) => this.axes.find((one) => one.name === name);
    const importance = varied("importance_decay"), density = varied("density");
    // The phase diagram of the figures: importance across, density up.
    [this.x, this.y] = phase && importance && density ? [importance, density]
      : [this.axes[0] ?? axis(cells, "density"), this.axes[1] ?? null];
    this.colour = this.results[0];
    this.map.onChoose = (row, column) => this.choose(this.cellAt(row, column));
    this.element.append(
      h("p", {}, "Every cell is the best model that training found for its sizes and data. Choose what the axes and ",
        "the colours show; click a cell, or move through them with the arrow keys, to see its columns."),
      this.controls, this.map.element,
      h("div", { class: "side-by-side" },
        h("div", {}, this.title, this.view.element), h("div", {}, h("h3", {}, "The chosen cell"), this.facts)),
      cellTable(cells));
    this.arrange();
  }

  /** Controls for the present axes, and the diagram of what they choose. */
  private arrange(): void {
    const names = this.axes.map(({ name }) => PARAMETERS[name]);
    const controls: HTMLElement[] = [];
    if (this.axes.length > 1) {
      controls.push(select("Across", names, this.axes.indexOf(this.x), (k) => this.setAxes(this.axes[k], this.y)));
      controls.push(select("Up", names, this.axes.indexOf(this.y!), (k) => this.setAxes(this.x, this.axes[k])));
    }
    controls.push(select("Colour", this.results.map((name) => name === "phase" ? "what is represented" : RESULTS[name]),
      this.results.indexOf(this.colour), (k) => { this.colour = this.results[k]; this.draw(); }));
    for (const other of this.axes) {
      if (other === this.x || other === this.y) continue;
      controls.push(select(PARAMETERS[other.name], other.labels, this.fixed.get(other) ?? 0,
        (k) => { this.fixed.set(other, k); this.draw(); }));
    }
    this.controls.replaceChildren(...controls);
    this.draw();
  }

  /** An axis that takes the place of the other one sends it to its own. */
  private setAxes(x: Axis, y: Axis | null): void {
    if (x === y) [x, y] = [this.y!, this.x];
    [this.x, this.y] = [x, y];
    this.arrange();
  }

  private cellAt(row: number, column: number): number {
    return this.x.places.findIndex((place, cell) => place === column && (!this.y || this.y.places[cell] === row) &&
      this.axes.every((other) => other === this.x || other === this.y ||
        other.places[cell] === (this.fixed.get(other) ?? 0)));
  }

  private draw(): void {
    const rows = this.y?.labels.length ?? 1, columns = this.x.labels.length;
    const results = this.colour === "phase" ? this.phase! : this.cells[this.colour]!.data;
    const cellOf = (row: number, column: number) => this.cellAt(row, column);
    const values = new Float64Array(rows * columns).map((_, k) => results[cellOf(Math.floor(k / columns), k % columns)] ?? NaN);
    const first = [...values.keys()].find((k) => !Number.isNaN(values[k])) ?? 0;
    const place: [number, number] = [Math.floor(first / columns), first % columns];
    const positive = this.colour === "loss" || this.colour === "gradient_norm" || this.colour === "error_bound";
    this.map.set({
      rows, columns, values, upwards: true,
      rowLabels: this.y?.labels ?? [""], columnLabels: this.x.labels,
      rowName: this.y ? PARAMETERS[this.y.name] : "", columnName: PARAMETERS[this.x.name],
      scale: this.colour === "phase" ? PHASES : positive ? "logarithmic" : "linear",
      describe: (row, column) => this.describe(cellOf(row, column)),
    }, place, true);
    void this.choose(cellOf(...place));
  }

  private describe(cell: number): string {
    if (cell < 0) return "The sweep has no such cell.";
    const parts = this.axes.map((one) => `${PARAMETERS[one.name]} ${one.labels[one.places[cell]]}`);
    const result = this.colour === "phase" ? PHASES[this.phase![cell]] ?? "–"
      : `${RESULTS[this.colour]} ${plain(this.cells[this.colour]!.data[cell], 8)}`;
    return `Cell ${cell}: ${[...parts, result].join(", ")}`;
  }

  private readonly choose = latest(async (cell: number) => {
    if (cell < 0) return () => {};
    const columns = this.run.has("/sweep/W") ? await readColumns(this.run, this.cells, cell) : null;
    return () => {
      this.title.textContent = `Columns of cell ${cell}`;
      if (columns) this.view.set(columns);
      this.facts.replaceChildren(cellFacts(this.cells, cell));
    };
  }, (error) => this.facts.replaceChildren(h("p", { class: "trouble" }, error.message)));
}

function axis(cells: Cells, name: Parameter): Axis {
  const values = cells[name];
  const texts = Array.from(values?.data ?? [], (value, k) => values!.words?.[k] ?? plain(value, 4));
  const order = [...texts.keys()].sort((i, j) => values!.data[i] - values!.data[j]);
  const labels = [...new Set(order.map((k) => texts[k]))];
  return { name, labels, places: texts.map((text) => labels.indexOf(text)) };
}

function variedAxes(cells: Cells): Axis[] {
  return (Object.keys(PARAMETERS) as Parameter[]).filter((name) => cells[name]).map((name) => axis(cells, name))
    .filter(({ labels }) => labels.length > 1);
}

/** 0: the first of two features alone, 1: the second alone, 2: both; null unless all cells have D = 2, d = 1. */
async function phases(run: Run, cells: Cells): Promise<Float64Array | null> {
  const two = cells.features?.data.every((D) => D === 2) && cells.hidden?.data.every((d) => d === 1);
  if (!two || !cells.represented || !run.has("/sweep/W")) return null;
  const { data: W } = await run.read("/sweep/W");
  return cells.represented.data.map((n, cell) => {
    const first = Math.abs(W[2 * cell]), second = Math.abs(W[2 * cell + 1]);
    return Number.isNaN(first + second) ? NaN : n === 2 ? 2 : second > first ? 1 : 0;
  });
}

/** Without the padding. */
function readColumns(run: Run, cells: Cells, cell: number): Promise<Columns> {
  const hidden = cells.hidden!.data[cell], features = cells.features!.data[cell];
  return run.columns("/sweep/W", [[cell, cell + 1], [0, hidden], [0, features]]);
}

function cellFacts(cells: Cells, cell: number): HTMLElement {
  const of = (name: keyof Cells) => {
    const values = cells[name];
    if (!values) return null;
    const text = values.words?.[cell].replaceAll("_", " ");
    return text ?? number(values.data[cell], name === "loss" ? 12 : 6);
  };
  return definitions([
    ...(Object.entries(PARAMETERS) as [Parameter, string][]).map(([name, text]) => [capital(text), of(name)]),
    ...(Object.entries(RESULTS) as [Result, string][]).map(([name, text]) => [capital(text), of(name)]),
    ["Best start", of("best_start")], ["It ended by", of("stop_reason")],
  ] as [string, HTMLElement | string | null][]);
}

function cellTable(cells: Cells): HTMLElement {
  const total = cells.density?.data.length ?? 0, shown = Math.min(total, LISTED);
  const columns: [keyof Cells, string, number][] = [
    ["features", "D", 6], ["hidden", "d", 6], ["density", "p", 6], ["importance_decay", "r", 6],
    ["objective", "Objective", 6], ["seed", "Seed", 6], ["loss", "Best loss", 9],
    ["dimensions_per_feature", "D*", 5], ["represented", "Represented", 6],
  ];
  const present = columns.filter(([name]) => cells[name]);
  const rows = Array.from({ length: shown }, (_, cell) => [String(cell), ...present.map(([name, , digits]) => {
    const { data, words } = cells[name]!;
    return words ? exact(words[cell], data[cell]) : number(data[cell], digits);
  })]);
  return h("details", {}, h("summary", {}, "Cells one by one"),
    table(shown < total ? `The first ${shown} of ${count(total)} cells` : "The cells of the sweep",
      ["Cell", ...present.map(([, text]) => text)], rows));
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
