#pragma once

#include <cstdint>
#include <optional>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"

namespace skeleta::exact {

using skeleta::to_string;

/// What stands behind the error, of the loss and of its gradient, that is held against the target.
enum class ErrorControl : std::int8_t {
  /// Proven bounds of truncation and aliasing, rounding to first order in ε (what that means:
  /// mathematics.md, Theorem 3.7). The gradient's are
  /// looser: it takes some twice as many nodes.
  rigorous,
  /// Truncation extrapolated from the decay of the terms: 1.5 to 10 times faster. An estimate: over
  /// 230 000 evaluations of random models of every kind and scale (D ≤ 6, targets 1e-2 … 1e-10) the
  /// true error was above it 59 times, by up to 2.3 times, and above the target 3 times, by up to
  /// 1.7 times; typically it is a hundred times below. Of derivatives (4000 models, of columns down
  /// to 1e-10): 1 in 100 at a gradient target of 1e-4, mostly by less than 5 times, once by 144.
  /// Searched for, by up to 27 times: rows whose entries go over many decades. Where a density is
  /// below 1e-60 nothing can be extrapolated: bounds, as if rigorous.
  estimated,
  /// Closed forms in whole numbers, without rounding and without any quadrature: value,
  /// contributions and derivatives are the doubles nearest to the true numbers (mathematics.md,
  /// Theorem 3.10). ReLU models without noise on plain features, each of whose outputs sees at most
  /// 24 of them. Of 20 features the loss takes seconds, the gradient some 1.5 D times that.
  proven,
};
constexpr auto names_of(ErrorControl) {
  return std::to_array<std::string_view>({"rigorous", "estimated", "proven"});
}

/// How exactly to evaluate, and what for. Every evaluation meets
/// error ≤ max(absolute_target, relative_target · |loss|), or its result says that it did not. Of a
/// loss near 0 the target counts as met at what the rounding of W_out W leaves of it, if that is at
/// most relative_target times the loss of the zero model.
struct Options {
  double relative_target = 1e-8;  ///< ≥ 0.
  double absolute_target = 0.0;   ///< ≥ 0; one of the two is positive.
  ErrorControl error_control =
      ErrorControl::rigorous;            ///< What the error is to be: a bound, or an estimate.
  Index maximum_nodes = Index{1} << 18;  ///< On the contour, for each output; at least 64.
  /// For gradients: the error of the Frobenius norm of Γ and db (see Evaluator) may be this times
  /// the loss, or, near a minimum of 0, times absolute_target/relative_target if that is more. If
  /// values are of the size of u, the power of two below the largest number of their laws, that of
  /// Γ, u db and u² times the derivatives by variances of noise: whatever the unit of the values
  /// is. Derivatives decay more slowly along the contour; a descent needs fewer digits of them.
  /// Of plain features the target counts as met also where the error is at most 16 times what the
  /// rounding of W_out W makes of the derivatives: no number of nodes takes that away.
  double gradient_target = 1e-6;
  int threads = 1;  ///< 0: all cores. Never changes a bit of the result.
  /// What becomes of a model whose loss exceeds the range of double, or cannot be told to the
  /// target in double precision. Refused: std::invalid_argument. Else it is a result: a NaN with
  /// the reason non_finite, or what is known with the reason nodes.
  bool refuse_unreachable = true;

  // For skeleton_loss only.
  double probability_floor = 1e-12;  ///< Q_l with π_l below it are not listed.
  std::optional<Index> skeletons;    ///< List only Q_0 … Q_L; fewer cost less.
};

/// Throws std::invalid_argument if a target is negative or not finite, both are 0, the relative one
/// is below 1e-14 while the absolute one is 0, or a number is out of its range.
void validate(const Options& options);

}  // namespace skeleta::exact
