// What the page shows, as numbers.
import assert from "node:assert/strict";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** The number in a text such as "1.2 × 10⁻⁷" or "20.3 %", and half a unit of its last digit. */
export function parse(text) {
  const plain = text.replaceAll("−", "-").replaceAll("\u202f", "").trim();
  if (plain === "–") return { value: null, half: 0 };
  const found = /^(-?\d+(?:\.(\d+))?)(?: × 10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+))?( %)?$/.exec(plain);
  assert.ok(found, `“${text}” is no number`);
  const [, mantissa, decimals = "", sign, power = ""] = found;
  const exponent = (sign ? -1 : 1) * Number([...power].map((c) => SUPERSCRIPTS.indexOf(c)).join("") || 0) - (found[5] ? 2 : 0);
  return { value: Number(mantissa) * 10 ** exponent, half: 0.5 * 10 ** (exponent - decimals.length) };
}

/** `cell` is {text, value}: its text rounds the number, and its value is the number itself. */
export function assertShows(cell, number, what) {
  if (number === null) return assert.match(cell.text.trim(), /^(–|−?∞)$/, what);
  assert.equal(Number(cell.value), number + 0, `${what}: exact value`); // + 0: −0 is shown as 0
  const { value, half } = parse(cell.text);
  assert.ok(Math.abs(value - number) <= 1.000001 * half, `${what}: “${cell.text}” is not ${number} rounded`);
}

/** Every row of a table as cells {text, value}. */
export function rows(page, selector) {
  return page.$$eval(`${selector} tbody tr`, (list) => list.map((row) => [...row.children].map((cell) => ({
    text: cell.textContent, value: cell.querySelector("data")?.value ?? null,
  }))));
}

/** The rows of the table with that caption, each cell under its column's head. */
export async function records(page, caption) {
  const region = `.table[aria-label^="${caption}"]`;
  await page.waitForSelector(`${region} td`, { state: "attached", timeout: 60000 }); // it may come after the overview
  const heads = await page.$$eval(`${region} thead th`, (list) => list.map((e) => e.textContent));
  return (await rows(page, region)).map((cells) => Object.fromEntries(cells.map((cell, k) => [heads[k], cell])));
}

/** Each row shows the numbers of the columns, {head: dataset}, which `pick` finds for the row. */
export function assertRecords(table, columns, pick) {
  assert.ok(table.length > 0);
  table.forEach((row, k) => {
    for (const [head, path] of Object.entries(columns)) assertShows(row[head], pick(path, k), `${head} of row ${k}`);
  });
}

/** The definitions of a list, by term. */
export function facts(page, selector) {
  return page.$$eval(`${selector} dl > div`, (list) => Object.fromEntries(list.map((entry) => [
    entry.querySelector("dt").textContent,
    { text: entry.querySelector("dd").textContent, value: entry.querySelector("dd data")?.value ?? null },
  ])));
}
