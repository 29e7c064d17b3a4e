#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace skeleta::approximation {

/// What lies beyond the level t that samples of a law P exceed 3 times on average, seen at weighted
/// points.
struct SurveyTail {
  double level = 0.0;               ///< t, times sign.
  double beyond = 0.0;              ///< E (sign·R − level)₊
  std::vector<std::size_t> points;  ///< Those beyond.
};

/// Of R with `values` at the points `order`, by decreasing value, which stand for the probabilities
/// `weight` and for `mass` in all; so many samples there, upwards for sign = 1 and downwards for
/// −1. E (R − t)₊ is the sum over the steps between values of the probability beyond each.
inline SurveyTail survey_tail(const std::vector<double>& values, const std::vector<double>& weight,
                              std::span<const std::size_t> order, double mass, double samples,
                              double sign) {
  constexpr double seen = 3.0;
  SurveyTail result;
  double probability = 0.0;
  for (std::size_t n = 0; n < order.size() && samples * probability < seen * mass; ++n) {
    const std::size_t k = sign > 0.0 ? order[n] : order[order.size() - 1 - n];
    const double size = sign * values[k];
    if (n > 0) result.beyond += probability * (result.level - size);
    result.level = size;
    result.points.push_back(k);
    probability += weight[k];
  }
  return result;
}

}  // namespace skeleta::approximation
