#include "thomson/orthogonal_parts.h"

#include <cmath>
#include <limits>

#include "core/decompositions.h"
#include "core/products.h"
#include "skeleta/thomson/closest_match.h"
#include "skeleta/thomson/configurations.h"

namespace skeleta::thomson {
namespace {

// Number of the component of each point, counted from 0 in the order of their first points.
std::vector<Index> components(const Matrix& cosines, double tolerance) {
  std::vector<Index> component(static_cast<std::size_t>(cosines.cols()), -1);
  Index count = 0;
  for (Index first = 0; first < cosines.cols(); ++first) {
    if (component[static_cast<std::size_t>(first)] >= 0) continue;
    std::vector<Index> reached{first};
    component[static_cast<std::size_t>(first)] = count;
    while (!reached.empty()) {
      const Index i = reached.back();
      reached.pop_back();
      for (Index j = 0; j < cosines.cols(); ++j) {
        if (component[static_cast<std::size_t>(j)] >= 0 || !(cosines(i, j) > tolerance)) continue;
        component[static_cast<std::size_t>(j)] = count;
        reached.push_back(j);
      }
    }
    ++count;
  }
  return component;
}

// The columns in coordinates of the space they span: what sticks out of it by less than `tolerance`
// of the largest extent is taken for noise.
Matrix in_their_span(const Matrix& X, double tolerance) {
  const Svd span = svd(X);
  const Vector& extent = span.values;
  const Index rank = (extent.array() > tolerance * extent(0)).count();
  Matrix result = transposed_product(span.U.leftCols(rank), X);
  result.colwise().normalize();
  return result;
}

void name_part(const Matrix& X, double tolerance, Part& part) {
  const Matrix own = in_their_span(X, tolerance);
  part.dimension = own.rows();
  part.distance = std::numeric_limits<double>::quiet_NaN();
  if (own.cols() == 1) {
    part.nearest = "point";
    part.distance = 0.0;
  }
  for (const NamedConfiguration& named : named_configurations(own.cols(), own.rows())) {
    const double distance = closest_match(own, named.points, 20).rms;
    if (distance >= part.distance) continue;  // false for NaN
    part.nearest = named.name;
    part.distance = distance;
  }
}

}  // namespace

OrthogonalParts orthogonal_parts(const Matrix& X, double tolerance) {
  const Matrix cosines = transposed_product(X, X).cwiseAbs();
  const std::vector<Index> component = components(cosines, tolerance);
  OrthogonalParts result;
  for (Index j = 0; j < X.cols(); ++j) {
    const auto own = static_cast<std::size_t>(component[static_cast<std::size_t>(j)]);
    if (own == result.parts.size()) result.parts.emplace_back();
    result.parts[own].columns.push_back(j);
    for (Index i = 0; i < j; ++i) {
      const bool other = component[static_cast<std::size_t>(i)] != static_cast<Index>(own);
      if (other) result.interference = std::max(result.interference, cosines(i, j));
    }
  }
  for (Part& part : result.parts) name_part(X(Eigen::all, part.columns), tolerance, part);
  return result;
}

}  // namespace skeleta::thomson
