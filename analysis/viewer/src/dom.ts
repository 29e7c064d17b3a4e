// Elements in one expression, and the few that several panels need.

type Child = Node | string | null | undefined | Child[];
type Attributes = Record<string, string | number | boolean | ((event: any) => void)>;

/** <name attributes>children</name>; attributes that are functions are event handlers. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== false) element.setAttribute(key, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined) element.append(child);
  }
}

/** A variable with an index, as in print. */
export function symbol(letter: string, index = ""): HTMLElement {
  return h("span", { class: "math" }, h("i", {}, letter), index ? h("sub", {}, h("i", {}, index)) : null);
}

/** Terms beside what they are. Entries without a value are left out. */
export function definitions(entries: [Child, Child][], kind = "facts"): HTMLElement {
  return h("dl", { class: kind }, entries.filter(([, value]) => value !== null && value !== "")
    .map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}

export function table(caption: string, head: Child[], rows: Child[][], foot: Child[][] = []): HTMLElement {
  const row = (cells: Child[]) => h("tr", {}, cells.map((cell, k) =>
    k === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell)));
  const element = h("div", { class: "table", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
      h("tbody", {}, rows.map(row)),
      foot.length ? h("tfoot", {}, foot.map(row)) : null));
  const hint = h("p", { class: "note wider", hidden: true }, "The table is wider than the screen: scroll it sideways for its other columns.");
  new ResizeObserver(() => { hint.hidden = element.scrollWidth <= element.clientWidth; }).observe(element);
  return h("div", {}, hint, element);
}

export function select(
  label: string, options: string[], chosen: number, change: (k: number) => void,
): HTMLLabelElement {
  const element = h("select", { change: () => change(element.selectedIndex) },
    options.map((text) => h("option", {}, text)));
  element.selectedIndex = chosen;
  return h("label", { class: "control" }, h("span", {}, label), element);
}

export function check(label: string, on: boolean, change: (on: boolean) => void): HTMLLabelElement {
  const element = h("input", { type: "checkbox", change: () => change(element.checked) });
  element.checked = on;
  return h("label", { class: "control" }, element, h("span", {}, label));
}

export interface Slider {
  element: HTMLElement;
  /** Moves the slider without calling `change`. */
  set(value: number, last?: number): void;
}

/** A slider over 0 … last whose value is written out beside it. */
export function slider(
  label: string, last: number, value: number, write: (k: number) => string, change: (k: number) => void,
): Slider {
  const output = h("output", {});
  const input = h("input", {
    type: "range", min: 0, max: last, step: 1, "aria-label": label,
    input: () => { show(); change(Number(input.value)); },
  });
  const show = () => {
    output.textContent = write(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.value = String(value);
  show();
  return {
    element: h("div", { class: "slider" }, h("span", { class: "name" }, label), input, output),
    set(next, newLast) {
      if (newLast !== undefined) input.max = String(newLast);
      input.value = String(next);
      show();
    },
  };
}
