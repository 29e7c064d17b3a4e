#pragma once

#include <cstdint>
#include <functional>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"

namespace skeleta::optimize {

using skeleta::to_string;

/// Why a run ended. "Did not converge" is a result, never an exception.
enum class DescentStop : std::int8_t {
  gradient,     ///< ‖∇f‖₂ ≤ gradient_tolerance.
  value,        ///< A step lowered f by no more than value_tolerance · |f|.
  iterations,   ///< The limit on steps came first.
  evaluations,  ///< The limit on evaluations of f came first.
  line_search,  ///< No step along the descent direction was acceptable: f is at its rounding error.
  non_finite,   ///< f or ∇f was NaN or infinite; x is the last point before, or the start.
  interrupted,  ///< The callback said stop.
};

constexpr auto names_of(DescentStop) {
  return std::to_array<std::string_view>({"gradient", "value", "iterations", "evaluations",
                                          "line_search", "non_finite", "interrupted"});
}

/// How a run ended. The minimiser itself is in the caller's x.
struct Summary {
  double value = 0.0;             ///< f(x); of a stochastic objective, its last estimate.
  double gradient_norm = 0.0;     ///< ‖∇f(x)‖₂, likewise.
  std::uint64_t iterations = 0;   ///< Steps taken.
  std::uint64_t evaluations = 0;  ///< Calls of the objective.
  DescentStop stop_reason = DescentStop::iterations;  ///< Why it ended.
};

/// Where a run is, after each step.
struct Step {
  std::uint64_t iteration;    ///< 1 after the first step.
  std::uint64_t evaluations;  ///< Calls of the objective so far.
  double value;               ///< At x; of a stochastic objective, at the point before the step.
  double gradient_norm;       ///< Likewise.
  double length;              ///< ‖Δx‖₂ of the step.
  const Vector& x;            ///< Where the step led.
};

/// Called after each step; returns whether to go on.
using StepCallback = std::function<bool(const Step&)>;

}  // namespace skeleta::optimize
