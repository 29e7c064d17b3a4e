// The critical points of the linear loss, one family a row.
import { h, symbol } from "../dom";
import { plain } from "../format";
import { listing, upTo } from "../listing";
import type { Panel } from "../panel";

const LISTED = 500; // families in the table

export const critical: Panel = {
  id: "critical",
  title: "Critical points",
  applies: (run) => run.has("/critical/loss"),
  async build(run) {
    const found = await run.readAll("/critical", ["point", "eigenvalue", "rank", "loss", "negative_directions", "kind"]);
    const [points, modes] = run.shape("/critical/member");
    const member = await run.read("/critical/member", [0, Math.min(points, LISTED)]);
    const set = (point: number) =>
      `{${upTo(modes).filter((mode) => member.data[point * modes + mode]).map((mode) => mode + 1).join(", ")}}`;
    return h("div", {},
      h("p", {}, "At a critical point, ", symbol("AB"), " projects on a set of eigenvectors of the second moment; ",
        "1 is that of the largest eigenvalue. The loss is the sum of the eigenvalues left out."),
      h("p", {}, `Eigenvalues: ${Array.from(found.eigenvalue?.data ?? [], (value) => plain(value)).join(", ")}.`),
      listing("Families of critical points", [
        { head: "Set", values: found.point, write: (_, point) => set(point) },
        { head: "Rank", values: found.rank },
        { head: "Loss", values: found.loss, digits: 9 },
        { head: "Negative directions", values: found.negative_directions },
        { head: "Kind", values: found.kind },
      ], upTo(points), LISTED));
  },
};
