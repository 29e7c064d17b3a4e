// Horizontal lines across a plot, named in the margin to its right.
import type uPlot from "uplot";
import type { Theme } from "./theme";

export interface Level {
  value: number;
  name: string;
}

const APART = 14; // pixels between two names

/** Pixels that the names need. */
export function levelMargin(levels: Level[]): number {
  return levels.length ? 14 + 6.5 * Math.max(...levels.map(({ name }) => name.length)) : 0;
}

export function drawLevels(levels: Level[], plot: uPlot, theme: Theme): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  const right = bbox.left + bbox.width;
  const places = levels.map(({ value, name }) => ({ name, y: plot.valToPos(value, "y", true) }))
    .filter(({ y }) => y >= bbox.top && y <= bbox.top + bbox.height).sort((a, b) => b.y - a.y);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = theme.muted;
  ctx.font = `${12 * ratio}px ${theme.font}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  let last = Infinity;
  for (const { name, y } of places) {
    ctx.lineWidth = ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(right, y);
    ctx.stroke();
    last = Math.min(y, last - APART * ratio);
    ctx.fillText(name, right + 6 * ratio, last);
  }
  ctx.restore();
}
