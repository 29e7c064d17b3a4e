#include "linear_report.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "skeleta/optimize/flow.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;
using linear::CriticalKind;
using linear::CriticalPoint;
using linear::Spectrum;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_points = 40;  // of a table's rows

std::vector<Index> from_one(std::vector<Index> set) {
  for (Index& i : set) ++i;
  return set;
}

std::string set_text(const std::vector<Index>& set) {
  return fmt::format("{{{}}}", fmt::join(from_one(set), ", "));
}

std::string kind_text(CriticalKind kind) {
  return kind == CriticalKind::minimum ? "minimum" : "saddle";
}

std::vector<double> to_list(const Vector& values) {
  return {values.begin(), values.end()};
}

Json to_json(const CriticalPoint& point) {
  return {{"set", from_one(point.set)},
          {"rank", point.rank()},
          {"loss", point.loss},
          {"negative_directions", point.negative_directions},
          {"kind", kind_text(point.kind)}};
}

// Number of the eigenspace of each mode, from 1.
std::vector<std::int64_t> eigenspaces(const Spectrum& spectrum) {
  std::vector<std::int64_t> numbers;
  for (std::size_t g = 0; g + 1 < spectrum.groups.size(); ++g) {
    numbers.resize(static_cast<std::size_t>(spectrum.groups[g + 1]),
                   static_cast<std::int64_t>(g) + 1);
  }
  return numbers;
}

void print_spectrum(std::ostream& out, const Spectrum& spectrum) {
  fmt::print(out, "eigenvalues {:.6g}\n", fmt::join(spectrum.eigenvalues, ", "));
  if (!spectrum.sorted) out << "note: the eigenvalues were sorted, largest first\n";
  for (std::size_t g = 0; g + 1 < spectrum.groups.size(); ++g) {
    const Index first = spectrum.groups[g], last = spectrum.groups[g + 1] - 1;
    if (first < last) {
      fmt::print(out,
                 "note: {} to {} are equal: only the span of their eigenvectors means something\n",
                 first + 1, last + 1);
    }
  }
}

// Loss when the first k modes are learned.
Vector critical_losses(const Spectrum& spectrum, Index hidden) {
  Vector losses(hidden + 1);
  for (Index k = 0; k <= hidden; ++k) {
    losses(k) = spectrum.eigenvalues.tail(spectrum.size() - k).sum();
  }
  return losses;
}

template <class Get>
std::vector<double> along(const std::vector<MomentRow>& rows, Get get) {
  std::vector<double> values;
  for (const MomentRow& row : rows) values.push_back(static_cast<double>(get(row)));
  return values;
}

template <class Get>
std::vector<std::int64_t> counts_along(const std::vector<MomentRow>& rows, Get get) {
  std::vector<std::int64_t> values;
  for (const MomentRow& row : rows) values.push_back(static_cast<std::int64_t>(get(row)));
  return values;
}

std::string measured_text(const std::optional<linear::MeasuredMoment>& measured,
                          double linear::MeasuredMoment::*member) {
  return measured ? fmt::format("{:.4g}", (*measured).*member) : "-";
}

}  // namespace

void print_critical_points(std::ostream& out, const Spectrum& spectrum,
                           const std::vector<CriticalPoint>& points) {
  print_spectrum(out, spectrum);
  fmt::print(out, "\n{:>20}  {:>4}  {:>12}  {:>6}  {}\n", "set", "rank", "loss", "index", "kind");
  for (std::size_t k = 0; k < std::min(points.size(), most_points); ++k) {
    const CriticalPoint& point = points[k];
    fmt::print(out, "{:>20}  {:>4}  {:>12.6g}  {:>6}  {}\n", set_text(point.set), point.rank(),
               point.loss, point.negative_directions, kind_text(point.kind));
  }
  if (points.size() > most_points) {
    fmt::print(out, "... {} sets in all: --json or -o for the rest\n", points.size());
  }
  out << "\nA set says which eigenvectors AB projects on, 1 is the largest eigenvalue's; the index "
         "is\nthe number of negative directions of the Hessian.\n";
}

nlohmann::ordered_json critical_points_json(const Spectrum& spectrum, Index hidden,
                                            const std::vector<CriticalPoint>& points) {
  Json list = Json::array();
  for (const CriticalPoint& point : points) list.push_back(to_json(point));
  return {{"eigenvalues", to_list(spectrum.eigenvalues)},
          {"eigenspaces", eigenspaces(spectrum)},
          {"sorted", spectrum.sorted},
          {"hidden", hidden},
          {"points", list}};
}

storage::Results critical_points_results(const Spectrum& spectrum,
                                         const std::vector<CriticalPoint>& points) {
  const auto modes = static_cast<std::size_t>(spectrum.size());
  std::vector<std::int64_t> member(points.size() * modes, 0), rank, negative;
  std::vector<double> losses;
  storage::Category kind{{}, {"minimum", "saddle"}};
  for (std::size_t k = 0; k < points.size(); ++k) {
    const CriticalPoint& point = points[k];
    for (const Index i : point.set) member[k * modes + static_cast<std::size_t>(i)] = 1;
    rank.push_back(point.rank());
    losses.push_back(point.loss);
    negative.push_back(point.negative_directions);
    kind.values.push_back(static_cast<std::int8_t>(point.kind));
  }
  storage::Results results;
  results.axis("/critical/mode", spectrum.size());
  results.axis("/critical/point", static_cast<Index>(points.size()));
  results.add("/critical/eigenvalue", spectrum.eigenvalues);
  results.add("/critical/eigenspace", eigenspaces(spectrum));
  results.add("/critical/member", {points.size(), modes}, std::move(member));
  results.add("/critical/rank", std::move(rank));
  results.add("/critical/loss", std::move(losses));
  results.add("/critical/negative_directions", std::move(negative));
  results.add("/critical/kind", std::move(kind));
  return results;
}

void print_classification(std::ostream& out, const linear::Classification& where) {
  const CriticalPoint& nearest = where.nearest;
  fmt::print(out,
             "loss {:.8g}, gradient {:.3g}\nnearest critical point: the {} of the set {}, of loss "
             "{:.8g} and index {},\nat the distance {:.3g} of AB\n",
             where.loss, where.gradient_norm, kind_text(nearest.kind), set_text(nearest.set),
             nearest.loss, nearest.negative_directions, where.distance);
}

nlohmann::ordered_json to_json(const linear::Classification& where) {
  return {{"loss", where.loss},
          {"gradient_norm", where.gradient_norm},
          {"distance", where.distance},
          {"nearest", to_json(where.nearest)}};
}

void print_flows(std::ostream& out, const Spectrum& spectrum, Index hidden,
                 const std::vector<double>& times, const std::vector<FlowRun>& runs) {
  print_spectrum(out, spectrum);
  const Vector critical = critical_losses(spectrum, hidden);
  fmt::print(out, "least loss  {:.8g}\n\n{:>9}  {:>8}  {:>12}  {:>12}  {:>12}  {:>9}  {}\n",
             critical(hidden), "flow", "time", "loss", "drift", "nearest set", "distance", "kind");
  for (const FlowRun& run : runs) {
    const linear::Classification& at = run.classification;
    const bool ended = run.summary.stop_reason == optimize::FlowStop::end;
    fmt::print(out, "{:>9}  {:>8.4g}  {:>12.8g}  {:>12.3g}  {:>12}  {:>9.2g}  {}{}\n", run.rule,
               run.summary.time, run.loss.back(), run.imbalance_drift.back(),
               set_text(at.nearest.set), at.distance, kind_text(at.nearest.kind),
               ended ? "" : ", stopped: " + to_string(run.summary.stop_reason));
  }
  fmt::print(out,
             "\nAll flows start from the same weights and are shown at {} times up to {:.4g}. "
             "Drift: |A'A - BB'\n- its start|, which the untied flow conserves. untied: the "
             "gradient flow of A and B. encoder:\nthe tied flow from the equation of B alone, "
             "which any projection stops. decoder: from that\nof A alone. gradient: their sum, the "
             "gradient flow of the tied loss.\n",
             times.size(), times.back());
}

nlohmann::ordered_json flows_json(const Spectrum& spectrum, Index hidden,
                                  const std::vector<double>& times,
                                  const std::vector<FlowRun>& runs) {
  Json flows = Json::array();
  for (const FlowRun& run : runs) {
    Json strengths = Json::array();
    for (const Vector& strength : run.strength) strengths.push_back(to_list(strength));
    flows.push_back({{"rule", run.rule},
                     {"final_loss", run.loss.back()},
                     {"end", to_json(run.classification)},
                     {"stop_reason", to_string(run.summary.stop_reason)},
                     {"steps", run.summary.steps},
                     {"loss", run.loss},
                     {"strength", strengths},
                     {"imbalance_drift", run.imbalance_drift}});
  }
  return {{"eigenvalues", to_list(spectrum.eigenvalues)},
          {"sorted", spectrum.sorted},
          {"hidden", hidden},
          {"critical_losses", to_list(critical_losses(spectrum, hidden))},
          {"times", times},
          {"flows", flows}};
}

storage::Results flows_results(const Spectrum& spectrum, Index hidden,
                               const std::vector<double>& times, const std::vector<FlowRun>& runs) {
  const std::size_t R = runs.size(), T = times.size();
  const auto D = static_cast<std::size_t>(spectrum.size()), d = static_cast<std::size_t>(hidden);
  std::vector<double> loss(R * T, nan), drift(R * T, nan), strength(R * T * D, nan), A, B, distance,
      nearest;
  std::vector<std::int64_t> steps;
  storage::Category rule, reason;
  for (int k = 0; k <= static_cast<int>(optimize::FlowStop::interrupted); ++k) {
    reason.meanings.push_back(to_string(static_cast<optimize::FlowStop>(k)));
  }
  for (std::size_t r = 0; r < R; ++r) {
    const FlowRun& run = runs[r];
    rule.values.push_back(static_cast<std::int8_t>(r));
    rule.meanings.push_back(run.rule);
    std::copy(run.loss.begin(), run.loss.end(), loss.begin() + static_cast<std::ptrdiff_t>(r * T));
    std::copy(run.imbalance_drift.begin(), run.imbalance_drift.end(),
              drift.begin() + static_cast<std::ptrdiff_t>(r * T));
    for (std::size_t t = 0; t < run.strength.size(); ++t) {
      std::copy(run.strength[t].begin(), run.strength[t].end(),
                strength.begin() + static_cast<std::ptrdiff_t>((r * T + t) * D));
    }
    const Matrix At = run.end.A.transpose(), Bt = run.end.B.transpose();  // rows run fastest
    A.insert(A.end(), At.data(), At.data() + At.size());
    B.insert(B.end(), Bt.data(), Bt.data() + Bt.size());
    distance.push_back(run.classification.distance);
    nearest.push_back(run.classification.nearest.loss);
    reason.values.push_back(static_cast<std::int8_t>(run.summary.stop_reason));
    steps.push_back(static_cast<std::int64_t>(run.summary.steps));
  }
  storage::Results results;
  results.axis("/flow/mode", spectrum.size());
  results.add("/flow/rule", std::move(rule));
  results.add("/flow/time", times);
  results.axis("/flow/rank", hidden + 1);
  results.axis("/flow/hidden", hidden);
  results.axis("/flow/feature", spectrum.size());
  results.add("/flow/eigenvalue", spectrum.eigenvalues);
  results.add("/flow/critical_loss", critical_losses(spectrum, hidden));
  results.add("/flow/loss", {R, T}, std::move(loss));
  results.add("/flow/strength", {R, T, D}, std::move(strength));
  results.add("/flow/imbalance_drift", {R, T}, std::move(drift));
  results.add("/flow/nearest_distance", std::move(distance));
  results.add("/flow/nearest_loss", std::move(nearest));
  results.add("/flow/stop_reason", std::move(reason));
  results.add("/flow/steps", std::move(steps));
  results.add("/flow/decoder", {R, D, d}, std::move(A));
  results.add("/flow/encoder", {R, d, D}, std::move(B));
  return results;
}

void print_moments(std::ostream& out, const std::vector<MomentRow>& rows) {
  const linear::MomentLaw& first = rows.front().law;
  fmt::print(out,
             "{} features. All numbers are relative to p/3, the mean of x_j^2.\n\n"
             "{:>20}  {:^38}  {:^18}  {:^18}\n"
             "{:>9}  {:>9}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}\n",
             first.features, "", "-- |Sigma/T - (p/3)I|, Frobenius --", "|Sigma/T - cI|_2",
             "|Sigma/T - mean|_2", "density", "samples", "mean", "noise", "both", "measured",
             "bound", "measured", "bound", "measured");
  for (const MomentRow& row : rows) {
    const linear::MomentLaw& law = row.law;
    const double scale = law.density / 3.0;
    fmt::print(
        out,
        "{:>9.6g}  {:>9.4g}  {:>8.4g}  {:>8.4g}  {:>8.4g}  {:>8}  {:>8.4g}  {:>8}  {:>8.4g}  "
        "{:>8}\n",
        law.density, static_cast<double>(law.samples), law.interaction, law.noise, law.distance,
        measured_text(row.measured, &linear::MeasuredMoment::distance), law.distance_bound,
        measured_text(row.measured, &linear::MeasuredMoment::spectral_distance),
        law.noise_bound / scale,
        measured_text(row.measured, &linear::MeasuredMoment::spectral_noise));
  }
  fmt::print(
      out,
      "\nmean: sqrt(D-1) 3p/4, what |E Sigma/T - (p/3)I| over |(p/3)I| (Frobenius) is for any "
      "number "
      "of "
      "samples.\nnoise: what finitely many samples add. both: sqrt(mean^2 + noise^2), beside "
      "one data set.\nbound: of the spectral norm, with confidence {:g}, from matrix Bernstein. "
      "Sigma/T is a multiple\nof the identity as far as these are small: Dp << 4/3, and T >> D + "
      "9/(5p).\n",
      first.confidence);
}

nlohmann::ordered_json moments_json(const std::vector<MomentRow>& rows) {
  Json list = Json::array();
  for (const MomentRow& row : rows) {
    const linear::MomentLaw& law = row.law;
    const double scale = law.density / 3.0;
    Json item{{"features", law.features},
              {"density", law.density},
              {"samples", law.samples},
              {"first_eigenvalue", law.first_eigenvalue},
              {"other_eigenvalue", law.other_eigenvalue},
              {"diagonal_spread", law.diagonal_spread},
              {"off_diagonal_spread", law.off_diagonal_spread},
              {"interaction", law.interaction},
              {"noise", law.noise},
              {"distance", law.distance},
              {"confidence", law.confidence},
              {"most_active", law.most_active},
              {"noise_bound", law.noise_bound / scale},
              {"distance_bound", law.distance_bound}};
    if (row.measured) {
      item["measured"] = {{"noise", row.measured->noise},
                          {"distance", row.measured->distance},
                          {"spectral_noise", row.measured->spectral_noise},
                          {"spectral_distance", row.measured->spectral_distance},
                          {"eigenvalues", to_list(row.measured->eigenvalues)},
                          {"seconds", row.seconds}};
    }
    list.push_back(std::move(item));
  }
  return {{"settings", list}};
}

storage::Results moments_results(const std::vector<MomentRow>& rows) {
  using linear::MeasuredMoment;
  using linear::MomentLaw;
  const Index D = rows.front().law.features;
  Matrix eigenvalues = Matrix::Constant(static_cast<Index>(rows.size()), D, nan);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (!rows[k].measured) continue;
    eigenvalues.row(static_cast<Index>(k)) = rows[k].measured->eigenvalues.transpose();
  }
  storage::Results results;
  results.axis("/moments/setting", static_cast<Index>(rows.size()));
  results.axis("/moments/mode", D);
  results.add("/moments/features", counts_along(rows, [](auto& r) { return r.law.features; }));
  results.add("/moments/density", along(rows, [](auto& r) { return r.law.density; }));
  results.add("/moments/samples", counts_along(rows, [](auto& r) { return r.law.samples; }));
  const auto add_law = [&](const char* name, double MomentLaw::*member) {
    results.add(std::string("/moments/") + name,
                along(rows, [&](auto& row) { return row.law.*member; }));
  };
  add_law("first_eigenvalue", &MomentLaw::first_eigenvalue);
  add_law("other_eigenvalue", &MomentLaw::other_eigenvalue);
  add_law("diagonal_spread", &MomentLaw::diagonal_spread);
  add_law("off_diagonal_spread", &MomentLaw::off_diagonal_spread);
  add_law("noise", &MomentLaw::noise);
  add_law("interaction", &MomentLaw::interaction);
  add_law("distance", &MomentLaw::distance);
  add_law("confidence", &MomentLaw::confidence);
  results.add("/moments/noise_bound",
              along(rows, [](auto& r) { return r.law.noise_bound / (r.law.density / 3.0); }));
  add_law("distance_bound", &MomentLaw::distance_bound);
  const auto add_measured = [&](const char* name, double MeasuredMoment::*member) {
    results.add(std::string("/moments/") + name, along(rows, [&](auto& row) {
                  return row.measured ? (*row.measured).*member : nan;
                }));
  };
  add_measured("measured_noise", &MeasuredMoment::noise);
  add_measured("measured_distance", &MeasuredMoment::distance);
  add_measured("spectral_noise", &MeasuredMoment::spectral_noise);
  add_measured("spectral_distance", &MeasuredMoment::spectral_distance);
  results.add("/moments/eigenvalue", eigenvalues);
  results.add("/moments/seconds", along(rows, [](auto& r) { return r.seconds; }));
  return results;
}

}  // namespace skeleta::program
