#include "dictionary_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "print.h"

namespace skeleta::program {
namespace {

using storage::DictionaryFeature;
using storage::DictionaryRun;

std::string name_of(std::size_t feature, const std::vector<std::string>& names) {
  return feature < names.size() ? names[feature] : fmt::format("{}", feature);
}

void print_loss(std::ostream& out, const DictionaryRun& run) {
  const storage::DictionarySummary& whole = run.summary;
  print_to(out, "{} features in {} hidden dimensions, {:.4g} active on average\n", whole.features,
           whole.hidden, whole.mean_active);
  if (whole.done < whole.features) {
    print_to(out, "stopped after the first {} features: all below is of these\n", whole.done);
  }
  print_to(out, "\nloss {:.6g}, error at most {:.2g}; a feature {:.4g}\n", whole.loss,
           whole.error_bound,
           whole.loss / static_cast<double>(std::max<std::int64_t>(whole.done, 1)));
}

void print_by_count(std::ostream& out, const DictionaryRun& run) {
  if (run.by_count.size() == 0) return;
  print_to(out, "\n{:>6}  {:>12}  {:>8}\n", "active", "loss", "share");
  for (Index l = 0; l < run.by_count.size(); ++l) {
    const double share = run.by_count(l) / run.summary.loss;
    if (share < 5e-4) continue;
    print_to(out, "{:>6}  {:>12.6g}  {:>7.2f}%\n", l, run.by_count(l), 100.0 * share);
  }
  const double rest = std::max(run.summary.loss - run.by_count.sum(), 0.0);
  print_to(out, "{:>6}  {:>12.6g}  {:>7.2f}%\n", "more", rest, 100.0 * rest / run.summary.loss);
}

// Quantiles of one figure.
template <class Get>
void print_spread(std::ostream& out, const char* words, const DictionaryRun& run, Get get) {
  std::vector<double> values;
  for (const DictionaryFeature& feature : run.features) {
    const double x = get(feature);
    if (std::isfinite(x)) values.push_back(x);
  }
  if (values.empty()) return;
  std::ranges::sort(values);
  print_to(out, "{:<26}", words);
  for (const double q : {0.0, 0.05, 0.5, 0.95, 1.0}) {
    const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
    print_to(out, " {:>9.3g}", values[at]);
  }
  print_to(out, "\n");
}

void print_spreads(std::ostream& out, const DictionaryRun& run) {
  print_to(out, "\n{:<26} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "over the features", "least", "5 %",
           "median", "95 %", "largest");
  print_spread(out, "loss over E x^2", run, [](const DictionaryFeature& f) {
    return f.density > 0.0 ? 3.0 * f.figures.loss / f.density : NAN;
  });
  print_spread(out, "interference, std. dev.", run, [](const DictionaryFeature& f) {
    return std::sqrt(f.figures.interference_variance);
  });
  print_spread(out, "false activation", run,
               [](const DictionaryFeature& f) { return f.figures.false_activation; });
  print_spread(out, "recall", run, [](const DictionaryFeature& f) { return f.figures.recall; });
  print_spread(out, "precision", run,
               [](const DictionaryFeature& f) { return f.figures.precision; });
}

void print_top(std::ostream& out, const DictionaryRun& run, std::size_t top,
               const std::vector<std::string>& names) {
  const auto part = [&](std::size_t i) {
    return run.features[i].importance * run.features[i].figures.loss;
  };
  std::vector<std::size_t> order(run.features.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  top = std::min(top, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(top),
                            [&](std::size_t a, std::size_t b) { return part(a) > part(b); });
  if (top == 0) return;
  print_to(out, "\n{:<12} {:>9} {:>7} {:>9} {:>7} {:>9}  {}\n", "feature", "density", "share",
           "false", "recall", "precision", "disturbed most by");
  for (std::size_t k = 0; k < top; ++k) {
    const DictionaryFeature& f = run.features[order[k]];
    std::string others;
    for (std::size_t n = 0; n < std::min<std::size_t>(f.neighbour_feature.size(), 2); ++n) {
      if (f.neighbour_feature[n] < 0) break;
      others += fmt::format("{}{} {:.0f}%", n > 0 ? ", " : "",
                            name_of(static_cast<std::size_t>(f.neighbour_feature[n]), names),
                            100.0 * f.neighbour_share[n]);
    }
    print_to(out, "{:<12.12} {:>9.3g} {:>6.2f}% {:>9.3g} {:>7.4f} {:>9.3g}  {}\n",
             name_of(order[k], names), f.density, 100.0 * part(order[k]) / run.summary.loss,
             f.figures.false_activation, f.figures.recall, f.figures.precision, others);
  }
}

}  // namespace

void print_dictionary(std::ostream& out, const DictionaryRun& run, std::size_t top,
                      const std::vector<std::string>& names) {
  print_loss(out, run);
  print_by_count(out, run);
  print_spreads(out, run);
  print_top(out, run, top, names);
}

}  // namespace skeleta::program
