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
constexpr double most_odds = 0.25;  // of a rare feature
constexpr int never_rare = most_orders + 1;

// x^{N+1}/(N + 1), what N orders leave out of log(1 + rh), x ≥ r|h|.
double left_out(double x, int orders) {
  return std::pow(x, orders + 1) / (orders + 1);
}

// So many orders that a feature leaves out at most `share`: 0 if it is never active.
int orders_for(double density, double share) {
  if (density == 0.0) return 0;
  if (!(density < 1.0) || odds_of(density) > most_odds) return never_rare;
  const double x = usual_growth * odds_of(density);
  int orders = 1;
  while (orders <= most_orders && left_out(x, orders) > share) ++orders;
  return orders;
}

// For every feature, such that they leave out `allowed` together at most: shares of each that are
// halved until they do. Most features of a large dictionary need far less than theirs.
std::vector<int> choose_orders(const Vector& density, double allowed) {
  std::vector<int> orders(static_cast<std::size_t>(density.size()));
  double share = allowed * std::min(1.0, 256.0 / static_cast<double>(density.size()));
  for (double sum = INFINITY; sum > allowed; share *= 0.5) {
    sum = 0.0;
    for (Index j = 0; j < density.size(); ++j) {
      const int n = orders_for(density(j), share);
      orders[static_cast<std::size_t>(j)] = n;
      if (n > 0 && n < never_rare) sum += left_out(usual_growth * odds_of(density(j)), n);
    }
  }
  return orders;
}

// The number of orders of those that are not frequent, by what features, the grid and factors cost
// (nanoseconds: an order of one feature; of the grid; a frequent feature).
int cheapest_orders(const std::vector<int>& wanted, Index skeletons) {
  constexpr double per_order = 1.0, of_grid = 10'000.0, of_grid_order = 5'000.0;
  const double per_factor = 240.0 + 60.0 * static_cast<double>(skeletons + 1);
  std::array<double, never_rare + 1> count{};
  for (const int n : wanted) count[static_cast<std::size_t>(n)] += 1.0;
  double frequent = std::accumulate(count.begin() + 1, count.end(), 0.0), spread = 0.0;
  double best = per_factor * frequent;
  int cheapest = 0;
  for (int n = 1; n <= most_orders; ++n) {
    const double here = count[static_cast<std::size_t>(n)];
    frequent -= here;
    spread += n * here;
    const double cost = per_order * spread + of_grid + n * of_grid_order + per_factor * frequent;
    if (cost < best) {
      best = cost;
      cheapest = n;
    }
  }
  return cheapest;
}

void add_rare(double r, int kept, RareFeatures& rare) {
  rare.largest = std::max(rare.largest, r);
  double power = r;
  for (int n = 0; n < kept; ++n, power *= r) rare.powers[static_cast<std::size_t>(n)] += power;
  if (kept > 0) rare.cut[static_cast<std::size_t>(kept - 1)] += power;
}

}  // namespace

// What is cut of Λ, Σ r^{N+1} h^{N+1}/(N + 1) of the rare ones, is to matter nowhere: outputs that
// are hardly ever above their thresholds lose 10⁻⁴ of what others do. Orders of features that are
// that rare cost little.
DictionaryPlan plan_dictionary(const Vector& density, double target, Index skeletons) {
  const Index count = density.size();
  // Where hardly anything is active, losses are that much smaller.
  const double allowed = std::max(5e-7 * target, 1e-17) * std::min(density.sum(), 1.0);
  std::vector<int> orders = choose_orders(density, allowed);
  const int most = cheapest_orders(orders, skeletons);
  for (int& n : orders) {
    if (n > most) n = never_rare;
  }
  DictionaryPlan plan;
  plan.feature.resize(static_cast<std::size_t>(count));
  plan.place.resize(static_cast<std::size_t>(count));
  std::iota(plan.feature.begin(), plan.feature.end(), Index{0});
  const auto orders_of = [&](Index j) { return orders[static_cast<std::size_t>(j)]; };
  std::ranges::stable_sort(plan.feature, std::ranges::greater(), orders_of);
  plan.rare.orders = std::max(most, 1);
  plan.rare.powers.assign(static_cast<std::size_t>(plan.rare.orders), 0.0);
  plan.rare.cut.assign(static_cast<std::size_t>(plan.rare.orders), 0.0);
  for (Index k = 0; k < count; ++k) {
    const Index j = plan.feature[static_cast<std::size_t>(k)];
    plan.place[static_cast<std::size_t>(j)] = k;
    const double p = density(j);
    const int n = orders_of(j);
    plan.density.push_back(p);
    plan.variance.push_back(p * (1.0 / 3.0 - 0.25 * p));
    plan.odds.push_back(n == never_rare ? 0.0 : odds_of(p));
    for (int m = 0; m <= n; ++m) ++plan.class_end[static_cast<std::size_t>(m)];
    if (n == never_rare) {
      ++plan.frequent;
    } else {
      add_rare(plan.odds.back(), n, plan.rare);
      plan.log_none_rare += std::log1p(-p);
    }
  }
  return plan;
}

}  // namespace skeleta::exact
