// All features in a table that is searched, sorted and turned over page by page.
import { h } from "../dom";
import { count, percent, plural } from "../format";
import { upTo } from "../listing";
import type { Features } from "./features";
import { sorted } from "./features";

const ROWS = 50; // of a page
const LISTED = 2; // disturbing features beside each

export class FeatureTable {
  readonly element: HTMLElement;
  private readonly head = h("tr", {});
  private readonly body = h("tbody", {});
  private readonly where = h("span", { class: "note", "aria-live": "polite" });
  private readonly search: HTMLInputElement;
  private readonly back: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private readonly region: HTMLElement;
  private order: number[] = [];
  private page = 0;
  private by = 0; // which figure; −1: the number of the feature
  private rising = false;
  private chosen = -1;

  constructor(private readonly features: Features, private readonly choose: (feature: number) => void) {
    this.search = h("input", { type: "search", "aria-label": "Search features by name", placeholder: "Search by name",
      input: () => this.arrange() });
    this.back = h("button", { type: "button", "aria-label": "Previous page", click: () => this.turn(-1) }, "‹");
    this.next = h("button", { type: "button", "aria-label": "Next page", click: () => this.turn(1) }, "›");
    this.region = h("div", { class: "table", tabindex: 0, role: "region", "aria-label": "Features" },
      h("table", {}, h("thead", {}, this.head), this.body));
    this.element = h("div", { class: "features" },
      h("div", { class: "controls" }, this.search, h("span", { class: "controls pages" }, this.back, this.next, this.where)),
      this.region);
    this.arrange();
  }

  /** Turns to the page of a feature and marks it; the search is over if it does not find the feature. */
  show(feature: number): void {
    this.chosen = feature;
    if (!this.order.includes(feature)) {
      this.search.value = "";
      this.arrange();
    }
    this.page = Math.floor(this.order.indexOf(feature) / ROWS);
    this.draw();
    const row = this.body.querySelector<HTMLElement>(".chosen");
    if (row) this.region.scrollTop = row.offsetTop - this.region.clientHeight / 2;
  }

  private arrange(): void {
    const found = this.features.containing(this.search.value);
    const data = this.by < 0 ? upTo(this.features.count) : this.features.figures[this.by].data;
    this.order = sorted(found, data, this.rising);
    this.page = 0;
    this.drawHead();
    this.draw();
  }

  private sortBy(column: number): void {
    this.rising = this.by === column ? !this.rising : column < 0;
    this.by = column;
    this.arrange();
    this.head.querySelector<HTMLElement>("[aria-sort] button")?.focus();
  }

  private turn(by: number): void {
    this.page += by;
    this.draw();
    this.region.scrollTop = 0;
  }

  private drawHead(): void {
    const cell = (text: string, column: number) => {
      const on = this.by === column;
      const arrow = on ? (this.rising ? " ↑" : " ↓") : "";
      return h("th", { scope: "col", ...(on ? { "aria-sort": this.rising ? "ascending" : "descending" } : {}) },
        h("button", { type: "button", class: "plain", click: () => this.sortBy(column) }, text + arrow));
    };
    const [share, ...others] = this.features.figures.map(({ head }, k) => cell(head, k));
    this.head.replaceChildren(cell("Feature", -1), share,
      ...(this.features.named ? [h("th", { scope: "col", class: "words" }, "Disturbed most by")] : []), ...others);
  }

  private draw(): void {
    const first = this.page * ROWS, shown = this.order.slice(first, first + ROWS);
    this.body.replaceChildren(...shown.map((feature) => this.row(feature)));
    this.back.disabled = this.page === 0;
    this.next.disabled = first + ROWS >= this.order.length;
    this.where.textContent = shown.length === 0 ? "no feature is called so"
      : `${count(first + 1)} to ${count(first + shown.length)} of ${plural(this.order.length, "feature")}`;
  }

  private row(feature: number): HTMLElement {
    const [share, ...others] = this.features.figures.map(({ data, write }) => h("td", {}, write(data[feature])));
    const disturbers = this.features.disturbers(feature, LISTED).map(({ feature: other, share: part }, n) =>
      [n ? ", " : "", this.link(other), ` ${percent(part, 2)}`]);
    return h("tr", feature === this.chosen ? { class: "chosen" } : {}, h("th", { scope: "row" }, this.link(feature)), share,
      this.features.named ? h("td", { class: "words" }, disturbers) : null, others);
  }

  private link(feature: number): HTMLElement {
    return featureLink(this.features, feature, this.choose);
  }
}

/** The name as a button that chooses the feature. */
export function featureLink(features: Features, feature: number, choose: (feature: number) => void): HTMLElement {
  return h("button", { type: "button", class: "plain name", click: () => choose(feature) }, features.name(feature));
}
