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

/** Apart in lightness as well as in hue. */
const MANY_LIGHT = ["#0b5aa2", "#d98a00", "#12805f", "#b8420f", "#8d6bb8", "#8b8778"];
const MANY_DARK = ["#72b4f2", "#f0b24a", "#4fc7a0", "#ff8f62", "#c4a5ea", "#8d8a80"];
export const MANY = MANY_LIGHT.length;

/** t in [0, 1]. */
export function rising(t: number): Rgb {
  return between(RISING, t);
}

/** t in [-1, 1]. */
export function signed(t: number): Rgb {
  return between(dark.matches ? SIGNED_DARK : SIGNED_LIGHT, (t + 1) / 2);
}

/** The colour of the k-th of several things; those beyond the palette share the last one. */
export function ofMany(k: number): string {
  const palette = dark.matches ? MANY_DARK : MANY_LIGHT;
  return palette[Math.min(k, palette.length - 1)];
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
  const mix = (i: number) => Math.round(stops[k][i] + (place - k) * (stops[k + 1][i] - stops[k][i]));
  return [mix(0), mix(1), mix(2)];
}
