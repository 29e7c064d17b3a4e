#pragma once

#include <cstdint>

#include "skeleta/optimize/objective.h"
#include "skeleta/optimize/summary.h"

namespace skeleta::optimize {

/// How a step follows from the gradient g_k at x_k, with the step size η_k of the schedule. Both
/// first shrink x ← (1 − η_k · weight_decay) x ("decoupled" decay: Loshchilov & Hutter, ICLR 2019).
enum class UpdateRule : std::int8_t {
  sgd,   ///< v ← momentum · v + g; x ← x − η v.
  adam,  ///< m ← β₁m + (1 − β₁)g, u ← β₂u + (1 − β₂)g²; x ← x − η m̂/(√û + ε), where m̂ =
         ///< m/(1 − β₁^{k+1}), û = u/(1 − β₂^{k+1}) (Kingma & Ba, ICLR 2015).
};

/// η_k for k = 0, …, K − 1, K = steps.
enum class Schedule : std::int8_t {
  constant,  ///< η
  cosine,    ///< η (1 + cos(π k/K))/2 (Loshchilov & Hutter, ICLR 2017)
  inverse,   ///< η/(1 + k/half_life): Robbins & Monro's 1/t, halved after half_life steps
};

constexpr auto names_of(UpdateRule) {
  return std::to_array<std::string_view>({"sgd", "adam"});
}

/// How a descent by stochastic gradients goes.
struct DescentOptions {
  UpdateRule rule = UpdateRule::adam;      ///< The rule of a step.
  Schedule schedule = Schedule::constant;  ///< How the length of steps changes.
  double learning_rate = 1e-3;             ///< η
  double half_life = 1000.0;               ///< Of Schedule::inverse, in steps.
  double momentum = 0.9;                   ///< Of sgd.
  double beta1 = 0.9;                      ///< Of adam, in [0, 1).
  double beta2 = 0.999;                    ///< Of adam, in [0, 1).
  double epsilon = 1e-8;                   ///< Of adam, > 0.
  double weight_decay = 0.0;               ///< ≥ 0, decoupled from the gradient.
  std::uint64_t steps = 10'000;            ///< K
  double gradient_tolerance = 0.0;         ///< ‖g_k‖₂ ≤ this ends the run before step k.
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const DescentOptions& options);

/// η_k.
double step_size(const DescentOptions& options, std::uint64_t k);

/// What a run must remember between steps besides x: saved and given back, it continues with the
/// same bits.
struct DescentState {
  std::uint64_t step = 0;  ///< Steps taken so far.
  Vector first;            ///< v of sgd; m of adam. Empty at the beginning.
  Vector second;           ///< u of adam, likewise.
};

/// Stochastic gradient descent, one loop for both rules.
class Descent {
 public:
  /// Throws std::invalid_argument if the options are not valid.
  explicit Descent(const DescentOptions& options = {});

  /// Goes on from x and `state` until step K, and leaves the last point there. A callback sees the
  /// value and gradient that the step was made from. Deterministic, and free of allocation after
  /// the first run of a size. Cost of a step besides f: some 10 n operations. Throws
  /// std::invalid_argument if x is empty, or the state is of another size.
  Summary minimize(StochasticObjective f, Vector& x, DescentState& state,
                   const StepCallback& callback = {});

  /// The same from the beginning.
  Summary minimize(StochasticObjective f, Vector& x, const StepCallback& callback = {});

 private:
  void update(double eta, Vector& x, DescentState& state);

  DescentOptions options_;
  DescentState state_;
  Vector gradient_, before_;
};

}  // namespace skeleta::optimize
