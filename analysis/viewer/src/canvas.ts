import { onThemeChange } from "./theme";

/**
 * Calls `draw` with a context in CSS pixels now, and whenever the canvas changes its size or the page
 * its colours. Returns a function that draws again at the next frame.
 */
export function drawn(
  canvas: HTMLCanvasElement,
  draw: (context: CanvasRenderingContext2D, width: number, height: number) => void,
): () => void {
  let asked = false;
  const paint = () => {
    asked = false;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (width === 0 || height === 0) return;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d")!;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    draw(context, width, height);
  };
  const ask = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(paint);
  };
  new ResizeObserver(ask).observe(canvas);
  onThemeChange(ask);
  return ask;
}
