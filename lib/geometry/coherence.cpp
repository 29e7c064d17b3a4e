#include "skeleta/geometry/coherence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/products.h"
#include "geometry/columns.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"

namespace skeleta::geometry {
namespace {

// The directions of the columns that are long enough, d × n.
Matrix long_directions(const Matrix& W, double shortest) {
  const Directions columns = directions(W);
  const double threshold = shortest * columns.norms.maxCoeff();
  Matrix kept(W.rows(), W.cols());
  Index count = 0;
  for (Index j = 0; j < W.cols(); ++j) {
    if (columns.norms(j) > 0.0 && columns.norms(j) >= threshold) {
      kept.col(count++) = columns.unit.col(j);
    }
  }
  return kept.leftCols(count);
}

void check_bound(Index columns, Index dimensions) {
  if (columns >= 2 && dimensions >= 1) return;
  throw std::invalid_argument(fmt::format(
      "{} vectors in {} dimensions: a bound of their coherence needs two vectors and one "
      "dimension",
      columns, dimensions));
}

}  // namespace

Coherence coherence(const Matrix& W, double shortest) {
  check_columns("W", W);
  if (!(shortest >= 0.0 && shortest <= 1.0)) {
    throw std::invalid_argument(fmt::format("shortest = {} must lie in [0, 1]", shortest));
  }
  const Matrix unit = long_directions(W, shortest);
  const Index n = unit.cols();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (n < 2) return {n, nan, nan};
  Coherence result{n, -1.0, 0.0};
  for (Index first = 0; first < n; first += block_columns) {
    poll();
    const Index count = std::min(block_columns, n - first);
    Matrix cosines = transposed_product(unit, unit.middleCols(first, count));
    for (Index k = 0; k < count; ++k) cosines(first + k, k) = cosines(first + k == 0 ? 1 : 0, k);
    result.signed_max = std::max(result.signed_max, cosines.maxCoeff());
    result.absolute = std::max(result.absolute, cosines.cwiseAbs().maxCoeff());
  }
  result.signed_max = std::min(result.signed_max, 1.0);  // rounding
  result.absolute = std::min(result.absolute, 1.0);
  return result;
}

Vector nearest_cosines(const FloatMatrix& W, std::span<const Index> columns, int threads) {
  for (const Index i : columns) {
    if (i >= 0 && i < W.cols()) continue;
    throw std::invalid_argument(fmt::format("W has no column {}, but {}", i, W.cols()));
  }
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto count = static_cast<Index>(columns.size());
  Vector nearest = Vector::Constant(count, nan);
  const auto blocks = static_cast<std::size_t>((count + block_columns - 1) / block_columns);
  parallel_for(blocks, threads, [&](std::size_t block) {
    const Index begin = static_cast<Index>(block) * block_columns;
    const Index rows = std::min(block_columns, count - begin);
    Matrix chosen(W.rows(), rows);
    for (Index k = 0; k < rows; ++k) {
      chosen.col(k) = W.col(columns[static_cast<std::size_t>(begin + k)]).cast<double>();
    }
    const Vector lengths = chosen.colwise().norm();
    constexpr Index tile = 1024;
    Matrix others, products;
    for (Index first = 0; first < W.cols(); first += tile) {
      const Index width = std::min(tile, W.cols() - first);
      others = W.middleCols(first, width).cast<double>();
      products.resize(width, rows);
      set_transposed_product(others, chosen, products);
      for (Index j = 0; j < width; ++j) {
        const double length = others.col(j).norm();
        if (length == 0.0) continue;
        for (Index k = 0; k < rows; ++k) {
          if (columns[static_cast<std::size_t>(begin + k)] == first + j || lengths(k) == 0.0)
            continue;
          const double cosine = std::abs(products(j, k)) / (length * lengths(k));
          nearest(begin + k) = std::fmax(nearest(begin + k), std::min(cosine, 1.0));
        }
      }
    }
  });
  return nearest;
}

double signed_coherence_bound(Index columns, Index dimensions) {
  check_bound(columns, dimensions);
  return columns <= dimensions + 1 ? -1.0 / static_cast<double>(columns - 1) : 0.0;
}

double welch_bound(Index columns, Index dimensions) {
  check_bound(columns, dimensions);
  if (columns <= dimensions) return 0.0;
  const auto n = static_cast<double>(columns), d = static_cast<double>(dimensions);
  return std::sqrt((n - d) / (d * (n - 1.0)));
}

double orthoplex_bound(Index columns, Index dimensions) {
  check_bound(columns, dimensions);
  const auto n = static_cast<double>(columns), d = static_cast<double>(dimensions);
  return n > d * (d + 1.0) / 2.0 ? 1.0 / std::sqrt(d) : 0.0;
}

}  // namespace skeleta::geometry
