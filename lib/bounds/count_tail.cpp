#include "skeleta/bounds/count_tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "measure/distributions.h"
#include "skeleta/measure/active_count.h"

namespace skeleta::bounds {
namespace {

void validate(const Vector& density) {
  if (density.size() == 0) throw std::invalid_argument("density must have at least one entry");
  for (const double p : density) {
    if (!(p >= 0.0 && p <= 1.0)) {
      throw std::invalid_argument(fmt::format("density = {} must lie in [0, 1]", p));
    }
  }
}

// e_0, …, e_most, one number after the other: e_m ← e_m + p e_{m−1}.
std::vector<double> elementary_symmetric(const Vector& p, Index most) {
  std::vector<double> e(static_cast<std::size_t>(most) + 1, 0.0);
  e[0] = 1.0;
  for (const double x : p) {
    for (std::size_t m = e.size() - 1; m > 0; --m) e[m] += x * e[m - 1];
  }
  return e;
}

// E C(N, m): sums of non-negative terms.
double mean_binomial(const ActiveCount& count, Index m) {
  double sum = 0.0;
  for (Index l = count.features(); l >= m; --l) {
    const double probability = count.probability(l);
    if (probability == 0.0) continue;  // its binomial coefficient may be infinite
    sum += probability * binomial_coefficient(l, m);
  }
  return sum;
}

// min_t E e^{t(N − m)} over t ≥ 0, whose logarithm is convex: by golden sections of [0, 64].
double exponential_bound(const ActiveCount& count, Index m) {
  const auto logarithm = [&](double t) {
    double sum = 0.0, largest = -std::numeric_limits<double>::infinity();
    for (Index l = 0; l <= count.features(); ++l) {
      if (count.probability(l) == 0.0) continue;
      const double term = std::log(count.probability(l)) + t * static_cast<double>(l - m);
      sum = term > largest ? sum * std::exp(largest - term) + 1.0 : sum + std::exp(term - largest);
      largest = std::max(largest, term);
    }
    return largest + std::log(sum);
  };
  const double ratio = 0.5 * (std::sqrt(5.0) - 1.0);
  double low = 0.0, high = 64.0;
  for (int step = 0; step < 60; ++step) {
    const double left = high - ratio * (high - low), right = low + ratio * (high - low);
    if (logarithm(left) < logarithm(right)) {
      high = right;
    } else {
      low = left;
    }
  }
  return std::min(std::exp(logarithm(0.5 * (low + high))), 1.0);
}

double ratio_of(const ActiveCount& count) {
  const double more = count.at_least(2);
  return more == 0.0 ? 0.0 : more / count.probability(1);
}

}  // namespace

std::vector<CountTail> count_tails(const Vector& density, Index most) {
  validate(density);
  if (most < 0 || most > density.size()) {
    throw std::invalid_argument(fmt::format("most = {} must lie in 0..{}", most, density.size()));
  }
  const ActiveCount count(density);
  const std::vector<double> unions = elementary_symmetric(density, most);
  std::vector<CountTail> tails;
  for (Index m = 0; m <= most; ++m) {
    tails.push_back({m, count.at_least(m), unions[static_cast<std::size_t>(m)],
                     chernoff_bound(density, m), poisson_tail(density.sum(), m),
                     density.squaredNorm()});
  }
  return tails;
}

std::vector<CountTail> count_tails(const ActivityTree& tree, Index most) {
  if (tree.independent()) return count_tails(tree.density(), most);
  if (most < 0 || most > tree.features()) {
    throw std::invalid_argument(fmt::format("most = {} must lie in 0..{}", most, tree.features()));
  }
  const ActiveCount count(tree);
  std::vector<CountTail> tails;
  for (Index m = 0; m <= most; ++m) {
    const double exact = count.at_least(m), poisson = poisson_tail(tree.density().sum(), m);
    tails.push_back({m, exact, mean_binomial(count, m), exponential_bound(count, m), poisson,
                     std::abs(exact - poisson)});
  }
  return tails;
}

double largest_scale(const Vector& density, double epsilon, OneSparseMeasure measure) {
  validate(density);
  if (density.maxCoeff() == 0.0) throw std::invalid_argument("density must not be 0 throughout");
  if (!(epsilon > 0.0 && epsilon < 1.0)) {
    throw std::invalid_argument(fmt::format("epsilon = {} must lie in (0, 1)", epsilon));
  }
  // Has the sign of measure − ε.
  const auto excess = [&](double scale) {
    const ActiveCount count((scale * density).cwiseMin(1.0));
    const double reference = measure == OneSparseMeasure::ratio ? count.probability(1) : 1.0;
    return count.at_least(2) - epsilon * reference;
  };
  const double most = 1.0 / density.maxCoeff();
  if (excess(most) <= 0.0) return most;
  // P(N ≥ 2) ≤ e₂s², and P(N = 1) ≥ e₁s − 2e₂s² (Bonferroni).
  const std::vector<double> e = elementary_symmetric(density, 2);
  const double bracket = measure == OneSparseMeasure::ratio
                             ? epsilon * e[1] / (e[2] * (1.0 + 2.0 * epsilon))
                             : std::sqrt(epsilon / e[2]);
  const double low = std::min(bracket * (1.0 - 1e-9), most);
  std::uintmax_t steps = 200;
  const boost::math::tools::eps_tolerance<double> full(std::numeric_limits<double>::digits);
  return boost::math::tools::toms748_solve(excess, low, most, full, steps).first;
}

std::vector<OneSparseRow> one_sparse_table(Index features, std::span<const double> sparsities) {
  if (features < 1) {
    throw std::invalid_argument(fmt::format("features = {} must be at least 1", features));
  }
  std::vector<OneSparseRow> rows;
  for (const double sparsity : sparsities) {
    if (!(sparsity >= 0.0 && sparsity <= 1.0)) {
      throw std::invalid_argument(fmt::format("sparsity = {} must lie in [0, 1]", sparsity));
    }
    const Vector density = Vector::Constant(features, 1.0 - sparsity);
    const ActiveCount count(density);
    OneSparseRow row{sparsity, count.probability(0), count.probability(1), ratio_of(count), {}};
    row.two = {2,
               count.at_least(2),
               union_bound_two_active(density),
               chernoff_bound(density, 2),
               poisson_tail(density.sum(), 2),
               density.squaredNorm()};
    rows.push_back(row);
  }
  return rows;
}

}  // namespace skeleta::bounds
