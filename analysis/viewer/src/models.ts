// The models of a file, wherever it keeps them.
import type { Columns, Range } from "./model";
import type { Run } from "./run";

export interface Model {
  columns: Columns;
  /** Thresholds, subtracted before the ReLU; null if the file has none. */
  b: Float64Array | null;
}

/** The group of W: that of a run file, or a model file itself; null in a file without models. */
export function modelGroup(run: Run): string | null {
  if (run.has("/model/W")) return "/model";
  return run.has("/W") ? "" : null;
}

export function modelCount(run: Run): number {
  const group = modelGroup(run);
  if (group === null) return 0;
  const shape = run.shape(`${group}/W`);
  return shape.length === 3 ? shape[0] : 1;
}

/** Features and hidden dimensions of the models. */
export function modelSizes(run: Run): [number, number] {
  const shape = run.shape(`${modelGroup(run)}/W`);
  return [shape[shape.length - 1], shape[shape.length - 2]];
}

/** W of one model as a part of its dataset. */
export function weights(run: Run, index: number): { path: string; ranges: Range[] } {
  const path = `${modelGroup(run)}/W`;
  return { path, ranges: run.shape(path).length === 3 ? [[index, index + 1]] : [] };
}

export async function readModel(run: Run, index: number): Promise<Model> {
  const { path, ranges } = weights(run, index);
  const [columns, b] = await Promise.all([run.columns(path, ranges), thresholds(run, index)]);
  return { columns, b };
}

async function thresholds(run: Run, index: number): Promise<Float64Array | null> {
  const group = modelGroup(run);
  for (const [name, sign] of [["b", 1], ["bias", -1]] as const) {
    const path = `${group}/${name}`;
    if (!run.has(path)) continue;
    const ranges: Range[] = run.shape(path).length === 2 ? [[index, index + 1]] : [];
    return (await run.read(path, ...ranges)).data.map((value) => sign * value);
  }
  return null;
}

/** What each model is called: the number of the start or instance it has in the file. */
export async function modelLabels(run: Run): Promise<string[]> {
  const group = modelGroup(run);
  if (group !== null) {
    const [word, path] = run.has("/training/start") ? ["start", "/training/start"] : ["instance", `${group}/instance`];
    const numbers = run.has(path) ? [...(await run.read(path)).data] : [];
    return Array.from({ length: modelCount(run) }, (_, k) => `${word} ${numbers[k] ?? k}`);
  }
  // Results about models that are in another file.
  const path = ["/thomson/instance", "/approximation/instance", "/spectrum/instance"].find((one) => run.has(one));
  return path ? Array.from((await run.read(path)).data, (number) => `instance ${number}`) : [];
}
