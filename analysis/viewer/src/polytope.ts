const MOST = 60; // points: all triples are tried
const TOLERANCE = 0.03; // within which points belong to a face: a slightly bent square has no diagonal

type Point = readonly [number, number, number];

/** Pairs of points that an edge of their convex hull joins; none for too many points. */
export function edges(points: Point[]): [number, number][] {
  const n = points.length;
  if (n < 2 || n > MOST) return [];
  if (n === 2) return [[0, 1]];
  const found = new Map<string, [number, number]>();
  const seen = new Set<string>();
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) for (let k = j + 1; k < n; k++) {
    const normal = unit(cross(minus(points[j], points[i]), minus(points[k], points[i])));
    if (!normal) continue;
    const heights = points.map((point) => dot(minus(point, points[i]), normal));
    if (Math.max(...heights) > TOLERANCE && Math.min(...heights) < -TOLERANCE) continue;
    const face = heights.flatMap((height, m) => (Math.abs(height) <= TOLERANCE ? [m] : []));
    if (seen.has(face.join())) continue;
    seen.add(face.join());
    for (const side of outline(points, face, normal)) found.set(side.join(), side);
  }
  return [...found.values()];
}

/** The corners of a convex face joined in the order of their angles about its middle. */
function outline(points: Point[], face: number[], normal: Point): [number, number][] {
  const middle = [0, 1, 2].map((axis) =>
    face.reduce((sum, m) => sum + points[m][axis], 0) / face.length) as unknown as Point;
  const first = unit(minus(points[face[0]], middle));
  if (!first) return [];
  const second = cross(normal, first);
  const angle = (m: number) => {
    const offset = minus(points[m], middle);
    return Math.atan2(dot(offset, second), dot(offset, first));
  };
  const order = [...face].sort((a, b) => angle(a) - angle(b));
  return order.map((m, k) => {
    const next = order[(k + 1) % order.length];
    return m < next ? [m, next] : [next, m];
  });
}

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Point, b: Point): Point =>
  [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

function unit(a: Point): Point | null {
  const length = Math.sqrt(dot(a, a));
  return length < 1e-9 ? null : [a[0] / length, a[1] / length, a[2] / length];
}
