#include "exact/dictionary_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skeleta::exact {
namespace {

double odds_of(double p) {
  return p / (1.0 - p);
}

// |h| on a contour is not often above this: e^{κ g/T}, T some times the largest g.
constexpr double usual_growth = 2.5;

}  // namespace

// Σ r^{N+1} h^{N+1}/(N + 1) of the rare ones is to be a small part of the target; what orders, the
// grid and factors cost decides (nanoseconds: an order of one feature; the grid at 64 nodes, with
// each order; a frequent feature likewise).
DictionaryPlan plan_dictionary(const Vector& density, double target, Index skeletons) {
  DictionaryPlan plan;
  const Index count = density.size();
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, [&](Index a, Index b) { return density(a) < density(b); });
  constexpr double per_order = 1.5, most_odds = 0.25;
  const double per_factor = 60.0 * static_cast<double>(skeletons + 2);
  constexpr double of_grid = 10'000.0, of_grid_order = 5'000.0;
  double best = INFINITY;
  Index rare_count = 0;
  for (int orders = 1; orders <= most_orders; ++orders) {
    // Where hardly anything is active, losses are that much smaller.
    const double allowed = 5e-4 * target * std::min(density.sum(), 1.0);
    double sum = 0.0;
    Index kept = 0;
    for (; kept < count; ++kept) {
      const double p = density(order[static_cast<std::size_t>(kept)]);
      const double x = p < 1.0 ? usual_growth * odds_of(p) : INFINITY;
      if (x > usual_growth * most_odds) break;
      sum += std::pow(x, orders + 1) / (orders + 1);
      if (sum > allowed) break;
    }
    const double of_rare = orders * (per_order * static_cast<double>(count) + of_grid_order);
    const double cost =
        (kept > 0 ? of_rare + of_grid : 0.0) + per_factor * static_cast<double>(count - kept);
    if (orders == 1) {  // or no rare ones at all
      best = per_factor * static_cast<double>(count);
      rare_count = 0;
    }
    if (cost < best) {
      best = cost;
      rare_count = kept;
      plan.rare.orders = orders;
    }
  }
  plan.odds.assign(static_cast<std::size_t>(count), 0.0);
  plan.rare.powers.assign(static_cast<std::size_t>(plan.rare.orders + 1), 0.0);
  for (Index k = 0; k < rare_count; ++k) {
    const Index j = order[static_cast<std::size_t>(k)];
    const double r = odds_of(density(j));
    plan.odds[static_cast<std::size_t>(j)] = r;
    plan.rare.largest = std::max(plan.rare.largest, r);
    double power = 1.0;
    for (double& sum : plan.rare.powers) sum += power *= r;
    plan.log_none_rare += std::log1p(-density(j));
  }
  plan.frequent.assign(order.begin() + rare_count, order.end());
  std::ranges::sort(plan.frequent);
  for (Index j = 0; j < count; ++j) {
    const double p = density(j);
    plan.variance.push_back(p * (1.0 / 3.0 - 0.25 * p));
  }
  return plan;
}

}  // namespace skeleta::exact
