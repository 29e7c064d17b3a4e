// The configuration of Thomson's problem that the columns were matched with, if the file has one.
import type { Columns } from "./model";
import type { Run } from "./run";

/**
 * "/thomson/points" is [dimension, point], with the instance or other axes before them: turned to lie
 * over the columns, and seen along their axes.
 */
export async function thomsonMatch(run: Run, index: number, { hidden, axes }: Columns): Promise<Columns | null> {
  const path = "/thomson/points";
  // The model of thomson solve is that configuration itself.
  if (!run.has(path) || run.has("/thomson/known_energy")) return null;
  const shape = run.shape(path);
  const chosen = shape.slice(0, -2).map((size, axis): [number, number] => {
    const k = axis === 0 && index < size ? index : 0;
    return [k, k + 1];
  });
  return run.columns(path, chosen, shape[shape.length - 2] === hidden ? axes : undefined);
}
