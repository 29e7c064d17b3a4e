// How good it is to see only few active features at a time.
import { certifiedFacts } from "../approximation/certified";
import { gradientTable, lawTable, sparsityTable } from "../approximation/law";
import { trainingCosts } from "../approximation/training";
import { h } from "../dom";
import type { Panel } from "../panel";
import { latest } from "../selection";

export const approximation: Panel = {
  id: "approximation",
  title: "Few active features",
  applies: (run) => ["/approximation/l", "/approximation/sparsity", "/approximation/table_sparsity", "/certified/lower"]
    .some((path) => run.has(path)),
  async build(run, selection) {
    const law = h("div", {});
    const show = latest(async (index: number) => {
      const parts = [
        run.has("/approximation/l") ? await lawTable(run, index) : null,
        run.has("/approximation/most") ? await gradientTable(run, index) : null,
      ];
      return () => law.replaceChildren(...parts.filter((part) => part !== null));
    }, (error) => law.replaceChildren(h("p", { class: "trouble" }, error.message)));
    selection.onChange(show);
    await show(selection.index);
    const titled = async (path: string, title: string, build: () => Promise<HTMLElement>) =>
      (run.has(path) ? [h("h3", {}, title), await build()] : []);
    return h("div", {},
      h("p", {}, "Sparse data seldom have more than a few features active at once. How much is lost if the rest of the data is ignored?"),
      await titled("/certified/lower", "Certified minimum", () => certifiedFacts(run)),
      await titled("/approximation/sparsity", "Training on few active features", () => trainingCosts(run)),
      await titled("/approximation/l", "The law of N", async () => law),
      run.has("/approximation/table_sparsity") ? await sparsityTable(run) : null);
  },
};
