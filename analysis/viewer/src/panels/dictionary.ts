// A dictionary of up to some 10⁵ features: how good it is, feature by feature.
import { definitions, h } from "../dom";
import { Features } from "../dictionary/features";
import { FeatureTable, featureLink } from "../dictionary/feature_table";
import { countView, histogramView } from "../dictionary/spread";
import { count, exact, number, percent, plain, uncertain } from "../format";
import type { Panel } from "../panel";
import type { Run } from "../run";

export const dictionary: Panel = {
  id: "dictionary",
  title: "Dictionary",
  applies: (run) => run.has("/dictionary/feature_loss"),
  async build(run) {
    const features = await Features.read(run);
    const detail = h("div", { class: "chosen-feature", "aria-live": "polite" });
    const choose = (feature: number) => {
      table.show(feature);
      detail.replaceChildren(...facts(features, feature, choose));
    };
    const table = new FeatureTable(features, choose);
    return h("div", {}, await summary(run),
      h("div", { class: "side-by-side" }, run.has("/dictionary/bin_count") ? await histogramView(run) : null, await countView(run)),
      h("h3", {}, "Features"),
      h("p", {}, "Search by name, sort by any column, and choose a feature to see who disturbs it."),
      detail, table.element);
  },
};

async function summary(run: Run): Promise<HTMLElement> {
  const read = await run.readAll("/dictionary", ["features", "hidden", "done", "loss", "error_bound", "mean_active",
    "welch_bound", "random_loss", "random_standard_error", "largest_cosine", "random_largest_cosine"]);
  const at = (name: keyof typeof read) => read[name]?.data[0] ?? NaN;
  const compared = run.shape("/dictionary/compared")[0] ?? 0;
  const all = compared === at("features");
  const random = read.random_loss ? exact(
    all ? plain(at("random_loss")) : `${uncertain(at("random_loss"), at("random_standard_error"))} ± ${plain(at("random_standard_error"), 2)}`,
    at("random_loss")) : null;
  return h("div", {},
    definitions([
      ["Features", count(at("features"))],
      ["Hidden dimensions", count(at("hidden"))],
      ["Active on average", number(at("mean_active"), 4)],
      [at("done") < at("features") ? `Loss of the first ${count(at("done"))}` : "Loss",
        exact(uncertain(at("loss"), at("error_bound")), at("loss"))],
      ["Loss of random directions", random],
      ["Largest |cosine|", read.largest_cosine ? number(at("largest_cosine"), 4) : null],
      ["Largest of random directions", read.largest_cosine ? number(at("random_largest_cosine"), 4) : null],
      ["Never below (Welch bound)", number(at("welch_bound"), 4)],
    ], "figures"),
    random ? h("p", { class: "note" }, "Random directions: features with the same lengths, densities and thresholds, ",
      all ? "all outputs evaluated." : `of which ${count(compared)} outputs were evaluated; largest |cosine| of these with any feature.`) : null);
}

function facts(features: Features, feature: number, choose: (feature: number) => void): HTMLElement[] {
  const disturbers = features.disturbers(feature);
  return [
    h("h3", {}, features.name(feature), features.names ? h("span", { class: "note" }, ` feature ${feature}`) : null),
    definitions([
      ...features.figures.map(({ head, data, write }): [string, HTMLElement] =>
        [head.replace("… ", "Interference, "), write(data[feature])]),
    ], "figures small"),
    h("p", {}, disturbers.length ? "Disturbed by " : "Nobody is named that disturbs it.",
      disturbers.map(({ feature: other, share }, n) =>
        [n ? ", " : "", featureLink(features, other, choose), ` ${percent(share, 2)}`]),
      disturbers.length ? " of the interference’s variance." : ""),
  ];
}
