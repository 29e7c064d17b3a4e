#include "skeleta/thomson/closest_match.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/decompositions.h"
#include "core/products.h"
#include "geometry/assignment.h"
#include "thomson/normal_matrix.h"

namespace skeleta::thomson {
namespace {

Matrix random_orthogonal(Index dimension, std::uint64_t start) {
  sampling::PointStream random({.seed = 1, .purpose = sampling::Purpose::start}, start);
  return orthogonal_factor(normal_matrix(dimension, dimension, random));
}

// Alternates assignment and Procrustes from Q; keeps in `best` what is better.
void refine(const Matrix& X, const Matrix& Y, Matrix Q, geometry::Congruence& best) {
  double before = std::numeric_limits<double>::infinity();
  for (;;) {
    const std::vector<Index> permutation =
        geometry::assignment(-transposed_product(product(Q, X), Y));
    const Matrix target = Y(Eigen::all, permutation);
    Q = geometry::procrustes(X, target);
    const double rms = (product(Q, X) - target).norm() / std::sqrt(static_cast<double>(X.cols()));
    if (rms < best.rms) {
      best.rms = rms;
      best.orthogonal = Q;
      best.permutation = permutation;
    }
    if (!(rms < before * (1.0 - 1e-6))) return;
    before = rms;
  }
}

}  // namespace

geometry::Congruence closest_match(const Matrix& X, const Matrix& Y, std::uint64_t random_starts) {
  if (X.rows() != Y.rows() || X.cols() != Y.cols()) {
    throw std::invalid_argument(
        fmt::format("{} points in {} dimensions cannot be matched with {} points in {} dimensions: "
                    "both numbers "
                    "must agree",
                    X.cols(), X.rows(), Y.cols(), Y.rows()));
  }
  geometry::Congruence best = geometry::congruence(X, Y);
  for (std::uint64_t start = 0; start < random_starts; ++start) {
    if (best.rms <= best.lower_bound + 1e-12 * Y.cwiseAbs().maxCoeff()) break;
    refine(X, Y, random_orthogonal(X.rows(), start), best);
  }
  return best;
}

}  // namespace skeleta::thomson
