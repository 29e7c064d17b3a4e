// The directions in which a set of columns is longest.
import { lengths } from "./gram";
import type { Axes, Columns } from "./model";

/** The columns of W [hidden, feature] along the given axes, or along those of axesOf. */
export function columnsOf(W: Float64Array, hidden: number, features: number, axes?: Axes): Columns {
  const used = axes ?? axesOf(W, hidden, features);
  return {
    hidden, features, axes: used, points: project(used, W, hidden, features), lengths: lengths(W, hidden, features),
  };
}

const ROUNDS = 200;
const WORK = 3e8; // multiplications at most: a very large W gets fewer rounds

/** The coordinate axes in up to three dimensions; beyond, the principal axes of the columns of W [hidden, feature]. */
function axesOf(W: Float64Array, hidden: number, features: number): Axes {
  const unit = (k: number) => new Float64Array(hidden).fill(1, k, k + 1);
  if (hidden <= 3) return Array.from({ length: hidden }, (_, k) => unit(k));
  // Any start does that has no symmetry with W.
  let axes = orthonormal([1, 2, 3].map((n) => Float64Array.from({ length: hidden }, (_, k) => Math.sin(n + (2 + n) * k))));
  const rounds = Math.min(ROUNDS, Math.ceil(WORK / (6 * hidden * features)));
  for (let round = 0; round < rounds; round++) {
    const next = orthonormal(project(axes, W, hidden, features).map((along) => spread(along, W, hidden, features)));
    const change = next.reduce((sum, axis, n) => sum + 1 - Math.abs(dot(axis, axes[n])), 0);
    axes = next;
    if (change < 1e-12) break;
  }
  return axes;
}

/** Σ_j along_j w_j. */
function spread(along: Float64Array, W: Float64Array, hidden: number, features: number): Float64Array {
  return Float64Array.from({ length: hidden }, (_, k) => {
    let sum = 0;
    for (let f = 0; f < features; f++) sum += along[f] * W[k * features + f];
    return sum;
  });
}

/** By Gram and Schmidt; a vector that the earlier ones span becomes 0. */
function orthonormal(vectors: Axes): Axes {
  const found: Axes = [];
  for (const vector of vectors) {
    const rest = vector.slice();
    for (let again = 0; again < 2; again++) {
      for (const axis of found) {
        const along = dot(rest, axis);
        rest.forEach((_, k) => { rest[k] -= along * axis[k]; });
      }
    }
    const length = Math.sqrt(dot(rest, rest));
    const scale = length > 1e-12 * Math.sqrt(dot(vector, vector)) ? 1 / length : 0;
    found.push(rest.map((x) => x * scale));
  }
  return found;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

/** The columns along each of the axes. */
function project(axes: Axes, W: Float64Array, hidden: number, features: number): Float64Array[] {
  return axes.map((axis) => {
    const along = new Float64Array(features);
    for (let k = 0; k < hidden; k++) {
      for (let f = 0; f < features; f++) along[f] += axis[k] * W[k * features + f];
    }
    return along;
  });
}
