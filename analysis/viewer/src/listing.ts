// Datasets along one axis as the columns of a table.
import { h, table } from "./dom";
import { count, exact, number } from "./format";
import type { Values } from "./model";

type Child = Node | string;

export interface Column {
  head: Child;
  /** Columns that the file lacks are left out. */
  values: Values | undefined;
  digits?: number;
  /** Instead of the number. */
  write?: (value: number, k: number) => string;
  /** Where the number means nothing. */
  without?: (k: number) => boolean;
}

/** `most` rows at most, in the given order, and a note about those left out. */
export function listing(caption: string, columns: Column[], order: number[], most = 500): HTMLElement {
  const present = columns.filter(({ values }) => values);
  const shown = order.slice(0, most);
  const rows = shown.map((k) => present.map((column) => cell(column, k)));
  const note = shown.length < order.length ? ` (the first ${count(most)} of ${count(order.length)})` : "";
  return table(caption + note, present.map(({ head }) => head), rows);
}

function cell({ values, digits, write, without }: Column, k: number): Child {
  const value = values!.data[k];
  if (without?.(k)) return "–";
  if (write) return exact(write(value, k), value);
  const word = values!.words?.[k];
  return word === undefined ? number(value, digits) : h("span", {}, word.replaceAll("_", " "));
}

/** 0, 1, …, n − 1. */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, k) => k);
}
