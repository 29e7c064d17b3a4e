// What a file is, in one sentence.
import { count, plural } from "./format";
import { modelCount, modelGroup, modelSizes } from "./models";
import type { Run } from "./run";

export function kind(run: Run): string {
  const size = (path: string) => run.shape(path)[0] ?? 0;
  const models = modelCount(run);
  const sizes = modelGroup(run) === null ? "" : sizesText(run);
  if (run.has("/sweep/cell")) return `A sweep: the best models of ${plural(size("/sweep/cell"), "cell")} of a grid.`;
  if (run.has("/training/start")) return `Training from ${plural(models, "start")}: ${sizes}. Best loss first.`;
  if (run.has("/loss/value")) {
    return `The loss of ${some(models)} by number of active features: ${sizes}.`;
  }
  if (run.has("/flow/loss")) {
    return `How the linear model learns: ${plural(size("/flow/rule"), "flow")} with ` +
      `${plural(size("/flow/feature"), "feature")} in ${plural(size("/flow/hidden"), "hidden dimension")}.`;
  }
  if (run.has("/critical/loss")) {
    return `All critical points of the linear model: ${plural(size("/critical/point"), "family", "families")} ` +
      `among ${plural(size("/critical/mode"), "mode")}.`;
  }
  if (run.has("/moments/distance")) {
    return "How far the second moment of sparse data is from a multiple of the identity: " +
      `${plural(size("/moments/setting"), "setting")}.`;
  }
  if (run.has("/dictionary/feature_loss")) {
    return `A dictionary, feature by feature: the exact loss of ${plural(size("/dictionary/feature"), "output")}.`;
  }
  if (run.has("/spectrum/eigenvalues")) {
    return `Second derivatives of a loss: the spectra of ${some(size("/spectrum/instance"))}.`;
  }
  if (run.has("/basins/done")) return "Which minima gradient flow from random starts ends in, and how often.";
  if (run.has("/certified/lower")) return "Bounds of the least loss that any model has.";
  if (run.filetype === "skeleta approximate") return "How good it is to see only few active features at a time.";
  if (run.filetype === "skeleta thomson solve") {
    return `Points of least energy on a sphere: ${count(size("/thomson/feature"))} in ` +
      `${plural(size("/thomson/dimension"), "dimension")}.`;
  }
  if (run.filetype === "skeleta thomson match") {
    const matched = size("/thomson/instance");
    return `The columns of ${some(matched)} beside Thomson’s configurations` + (sizes ? `: ${sizes}.` : ".");
  }
  if (run.filetype && run.filetype !== "skeleta model") {
    return `Written by ${run.filetype}${sizes ? `: ${sizes}` : ""}.`;
  }
  return `${models === 1 ? "One model" : `${models} models`}: ${sizes}. A model file; skeleta estimate computes its loss.`;
}

function some(models: number): string {
  return models === 1 ? "one model" : `${count(models)} models`;
}

function sizesText(run: Run): string {
  const [features, hidden] = modelSizes(run);
  return `${plural(features, "feature")} in ${plural(hidden, "hidden dimension")}`;
}
