#include "linear_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "paragraph.h"
#include "print.h"
#include "problem_words.h"
#include "result_report.h"
#include "skeleta/optimize/flow.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;
using linear::CriticalPoint;
using linear::Spectrum;

constexpr std::size_t most_points = 40;  // of a table's rows

std::vector<Index> from_one(std::vector<Index> set) {
  for (Index& i : set) ++i;
  return set;
}

std::string set_text(const std::vector<Index>& set) {
  return fmt::format("{{{}}}", fmt::join(from_one(set), ", "));
}

Json point_json(const CriticalPoint& point) {
  return {{"set", from_one(point.set)},
          {"rank", point.rank()},
          {"loss", point.loss},
          {"negative_directions", point.negative_directions},
          {"kind", to_string(point.kind)}};
}

void print_spectrum(std::ostream& out, const Spectrum& spectrum) {
  print_to(out, "eigenvalues {:.6g}\n", fmt::join(spectrum.eigenvalues, ", "));
  if (!spectrum.sorted) out << "note: the eigenvalues were sorted, largest first\n";
  for (std::size_t g = 0; g + 1 < spectrum.groups.size(); ++g) {
    const Index first = spectrum.groups[g], last = spectrum.groups[g + 1] - 1;
    if (first < last) {
      print_to(out,
               "note: {} to {} are equal: only the span of their eigenvectors means something\n",
               first + 1, last + 1);
    }
  }
}

std::string measured_text(const std::optional<linear::MeasuredMoment>& measured,
                          double linear::MeasuredMoment::*member) {
  return measured ? fmt::format("{:.4g}", (*measured).*member) : "-";
}

}  // namespace

void print_critical_points(std::ostream& out, const Spectrum& spectrum,
                           const std::vector<CriticalPoint>& points) {
  print_spectrum(out, spectrum);
  print_to(out, "\n{:>20}  {:>4}  {:>12}  {:>6}  {}\n", "set", "rank", "loss", "index", "kind");
  for (std::size_t k = 0; k < std::min(points.size(), most_points); ++k) {
    const CriticalPoint& point = points[k];
    print_to(out, "{:>20}  {:>4}  {:>12.6g}  {:>6}  {}\n", set_text(point.set), point.rank(),
             point.loss, point.negative_directions, to_string(point.kind));
  }
  if (points.size() > most_points) {
    print_to(out, "... {} sets in all: --json or -o for the rest\n", points.size());
  }
  out << "\nA set says which eigenvectors AB projects on, 1 is the largest eigenvalue's; the\n"
         "index is the number of negative directions of the Hessian.\n";
}

void print_classification(std::ostream& out, const linear::Classification& where) {
  const CriticalPoint& nearest = where.nearest;
  print_to(out,
           "loss {:.8g}, gradient {:.3g}\nnearest critical point: the {} of the set {}, of loss "
           "{:.8g} and index {},\nat the distance {:.3g} of AB\n",
           where.loss, where.gradient_norm, to_string(nearest.kind), set_text(nearest.set),
           nearest.loss, nearest.negative_directions, where.distance);
}

nlohmann::ordered_json to_json(const linear::Classification& where) {
  return {{"loss", where.loss},
          {"gradient_norm", where.gradient_norm},
          {"distance", where.distance},
          {"nearest", point_json(where.nearest)}};
}

void print_flows(std::ostream& out, const Spectrum& spectrum, Index hidden,
                 const std::vector<double>& times, const std::vector<FlowRun>& runs) {
  print_spectrum(out, spectrum);
  const Vector critical = storage::critical_losses(spectrum, hidden);
  print_to(out, "least loss  {:.8g}\n\n{:>9}  {:>8}  {:>12}  {:>12}  {:>12}  {:>9}  {}\n",
           critical(hidden), "flow", "time", "loss", "drift", "nearest set", "distance", "kind");
  for (const FlowRun& run : runs) {
    const linear::Classification& at = run.classification;
    const bool ended = run.summary.stop_reason == optimize::FlowStop::end;
    print_to(out, "{:>9}  {:>8.4g}  {:>12.8g}  {:>12.3g}  {:>12}  {:>9.2g}  {}{}\n", run.rule,
             run.summary.time, run.loss.back(), run.imbalance_drift.back(),
             set_text(at.nearest.set), at.distance, to_string(at.nearest.kind),
             ended ? "" : ", stopped: " + to_string(run.summary.stop_reason));
  }
  const std::string shown = fmt::format(
      "All flows start from the same weights and are shown at {} times up to {:.4g}. "
      "Drift: |A'A - BB' - its start|, which the untied flow conserves.",
      times.size(), times.back());
  print_to(out, "\n{}\n{}\n", paragraph(shown),
           paragraph("untied: the gradient flow of A and B. encoder: the tied flow from the "
                     "equation of B alone, which any projection stops. decoder: from that of A "
                     "alone. gradient: their sum, the gradient flow of the tied loss."));
}

void print_moments(std::ostream& out, const std::vector<MomentRow>& rows, const Features& data) {
  const linear::MomentLaw& first = rows.front().law;
  const std::string law = law_words(data);
  // What everything is relative to; plain features of one density have a formula for it.
  const bool alike = data.plain() && (data.density.array() == data.density(0)).all();
  const char* unit = alike ? "p/3" : "s";
  print_to(out,
           "{} features{}{}. All numbers are relative to {}, the mean of x_j^2.\n\n"
           "{:>20}  {:^38}  {:^18}  {:^18}\n"
           "{:>9}  {:>9}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}\n",
           first.features, law.empty() ? "" : ", ", law, unit, "",
           fmt::format("-- |Sigma/T - {}I|, Frobenius --", alike ? "(p/3)" : "s"),
           "|Sigma/T - cI|_2", "|Sigma/T - mean|_2", "density", "samples", "mean", "noise", "both",
           "measured", "bound", "measured", "bound", "measured");
  for (const MomentRow& row : rows) {
    const linear::MomentLaw& law = row.law;
    const double scale = law.mean_square;
    print_to(out,
             "{:>9.6g}  {:>9.4g}  {:>8.4g}  {:>8.4g}  {:>8.4g}  {:>8}  {:>8.4g}  {:>8}  {:>8.4g}  "
             "{:>8}\n",
             law.density, static_cast<double>(law.samples), law.interaction, law.noise,
             law.distance, measured_text(row.measured, &linear::MeasuredMoment::distance),
             law.distance_bound,
             measured_text(row.measured, &linear::MeasuredMoment::spectral_distance),
             law.noise_bound / scale,
             measured_text(row.measured, &linear::MeasuredMoment::spectral_noise));
  }
  const std::string bound = fmt::format(
      "bound: of the spectral norm, with confidence {:g}, from matrix Bernstein. Sigma/T is a "
      "multiple of the identity as far as these are small{}.",
      first.confidence, alike ? ": Dp << 4/3, and T >> D + 9/(5p)" : "");
  print_to(out, "\n{}\n{}\n{}\n",
           paragraph(alike ? "mean: sqrt(D-1) 3p/4, what |E Sigma/T - (p/3)I| over |(p/3)I| "
                             "(Frobenius) is for any number of samples."
                           : "mean: what |E Sigma/T - sI| over |sI| (Frobenius) is for any number "
                             "of samples."),
           paragraph("noise: what finitely many samples add. both: sqrt(mean^2 + noise^2), beside "
                     "one data set."),
           paragraph(bound));
}

}  // namespace skeleta::program
