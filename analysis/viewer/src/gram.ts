import type { Gram } from "./model";

/**
 * The Gram matrix of the columns of W [hidden, feature]; of more than `most` columns, of the longest
 * ones, which stay in the order of the features.
 */
export function gram(W: Float64Array, hidden: number, features: number, most: number): Gram {
  const columns = longest(W, hidden, features, most);
  const n = columns.length;
  const data = new Float64Array(n * n);
  for (let h = 0; h < hidden; h++) {
    const row = Float64Array.from(columns, (j) => W[h * features + j]);
    for (let i = 0; i < n; i++) {
      const w = row[i];
      if (w === 0) continue;
      for (let j = 0; j < n; j++) data[i * n + j] += w * row[j];
    }
  }
  return { columns, data };
}

export function lengths(W: Float64Array, hidden: number, features: number): Float64Array {
  const squares = new Float64Array(features);
  for (let h = 0; h < hidden; h++) {
    for (let j = 0; j < features; j++) squares[j] += W[h * features + j] ** 2;
  }
  return squares.map(Math.sqrt);
}

function longest(W: Float64Array, hidden: number, features: number, most: number): number[] {
  const all = Array.from({ length: features }, (_, j) => j);
  if (features <= most) return all;
  const length = lengths(W, hidden, features);
  return all.sort((i, j) => length[j] - length[i]).slice(0, most).sort((i, j) => i - j);
}
