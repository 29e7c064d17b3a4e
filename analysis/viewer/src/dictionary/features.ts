// The features of a dictionary: their figures, and who disturbs them.
import { exact, number, percent } from "../format";
import type { Run } from "../run";

const NEIGHBOURS = 10; // read of each feature

/** One figure of all features. */
export interface Figure {
  head: string;
  data: ArrayLike<number>;
  write: (value: number) => HTMLElement;
}

export interface Disturber {
  feature: number;
  share: number;
}

export class Features {
  private constructor(
    readonly count: number, readonly figures: Figure[], readonly names: string[] | null,
    private readonly neighbour: ArrayLike<number>, private readonly share: ArrayLike<number>, private readonly each: number,
  ) {}

  static async read(run: Run): Promise<Features> {
    const names = run.has("/dictionary/name") ? await run.texts("/dictionary/name") : null;
    const read = await run.readAll("/dictionary", ["density", "importance", "threshold", "feature_loss",
      "interference_mean", "interference_variance", "false_activation", "recall", "precision"]);
    const { neighbour_feature: neighbour, neighbour_share: share } =
      await run.readAll("/dictionary", ["neighbour_feature", "neighbour_share"], [], [0, NEIGHBOURS]);
    const of = (name: keyof typeof read) => read[name]!.data;
    const p = of("density"), loss = of("feature_loss"), v = of("importance");
    const whole = loss.reduce((sum, x, i) => sum + v[i] * x, 0);
    const figures = [
      { head: "Share of the loss", data: loss.map((x, i) => (v[i] * x) / whole), write: (x: number) => exact(percent(x), x) },
      { head: "Density", digits: 3, data: p },
      { head: "Loss", digits: 4, data: loss },
      { head: "Loss / E x²", digits: 3, data: loss.map((x, i) => (p[i] > 0 ? (3 * x) / p[i] : NaN)) },
      { head: "Interference, mean", digits: 3, data: of("interference_mean") },
      { head: "… deviation", digits: 3, data: of("interference_variance").map(Math.sqrt) },
      { head: "False activation", digits: 3, data: of("false_activation") },
      { head: "Recall", digits: 4, data: of("recall") },
      { head: "Precision", digits: 3, data: of("precision") },
      { head: "Threshold", digits: 3, data: of("threshold") },
    ].map((figure): Figure => ("digits" in figure ? { ...figure, write: (x) => number(x, figure.digits) } : figure));
    return new Features(loss.length, figures, names, neighbour?.data ?? [], share?.data ?? [], neighbour?.shape[1] ?? 0);
  }

  name(feature: number): string {
    return this.names?.[feature] ?? `${feature}`;
  }

  /** Does the file say who disturbs whom? */
  get named(): boolean {
    return this.each > 0;
  }

  /** Those that disturb it most, the largest share first. */
  disturbers(feature: number, most = this.each): Disturber[] {
    return Array.from({ length: Math.min(most, this.each) }, (_, n) => feature * this.each + n)
      .filter((at) => this.neighbour[at] >= 0)
      .map((at) => ({ feature: this.neighbour[at], share: this.share[at] }));
  }

  /** By number those whose name, or number, has the text in it. */
  containing(text: string): number[] {
    const wanted = text.trim().toLowerCase();
    const found: number[] = [];
    this.lowered ??= Array.from({ length: this.count }, (_, i) => this.name(i).toLowerCase());
    for (let i = 0; i < this.count; i++) if (this.lowered[i].includes(wanted)) found.push(i);
    return found;
  }

  private lowered: string[] | null = null;
}

/** The features in the order of a list of numbers; without a number last, equal ones as they were. */
export function sorted(features: number[], data: ArrayLike<number>, rising: boolean): number[] {
  const sign = rising ? 1 : -1;
  const key = (i: number) => (Number.isNaN(data[i]) ? Infinity : sign * data[i]);
  return features.sort((a, b) => key(a) - key(b) || a - b);
}
