/** The z with P(|Z| ≤ z) = confidence for a standard normal Z. */
export function normalQuantile(confidence: number): number {
  if (!(confidence > 0 && confidence < 1)) return confidence >= 1 ? Infinity : 0;
  let low = 0, high = 9;
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (within(middle) < confidence) low = middle;
    else high = middle;
  }
  return low;
}

/** P(|Z| ≤ z) = 2 φ(z) (z + z³/3 + z⁵/(3·5) + …). */
function within(z: number): number {
  let term = z, sum = z;
  for (let n = 3; term > 1e-17 * sum; n += 2) sum += term *= (z * z) / n;
  return 2 * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * sum;
}
