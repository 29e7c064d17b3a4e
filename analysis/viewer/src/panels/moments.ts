// How far the second moment of sparse samples is from a multiple of the identity.
import { CurveChart, type Curve } from "../curve_chart";
import { h, symbol } from "../dom";
import { count, plain } from "../format";
import { listing, upTo } from "../listing";
import type { Panel } from "../panel";

const NAMES = ["features", "density", "samples", "interaction", "noise", "distance", "measured_noise",
  "measured_distance", "confidence", "noise_bound", "distance_bound", "spectral_noise", "spectral_distance"] as const;

export const moments: Panel = {
  id: "moments",
  title: "Moments",
  applies: (run) => run.has("/moments/distance"),
  async build(run) {
    const read = await run.readAll("/moments", NAMES);
    const settings = upTo(read.distance!.data.length);
    const of = (name: (typeof NAMES)[number]) => (setting: number) => read[name]?.data[setting] ?? NaN;
    const samples = of("samples"), density = of("density");
    const x = [...new Set(settings.map(samples))].sort((a, b) => a - b);
    const densities = [...new Set(settings.map(density))].sort((a, b) => b - a);

    const curves = densities.flatMap((p, colour): Curve[] => {
      const there = settings.filter((setting) => density(setting) === p);
      const along = (value: (setting: number) => number) => x.map((T) => {
        const setting = there.find((one) => samples(one) === T);
        return setting === undefined ? NaN : value(setting);
      });
      return [
        { name: `p = ${plain(p, 4)}`, colour, values: along(of("distance")) },
        { name: "", colour, values: along(of("interaction")), dash: [5, 4], width: 1 },
        { name: "", colour, values: along(of("measured_distance")), look: "points" },
      ];
    });
    const chart = new CurveChart(true);
    chart.set({
      x, curves, logarithmicX: true, xName: "number of samples T", yName: "relative distance",
      label: `The distance to a multiple of the identity against the number of samples, for ${densities.length} densities.`,
      place: (T) => `${count(T)} samples`,
    });
    const confidence = of("confidence")(0);
    return h("div", {},
      h("p", {}, "The distance of ", symbol("Σ"), "/", symbol("T"), ", with ", symbol("Σ"), " the sum of ",
        symbol("xx"), "ᵀ over ", symbol("T"), " samples, to the identity times ", symbol("s"), ", the mean square of a feature, over the norm of the latter. ",
        "Curve: the exact root mean square; point: one data set; dashed: what no number of samples removes."),
      chart.element,
      listing("Relative Frobenius norms: the mean’s distance, the noise around it, and both together", [
        { head: h("span", {}, "Features ", symbol("D")), values: read.features, write: String },
        { head: h("span", {}, "Density ", symbol("p")), values: read.density },
        { head: h("span", {}, "Samples ", symbol("T")), values: read.samples, write: count },
        { head: "Mean", values: read.interaction },
        { head: "Noise", values: read.noise },
        { head: "Distance", values: read.distance },
        { head: "Measured noise", values: read.measured_noise },
        { head: "Measured distance", values: read.measured_distance },
      ], settings),
      listing(`Relative spectral norms of one data set, and bounds that hold with confidence ${plain(confidence)}`, [
        { head: h("span", {}, "Features ", symbol("D")), values: read.features, write: String },
        { head: h("span", {}, "Density ", symbol("p")), values: read.density },
        { head: h("span", {}, "Samples ", symbol("T")), values: read.samples, write: count },
        { head: "Noise", values: read.spectral_noise },
        { head: "Bound of the noise", values: read.noise_bound },
        { head: "Distance", values: read.spectral_distance },
        { head: "Bound of the distance", values: read.distance_bound },
      ], settings));
  },
};
