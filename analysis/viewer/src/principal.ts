// The directions in which a set of columns is longest.

/** Up to three directions, each a vector of the hidden dimensions. */
export type Axes = Float64Array[];

/** The coordinate axes in up to three dimensions; beyond, the principal axes of the columns of W [hidden, feature]. */
export function axesOf(W: Float64Array, hidden: number, features: number): Axes {
  const unit = (k: number) => new Float64Array(hidden).fill(1, k, k + 1);
  if (hidden <= 3) return Array.from({ length: hidden }, (_, k) => unit(k));
  const S = new Float64Array(hidden * hidden);
  for (let i = 0; i < hidden; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let f = 0; f < features; f++) sum += W[i * features + f] * W[j * features + f];
      S[i * hidden + j] = S[j * hidden + i] = sum;
    }
  }
  const { values, vectors } = eigen(S, hidden);
  const largest = [...values.keys()].sort((i, j) => values[j] - values[i]).slice(0, 3);
  return largest.map((axis) => Float64Array.from({ length: hidden }, (_, k) => vectors[k * hidden + axis]));
}

/** The columns along each of the axes. */
export function project(axes: Axes, W: Float64Array, hidden: number, features: number): Float64Array[] {
  return axes.map((axis) => {
    const along = new Float64Array(features);
    for (let k = 0; k < hidden; k++) {
      for (let f = 0; f < features; f++) along[f] += axis[k] * W[k * features + f];
    }
    return along;
  });
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
