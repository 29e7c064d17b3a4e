#include "measure/support_sums.h"

#include <fmt/format.h>

#include <stdexcept>

#include "skeleta/measure/active_count.h"

namespace skeleta {
namespace {

// (1 − p) s(l) + p (s(l − 1) + added(l − 1)): what a further feature makes of sums by count.
Vector with_feature(const Vector& sums, const Vector& added, double p) {
  Vector result = (1.0 - p) * sums;
  const Index rows = sums.size() - 1;
  result.tail(rows) += p * (sums.head(rows) + added.head(rows));
  return result;
}

Vector unequal(const Matrix& pairs, const Vector& density, Index most) {
  const Index count = density.size();
  Vector sums = Vector::Zero(most + 1), law = Vector::Unit(most + 1, 0);
  const Vector nothing = Vector::Zero(most + 1);
  Matrix active = Matrix::Zero(most + 1, count);  // column j: P(j active, N = l)
  for (Index m = 0; m < count; ++m) {
    const double p = density(m);
    if (p == 0.0) continue;
    sums = with_feature(sums, active.leftCols(m) * pairs.col(m).head(m), p);
    for (Index j = 0; j < m; ++j) active.col(j) = with_feature(active.col(j), nothing, p);
    active.col(m).tail(most) = p * law.head(most);
    law = with_feature(law, nothing, p);
  }
  return sums;
}

}  // namespace

std::vector<double> single_sums(const Vector& singles, const Vector& density, Index most) {
  const Index count = density.size();
  if (singles.size() != count) {
    throw std::invalid_argument(
        fmt::format("singles has {} entries, but there are {} features", singles.size(), count));
  }
  Vector sums = Vector::Zero(most + 1), law = Vector::Unit(most + 1, 0);
  const Vector nothing = Vector::Zero(most + 1);
  for (Index m = 0; m < count; ++m) {
    if (density(m) == 0.0) continue;
    sums = with_feature(sums, singles(m) * law, density(m));
    law = with_feature(law, nothing, density(m));
  }
  return {sums.begin(), sums.end()};
}

std::vector<double> pair_sums(const Matrix& pairs, const Vector& density, Index most) {
  const Index count = density.size();
  if (pairs.rows() != count || pairs.cols() != count) {
    throw std::invalid_argument(fmt::format("pairs is {} x {}, but there are {} features",
                                            pairs.rows(), pairs.cols(), count));
  }
  std::vector<double> result(static_cast<std::size_t>(most) + 1, 0.0);
  if (count < 2) return result;
  if ((density.array() == density(0)).all()) {
    const ActiveCount law(density);
    const double mean = (pairs.sum() - pairs.trace()) / static_cast<double>(count * (count - 1));
    for (Index l = 0; l <= most; ++l) {
      result[static_cast<std::size_t>(l)] =
          law.probability(l) * mean * static_cast<double>(l * (l - 1)) / 2.0;
    }
    return result;
  }
  const Vector sums = unequal(pairs, density, most);
  std::copy(sums.begin(), sums.end(), result.begin());
  return result;
}

}  // namespace skeleta
