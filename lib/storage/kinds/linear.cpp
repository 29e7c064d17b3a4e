#include "skeleta/storage/linear_file.h"

#include <limits>

#include "storage/fields.h"

namespace skeleta::storage {
namespace {

using linear::CriticalPoint;
constexpr const char* mode = "eigenvector, largest eigenvalue first";

// --- critical points ---

// Along [point].
const Fields<CriticalPoint>& point_fields() {
  using Point = CriticalPoint;
  static const auto fields = block<Point>(
      "/critical", "since 1.4, in files of linear critical-points",
      {
          {axis("point", "family of critical points")},
          {whole("member", "point mode", "1 if AB projects on the mode").from(0, 1).as("set")},
          {whole("rank", "point", "of AB"), &Point::rank},
          {magnitude("loss", "point", "sum of the eigenvalues left out"), &Point::loss},
          {whole("negative_directions", "point", "negative eigenvalues of the Hessian")
               .cites("mathematics.md, Theorem 8.2"),
           &Point::negative_directions},
          {word("kind", "point", "minimum or saddle").cites("mathematics.md, Theorem 8.2"),
           &Point::kind},
      },
      "points[].");
  return fields;
}

// --- flows ---

// Along [rule].
const Fields<FlowRun>& flow_fields() {
  using Run = FlowRun;
  using linear::Classification;
  using optimize::FlowSummary;
  const auto steps = [](const Run& run) { return run.loss.size(); };
  const auto last = [](const Run& run) { return run.loss.back(); };
  static const auto fields = joined(
      block<Run>(
          "/flow", "since 1.4, in files of linear flow",
          {
              {word("rule", "rule", "which flow"), &Run::rule},
              {real("loss", "rule time", "of the linear autoencoder; NaN beyond reached")},
              {real("strength", "rule time mode",
                    "u'ABu of the mode's eigenvector u: 0 unknown, 1 learned")},
              {real("imbalance_drift", "rule time",
                    "Frobenius norm of how A'A - BB' differs from its start: 0 for the untied "
                    "flow")
                   .cites("mathematics.md, Proposition 8.4")},
              {real("nearest_distance", "rule", "of AB to the next critical point")
                   .as("end.distance"),
               &Run::classification, &Classification::distance},
              {real("nearest_loss", "rule", "loss of that critical point").as("end.nearest.loss"),
               &Run::classification, &Classification::nearest, &CriticalPoint::loss},
              {word("stop_reason", "rule", "why the integration ended"), &Run::summary,
               &FlowSummary::stop_reason},
              {whole("steps", "rule", "of the integrator"), &Run::summary, &FlowSummary::steps},
              {real("decoder", "rule feature hidden", "A at the end"), &Run::end,
               &linear::LinearAutoencoder::A},
              {real("encoder", "rule hidden feature", "B at the end"), &Run::end,
               &linear::LinearAutoencoder::B},
          },
          "flows[]."),
      block<Run>(
          "/flow", "since 1.6, in files of linear flow",
          {
              {whole("reached", "rule", "number of times up to the end"), steps},
              {real("final_loss", "rule", "last loss"), last},
              {real("end_loss", "rule", "loss of A and B").as("end.loss"), &Run::classification,
               &Classification::loss},
              {real("end_gradient_norm", "rule", "norm of its gradient").as("end.gradient_norm"),
               &Run::classification, &Classification::gradient_norm},
              {whole("nearest_member", "rule mode", "1 if the next critical point has the mode")
                   .from(0, 1)
                   .as("end.nearest.set")},
              {whole("nearest_rank", "rule", "its rank").as("end.nearest.rank"),
               &Run::classification, &Classification::nearest, &CriticalPoint::rank},
              {whole("nearest_negative_directions", "rule", "negative eigenvalues of its Hessian")
                   .as("end.nearest.negative_directions"),
               &Run::classification, &Classification::nearest, &CriticalPoint::negative_directions},
              {word("nearest_kind", "rule", "minimum or saddle").as("end.nearest.kind"),
               &Run::classification, &Classification::nearest, &CriticalPoint::kind},
          },
          "flows[]."));
  return fields;
}

// --- moments ---

// Along [setting].
const Fields<MomentRow>& moment_setting_fields() {
  using Row = MomentRow;
  using Law = linear::MomentLaw;
  using Measured = linear::MeasuredMoment;
  const auto measured = [](double Measured::*member) {
    return [member](const Row& row) { return row.measured ? (*row.measured).*member : nan; };
  };
  const auto noise_bound = [](const Row& row) { return row.law.noise_bound / row.law.mean_square; };
  const auto eigenvalues = [](const Row& row) -> Vector {
    return row.measured ? row.measured->eigenvalues : Vector::Constant(row.law.features, nan);
  };
  const auto seconds = [](const Row& row) { return row.measured ? row.seconds : nan; };
  static const auto fields = joined(
      block<Row>(
          "/moments", "since 1.4, in files of linear moments",
          {
              {axis("setting", "density and number of samples")},
              {axis("mode", mode)},
              {whole("features", "setting", "number of features D").from(1), &Row::law,
               &Law::features},
              {real("density", "setting", "probability that a feature is active, on average")
                   .from(0, 1),
               &Row::law, &Law::density},
              {whole("samples", "setting", "number of samples T"), &Row::law, &Law::samples},
              {real("first_eigenvalue", "setting", "largest, of the mean of Sigma/T")
                   .cites("mathematics.md, Proposition 8.5"),
               &Row::law, &Law::first_eigenvalue},
              {real("other_eigenvalue", "setting", "least; all others if features are alike")
                   .cites("mathematics.md, Proposition 8.5"),
               &Row::law, &Law::other_eigenvalue},
              {real("diagonal_spread", "setting",
                    "standard deviation of a diagonal entry of Sigma/T over mean_square")
                   .cites("mathematics.md, Proposition 8.5"),
               &Row::law, &Law::diagonal_spread},
              {real("off_diagonal_spread", "setting",
                    "standard deviation of another entry over mean_square")
                   .cites("mathematics.md, Proposition 8.5"),
               &Row::law, &Law::off_diagonal_spread},
              {real("noise", "setting",
                    "root mean square of |Sigma/T - mean|_F over that of the identity times "
                    "mean_square")
                   .cites("mathematics.md, Proposition 8.5"),
               &Row::law, &Law::noise},
              {real("interaction", "setting",
                    "likewise of the mean's distance to mean_square times the identity")
                   .cites("mathematics.md, Proposition 8.5"),
               &Row::law, &Law::interaction},
              {real("distance", "setting", "likewise of both together")
                   .cites("mathematics.md, Proposition 8.5"),
               &Row::law, &Law::distance},
              {real("confidence", "setting", "of the bounds").from(0, 1), &Row::law,
               &Law::confidence},
              {real("noise_bound", "setting", "upper bound of |Sigma/T - mean|_2 over mean_square")
                   .cites("mathematics.md, Proposition 8.8"),
               noise_bound},
              {real("distance_bound", "setting",
                    "upper bound of the least |Sigma/T - cI|_2 over mean_square")
                   .cites("mathematics.md, Proposition 8.8"),
               &Row::law, &Law::distance_bound},
              {real("measured_noise", "setting", "noise of one data set; NaN if none")
                   .as("measured?.noise"),
               measured(&Measured::noise)},
              {real("measured_distance", "setting", "its distance").as("measured?.distance"),
               measured(&Measured::distance)},
              {real("spectral_noise", "setting", "its |Sigma/T - mean|_2 over mean_square")
                   .as("measured?.spectral_noise"),
               measured(&Measured::spectral_noise)},
              {real("spectral_distance", "setting", "its least |Sigma/T - cI|_2 over mean_square")
                   .as("measured?.spectral_distance"),
               measured(&Measured::spectral_distance)},
              {real("eigenvalue", "setting mode", "of its Sigma/T").as("measured?.eigenvalues"),
               eigenvalues},
              {magnitude("seconds", "setting", "wall time of the data set")
                   .in("s")
                   .as("measured?.seconds"),
               seconds},
          },
          "settings[]."),
      block<Row>("/moments", "since 1.6, in files of linear moments",
                 {{whole("most_active", "setting",
                         "no more features are active at once, with the confidence of the bounds"),
                   &Row::law, &Law::most_active}},
                 "settings[]."),
      block<Row>("/moments", "since 1.9, in files of linear moments",
                 {{real("mean_square", "setting", "mean of x_j^2 over all features; p/3 if plain"),
                   &Row::law, &Law::mean_square}},
                 "settings[]."));
  return fields;
}

// Number of the eigenspace of each mode, from 1.
std::vector<std::int64_t> eigenspaces(const linear::Spectrum& spectrum) {
  std::vector<std::int64_t> numbers;
  for (std::size_t g = 0; g + 1 < spectrum.groups.size(); ++g) {
    numbers.resize(static_cast<std::size_t>(spectrum.groups[g + 1]),
                   static_cast<std::int64_t>(g) + 1);
  }
  return numbers;
}

// 1 for each mode of the point's set.
template <class Records, class Get>
void add_members(Results& results, const char* path, const Records& records, Index modes,
                 Get point_of) {
  const auto D = static_cast<std::size_t>(modes);
  std::vector<std::int64_t> member(records.size() * D, 0);
  for (std::size_t k = 0; k < records.size(); ++k) {
    for (const Index i : point_of(records[k]).set) member[k * D + static_cast<std::size_t>(i)] = 1;
  }
  results.add(path, {records.size(), D}, std::move(member));
}

void add_problem(Results& results, const std::string& group, bool sorted, Index hidden) {
  results.add(group + "/sorted", std::vector<std::int64_t>{sorted});
  results.add(group + "/hidden_dimensions", std::vector<std::int64_t>{hidden});
}

Rows problem_rows(const char* group, const char* present) {
  return block(
      group, present,
      {
          axis("problem", "there is one"),
          whole("sorted", "problem", "1 if the eigenvalues were given largest first").from(0, 1),
          whole("hidden_dimensions", "problem", "number of them").as("hidden"),
      },
      "[].");
}

}  // namespace

Vector critical_losses(const linear::Spectrum& spectrum, Index hidden) {
  Vector losses(hidden + 1);
  for (Index k = 0; k <= hidden; ++k) {
    losses(k) = spectrum.eigenvalues.tail(spectrum.size() - k).sum();
  }
  return losses;
}

Rows critical_points_rows() {
  constexpr const char* present = "since 1.4, in files of linear critical-points";
  return rows_of(
      block("/critical", present,
            {
                axis("mode", mode),
                magnitude("eigenvalue", "mode", "of the second moment").as("eigenvalues"),
                whole("eigenspace", "mode", "number of its eigenspace").as("eigenspaces"),
            },
            ""),
      point_fields(), problem_rows("/critical", "since 1.6, in files of linear critical-points"));
}

Rows flow_rows() {
  constexpr const char* present = "since 1.4, in files of linear flow";
  return rows_of(
      block("/flow", present,
            {
                axis("mode", mode),
                magnitude("time", "time", "at which the flows were looked at").as("times"),
                axis("rank", "number of modes that are learned"),
                axis("hidden", "hidden dimension"),
                axis("feature", "feature"),
                magnitude("eigenvalue", "mode", "of the second moment").as("eigenvalues"),
                real("critical_loss", "rank",
                     "loss when so many modes are learned, the largest first")
                    .as("critical_losses"),
            },
            ""),
      flow_fields(), problem_rows("/flow", "since 1.6, in files of linear flow"));
}

Rows moments_rows() {
  return rows_of(moment_setting_fields());
}

Results critical_points_results(const linear::Spectrum& spectrum, Index hidden,
                                const std::vector<CriticalPoint>& points) {
  Results results;
  results.add("/critical/eigenvalue", spectrum.eigenvalues);
  results.add("/critical/eigenspace", eigenspaces(spectrum));
  add_members(
      results, "/critical/member", points, spectrum.size(),
      [](const CriticalPoint& point) -> auto& { return point; });
  put(results, point_fields(), points);
  add_problem(results, "/critical", spectrum.sorted, hidden);
  return results;
}

Results flows_results(const linear::Spectrum& spectrum, Index hidden,
                      const std::vector<double>& times, const std::vector<FlowRun>& runs) {
  const std::size_t R = runs.size(), T = times.size();
  const auto D = static_cast<std::size_t>(spectrum.size());
  std::vector<double> loss(R * T, nan), drift(R * T, nan), strength(R * T * D, nan);
  for (std::size_t r = 0; r < R; ++r) {
    const FlowRun& run = runs[r];
    std::copy(run.loss.begin(), run.loss.end(), loss.data() + r * T);
    std::copy(run.imbalance_drift.begin(), run.imbalance_drift.end(), drift.data() + r * T);
    for (std::size_t t = 0; t < run.strength.size(); ++t) {
      std::copy(run.strength[t].begin(), run.strength[t].end(), strength.data() + (r * T + t) * D);
    }
  }
  Results results;
  put(results, flow_fields(), runs);
  results.add("/flow/time", times);
  results.add("/flow/eigenvalue", spectrum.eigenvalues);
  results.add("/flow/critical_loss", critical_losses(spectrum, hidden));
  results.add("/flow/loss", {R, T}, std::move(loss));
  results.add("/flow/strength", {R, T, D}, std::move(strength));
  results.add("/flow/imbalance_drift", {R, T}, std::move(drift));
  add_members(
      results, "/flow/nearest_member", runs, spectrum.size(),
      [](const FlowRun& run) -> auto& { return run.classification.nearest; });
  add_problem(results, "/flow", spectrum.sorted, hidden);
  return results;
}

Results moments_results(const std::vector<MomentRow>& rows) {
  Results results;
  put(results, moment_setting_fields(), rows);
  return results;
}

}  // namespace skeleta::storage
