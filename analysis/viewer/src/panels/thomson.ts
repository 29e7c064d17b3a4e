// The columns beside points of least energy on the sphere, in numbers.
import { definitions, h } from "../dom";
import { number, plain } from "../format";
import { listing, upTo, type Column } from "../listing";
import type { Panel } from "../panel";
import type { Run } from "../run";
import { latest } from "../selection";

export const thomson: Panel = {
  id: "thomson",
  title: "Thomson’s problem",
  applies: (run) => run.has("/thomson/energy") || run.has("/thomson/coherence_signed"),
  async build(run, selection) {
    const facts = h("div", {});
    const show = latest(async (index: number) => {
      const parts = [
        run.has("/thomson/energy") ? await energies(run, index) : null,
        run.has("/thomson/coherence_signed") ? await coherence(run, index) : null,
      ];
      return () => facts.replaceChildren(...parts.filter((part) => part !== null));
    }, (error) => facts.replaceChildren(h("p", { class: "trouble" }, error.message)));
    selection.onChange(show);
    await show(selection.index);
    return h("div", {},
      h("p", {}, "Thomson’s problem asks for the points on a sphere that have the least energy, a sum over their pairs."),
      facts);
  },
};

async function energies(run: Run, index: number): Promise<HTMLElement> {
  const kinds = await run.read("/thomson/energy_kind");
  const of = await run.readAll("/thomson", ["energy", "columns_energy", "energy_ratio", "rms_distance",
    "rms_lower_bound", "known_energy", "difference", "gradient_norm", "symmetry_order", "symmetry_complete",
    "hits"], [index, index + 1]);
  const head: Column = { head: "Energy of a pair", values: kinds };
  const starts = run.shape("/thomson/start")[0];
  // A file of thomson match has columns, one of thomson solve has not.
  const columns: Column[] = of.columns_energy ? [
    head,
    { head: "Least energy", values: of.energy, digits: 9 },
    { head: "Energy of the columns", values: of.columns_energy, digits: 9 },
    { head: "Ratio", values: of.energy_ratio, digits: 9, without: (k) => of.energy!.data[k] === 0 },
    { head: "Least energy − known", values: of.difference, digits: 3 },
    { head: "Distance (rms)", values: of.rms_distance, digits: 4 },
    { head: "Its lower bound", values: of.rms_lower_bound, digits: 4 },
  ] : [
    head,
    { head: "Energy", values: of.energy, digits: 12 },
    { head: "Least known", values: of.known_energy, digits: 12 },
    { head: "Difference", values: of.difference, digits: 3 },
    { head: "Norm of the gradient", values: of.gradient_norm, digits: 3 },
    { head: "Symmetries", values: of.symmetry_order,
      write: (order, k) => (of.symmetry_complete?.data[k] === 0 ? `at least ${plain(order)}` : plain(order)) },
    { head: starts ? `Hits of ${starts} starts` : "Hits", values: of.hits },
  ];
  const caption = of.columns_energy ? "Unit columns beside the points of least energy that are known or were found"
    : "Points of least energy that were found";
  return listing(caption, columns, upTo(kinds.data.length));
}

async function coherence(run: Run, index: number): Promise<HTMLElement> {
  const read = await run.readAll("/thomson", ["features", "hidden", "coherence_signed", "simplex_bound", "coherence_absolute", "welch_bound",
    "orthoplex_bound", "interference"], [index, index + 1]);
  const value = (name: keyof typeof read) => read[name]?.data[0] ?? NaN;
  const shown = (name: keyof typeof read) => (read[name] ? number(value(name)) : null);
  return definitions([
    ["Features of the model", shown("features")],
    ["Its hidden dimensions", shown("hidden")],
    ["Largest cosine of two columns", shown("coherence_signed")],
    ["… never below (simplex bound)", shown("simplex_bound")],
    ["Largest absolute cosine", shown("coherence_absolute")],
    ["… never below (Welch bound)", shown("welch_bound")],
    ["… never below (orthoplex bound)", value("orthoplex_bound") === 0 ? "does not hold here" : shown("orthoplex_bound")],
    ["Largest absolute cosine between parts", shown("interference")],
  ]);
}
