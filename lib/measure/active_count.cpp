#include "skeleta/measure/active_count.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <numeric>

#include "measure/activity_sweep.h"
#include "measure/series.h"
#include "skeleta/core/cancellation.h"

namespace skeleta {
namespace {

std::vector<double> binomial(Index count, double p) {
  std::vector<double> result(static_cast<std::size_t>(count) + 1);
  const boost::math::binomial_distribution<double> law(static_cast<double>(count), p);
  for (std::size_t l = 0; l < result.size(); ++l) {
    poll();
    result[l] = boost::math::pdf(law, static_cast<double>(l));
  }
  return result;
}

// One feature at a time: P_{n+1}(l) = (1 − p) P_n(l) + p P_n(l − 1).
std::vector<double> poisson_binomial(const Vector& density) {
  std::vector<double> result(static_cast<std::size_t>(density.size()) + 1, 0.0);
  result[0] = 1.0;
  for (std::size_t n = 0; n + 1 < result.size(); ++n) {
    poll();
    const double p = density(static_cast<Index>(n));
    for (std::size_t l = n + 1; l > 0; --l) {
      result[l] = (1.0 - p) * result[l] + p * result[l - 1];
    }
    result[0] *= 1.0 - p;
  }
  return result;
}

}  // namespace

ActiveCount::ActiveCount(const Vector& density) {
  const bool equal = density.size() > 0 && (density.array() == density(0)).all();
  probability_ = equal ? binomial(density.size(), density(0)) : poisson_binomial(density);
  sum_tails();
}

ActiveCount::ActiveCount(const ActivityTree& tree) {
  if (tree.independent()) {
    *this = ActiveCount(tree.density());
    return;
  }
  const auto most = static_cast<std::size_t>(tree.features());
  ActivitySweep<Polynomial<double>> sweep(tree);
  const auto law = sweep.up([&](Index) {
    poll();
    return Polynomial<double>::marked(1.0, most);
  });
  probability_ = law.coefficients();
  probability_.resize(most + 1, 0.0);
  sum_tails();
}

void ActiveCount::sum_tails() {
  const std::size_t size = probability_.size();
  at_most_.resize(size);
  at_least_.resize(size);
  std::partial_sum(probability_.begin(), probability_.end(), at_most_.begin());
  std::partial_sum(probability_.rbegin(), probability_.rend(), at_least_.rbegin());
  for (double& p : at_most_) p = std::min(p, 1.0);
  for (double& p : at_least_) p = std::min(p, 1.0);
}

double ActiveCount::probability(Index l) const {
  return l < 0 || l > features() ? 0.0 : probability_[static_cast<std::size_t>(l)];
}

double ActiveCount::at_least(Index m) const {
  if (m <= 0) return 1.0;
  return m > features() ? 0.0 : at_least_[static_cast<std::size_t>(m)];
}

double ActiveCount::at_most(Index m) const {
  if (m < 0) return 0.0;
  return m >= features() ? 1.0 : at_most_[static_cast<std::size_t>(m)];
}

double ActiveCount::probability(CountRange range) const {
  double sum = 0.0;
  for (Index l = range.first; l <= range.last; ++l) sum += probability(l);
  return std::min(sum, 1.0);
}

CountRange ActiveCount::bulk(CountRange range, double outside) const {
  while (range.last > range.first && at_least(range.last) < outside) --range.last;
  while (range.first < range.last && at_most(range.first) < outside) ++range.first;
  return range;
}

double ActiveCount::factorial_moment(int k) const {
  double sum = 0.0;
  for (std::size_t l = probability_.size(); l-- > 0;) {
    double product = probability_[l];
    for (int i = 0; i < k; ++i) product *= static_cast<double>(l) - i;
    if (static_cast<double>(l) >= k) sum += product;
  }
  return sum;
}

double union_bound_two_active(const Vector& density) {
  double earlier = 0.0, sum = 0.0;
  for (const double p : density) {
    sum += p * earlier;
    earlier += p;
  }
  return sum;
}

double chernoff_bound(const Vector& density, Index m) {
  const auto count = static_cast<double>(density.size());
  const double p = density.sum() / count, q = static_cast<double>(m) / count;
  if (q > 1.0) return 0.0;
  if (q <= p) return 1.0;
  const double divergence =
      q * std::log(q / p) + (q < 1.0 ? (1.0 - q) * (std::log1p(-q) - std::log1p(-p)) : 0.0);
  return std::exp(-count * divergence);
}

}  // namespace skeleta
