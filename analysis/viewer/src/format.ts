// Numbers as a paper prints them; the exact value is in the tooltip.
import { h } from "./dom";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `digits` significant ones, without trailing zeros: 0.01734, 1.2 × 10⁻⁷, −3, ∞. */
export function plain(value: number, digits = 6): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power < -4 || power >= Math.max(digits, 6)) return `${trim(mantissa)} × 10${superscript(power)}`;
  return trim(value.toFixed(Math.max(0, digits - 1 - power)));
}

/** As many digits as the standard error leaves: down to its second one. */
export function uncertain(value: number, error: number): string {
  if (!(error > 0) || !Number.isFinite(value) || value === 0) return plain(value, 10);
  const digits = Math.floor(Math.log10(Math.abs(value))) - Math.floor(Math.log10(error)) + 2;
  return plain(value, Math.min(Math.max(digits, 2), 15));
}

export function percent(share: number, digits = 3): string {
  return Number.isNaN(share) ? "–" : `${plain(100 * share, digits)} %`;
}

/** 12 345 678, with narrow spaces. */
export function count(value: number | string): string {
  return String(value).replace("-", "−").replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

export function bytes(size: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  const k = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(size, 1)) / 3));
  return `${plain(size / 1000 ** k, 3)} ${units[k]}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** The text, with the exact value as tooltip, and in `data-value` for whoever copies it. */
export function exact(text: string, value: number): HTMLElement {
  return h("data", { value: String(value), title: String(value).replace("-", "−") }, text);
}

export function number(value: number, digits = 6): HTMLElement {
  return exact(plain(value, digits), value);
}

function trim(text: string): string {
  return (text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace("-", "−");
}

function superscript(power: number): string {
  return (power < 0 ? "⁻" : "") + [...String(Math.abs(power))].map((d) => SUPERSCRIPTS[Number(d)]).join("");
}
