#pragma once

#include <span>

#include "exact/fine_error.h"
#include "exact/output.h"
#include "exact/truncation.h"
#include "skeleta/exact/options.h"

/// One output's part of an evaluation, and what the parts of all come to.
namespace skeleta::exact {

/// What an evaluation knows of one output. Losses and errors are times v_i, in the unit of
/// AdaptiveLoss.
struct Task {
  Output output;
  NodeTotal total, derivative_total;
  double value = 0.0;  ///< v_i E(x_i − x̂_i)²
  double fixed = 0.0;  ///< Error that more nodes do not lower: aliasing, dropped entries, G.
  double rounding = 0.0;
  double truncation = 0.0;
  bool bounded = false;            ///< Too unimportant to be evaluated: all of it is in `fixed`.
  double derivatives = 0.0;        ///< Truncation error of row i of Γ and of db_i, in norm.
  double derivatives_fixed = 0.0;  ///< What more nodes do not lower of theirs.
  double perturbation = 0.0;       ///< The part of it that comes from the rounding of G.
  double fine_limit = 0.0;         ///< Entries up to this are fine.
  FineError fine;                  ///< With importance.
  Index goal = 0;                  ///< Nodes to reach in the next round.
};

/// Truncation error of the loss. Rigorous: the sum. Estimated: three standard deviations if the
/// outputs' errors are independent, and what the last round changed in sum, in case they are not
/// (symmetric models); never more than the sum.
double truncation_total(std::span<const Task> tasks, bool rigorous);

/// Error of the gradient, of which more nodes do not lower derivatives_fixed: rows of Γ are at
/// right angles to each other.
double derivatives_total(std::span<const Task> tasks);
double derivatives_fixed(std::span<const Task> tasks);

/// What the rounding of G leaves of a gradient that is 0.
double rounding_of_gradient(std::span<const Task> tasks);

}  // namespace skeleta::exact
