#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/optimize/objective.h"

namespace skeleta::optimize {

using skeleta::to_string;

/// ẋ = F(t, x): writes F to `velocity`, which has the size of x.
using RightHandSide = FunctionRef<void(double t, const Vector& x, Vector& velocity)>;

/// How exactly to integrate a flow, and how long at most.
struct FlowOptions {
  /// Each step's error estimate ε satisfies |ε_i| ≤ absolute + relative · (|x_i| + Δt|ẋ_i|).
  double absolute_tolerance = 1e-10;
  double relative_tolerance = 1e-10;    ///< > 0, likewise.
  double first_step = 1e-3;             ///< Tried first; then the error decides.
  std::uint64_t max_steps = 1'000'000;  ///< Steps at most.
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const FlowOptions& options);

enum class FlowStop : std::int8_t {
  end,          ///< The last time was reached.
  steps,        ///< The limit on steps came first.
  step_size,    ///< The tolerance asks for steps below the rounding of t.
  non_finite,   ///< F or x was NaN or infinite: it escaped, or the equation has no solution there.
  interrupted,  ///< The observer said stop.
};

constexpr auto names_of(FlowStop) {
  return std::to_array<std::string_view>(
      {"end", "steps", "step_size", "non_finite", "interrupted"});
}

/// What an integration took, and why it ended.
struct FlowSummary {
  double time = 0.0;                     ///< How far it was integrated.
  std::uint64_t steps = 0;               ///< Steps taken.
  std::uint64_t evaluations = 0;         ///< Calls of the right-hand side.
  FlowStop stop_reason = FlowStop::end;  ///< Why it ended.
};

/// Receives x at the times that were asked for, in order; returns whether to go on.
using FlowObserver = std::function<bool(double t, const Vector& x)>;

/// Integrates ẋ = F(t, x) from x at times.front() on, and shows x at each of the increasing
/// `times`; x ends as the last state shown. Dormand & Prince's explicit method of order 5 with
/// error control and dense output of order 4 between steps (Hairer, Nørsett & Wanner, Solving
/// Ordinary Differential Equations I; Boost.Odeint): the times do not change the steps. Not for
/// stiff equations: near a minimum it needs about λ_max Δt/3 steps.
/// Throws std::invalid_argument if x is empty, or times are fewer than one, not finite or not
/// increasing, or the options are not valid.
FlowSummary flow(RightHandSide rhs, Vector& x, const std::vector<double>& times,
                 const FlowOptions& options = {}, const FlowObserver& observer = {});

/// The gradient flow ẋ = −∇f(x).
FlowSummary gradient_flow(Objective f, Vector& x, const std::vector<double>& times,
                          const FlowOptions& options = {}, const FlowObserver& observer = {});

}  // namespace skeleta::optimize
