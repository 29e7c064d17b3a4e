#include "dictionary_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "print.h"

namespace skeleta::program {
namespace {

using storage::DictionaryFeature;
using storage::DictionaryRun;

std::string name_of(std::size_t feature, const DictionaryRun& run) {
  const bool named = feature < run.names.size() && !run.names[feature].empty();
  return named ? run.names[feature] : fmt::format("{}", feature);
}

void print_loss(std::ostream& out, const DictionaryRun& run) {
  const storage::DictionarySummary& whole = run.summary;
  print_to(out, "{} features in {} hidden dimensions, {:.4g} active on average\n", whole.features,
           whole.hidden, whole.mean_active);
  if (whole.done < whole.features) {
    print_to(out, "{} of them have figures: all below is of these\n", whole.done);
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

// Numbers, and how many features each stands for.
struct Spread {
  std::vector<std::pair<double, double>> values{};
  double weight = 0.0;

  void add(double x, double w) {
    if (std::isnan(x)) return;
    values.emplace_back(x, w);
    weight += w;
  }
  // The least number that at least so large a part of the features does not exceed.
  double quantile(double q) const {
    double below = 0.0;
    for (const auto& [x, w] : values) {
      below += w;
      if (below >= q * weight * (1.0 - 1e-12)) return x;
    }
    return values.back().first;
  }
};

void print_quantiles(std::ostream& out, const char* words, Spread spread) {
  if (spread.values.empty()) return;
  std::ranges::sort(spread.values);
  print_to(out, "{:<26}", words);
  for (const double q : {0.0, 0.05, 0.5, 0.95, 1.0}) {
    print_to(out, " {:>9.3g}", spread.quantile(q));
  }
  print_to(out, "\n");
}

// Of one figure, and of the same among random directions.
void print_spread(std::ostream& out, const char* words, const DictionaryRun& run,
                  double (*get)(const FeatureFigures& figures, double density)) {
  Spread here, random;
  for (const DictionaryFeature& f : run.features) here.add(get(f.figures, f.density), 1.0);
  for (const storage::ComparedOutput& output : run.compared) {
    random.add(get(output.random, output.density), output.weight);
  }
  print_quantiles(out, words, here);
  print_quantiles(out, "  random directions", random);
}

void print_spreads(std::ostream& out, const DictionaryRun& run) {
  print_to(out, "\n{:<26} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "over the features", "least", "5 %",
           "median", "95 %", "largest");
  print_spread(out, "loss over E x^2", run, [](const FeatureFigures& f, double p) {
    return p > 0.0 ? 3.0 * f.loss / p : static_cast<double>(NAN);
  });
  print_spread(out, "interference, std. dev.", run,
               [](const FeatureFigures& f, double) { return std::sqrt(f.interference_variance); });
  print_spread(out, "false activation", run,
               [](const FeatureFigures& f, double) { return f.false_activation; });
  print_spread(out, "recall", run, [](const FeatureFigures& f, double) { return f.recall; });
  print_spread(out, "precision", run, [](const FeatureFigures& f, double) { return f.precision; });
  Spread nearest, random;
  for (const storage::ComparedOutput& output : run.compared) {
    nearest.add(output.nearest_cosine, output.weight);
    random.add(output.random_nearest_cosine, output.weight);
  }
  print_quantiles(out, "|cosine| of the nearest", nearest);
  print_quantiles(out, "  random directions", random);
}

// As many features in random directions, and the bound that no dictionary is below.
void print_comparison(std::ostream& out, const DictionaryRun& run) {
  const storage::DictionarySummary& whole = run.summary;
  if (run.compared.empty()) {
    if (whole.features > 1) {
      print_to(out, "largest |cosine| in no dictionary of this size below {:.4g} (Welch)\n",
               whole.welch_bound);
    }
    return;
  }
  const bool all = run.compared.size() == static_cast<std::size_t>(whole.features);
  if (all) {
    print_to(out, "random directions: {:.6g}", whole.random_loss);
  } else {
    const double error = whole.random_standard_error;
    print_to(out, "random directions: {:.4g}{} ({} output{})", whole.random_loss,
             std::isnan(error) ? "" : fmt::format(" +- {:.2g}", error), run.compared.size(),
             run.compared.size() == 1 ? "" : "s");
  }
  if (whole.done == whole.features) {
    print_to(out, ", {:.3g} times that", whole.random_loss / whole.loss);
  }
  if (whole.features > 1) {
    print_to(out,
             "\nlargest |cosine|{}: {:.4g}, random directions {:.4g},\n"
             "no dictionary of this size below {:.4g} (Welch)",
             all ? "" : fmt::format(" of these {} with any", run.compared.size()),
             whole.largest_cosine, whole.random_largest_cosine, whole.welch_bound);
  }
  print_to(out, "\n");
}

// What of it is not as precise as it looks: losses that missed their target, probabilities of
// detection, which an atom or a kink of the law at the threshold makes uncertain.
void print_doubts(std::ostream& out, const DictionaryRun& run) {
  const auto count_if = [&](auto is_so) { return std::ranges::count_if(run.features, is_so); };
  const auto missed = count_if([](const DictionaryFeature& f) { return !f.figures.met_target; });
  if (missed > 0) {
    print_to(out, "\n{} loss{} missed --rel-tol: see error_bound\n", missed,
             missed == 1 ? "" : "es");
  }
  constexpr double little = 1e-3;  // of a probability
  const auto error_of = [](const DictionaryFeature& f) { return f.figures.detection_error; };
  const auto unsure =
      count_if([&](const DictionaryFeature& f) { return !(error_of(f) <= little); });
  if (unsure == 0) return;
  double worst = 0.0;
  for (const DictionaryFeature& f : run.features) worst = std::max(worst, error_of(f));
  print_to(out,
           "\nfalse activation, and density times recall, are uncertain by more than {:g}\n"
           "of {} feature{}, by about {:.2g} at worst: see detection_error\n",
           little, unsure, unsure == 1 ? "" : "s", worst);
}

void print_top(std::ostream& out, const DictionaryRun& run, std::size_t top) {
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
                            name_of(static_cast<std::size_t>(f.neighbour_feature[n]), run),
                            100.0 * f.neighbour_share[n]);
    }
    print_to(out, "{:<12.12} {:>9.3g} {:>6.2f}% {:>9.3g} {:>7.4f} {:>9.3g}  {}\n",
             name_of(static_cast<std::size_t>(f.feature), run), f.density,
             100.0 * part(order[k]) / run.summary.loss, f.figures.false_activation,
             f.figures.recall, f.figures.precision, others);
  }
}

}  // namespace

void print_dictionary(std::ostream& out, const DictionaryRun& run, std::size_t top) {
  print_loss(out, run);
  print_comparison(out, run);
  print_by_count(out, run);
  print_spreads(out, run);
  print_doubts(out, run);
  print_top(out, run, top);
}

}  // namespace skeleta::program
