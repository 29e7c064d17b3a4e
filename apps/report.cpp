#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "foresight.h"
#include "paragraph.h"
#include "print.h"
#include "problem_words.h"
#include "result_report.h"
#include "skeleta/approximation/exact_loss.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_skeletons = 16;

std::string share_text(double share) {
  return std::isfinite(share) ? fmt::format("{:.2f} %", 100.0 * share) : "-";
}

std::string formatted(double value, const char* format) {
  return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "-";
}

// What the contour gave is good to the error of the whole, which can be more than a small part is.
std::string contribution_text(const SkeletonPart& part, double error_bound) {
  const bool closed_form = part.l < 2 || part.samples > 0;
  if (closed_form || error_bound == 0.0) return formatted(part.contribution, "{:.7g}");
  if (part.contribution < error_bound) return fmt::format("< {:.2g}", error_bound);
  const double digits = std::ceil(std::log10(part.contribution / error_bound));
  return fmt::format("{:.{}g}", part.contribution, std::clamp(static_cast<int>(digits), 1, 7));
}

// So few that their spread says little of what was missed: of rows with 10 to 29 samples a fifth is
// off by more than twice the error, by up to 33 times.
bool has_few(const SkeletonPart& part) {
  return part.samples > 0 && part.samples < 30;
}

void print_row(std::ostream& out, const SkeletonPart& part, double value, double error_bound) {
  print_to(out, "{:>4}  {:>11}  {:>12}  {:>13}  {:>10}  {:>9}\n", part.l,
           formatted(part.probability, "{:.5g}"), formatted(part.mean, "{:.6g}"),
           contribution_text(part, error_bound),
           part.samples == 0
               ? "exact"
               : formatted(part.standard_error, "{:.2g}") + (has_few(part) ? "*" : ""),
           share_text(part.contribution / value));
}

// The rows that matter: all if there are few, else those with the largest contributions.
double smallest_shown(const IntegralBySkeleton& loss) {
  if (loss.skeletons.size() <= most_skeletons) return -1.0;
  std::vector<double> contributions;
  for (const SkeletonPart& part : loss.skeletons) contributions.push_back(part.contribution);
  std::nth_element(contributions.begin(), contributions.begin() + most_skeletons - 1,
                   contributions.end(), std::greater<>{});
  return contributions[most_skeletons - 1];
}

void print_rows(std::ostream& out, const IntegralBySkeleton& loss, bool exact) {
  print_to(out, "{:>4}  {:>11}  {:>12}  {:>13}  {:>10}  {:>9}\n", "l", "probability", "mean loss",
           "contribution", "std. error", "share");
  const double smallest = smallest_shown(loss);
  std::size_t hidden = 0;
  double rest = 0.0;
  for (const SkeletonPart& part : loss.skeletons) {
    if (part.contribution >= smallest) {
      print_row(out, part, loss.value, exact ? loss.error_bound : 0.0);
    } else {
      ++hidden;
      rest += part.contribution;
    }
  }
  const bool few = std::ranges::any_of(loss.skeletons, [&](const SkeletonPart& part) {
    return part.contribution >= smallest && has_few(part);
  });
  if (few) print_to(out, "      * of fewer than 30 samples: may be off by many times that\n");
  if (hidden > 0) {
    print_to(out, "      {} further skeleton{}: {:.3g} (all are in the file and --json)\n", hidden,
             hidden == 1 ? "" : "s", rest);
  }
}

// Enough digits to show the second digit of the error.
std::string with_error(double value, double error) {
  if (!std::isfinite(value)) return value > 0.0 ? "inf" : (value < 0.0 ? "-inf" : "-");
  if (!std::isfinite(error)) return fmt::format("{:.6g}", value);
  const double scale = std::abs(value) > 0.0 ? std::abs(value) : 1.0;
  const int digits = error > 0.0 ? static_cast<int>(std::ceil(std::log10(scale / error))) + 2 : 12;
  return fmt::format("{:.{}g}", value, std::clamp(digits, 3, 16));
}

std::string describe(StopReason reason) {
  switch (reason) {
    case StopReason::exact:
      return "no sampling error";
    case StopReason::samples:
      return "the asked number of samples was drawn";
    case StopReason::precision:
      return "the asked precision was reached";
    case StopReason::max_samples:
      return "the limit on samples came before the asked precision";
    case StopReason::max_seconds:
      return "the limit on time came before the asked precision";
    case StopReason::interrupted:
      return "interrupted";
    case StopReason::nodes:
      return "the limit on nodes came before the asked precision";
    case StopReason::non_finite:
      return "the loss was not finite at some points";
    case StopReason::unresolved:
      return "samples may have missed more than the asked precision allows: it cannot be vouched "
             "for";
    case StopReason::unreliable:
      return "the interval may not cover: see the warning";
  }
  return "";
}

constexpr const char* proven_kernel = "patterns";

// The value with its error: a standard error and an interval, or a bound. Digits end where the
// larger of both errors begins.
void print_value(std::ostream& out, const storage::EstimateRun& run) {
  const IntegralBySkeleton& loss = run.loss;
  const double rounding = 1e-15 * std::abs(loss.value);
  const double error = std::max({loss.standard_error, loss.error_bound, rounding});
  if (loss.standard_error > 0.0) {
    print_to(out, "\nloss      {} +- {:.2g} (standard error)   {:g} % interval {} .. {}\n",
             with_error(loss.value, error), loss.standard_error, 100.0 * loss.confidence,
             with_error(loss.low, error), with_error(loss.high, error));
  } else if (loss.samples > 0 && loss.error_bound == 0.0) {
    // Samples that agree prove nothing.
    print_to(out, "\nloss      {}, the same at all samples\n", with_error(loss.value, error));
  } else if (run.kernel == proven_kernel) {
    print_to(out, "\nloss      {:.17g}, proven to lie in [{:.17g}, {:.17g}]\n", loss.value,
             loss.low, loss.high);
  } else {
    print_to(out, "\nloss      {}, {} {:.2g}\n", with_error(loss.value, error),
             run.kernel == "contour-estimated" ? "estimated error" : "error at most",
             loss.error_bound);
  }
  const auto features = static_cast<double>(run.features.size());
  print_to(out, "loss/D    {}   (the mean over features that notebooks report)\n",
           with_error(loss.value / features, error / features));
}

}  // namespace

std::string exact_kernel(exact::ErrorControl control) {
  switch (control) {
    case exact::ErrorControl::rigorous:
      return "contour";
    case exact::ErrorControl::estimated:
      return "contour-estimated";
    case exact::ErrorControl::proven:
      return proven_kernel;
  }
  return "";
}

std::string one_or_range(double low, double high) {
  return low == high ? fmt::format("{:.6g}", low) : fmt::format("{:.6g} .. {:.6g}", low, high);
}

std::string one_or_range(const Vector& values) {
  return one_or_range(values.minCoeff(), values.maxCoeff());
}

void print_estimate(std::ostream& out, const storage::EstimateRun& run) {
  const IntegralBySkeleton& loss = run.loss;
  const OneSparse& sparse = run.one_sparse;
  print_rows(out, loss, run.method == "exact");
  print_value(out, run);
  print_to(out, "Q0 + Q1   {:.6g}, {} of the loss\n", sparse.contribution,
           share_text(sparse.share));
  print_to(
      out, "Q2 and on {:.6g}{}, surely at most {:.4g}\n", sparse.rest,
      sparse.rest_standard_error > 0.0 ? fmt::format(" +- {:.2g}", sparse.rest_standard_error) : "",
      sparse.rest_bound);
  print_to(out, "P(N >= 2) {:.6g}   (union bound {:.4g}, Chernoff-KL bound {:.4g})\n",
           sparse.probability_of_rest, std::min(sparse.union_bound, 1.0), sparse.chernoff_bound);
  if (loss.error_bound > 0.0 && run.method != "exact") {
    print_to(out,
             "beyond the rows and the samples at most {:.2g}, included in the interval's upper "
             "end\n",
             loss.error_bound);
  }
  if (loss.variance_ratio < 1.0) {
    print_to(out, "control variates take {} of the variance\n",
             share_text(1.0 - loss.variance_ratio));
  }
  if (run.method == "importance") {
    print_to(out, "effective samples {:.4g} of {}\n", loss.effective_samples, loss.samples);
  }
  print_to(out, "{}{:.3g} s, {}, kernel {}; {}\n",
           loss.samples > 0 ? fmt::format("{} samples in ", loss.samples) : "", run.seconds,
           run.method, run.kernel, describe(loss.stop_reason));
  if (!loss.usable()) {
    print_to(out, "NOT USABLE: {} values were NaN or infinite, or their sums were\n",
             loss.non_finite);
  }
  for (const std::string& warning : warnings(run)) print_to(out, "WARNING: {}\n", warning);
}

std::vector<std::string> warnings(const storage::EstimateRun& run) {
  const IntegralBySkeleton& loss = run.loss;
  std::vector<std::string> result;
  if (loss.heavy_tailed()) {
    result.push_back(fmt::format(
        "heavy tails: the sampling error has skewness {:.2g} and excess kurtosis {:.2g}, so the "
        "interval may cover less often than {:g} %; draw more samples",
        loss.skewness, loss.kurtosis, 100.0 * loss.confidence));
  }
  if (loss.samples > 0 && loss.degenerate_weights()) {
    result.push_back(fmt::format(
        "degenerate weights: {} samples are worth {:.3g} unweighted ones; --method stratified is "
        "safer here",
        loss.samples, loss.effective_samples));
  }
  const auto nobody = std::ranges::find(loss.skeletons, 0, &SkeletonPart::l);
  if (nobody != loss.skeletons.end() && nobody->contribution > 0.5 * loss.value) {
    result.push_back(fmt::format(
        "{:.0f} % of the loss is on Q0, where no feature is active and outputs should be 0: is the "
        "sign of the bias right? A file's b is subtracted, its bias added",
        100.0 * nobody->contribution / loss.value));
  }
  if (loss.samples > 0 && !(run.model.tied_relu() && run.features.plain())) {
    result.emplace_back(
        "under this law and model a survey of some thousand points looks for what these samples "
        "rarely meet (features that are rarely active together, values in the tails); an output "
        "that fires for a sliver of values alone may be missed by both; --method exact knows it");
  }
  return result;
}

std::string choice_text(const std::string& method, const std::vector<estimate::Foreseen>& foreseen,
                        double exact_seconds) {
  std::vector<std::string> others;
  std::string taken = fmt::format("{} {:.2g} s", method, exact_seconds);
  for (const estimate::Foreseen& f : foreseen) {
    const std::string text = fmt::format("{} {} ({:.2g} samples)", to_string(f.method),
                                         duration_text(f.seconds), f.points);
    if (to_string(f.method) == method) {
      taken = text;
    } else {
      others.push_back(text);
    }
  }
  if (method != "exact" && std::isfinite(exact_seconds)) {
    others.push_back(fmt::format("exact {:.2g} s", exact_seconds));
  }
  return paragraph(
      fmt::format("auto took {}, foreseen on one core{}", taken,
                  others.empty() ? "" : fmt::format("; others: {}", fmt::join(others, ", "))));
}

Json choice_json(const std::vector<estimate::Foreseen>& foreseen, double exact_seconds) {
  Json all = Json::array();
  for (const estimate::Foreseen& f : foreseen) {
    all.push_back({{"method", to_string(f.method)}, {"samples", f.points}, {"seconds", f.seconds}});
  }
  return {{"foreseen", all}, {"exact_seconds", exact_seconds}};
}

void print_check(std::ostream& out, const IntegralBySkeleton& loss, const exact::Loss& exact) {
  print_to(out, "exact     {} (error at most {:.2g}); the estimate is {:.2g} standard errors {}\n",
           with_error(exact.value, exact.error_bound), exact.error_bound,
           std::abs(approximation::z_score(loss, exact)),
           loss.value < exact.value ? "low" : "high");
}

Json check_json(const IntegralBySkeleton& loss, const exact::Loss& exact) {
  return {{"exact", exact.value},
          {"error_bound", exact.error_bound},
          {"z", approximation::z_score(loss, exact)}};
}

Json to_json(const storage::EstimateRun& run, std::uint64_t seed, int threads) {
  Json json = json_of_rows(storage::loss_results(run).datasets());
  json["seed"] = seed;
  json["threads"] = threads;
  json["warnings"] = warnings(run);
  add_model(json, run.model);
  add_law(json, run.features);
  return json;
}

}  // namespace skeleta::program
