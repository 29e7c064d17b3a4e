#pragma once

#include <cstdint>
#include <optional>

#include "skeleta/core/types.h"

namespace skeleta::exact {

/// What stands behind the error that is held against the target.
enum class ErrorControl : std::int8_t {
  rigorous,   ///< Proven bounds of truncation and aliasing, rounding to first order in ε.
  estimated,  ///< Truncation extrapolated from the decay of the terms: many times fewer nodes.
};

/// How exactly to evaluate, and what for. Every evaluation meets
/// error ≤ max(absolute_target, relative_target · |loss|), or its result says that it did not.
struct Options {
  double relative_target = 1e-8;
  double absolute_target = 0.0;
  ErrorControl error_control = ErrorControl::rigorous;
  Index maximum_nodes = Index{1} << 18;  ///< On the contour, for each output; at least 64.
  /// For gradients: the error of the Frobenius norm of Γ and db (see Evaluator) may be this times
  /// the loss. Derivatives decay more slowly along the contour; a descent needs fewer digits of
  /// them.
  double gradient_target = 1e-6;
  int threads = 1;  ///< 0: all cores. Never changes a bit of the result.

  // For skeleton_loss only.
  double probability_floor = 1e-12;  ///< Q_l with π_l below it are not listed.
  std::optional<Index> skeletons;    ///< List only Q_0 … Q_L; fewer cost less.
};

/// Throws std::invalid_argument if a target is negative or not finite, both are 0, the relative one
/// is below 1e-14 while the absolute one is 0, or a number is out of its range.
void validate(const Options& options);

}  // namespace skeleta::exact
