#pragma once

#include <cstdint>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/optimize/objective.h"

namespace skeleta::optimize {

using skeleta::to_string;

/// When a gradient flow is at rest, and how it is followed until then.
struct RestOptions {
  double gradient_tolerance = 1e-8;  ///< At rest ‖∇f‖₂ is at most this, > 0.
  /// Each step's error estimate is at most this · (10⁻⁸ + |x_i|) in each component, > 0.
  double flow_tolerance = 1e-6;
  std::uint64_t max_steps = 10'000;  ///< Of the integrator, ≥ 1.
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const RestOptions& options);

enum class RestStop : std::int8_t {
  rest,        ///< The gradient vanishes, and f curves down in no direction.
  steps,       ///< The limit on steps came first, as at a saddle that the flow runs into.
  non_finite,  ///< f or x was NaN or infinite.
};

constexpr auto names_of(RestStop) {
  return std::to_array<std::string_view>({"rest", "steps", "non_finite"});
}

/// Where a flow ended.
struct RestSummary {
  double value = 0.0;                     ///< f there.
  double gradient_norm = 0.0;             ///< ‖∇f‖₂ there.
  double time = 0.0;                      ///< How long it flowed.
  std::uint64_t steps = 0;                ///< Steps of the integrator.
  std::uint64_t evaluations = 0;          ///< Of f and its gradient.
  RestStop stop_reason = RestStop::rest;  ///< Why it ended.
};

/// Follows ẋ = −∇f(x) from x to where it rests, which x becomes. A linearly implicit method of
/// order 2 with error control (Rosenbrock's; Shampine & Reichelt, SIAM J. Sci. Comput. 18 (1997)
/// 1), whose steps are not bounded by the steepest direction: two gradients, one Hessian and n³
/// operations a step. `hessian` gives ∇²f; where that jumps, at a surface on which x may come to
/// rest, that of the side on which x is. Near a saddle where ∇f is within the tolerance it goes on,
/// for the flow leaves it. Throws std::invalid_argument if x is empty or the options are not valid.
RestSummary flow_to_rest(Objective f, HessianAt hessian, Vector& x,
                         const RestOptions& options = {});

/// The same with differences of gradients, which should be of order 1 in x, for second derivatives:
/// n + 3 gradients a step, for some tens of variables. Where second derivatives jump by orders of
/// magnitude across a surface that is not x_i = const it comes within some 10⁻⁵ of a minimum there,
/// and does not settle.
RestSummary flow_to_rest(Objective f, Vector& x, const RestOptions& options = {});

/// Does f curve down in some direction: has its matrix of second derivatives (symmetric part of
/// differences of gradients) an eigenvalue below −10⁻⁴ of the largest in size? n + 1 gradients.
bool curves_down(Objective f, const Vector& x);

}  // namespace skeleta::optimize
