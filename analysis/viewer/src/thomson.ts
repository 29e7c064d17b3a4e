// The configuration of Thomson's problem that the columns were matched with, if the file has one.
import type { Run } from "./run";

export interface ThomsonMatch {
  title: string;
  dimension: number;
  count: number;
  /** [dimension, point], turned to lie over the columns. */
  points: Float64Array;
}

export async function thomsonMatch(run: Run, index: number): Promise<ThomsonMatch | null> {
  const path = "/thomson/points";
  if (!run.has(path)) return null;
  const shape = run.shape(path);
  const points = await run.read(path, ...(shape.length === 3 ? [[index, index + 1] as [number, number]] : []));
  const [dimension, count] = points.shape.slice(-2);
  return { title: "Thomson match", dimension, count, points: points.data };
}
