// What the file is, its main numbers, and where it comes from.
import { definitions, h, symbol, table } from "../dom";
import { extent } from "../extent";
import { bytes, count, exact, number, percent, plain, uncertain } from "../format";
import { kind } from "../kind";
import { modelSizes } from "../models";
import type { Panel } from "../panel";
import type { Run } from "../run";
import { latest, type Selection } from "../selection";

export const overview: Panel = {
  id: "overview",
  title: "Overview",
  applies: () => true,
  async build(run, selection) {
    const figures = h("div", {});
    const show = latest(async (index: number) => {
      const numbers = await mainNumbers(run, index, selection);
      return () => figures.replaceChildren(numbers ?? "");
    }, (error) => figures.replaceChildren(h("p", { class: "trouble" }, error.message)));
    selection.onChange(show);
    await show(selection.index);
    return h("div", {}, h("p", { class: "lead" }, kind(run)), figures,
      definitions(await provenance(run)), options(run), contents(run));
  },
};

async function mainNumbers(run: Run, index: number, selection: Selection): Promise<HTMLElement | null> {
  if (run.has("/sweep/cell")) return sweepNumbers(run);
  if (run.has("/training/loss")) return trainingNumbers(run, index, selection);
  if (run.has("/loss/value")) return lossNumbers(run, index);
  return null;
}

async function lossNumbers(run: Run, index: number): Promise<HTMLElement> {
  const one: [number, number] = [index, index + 1];
  const loss = await run.readAll("/loss", ["value", "value_standard_error", "low", "high", "confidence"], one);
  const tail = await run.readAll("/tail", ["one_sparse_share", "probability_of_rest"], one);
  const at = (values: { data: Float64Array } | undefined) => values?.data[0] ?? NaN;
  const share = (values: { data: Float64Array } | undefined) => (values ? exact(percent(at(values)), at(values)) : null);
  const value = at(loss.value), error = at(loss.value_standard_error);
  const [features] = modelSizes(run);
  return definitions([
    ["Loss", exact(uncertain(value, error), value)],
    [at(loss.confidence) < 1 ? `${percent(at(loss.confidence))} interval` : "Surely from",
      h("span", {}, exact(uncertain(at(loss.low), error), at(loss.low)), " to ",
        exact(uncertain(at(loss.high), error), at(loss.high)))],
    ["Loss per feature", exact(uncertain(value / features, error / features), value / features)],
    ["Share of at most one active", share(tail.one_sparse_share)],
    ["Probability of two or more active", share(tail.probability_of_rest)],
  ], "figures");
}

async function trainingNumbers(run: Run, index: number, selection: Selection): Promise<HTMLElement> {
  const { data: loss } = await run.read("/training/loss");
  const diverged = loss.filter((value) => !Number.isFinite(value)).length;
  const [minima] = run.shape("/training/minimum_loss");
  return definitions([
    ["Best loss", number(loss[0], 9)],
    ["Distinct minima", minima === undefined ? "none" : count(minima)],
    ["Starts", count(loss.length)],
    diverged > 0 ? ["Diverged", count(diverged)] : [null, null],
    [`Loss of ${selection.labels[index]}`, number(loss[index], 9)],
  ], "figures");
}

async function sweepNumbers(run: Run): Promise<HTMLElement> {
  const names = ["features", "hidden", "density", "importance_decay", "loss", "failed"] as const;
  const cells = await run.readAll("/sweep", names);
  const range = (values: { data: Float64Array } | undefined) => {
    const [low, high] = extent(values?.data ?? []);
    if (Number.isNaN(low)) return null;
    return low === high ? plain(low, 4) : `${plain(low, 4)} to ${plain(high, 4)}`;
  };
  const failed = cells.failed?.data.reduce((a, b) => a + b, 0) ?? 0;
  return definitions([
    ["Cells", count(run.shape("/sweep/cell")[0])],
    ["Features", range(cells.features)],
    ["Hidden dimensions", range(cells.hidden)],
    ["Density", range(cells.density)],
    ["Best loss", range(cells.loss)],
    failed > 0 ? ["Starts that diverged", count(failed)] : [null, null],
  ], "figures");
}

async function provenance(run: Run): Promise<[Node | string, Node | string | null][]> {
  const { attributes, bytes: size } = run.contents;
  const at = (name: string) => attributes[name] ?? "";
  const seed = at("seed_hex") ? `${count(BigInt(at("seed_hex")).toString())}  (${at("seed_hex")})` : at("seed");
  return [
    ["Data", await data(run)],
    ["Command", at("command_line") && h("code", { class: "command" }, at("command_line"))],
    ["Written", at("created_at") && h("time", { datetime: at("created_at") }, written(at("created_at")))],
    ["Seed", seed],
    ["Threads", at("threads")],
    ["Program", at("skeleta_version") && `skeleta ${at("skeleta_version")}, commit ${at("git_sha1").slice(0, 12)}`],
    ["Built", [at("compiler"), at("build"), at("libraries")].filter(Boolean).join("; ")],
    ["History", at("history")],
    ["File", `${bytes(size)}${at("version") ? `, layout version ${at("version")}` : ""}`],
  ];
}

/** Density, sparsity and importance of the features: a number where they agree, else a range. */
async function data(run: Run): Promise<HTMLElement | null> {
  const group = run.has("/data/density") ? "/data" : "";
  const { density, importance } = await run.readAll(group, ["density", "importance"]);
  const range = (values: Float64Array, map = (x: number) => x) => {
    const [low, high] = extent(values.map(map));
    return low === high ? plain(low) : `${plain(low)} to ${plain(high)}`;
  };
  if (!density && !importance) return null;
  return h("span", {},
    density ? ["density ", symbol("p"), ` = ${range(density.data)}, sparsity `, symbol("S"),
               ` = ${range(density.data, (p) => Number((1 - p).toPrecision(12)))}`] : "density not given",
    importance ? `, importance ${range(importance.data)}` : "");
}

function written(iso: string): string {
  return iso.replace("T", ", ").replace("Z", " UTC");
}

function options(run: Run): HTMLElement | null {
  const text = run.contents.attributes.options;
  return text ? h("details", {}, h("summary", {}, "Options"), h("pre", {}, text.trim())) : null;
}

function contents(run: Run): HTMLElement {
  const rows = Object.entries(run.contents.datasets).map(([path, { shape, units, meaning }]) =>
    [h("code", {}, path), shape.map(count).join("\u00a0×\u00a0") || "one number", units === "1" ? "" : units, meaning]);
  return h("details", {}, h("summary", {}, rows.length === 1 ? "The one dataset" : `All ${rows.length} datasets`),
    table("Datasets of the file", ["Path", "Size", "Units", "Meaning"], rows));
}
