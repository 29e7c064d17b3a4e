#include "skeleta/optimize/descent.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "core/require.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::optimize {

void validate(const DescentOptions& options) {
  const auto positive = [](const char* name, double value) {
    require(value > 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be positive and finite", name, value));
  };
  const auto fraction = [](const char* name, double value) {
    require(value >= 0.0 && value < 1.0, fmt::format("{} = {} must lie in [0, 1)", name, value));
  };
  positive("learning_rate", options.learning_rate);
  positive("half_life", options.half_life);
  positive("epsilon", options.epsilon);
  fraction("momentum", options.momentum);
  fraction("beta1", options.beta1);
  fraction("beta2", options.beta2);
  require(options.weight_decay >= 0.0 && options.weight_decay * options.learning_rate < 1.0,
          fmt::format("weight_decay = {} must satisfy 0 ≤ weight_decay · learning_rate < 1",
                      options.weight_decay));
  require(options.gradient_tolerance >= 0.0 && std::isfinite(options.gradient_tolerance),
          fmt::format("gradient_tolerance = {} must be finite and not negative",
                      options.gradient_tolerance));
}

double step_size(const DescentOptions& options, std::uint64_t k) {
  const auto step = static_cast<double>(k);
  switch (options.schedule) {
    case Schedule::constant:
      return options.learning_rate;
    case Schedule::cosine: {
      const double angle = std::numbers::pi * step / static_cast<double>(options.steps);
      return options.learning_rate * 0.5 * (1.0 + std::cos(angle));
    }
    case Schedule::inverse:
      return options.learning_rate / (1.0 + step / options.half_life);
  }
  throw std::logic_error("unknown Schedule");
}

Descent::Descent(const DescentOptions& options) : options_(options) {
  validate(options);
}

Summary Descent::minimize(StochasticObjective f, Vector& x, const StepCallback& callback) {
  state_.step = 0;
  for (Vector* v : {&state_.first, &state_.second}) v->setZero(x.size());
  return minimize(f, x, state_, callback);
}

Summary Descent::minimize(StochasticObjective f, Vector& x, DescentState& state,
                          const StepCallback& callback) {
  if (x.size() == 0) throw std::invalid_argument("x is empty: there is nothing to minimise over");
  for (Vector* v : {&state.first, &state.second}) {
    if (state.step == 0) v->setZero(x.size());
    if (v->size() == x.size()) continue;
    throw std::invalid_argument(
        fmt::format("state of {} entries does not fit x with {}", v->size(), x.size()));
  }
  gradient_.resize(x.size());
  Summary summary;
  const auto ended = [&](DescentStop reason) {
    summary.stop_reason = reason;
    return summary;
  };
  while (state.step < options_.steps) {
    poll();
    summary.value = f(state.step, x, gradient_);
    summary.gradient_norm = gradient_.norm();
    ++summary.evaluations;
    if (!std::isfinite(summary.value) || !std::isfinite(summary.gradient_norm)) {
      return ended(DescentStop::non_finite);
    }
    if (summary.gradient_norm <= options_.gradient_tolerance) return ended(DescentStop::gradient);
    before_ = x;
    update(step_size(options_, state.step), x, state);
    ++state.step;
    ++summary.iterations;
    const Step step{state.step,           summary.evaluations,
                    summary.value,        summary.gradient_norm,
                    (x - before_).norm(), x};
    if (callback && !callback(step)) return ended(DescentStop::interrupted);
  }
  return ended(DescentStop::iterations);
}

void Descent::update(double eta, Vector& x, DescentState& state) {
  x *= 1.0 - eta * options_.weight_decay;
  if (options_.rule == UpdateRule::sgd) {
    state.first = options_.momentum * state.first + gradient_;
    x -= eta * state.first;
    return;
  }
  const double beta1 = options_.beta1, beta2 = options_.beta2;
  const auto count = static_cast<double>(state.step + 1);
  const double unbias1 = 1.0 / (1.0 - std::pow(beta1, count));
  const double unbias2 = 1.0 / (1.0 - std::pow(beta2, count));
  state.first = beta1 * state.first + (1.0 - beta1) * gradient_;
  state.second = beta2 * state.second + (1.0 - beta2) * gradient_.cwiseAbs2();
  x.array() -= eta * unbias1 * state.first.array() /
               ((unbias2 * state.second.array()).sqrt() + options_.epsilon);
}

}  // namespace skeleta::optimize
