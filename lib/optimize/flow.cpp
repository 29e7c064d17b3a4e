#include "skeleta/optimize/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/numeric/odeint/algebra/range_algebra.hpp>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/dense_output_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <cmath>

#include "core/require.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::optimize {
namespace {

namespace odeint = boost::numeric::odeint;
using State = std::vector<double>;
using Stepper = odeint::dense_output_runge_kutta<
    odeint::controlled_runge_kutta<odeint::runge_kutta_dopri5<State>>>;

void check(const Vector& x, const std::vector<double>& times) {
  require(x.size() > 0, "x is empty: there is nothing to integrate");
  require(!times.empty(), "times is empty: give at least the time to start from");
  for (std::size_t k = 0; k < times.size(); ++k) {
    require(std::isfinite(times[k]) && (k == 0 || times[k] > times[k - 1]),
            fmt::format("times[{}] = {} must be finite and above the one before", k, times[k]));
  }
}

bool finite(const State& x) {
  return std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
}

// One integration: the stepper goes ahead, and each time it passes is looked up between two steps.
class Integration {
 public:
  Integration(RightHandSide rhs, Vector& x, const FlowOptions& options)
      : rhs_(rhs),
        x_(x),
        velocity_(x.size()),
        state_(x.begin(), x.end()),
        options_(options),
        stepper_(
            Stepper::controlled_stepper_type(Stepper::controlled_stepper_type::error_checker_type(
                options.absolute_tolerance, options.relative_tolerance, 1.0, 1.0))) {}

  FlowSummary operator()(const std::vector<double>& times, const FlowObserver& observer) {
    stepper_.initialize(state_, times.front(), options_.first_step);
    summary_.time = times.front();
    for (const double t : times) {
      while (stepper_.current_time() < t) {
        if (!advance()) return summary_;
      }
      if (t > times.front()) stepper_.calc_state(t, state_);
      x_ = Eigen::Map<const Vector>(state_.data(), x_.size());
      summary_.time = t;
      if (observer && !observer(t, x_)) return ended(FlowStop::interrupted), summary_;
    }
    return ended(FlowStop::end), summary_;
  }

 private:
  bool ended(FlowStop reason) {
    summary_.stop_reason = reason;
    return false;
  }

  bool advance() {
    if (summary_.steps == options_.max_steps) return ended(FlowStop::steps);
    const double before = stepper_.current_time();
    try {
      stepper_.do_step([this](const State& x, State& velocity, double t) {
        poll();
        ++summary_.evaluations;
        argument_ = Eigen::Map<const Vector>(x.data(), x_.size());
        rhs_(t, argument_, velocity_);
        std::copy(velocity_.begin(), velocity_.end(), velocity.begin());
      });
    } catch (const odeint::step_adjustment_error&) {
      return ended(FlowStop::step_size);
    }
    ++summary_.steps;
    if (!finite(stepper_.current_state())) return ended(FlowStop::non_finite);
    if (!(stepper_.current_time() > before)) return ended(FlowStop::step_size);
    return true;
  }

  RightHandSide rhs_;
  Vector& x_;
  Vector argument_, velocity_;
  State state_;
  const FlowOptions& options_;
  Stepper stepper_;
  FlowSummary summary_;
};

}  // namespace

void validate(const FlowOptions& options) {
  const auto positive = [](const char* name, double value) {
    require(value > 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be positive and finite", name, value));
  };
  positive("absolute_tolerance", options.absolute_tolerance);
  positive("relative_tolerance", options.relative_tolerance);
  positive("first_step", options.first_step);
}

FlowSummary flow(RightHandSide rhs, Vector& x, const std::vector<double>& times,
                 const FlowOptions& options, const FlowObserver& observer) {
  validate(options);
  check(x, times);
  return Integration(rhs, x, options)(times, observer);
}

FlowSummary gradient_flow(Objective f, Vector& x, const std::vector<double>& times,
                          const FlowOptions& options, const FlowObserver& observer) {
  const auto downhill = [&](double, const Vector& at, Vector& velocity) {
    f(at, velocity);
    velocity = -velocity;
  };
  return flow(downhill, x, times, options, observer);
}

}  // namespace skeleta::optimize
