// The configuration of Thomson's problem that the columns were matched with, if the file has one.
import type { Run } from "./run";

export interface ThomsonMatch {
  title: string;
  dimension: number;
  count: number;
  /** [dimension, point], turned to lie over the columns. */
  points: Float64Array;
}

/** "/thomson/points" is [dimension, point], with the instance or other axes before them. */
export async function thomsonMatch(run: Run, index: number): Promise<ThomsonMatch | null> {
  const path = "/thomson/points";
  if (!run.has(path)) return null;
  const before = run.shape(path).slice(0, -2);
  const chosen = before.map((size, axis): [number, number] => {
    const k = axis === 0 && index < size ? index : 0;
    return [k, k + 1];
  });
  const { shape, data } = await run.read(path, ...chosen);
  const [dimension, count] = shape.slice(-2);
  return { title: "Thomson match", dimension, count, points: data };
}
