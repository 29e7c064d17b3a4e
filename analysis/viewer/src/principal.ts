// The directions in which a set of columns is longest.

export interface Projection {
  /** [axis, column], of three axes or of as many as there are dimensions. */
  points: Float64Array[];
  /** Share of the squared lengths that the projection keeps. */
  kept: number;
}

/** The columns of W [hidden, feature] in up to three dimensions: themselves, or their principal axes. */
export function project(W: Float64Array, hidden: number, features: number): Projection {
  const row = (k: number) => W.slice(k * features, (k + 1) * features);
  if (hidden <= 3) return { points: Array.from({ length: hidden }, (_, k) => row(k)), kept: 1 };
  const S = new Float64Array(hidden * hidden);
  for (let i = 0; i < hidden; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let f = 0; f < features; f++) sum += W[i * features + f] * W[j * features + f];
      S[i * hidden + j] = S[j * hidden + i] = sum;
    }
  }
  let total = 0;
  for (let i = 0; i < hidden; i++) total += S[i * hidden + i];
  const { values, vectors } = eigen(S, hidden);
  const order = [...values.keys()].sort((i, j) => values[j] - values[i]).slice(0, 3);
  const points = order.map((axis) => {
    const along = new Float64Array(features);
    for (let k = 0; k < hidden; k++) {
      const weight = vectors[k * hidden + axis];
      for (let f = 0; f < features; f++) along[f] += weight * W[k * features + f];
    }
    return along;
  });
  return { points, kept: total > 0 ? order.reduce((sum, k) => sum + values[k], 0) / total : 1 };
}

/** Jacobi's method: rotates pairs of axes until the symmetric matrix is diagonal. */
function eigen(S: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const A = S.slice();
  const V = new Float64Array(n * n);
  for (let i = 0; i < n; i++) V[i * n + i] = 1;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0, diagonal = 0;
    for (let i = 0; i < n; i++) {
      diagonal += A[i * n + i] ** 2;
      for (let j = 0; j < i; j++) off += A[i * n + j] ** 2;
    }
    if (off <= 1e-24 * diagonal) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(A, V, n, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, i) => A[i * n + i]), vectors: V };
}

function rotate(A: Float64Array, V: Float64Array, n: number, p: number, q: number): void {
  const a = A[p * n + q];
  if (a === 0) return;
  const ratio = (A[q * n + q] - A[p * n + p]) / (2 * a);
  const t = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const c = 1 / Math.hypot(t, 1), s = t * c;
  const turn = (M: Float64Array, i: number, j: number) => {
    const x = M[i], y = M[j];
    M[i] = c * x - s * y;
    M[j] = s * x + c * y;
  };
  for (let k = 0; k < n; k++) turn(A, k * n + p, k * n + q);
  for (let k = 0; k < n; k++) turn(A, p * n + k, q * n + k);
  for (let k = 0; k < n; k++) turn(V, k * n + p, k * n + q);
}
