// Colours of the canvases: those of the style sheet, and two scales.

export interface Theme {
  ink: string; muted: string; line: string; paper: string;
  exact: string; sampled: string; bound: string;
  font: string;
}

const dark = matchMedia("(prefers-color-scheme: dark)");

export function theme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour("ink"), muted: colour("muted"), line: colour("line"), paper: colour("paper"),
    exact: colour("exact"), sampled: colour("sampled"), bound: colour("bound"),
    font: colour("sans"),
  };
}

export function onThemeChange(redraw: () => void): void {
  dark.addEventListener("change", redraw);
}

type Rgb = [number, number, number];

/** From dark blue to yellow: lightness rises along it. */
const RISING: Rgb[] = [[13, 33, 79], [58, 73, 108], [112, 113, 118], [168, 154, 104], [224, 198, 80], [253, 234, 90]];
/** Blue is negative, orange positive, and zero is the colour of the page. */
const SIGNED_LIGHT: Rgb[] = [[11, 79, 148], [106, 165, 216], [246, 244, 238], [236, 168, 96], [168, 76, 0]];
const SIGNED_DARK: Rgb[] = [[133, 197, 255], [47, 110, 168], [32, 34, 38], [176, 106, 31], [255, 189, 110]];

/** t in [0, 1]. */
export function rising(t: number): Rgb {
  return between(RISING, t);
}

/** t in [-1, 1]. */
export function signed(t: number): Rgb {
  return between(dark.matches ? SIGNED_DARK : SIGNED_LIGHT, (t + 1) / 2);
}

/** Told apart by hue and by lightness: `n` of them, the k-th. */
export function ofMany(k: number, n: number): string {
  return css(rising(n <= 1 ? 0.35 : (dark.matches ? 0.28 : 0.05) + (dark.matches ? 0.7 : 0.68) * (k / (n - 1))));
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${r}, ${g}, ${b})`;
}

/** Black or white, whichever can be read on this colour. */
export function readable([r, g, b]: Rgb): string {
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#111" : "#fff";
}

function between(stops: Rgb[], t: number): Rgb {
  const place = Math.min(Math.max(Number.isNaN(t) ? 0 : t, 0), 1) * (stops.length - 1);
  const k = Math.min(Math.floor(place), stops.length - 2);
  return stops[k].map((c, i) => Math.round(c + (place - k) * (stops[k + 1][i] - c))) as Rgb;
}
