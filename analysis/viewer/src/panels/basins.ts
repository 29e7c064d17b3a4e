// Which minima flows from random starts end in, and how often.
import { definitions, h } from "../dom";
import { count, percent, plain } from "../format";
import { listing, upTo } from "../listing";
import type { Values } from "../model";
import type { Panel } from "../panel";

const NAMES = ["done", "planned", "not_converged", "basin", "count", "first_start", "probability", "lower", "upper",
  "value"] as const;
const DRAWN = 20; // bars

export const basins: Panel = {
  id: "basins",
  title: "Basins",
  applies: (run) => run.has("/basins/done"),
  async build(run) {
    const read = await run.readAll("/basins", NAMES);
    const at = (name: (typeof NAMES)[number], k = 0) => read[name]?.data[k] ?? NaN;
    const found = read.basin?.data.length ?? 0;
    const labels = run.has("/basins/label") ? await run.texts("/basins/label") : [];
    const figures = definitions([
      ["Flows", at("done") < at("planned") ? `${count(at("done"))} of ${count(at("planned"))}` : count(at("done"))],
      ["Ends", count(found)],
      ["Did not converge", at("not_converged") > 0 ? count(at("not_converged")) : null],
    ], "figures");
    if (found === 0) return h("div", {}, figures, h("p", { class: "note" }, "No flow has converged."));
    const represented = await run.read("/basins/represented");
    const [, features] = run.shape("/basins/represented");
    const order = upTo(found).sort((i, j) => at("value", i) - at("value", j));
    const who = (k: number) => {
      const there = upTo(features).filter((i) => represented.data[k * features + i] > 0);
      return there.length === features ? "all" : there.length === 0 ? "none" : there.join(", ");
    };
    return h("div", {}, figures,
      h("p", {}, "Each bar is the share of random starts whose flow ends in that minimum, least loss first; the bracket is its " +
        "95 % interval (Clopper and Pearson)."),
      h("ul", { class: "shares" }, order.slice(0, DRAWN).map((k) =>
        share(plain(at("value", k), 5), at("probability", k), at("lower", k), at("upper", k), `features ${who(k)}`))),
      found > DRAWN ? h("p", { class: "note" }, `The first ${DRAWN} of ${count(found)}.`) : null,
      listing("Ends of the flows, least value first", [
        { head: "Value", values: read.value, digits: 10 },
        { head: "Probability", values: read.probability, digits: 4 },
        { head: "At least", values: read.lower, digits: 4 },
        { head: "At most", values: read.upper, digits: 4 },
        { head: "Flows", values: read.count, write: count },
        { head: "First start", values: read.first_start, write: count },
        { head: "Represented features", values: names(found), write: (k) => who(k) },
        { head: "Dimensionalities", values: labels.length ? names(found) : undefined, write: (k) => labels[k] },
      ], order));
  },
};

/** The numbers of the ends themselves, for columns of texts. */
function names(found: number): Values {
  return { data: Float64Array.from(upTo(found)), shape: [found] };
}

function share(name: string, probability: number, lower: number, upper: number, detail: string): HTMLElement {
  const bar = h("span", { class: "bar-of-share" }), bracket = h("span", { class: "bracket" });
  bar.style.width = `${100 * probability}%`;
  bracket.style.left = `${100 * lower}%`;
  bracket.style.width = `${100 * (upper - lower)}%`;
  const said = `${percent(probability, 3)}, between ${percent(lower, 3)} and ${percent(upper, 3)}`;
  return h("li", {}, h("span", { class: "name" }, name),
    h("span", { class: "track", role: "img", "aria-label": said }, bar, bracket),
    h("span", { class: "said" }, percent(probability, 3), h("span", { class: "note" }, ` ${detail}`)));
}
