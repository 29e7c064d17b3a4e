// Opens a file by drop, by the file dialog, or the one that the page itself holds.
import "./style.css";
import { h, select } from "./dom";
import { licences } from "./licences";
import { modelLabels } from "./models";
import type { Panel } from "./panel";
import { approximation } from "./panels/approximation";
import { basins } from "./panels/basins";
import { columns } from "./panels/columns";
import { critical } from "./panels/critical";
import { data } from "./panels/data";
import { dictionary } from "./panels/dictionary";
import { flow } from "./panels/flow";
import { moments } from "./panels/moments";
import { overview } from "./panels/overview";
import { skeletons } from "./panels/skeletons";
import { spectrum } from "./panels/spectrum";
import { sweep } from "./panels/sweep";
import { thomson } from "./panels/thomson";
import { training } from "./panels/training";
import { Run } from "./run";
import { Selection } from "./selection";

const PANELS: Panel[] = [overview, data, skeletons, training, sweep, spectrum, basins, flow, critical, moments, approximation, dictionary,
  columns, thomson];
const EMBEDDED = "script.skeleta-file";

const top = document.getElementById("top")!;
const main = document.getElementById("main")!;
const status = h("p", { class: "status", role: "status", "aria-live": "polite" });
const picker = h("input", {
  type: "file", accept: ".h5,.hdf5,.nc", "aria-label": "Run or model file", class: "picker", tabindex: -1,
  change: () => { const file = picker.files?.[0]; picker.value = ""; if (file) void open(file); },
});
let current: Run | null = null;

function start(): void {
  document.getElementById("bottom")!.append(
    h("p", {}, "Files are read in this page and nowhere else: nothing is uploaded."), licences());
  document.body.append(picker);
  allowDrops();
  const parts = [...document.querySelectorAll(EMBEDDED)];
  if (parts.length === 0) return showWelcome();
  const name = (parts[0] as HTMLElement).dataset.name ?? "run.h5";
  void show(name, () => Run.fromElements(name, parts));
}

function showWelcome(message?: string): void {
  document.title = "skeleta";
  top.replaceChildren(h("div", { class: "bar" }, h("span", { class: "brand" }, "skeleta")));
  main.replaceChildren(h("div", { class: "welcome" },
    h("h1", {}, "Look at a run"),
    message ? h("p", { class: "trouble", role: "alert" }, message) : null,
    h("p", {}, "Drop a file of skeleta here, or a model file with ", h("code", {}, "W"), " and ", h("code", {}, "b"), "."),
    h("p", {}, openButton("Open a file …", "primary")),
    status));
}

function openButton(text: string, kind = ""): HTMLButtonElement {
  return h("button", { type: "button", class: kind, click: () => picker.click() }, text);
}

function open(file: File): Promise<void> {
  return show(file.name, () => Run.open(file));
}

async function show(name: string, opening: () => Promise<Run>): Promise<void> {
  document.body.classList.add("busy");
  if (!current) showWelcome();
  status.textContent = `Opening ${name} …`;
  try {
    const run = await opening();
    current?.close();
    current = run;
    await showRun(run);
  } catch (error) {
    current?.close();
    current = null;
    showWelcome((error as Error).message);
  } finally {
    status.textContent = "";
    document.body.classList.remove("busy");
  }
}

async function showRun(run: Run): Promise<void> {
  const selection = new Selection(await modelLabels(run));
  const panels = PANELS.filter((panel) => panel.applies(run));
  document.title = `${run.contents.name} – skeleta`;
  top.replaceChildren(header(run, panels, selection));
  main.replaceChildren(h("h1", {}, run.contents.name), ...panels.map((panel) => section(panel, run, selection)));
  scrollTo(0, 0);
}

function header(run: Run, panels: Panel[], selection: Selection): HTMLElement {
  return h("div", { class: "bar" },
    h("span", { class: "brand" }, "skeleta"),
    h("nav", { "aria-label": "Sections" }, panels.map(({ id, title }) => h("a", { href: `#${id}` }, title))),
    selection.labels.length > 1 ? modelPicker(run, selection) : null,
    openButton("Open …"));
}

function modelPicker(run: Run, selection: Selection): HTMLElement {
  const label = run.has("/training/start") ? "Start" : "Model";
  const texts = selection.labels.map((text) => text.replace(/^start /, ""));
  const control = select(label, texts, selection.index, (k) => selection.choose(k));
  selection.onChange((k) => { control.querySelector("select")!.selectedIndex = k; });
  return control;
}

/** A section appears at once and is filled when its part of the file has been read. */
function section(panel: Panel, run: Run, selection: Selection): HTMLElement {
  const body = h("div", { "aria-busy": "true" }, h("p", { class: "note" }, "Reading …"));
  const element = h("section", { id: panel.id, "aria-labelledby": `${panel.id}-title` },
    h("h2", { id: `${panel.id}-title` }, panel.title), body);
  panel.build(run, selection).then((content) => body.replaceChildren(content), (error: Error) => {
    // What the file lacks shows as something undefined.
    const message = error instanceof TypeError
      ? `This part of the file is not laid out as skeleta writes it (${error.message}).` : error.message;
    body.replaceChildren(h("p", { class: "trouble", role: "alert" }, message));
  }).finally(() => body.removeAttribute("aria-busy"));
  return element;
}

function allowDrops(): void {
  let depth = 0;
  const over = (by: number) => document.body.classList.toggle("dropping", (depth = Math.max(0, depth + by)) > 0);
  addEventListener("dragenter", (event) => { event.preventDefault(); over(1); });
  addEventListener("dragleave", () => over(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(0);
    const file = event.dataTransfer?.files[0];
    if (file) void open(file);
  });
}

start();
