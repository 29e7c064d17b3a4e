// Colours of the canvases: those of the style sheet, and a scale.

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

/** From blue to yellow, as the figures of analysis/python: lightness rises along it. On dark paper navy would not be seen. */
const RISING_LIGHT: Rgb[] = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];
const RISING_DARK: Rgb[] = [[63, 104, 190], [86, 117, 168], [118, 128, 138], [158, 150, 122], [204, 187, 102], [254, 232, 56]];

/** Apart in lightness as well as in hue. */
const MANY_LIGHT = ["#0b5aa2", "#d98a00", "#12805f", "#b8420f", "#8d6bb8", "#8b8778"];
const MANY_DARK = ["#72b4f2", "#f0b24a", "#4fc7a0", "#ff8f62", "#c4a5ea", "#8d8a80"];
export const MANY = MANY_LIGHT.length;

/** t in [0, 1]. */
export function rising(t: number): Rgb {
  return between(dark.matches ? RISING_DARK : RISING_LIGHT, t);
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
