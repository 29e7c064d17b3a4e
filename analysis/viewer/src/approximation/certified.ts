// Between which numbers the least loss of all models lies, and the best model.
import { ColumnsView } from "../columns_view";
import { definitions, h } from "../dom";
import { count, exact, number } from "../format";
import type { Run } from "../run";

export async function certifiedFacts(run: Run): Promise<HTMLElement> {
  const found = await run.readAll("/certified",
    ["most_active", "lower", "upper", "boxes", "rounds", "radius", "stop_reason"]);
  const at = (name: keyof typeof found) => found[name]?.data[0] ?? NaN;
  const whole = (value: number) => (Number.isNaN(value) ? null : exact(count(value), value));
  const lower = at("lower"), upper = at("upper");
  const facts = definitions([
    ["No model has less than", number(lower, 10)],
    ["The best model has at most", number(upper, 10)],
    ["Gap", number(upper - lower, 3)],
    ["Gap, relative", number((upper - lower) / upper, 3)],
    ["Most active features", whole(at("most_active"))],
    ["Boxes", whole(at("boxes"))],
    ["Rounds", whole(at("rounds"))],
    ["No longer column does better", at("radius") >= 0 ? number(at("radius")) : "not known yet"],
    ["Stop reason", (found.stop_reason?.words?.[0] ?? "").replaceAll("_", " ")],
    ["Boxes that are still open", run.has("/certified/box") ? whole(run.shape("/certified/box")[0]) : null],
  ]);
  if (!run.has("/certified/W")) return facts;
  const view = new ColumnsView("Columns of the best model");
  const [columns, b] = await Promise.all([run.columns("/certified/W", []), run.readAll("/certified", ["b"])]);
  view.set(columns, (j) => (b.b ? `, threshold ${number(b.b.data[j], 5).textContent}` : ""));
  return h("div", { class: "side-by-side" }, facts, view.element);
}
