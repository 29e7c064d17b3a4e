#include <algorithm>
#include <cmath>

#include "skeleta/training/parameters.h"
#include "training/features.h"
#include "training/judged_end.h"
#include "training/one_start.h"

// The stages of a start by Newton's method, and how it leaves saddles.
namespace skeleta::training {

// Far from a minimum L-BFGS gets on as well, and its steps cost less. Many features have loose
// targets until the last few steps.
void OneStart::newton_stage(Vector& x) {
  constexpr double near = 1e-3, loose = 1e-5;
  const double tolerance = options_.gradient_tolerance;
  const bool in_stages = features().size() >= many_features && tolerance < 0.1 * loose &&
                         options_.objective == ObjectiveKind::exact;
  if (tolerance < near) {
    objective_.with(in_stages ? near : tolerance,
                    [&](optimize::Objective f, double noise) { lbfgs(f, x, near, noise); });
    if (!may_go_on(result_->summary)) return;
  }
  if (in_stages) {
    newton(x, loose, false);
    if (!may_go_on(result_->summary)) return;
  }
  newton(x, tolerance, true);
}

// To this tolerance, on an objective as exact as that asks for. What the last stage ends at is
// judged.
void OneStart::newton(Vector& x, double tolerance, bool last) {
  objective_.with_curvature(tolerance,
                            [&](auto& f, double noise) { newton(f, x, tolerance, noise, last); });
}

// A penalty and its second derivatives, in the unit of the losses.
template <class F>
void OneStart::newton(F& f, Vector& x, double tolerance, double noise, bool last) {
  Vector parameters(x.size()), scaled(x.size()), y = natural_.from_parameters(x), here = y;
  const auto value = [&](const Vector& at, Vector& gradient) {
    here = at;
    natural_.to_parameters(at, parameters);
    const double result = objective_.charged(parameters, f(parameters, gradient), gradient);
    natural_.pull_back(at, gradient);
    return result;
  };
  const auto pulled_back = [&](const auto& times, const Vector& v, Vector& product) {
    scaled = v;
    natural_.pull_back(here, scaled);
    if (!options_.thresholds) scaled.tail(features().size()).setZero();
    times(scaled, product);
    if (options_.penalty.active()) {
      Autoencoder model = form_;
      from_parameters(parameters, model);
      add_penalty_times(objective_.penalty(), model, scaled, product);
    }
    if (!options_.thresholds) product.tail(features().size()).setZero();
    natural_.pull_back(here, product);
  };
  const auto times = [&](const Vector& v, Vector& product) {
    pulled_back([&](const Vector& along, Vector& result) { f.times(along, result); }, v, product);
  };
  double fine_error = 0.0;
  const auto fine_times = [&](const Vector& v, Vector& product) {
    const auto fine = [&](const Vector& along, Vector& result) {
      fine_error = std::max(fine_error, f.fine_times(along, result));
    };
    pulled_back(fine, v, product);
  };
  const auto record = recorder();
  const auto show = [&](const optimize::Step& step) {
    Vector at(step.x.size());
    natural_.to_parameters(step.x, at);
    return record(
        {step.iteration, step.evaluations, step.value, step.gradient_norm, step.length, at});
  };
  optimize::NewtonOptions options;
  options.gradient_tolerance = tolerance * zero_;
  options.first_radius = first_step;
  options.value_noise = noise;
  const JudgedProblem problem{features(),           form_,   natural_, options_,
                              objective_.penalty(), threads_};
  for (bool left = false;; left = true) {
    options.max_iterations = options_.max_steps - std::min(steps_, options_.max_steps);
    add(optimize::newton(value, times, y, options,
                         record ? optimize::StepCallback(show) : optimize::StepCallback{}));
    natural_.to_parameters(y, x);
    if (!last || !vanishes(result_->summary)) return;
    const JudgedEnd end = judged_end(problem, y, {times, fine_times, fine_error});
    result_->landscape = end.landscape;
    if (end.landscape != Landscape::saddle || left) return;
    leave_saddle(value, end.downhill, y);
  }
}

// Along the steepest way down, as far as it goes down.
void OneStart::leave_saddle(optimize::Objective value, const Vector& direction, Vector& y) {
  Vector gradient(y.size()), best = y;
  double least = value(y, gradient);
  for (const double sign : {1.0, -1.0}) {
    for (double step = 1e-3; step < 1.0; step *= 2.0) {
      const Vector trial = y + sign * step * direction;
      const double at = value(trial, gradient);
      if (!(at < least)) break;
      least = at;
      best = trial;
    }
  }
  y = best;
}

}  // namespace skeleta::training
