#include "storage/result_entries.h"

namespace skeleta::storage {
namespace {

void add(std::vector<DatasetEntry>& all, std::vector<DatasetEntry> entries) {
  all.insert(all.end(), entries.begin(), entries.end());
}

std::vector<DatasetEntry> linear_entries() {
  using enum Element;
  constexpr const char* critical = "since 1.4, in files of linear critical-points";
  constexpr const char* flow = "since 1.4, in files of linear flow";
  constexpr const char* moments = "since 1.4, in files of linear moments";
  return {
      {"/critical", "mode", int64, {"mode"}, "eigenvector, largest eigenvalue first", critical},
      {"/critical", "point", int64, {"point"}, "family of critical points", critical},
      {"/critical", "eigenvalue", float64, {"mode"}, "of the second moment", critical},
      {"/critical", "eigenspace", int64, {"mode"}, "number of its eigenspace", critical},
      {"/critical", "member", int64, {"point", "mode"}, "1 if AB projects on the mode", critical},
      {"/critical", "rank", int64, {"point"}, "of AB", critical},
      {"/critical", "loss", float64, {"point"}, "sum of the eigenvalues left out", critical},
      {"/critical",
       "negative_directions",
       int64,
       {"point"},
       "negative eigenvalues of the Hessian",
       critical},
      {"/critical", "kind", int8, {"point"}, "minimum or saddle", critical},

      {"/flow", "mode", int64, {"mode"}, "eigenvector, largest eigenvalue first", flow},
      {"/flow", "rule", int8, {"rule"}, "which flow", flow},
      {"/flow", "time", float64, {"time"}, "at which the flows were looked at", flow},
      {"/flow", "rank", int64, {"rank"}, "number of modes that are learned", flow},
      {"/flow", "hidden", int64, {"hidden"}, "hidden dimension", flow},
      {"/flow", "feature", int64, {"feature"}, "feature", flow},
      {"/flow", "eigenvalue", float64, {"mode"}, "of the second moment", flow},
      {"/flow",
       "critical_loss",
       float64,
       {"rank"},
       "loss when so many modes are learned, the largest first",
       flow},
      {"/flow",
       "loss",
       float64,
       {"rule", "time"},
       "of the linear autoencoder; NaN after an early end",
       flow},
      {"/flow",
       "strength",
       float64,
       {"rule", "time", "mode"},
       "u'ABu of the mode's eigenvector u: 0 unknown, 1 learned",
       flow},
      {"/flow",
       "imbalance_drift",
       float64,
       {"rule", "time"},
       "Frobenius norm of how A'A - BB' differs from its start: 0 for the untied flow",
       flow},
      {"/flow", "nearest_distance", float64, {"rule"}, "of AB to the next critical point", flow},
      {"/flow", "nearest_loss", float64, {"rule"}, "loss of that critical point", flow},
      {"/flow", "stop_reason", int8, {"rule"}, "why the integration ended", flow},
      {"/flow", "steps", int64, {"rule"}, "of the integrator", flow},
      {"/flow", "decoder", float64, {"rule", "feature", "hidden"}, "A at the end", flow},
      {"/flow", "encoder", float64, {"rule", "hidden", "feature"}, "B at the end", flow},

      {"/moments", "setting", int64, {"setting"}, "density and number of samples", moments},
      {"/moments", "mode", int64, {"mode"}, "eigenvector, largest eigenvalue first", moments},
      {"/moments", "features", int64, {"setting"}, "number of features D", moments},
      {"/moments",
       "density",
       float64,
       {"setting"},
       "probability that a feature is active",
       moments},
      {"/moments", "samples", int64, {"setting"}, "number of samples T", moments},
      {"/moments",
       "first_eigenvalue",
       float64,
       {"setting"},
       "largest, of the mean of Sigma/T",
       moments},
      {"/moments", "other_eigenvalue", float64, {"setting"}, "all others", moments},
      {"/moments",
       "diagonal_spread",
       float64,
       {"setting"},
       "standard deviation of a diagonal entry of Sigma/T over p/3",
       moments},
      {"/moments",
       "off_diagonal_spread",
       float64,
       {"setting"},
       "standard deviation of another entry over p/3",
       moments},
      {"/moments",
       "noise",
       float64,
       {"setting"},
       "root mean square of |Sigma/T - mean|_F over that of the identity times p/3",
       moments},
      {"/moments",
       "interaction",
       float64,
       {"setting"},
       "likewise of the mean's distance to p/3 times the identity",
       moments},
      {"/moments", "distance", float64, {"setting"}, "likewise of both together", moments},
      {"/moments", "confidence", float64, {"setting"}, "of the bounds", moments},
      {"/moments",
       "noise_bound",
       float64,
       {"setting"},
       "upper bound of |Sigma/T - mean|_2 over p/3",
       moments},
      {"/moments",
       "distance_bound",
       float64,
       {"setting"},
       "upper bound of the least |Sigma/T - cI|_2 over p/3",
       moments},
      {"/moments",
       "measured_noise",
       float64,
       {"setting"},
       "noise of one data set; NaN if none",
       moments},
      {"/moments", "measured_distance", float64, {"setting"}, "its distance", moments},
      {"/moments",
       "spectral_noise",
       float64,
       {"setting"},
       "its |Sigma/T - mean|_2 over p/3",
       moments},
      {"/moments",
       "spectral_distance",
       float64,
       {"setting"},
       "its least |Sigma/T - cI|_2 over p/3",
       moments},
      {"/moments",
       "eigenvalue",
       float64,
       {"setting", "mode"},
       "of its Sigma/T; NaN if there was no data set",
       moments},
      {"/moments", "seconds", float64, {"setting"}, "wall time of the data set", moments, "s"},
  };
}

std::vector<DatasetEntry> thomson_entries() {
  using enum Element;
  constexpr const char* both = "since 1.4, in files of thomson solve and match";
  constexpr const char* compared = "since 1.4, in files of thomson solve and match with an energy";
  constexpr const char* solved = "since 1.4, in files of thomson solve";
  constexpr const char* matched = "since 1.4, in files of thomson match";
  constexpr const char* matched_energy = "since 1.4, in files of thomson match with an energy";
  std::vector<DatasetEntry> entries;
  const auto entry = [&](const char* name, Element element, std::vector<std::string> axes,
                         const char* long_name, const char* present) {
    entries.push_back({"/thomson", name, element, std::move(axes), long_name, present});
  };
  entry("instance", int64, {"instance"}, "number of the instance in the model file", both);
  entry("energy_kind", int8, {"energy_kind"}, "of a pair of points", compared);
  entry("dimension", int64, {"dimension"}, "of the space the sphere is in", both);
  entry("feature", int64, {"feature"}, "point, or feature of the model", both);
  entry("features", int64, {"instance"}, "number of features of the model", matched);
  entry("hidden", int64, {"instance"}, "its hidden dimensions", matched);
  entry("start", int64, {"start"}, "random start", solved);
  entry("pair", int64, {"pair"}, "two points", solved);
  const std::vector<std::string> by_energy{"instance", "energy_kind"};
  entry("points", float64, {"instance", "energy_kind", "dimension", "feature"},
        "configuration of least energy that is known or was found; of a match, turned and "
        "relabelled to lie over the columns, NaN where a column was left out",
        compared);
  entry("energy", float64, by_energy, "of points, over unordered pairs", compared);
  entry("known_energy", float64, by_energy, "the least that is known; NaN if nothing is", solved);
  entry("difference", float64, by_energy, "energy minus the known one; NaN likewise", compared);
  entry("gradient_norm", float64, by_energy, "of the energy along the sphere", solved);
  entry("symmetry_order", float64, by_energy, "order of the symmetry group", solved);
  entry("symmetry_complete", int64, by_energy, "0: symmetry_order is a lower bound", solved);
  entry("converged", int64, by_energy, "1 if the gradient is as small as rounding lets it", solved);
  entry("hits", int64, by_energy, "starts that ended with this energy", solved);
  entry("stop_reason", int8, {"instance"},
        "why the search ended: all starts are done, or interrupted", solved);
  entry("start_energy", float64, {"start"}, "where each start ended", solved);
  entry("coordination", int64, {"feature"}, "neighbours of the point", solved);
  entry("orbit", int64, {"feature"}, "first point that symmetries map this one to", solved);
  entry("inner_product", float64, {"pair"}, "of two points, sorted upwards", solved);
  entry("gram_spectrum", float64, {"dimension"}, "largest eigenvalues of the Gram matrix", solved);
  entry("columns_energy", float64, by_energy, "of the model's unit columns", matched_energy);
  entry("energy_ratio", float64, by_energy, "columns_energy over energy", matched_energy);
  entry("rms_distance", float64, by_energy,
        "root-mean-square distance of the unit columns to points", matched_energy);
  entry("rms_lower_bound", float64, by_energy, "no turn and relabelling does better",
        matched_energy);
  entry("coherence_signed", float64, {"instance"}, "largest cosine between two columns", matched);
  entry("simplex_bound", float64, {"instance"}, "coherence_signed is never below it", matched);
  entry("coherence_absolute", float64, {"instance"}, "largest absolute cosine", matched);
  entry("welch_bound", float64, {"instance"}, "coherence_absolute is never below it", matched);
  entry("orthoplex_bound", float64, {"instance"}, "likewise; 0 where it does not hold", matched);
  entry("interference", float64, {"instance"},
        "largest absolute cosine of columns in different parts", matched);
  const std::vector<std::string> by_feature{"instance", "feature"};
  entry("dimensionality", float64, by_feature, "feature dimensionality", matched);
  entry("nearest_value", float64, by_feature, "the nearest one of a named polytope", matched);
  entry("nearest_distance", float64, by_feature, "how far from it", matched);
  entry("part", int64, by_feature, "orthogonal part; -1 where the column was left out", matched);
  entry("part_dimension", int64, by_feature, "of the space that the part spans", matched);
  entry("part_distance", float64, by_feature,
        "root-mean-square distance of the part to its nearest named configuration; NaN if none",
        matched);
  entry("opposite", int64, by_feature, "column in the opposite direction; -1 if none", matched);
  entry("opposite_distance", float64, by_feature, "how far from opposite; NaN if none", matched);
  return entries;
}

std::vector<DatasetEntry> approximation_entries() {
  using enum Element;
  constexpr const char* counted = "since 1.4, in files of approximate with a density";
  constexpr const char* shared = "since 1.4, in files of approximate with a model";
  constexpr const char* trained = "since 1.4, in files of approximate --train";
  constexpr const char* listed = "since 1.4, in files of approximate --table";
  constexpr const char* certified = "since 1.4, in files of approximate --certify";
  constexpr const char* open = "since 1.4, while approximate --certify is not finished";
  std::vector<DatasetEntry> entries;
  std::string group = "/approximation";
  const auto entry = [&](const char* name, Element element, std::vector<std::string> axes,
                         const char* long_name, const char* present) {
    entries.push_back({group, name, element, std::move(axes), long_name, present});
  };
  entry("l", int64, {"l"}, "number of active features", counted);
  entry("probability", float64, {"l"}, "P(N = l)", counted);
  entry("tail", float64, {"l"}, "P(N >= l)", counted);
  entry("union_bound", float64, {"l"}, "upper bound of tail", counted);
  entry("chernoff_bound", float64, {"l"}, "upper bound of tail", counted);
  entry("poisson", float64, {"l"}, "approximation of tail", counted);
  entry("instance", int64, {"instance"}, "number of the instance in the model file", shared);
  entry("contribution", float64, {"instance", "l"}, "loss on Q_l, exact", shared);
  entry("beyond", float64, {"instance", "l"}, "loss on more than l active features", shared);
  entry("share_beyond", float64, {"instance", "l"}, "beyond over the loss", shared);
  entry("beyond_bound", float64, {"instance", "l"}, "rigorous upper bound of beyond", shared);
  entry("most", int64, {"most"}, "k: the loss is cut off after k active features", shared);
  entry("gradient_size", float64, {"instance", "most"}, "norm of its gradient over the whole one",
        shared);
  entry("gradient_difference", float64, {"instance", "most"},
        "norm of the difference of both gradients over that of the whole one", shared);
  entry("gradient_angle", float64, {"instance", "most"}, "between both gradients, in radians",
        shared);
  entry("setting", int64, {"setting"}, "sparsity at which was trained", trained);
  entry("sparsity", float64, {"setting"}, "S; NaN if densities differ", trained);
  entry("k", int64, {"k"}, "most active features that were trained on", trained);
  entry("lower", float64, {"setting", "k"}, "least loss on at most k active features", trained);
  entry("upper", float64, {"setting", "k"}, "whole loss there", trained);
  entry("minimum", float64, {"setting", "k"}, "least whole loss", trained);
  entry("excess", float64, {"setting", "k"}, "upper minus minimum", trained);
  entry("same_configuration", int64, {"setting", "k"}, "1 if both minimisers look the same",
        trained);
  entry("distance", float64, {"setting", "k"}, "of their columns, after the best turn", trained);
  entry("hits", int64, {"setting", "k"}, "starts that ended at lower", trained);
  entry("problem", int64, {"problem"}, "there is one", trained);
  entry("stop_reason", int8, {"problem"}, "why training ended: done, or interrupted", trained);
  entry("row", int64, {"row"}, "line of the table", listed);
  entry("table_sparsity", float64, {"row"}, "S", listed);
  entry("table_none", float64, {"row"}, "P(N = 0)", listed);
  entry("table_one", float64, {"row"}, "P(N = 1)", listed);
  entry("table_two", float64, {"row"}, "P(N >= 2)", listed);

  group = "/certified";
  entry("problem", int64, {"problem"}, "there is one", certified);
  entry("hidden", int64, {"hidden"}, "hidden dimension", certified);
  entry("feature", int64, {"feature"}, "feature", certified);
  entry("most_active", int64, {"problem"}, "k of the loss on at most k active features", certified);
  entry("lower", float64, {"problem"}, "no model has less", certified);
  entry("upper", float64, {"problem"}, "loss of W, b, its rounding error included", certified);
  entry("boxes", int64, {"problem"}, "boxes bounded so far", certified);
  entry("rounds", int64, {"problem"}, "rounds so far", certified);
  entry("radius", float64, {"problem"}, "no longer column does better; -1: not known yet",
        certified);
  entry("stop_reason", int8, {"problem"}, "why the search ended", certified);
  entry("W", float64, {"hidden", "feature"}, "weights of the best model", certified);
  entry("b", float64, {"feature"}, "its thresholds", certified);
  entry("box", int64, {"box"}, "box that is still open", open);
  entry("entry", int64, {"entry"}, "number of a box", open);
  entry("open", float64, {"box", "entry"},
        "lower bound, low and high ends of W (column by column), of b", open);
  return entries;
}

}  // namespace

std::vector<DatasetEntry> result_entries() {
  std::vector<DatasetEntry> entries;
  add(entries, linear_entries());
  add(entries, thomson_entries());
  add(entries, approximation_entries());
  return entries;
}

}  // namespace skeleta::storage
