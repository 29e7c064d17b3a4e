#include "skeleta/training/phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "skeleta/geometry/feature_dimensionality.h"

namespace skeleta::training {
namespace {

std::string name_of(double dimensionality) {
  constexpr double tolerance = 0.01;
  if (std::abs(dimensionality - 1.0) <= tolerance) return "1";
  if (const auto* named = geometry::nearest_named(dimensionality, tolerance)) {
    return fmt::format("{}/{}", named->dimensions, named->vertices);
  }
  return fmt::format("{:.2f}", dimensionality);
}

// "2 x 1/2 + 1 x 0.31" from values in falling order.
std::string grouped(const std::vector<double>& values) {
  std::string label;
  for (std::size_t first = 0; first < values.size();) {
    const std::string name = name_of(values[first]);
    std::size_t end = first;
    while (end < values.size() && name_of(values[end]) == name) ++end;
    label += fmt::format("{}{} x {}", first == 0 ? "" : " + ", end - first, name);
    first = end;
  }
  return label.empty() ? "none" : label;
}

}  // namespace

Phase phase_of(const Matrix& W, double threshold) {
  Phase phase;
  phase.dimensionality = geometry::feature_dimensionality(W);
  phase.norm = W.colwise().norm();
  std::vector<double> values;
  for (Index i = 0; i < W.cols(); ++i) {
    phase.is_represented.push_back(phase.norm(i) > threshold);
    if (phase.is_represented.back()) values.push_back(phase.dimensionality(i));
  }
  phase.represented = static_cast<Index>(values.size());
  std::sort(values.begin(), values.end(), std::greater<>());
  phase.label = grouped(values);
  return phase;
}

}  // namespace skeleta::training
