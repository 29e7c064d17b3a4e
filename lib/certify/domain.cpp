#include "certify/domain.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace skeleta::certify {
namespace {

Vector without(const Vector& all, Index i) {
  Vector rest(all.size() - 1);
  rest << all.head(i), all.tail(rest.size() - i);
  return rest;
}

// |w_i| of a model whose loss is below the target is at most this; infinite if nothing is proven.
double radius(const Statement& statement, Index i, double sought, double loss_of_others) {
  // The column of a feature that is never active does nothing. One whose output does not count
  // can only disturb the others: given x_i, it moves their thresholds away from the best ones.
  const bool all_skeletons = statement.skeletons() == statement.features().size();
  if (statement.features().density(i) == 0.0) return 0.0;
  if (statement.features().importance(i) == 0.0 && all_skeletons) return 0.0;
  const double weight = statement.features().importance(i) * statement.loss().own_probability(i);
  // ⅓((g − 1)/(g + 1))² = error, rounded up.
  const double error = std::max(sought - loss_of_others, 0.0) * (1.0 + 1e-12);
  if (3.0 * error >= weight) return std::numeric_limits<double>::infinity();
  const double ratio = std::sqrt(3.0 * error / weight) * (1.0 + 1e-12);
  return std::sqrt((1.0 + ratio) / (1.0 - ratio)) * (1.0 + 1e-12);
}

// Lower bound of what the other features lose, whatever x_i and its column are: given x_i, they
// are a model of their own, with other thresholds, of which k or k − 1 may be active. Nothing if
// the callback said stop.
std::optional<double> loss_of_others(const Statement& statement, Index i,
                                     const CertifiedMinimum& state,
                                     const CertifyCallback& callback) {
  const Index rest = statement.features().size() - 1;
  if (rest <= statement.hidden()) return 0.0;
  const Features others{without(statement.features().density, i),
                        without(statement.features().importance, i)};
  CertifyOptions options = statement.options();
  options.relative_gap = 0.1 * statement.options().relative_gap;
  const auto progress = [&](const CertifiedMinimum& smaller) {
    CertifiedMinimum shown = state;
    shown.boxes = smaller.boxes;
    return !callback || callback(shown);
  };
  bool stopped = false;
  const auto least = [&](Index k) {
    options.skeletons = std::clamp(k, Index{0}, rest);
    const CertifiedMinimum found = certify_minimum(others, statement.hidden(), options, progress);
    stopped = stopped || found.stop_reason == CertifyStop::interrupted;
    return found.lower;
  };
  const Index k = statement.options().skeletons.value_or(rest + 1);
  const double p = statement.features().density(i);
  const double value =
      k > rest ? least(rest) : (1.0 - p) * least(k) + (stopped ? 0.0 : p * least(k - 1));
  return stopped ? std::nullopt : std::optional(value);
}

}  // namespace

void open_domain(const Statement& statement, const CertifyCallback& callback,
                 CertifiedMinimum& state) {
  const Index count = statement.features().size();
  double longest = 0.0;
  std::vector<double> box(state.open_width, 0.0);
  const auto low = statement.layout().weight_low(box), high = statement.layout().weight_high(box);
  double others = 0.0;
  for (Index j = 0; j < count; ++j) {
    const bool same = j > 0 && statement.alike(j, j - 1);
    if (!same) {
      const std::optional<double> least = loss_of_others(statement, j, state, callback);
      if (!least) return;
      others = *least;
    }
    const double r = radius(statement, j, statement.target(state), others);
    longest = std::max(longest, r);
    for (Index k = 0; k <= std::min(j, statement.hidden() - 1); ++k) {
      const auto n = static_cast<std::size_t>(j * statement.hidden() + k);
      low[n] = k == j ? 0.0 : -r;
      high[n] = r;
    }
  }
  const auto b_low = statement.layout().threshold_low(box),
             b_high = statement.layout().threshold_high(box);
  const double all = std::numeric_limits<double>::max();
  std::fill(b_low.begin(), b_low.end(), -all);
  std::fill(b_high.begin(), b_high.end(), all);
  state.radius = longest;
  if (std::isfinite(longest)) state.open = box;
}

}  // namespace skeleta::certify
