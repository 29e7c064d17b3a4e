#pragma once

#include "skeleta/core/types.h"

namespace skeleta::training {

/// Coordinates y in which a loss curves alike in all directions: y = x (parameters.h), but for
/// thresholds below 0, which are b_i = μ y_i.
///
/// Where b_i < 0 output i answers −b_i to no active feature, and C_0 = π_0 Σ_i v_i ((−b_i)₊)²
/// curves by 2 v_i π_0 along b_i, all other skeletons together by at most 2 v_i (1 − π_0). So
/// μ² = (1 − π_0)/π_0 where that is below 1, some D·p for rare features: without it b_i = 0 is a
/// wall at which a descent gets stuck. Derivatives along y jump by the factor μ at y_i = 0 unless
/// they vanish; stationary points are the same.
class NaturalCoordinates {
 public:
  /// μ for the last `thresholds` parameters; 1: y = x.
  NaturalCoordinates(Index thresholds, double below) : thresholds_(thresholds), below_(below) {}

  void to_parameters(const Vector& y, Vector& x) const {
    x = y;
    for (double& b : x.tail(thresholds_)) b *= factor(b);
  }

  Vector from_parameters(Vector x) const {
    for (double& b : x.tail(thresholds_)) b /= factor(b);
    return x;
  }

  /// From ∂f/∂x to ∂f/∂y.
  void pull_back(const Vector& y, Vector& gradient) const {
    for (Index i = y.size() - thresholds_; i < y.size(); ++i) gradient(i) *= factor(y(i));
  }

  /// Whether ∂f/∂x and ∂f/∂y differ at these parameters.
  bool differ(const Vector& x) const {
    return below_ != 1.0 && (x.tail(thresholds_).array() < 0.0).any();
  }

 private:
  double factor(double b) const { return b < 0.0 ? below_ : 1.0; }

  Index thresholds_;
  double below_;
};

}  // namespace skeleta::training
