#include "skeleta/training/basins.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/require.h"
#include "measure/distributions.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/exact/closed_loss.h"
#include "skeleta/optimize/lbfgs.h"
#include "skeleta/optimize/multi_start.h"
#include "skeleta/optimize/rest.h"
#include "skeleta/sampling/normal_stream.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"

namespace skeleta::training {
namespace {

constexpr double near_rest = 1e-3;  // of the loss of the zero model

exact::Options nine_digits(const Features& features) {
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.gradient_target = 1e-9;
  options.relative_target = 1e-10;
  options.absolute_target = 1e-13 * loss_of_zero_model(features);
  options.maximum_nodes = 4096;
  options.threads = 1;
  return options;
}

// The loss with its penalty. Second derivatives are known of few features.
class PenalisedLoss {
 public:
  PenalisedLoss(const Features& features, const Autoencoder& form, const Penalty& penalty)
      : model_(form), penalty_(penalty) {
    if (features.size() <= exact::ClosedLoss::most_features) {
      closed_.emplace(features);
    } else {
      exact_.emplace(features, form, nine_digits(features));
    }
  }

  double operator()(const Vector& x, Vector& gradient) {
    const double value = closed_ ? (*closed_)(x, gradient) : (*exact_)(x, gradient);
    return charged(value, x, gradient);
  }

  // flow_to_rest, by the second derivatives if they are known.
  optimize::RestSummary flow(Vector& x, const optimize::RestOptions& options) {
    if (!closed_) return optimize::flow_to_rest(*this, x, options);
    const auto hessian = [&](const Vector& at, Matrix& H) {
      gradient_.resize(at.size());
      (*closed_)(at, gradient_, H);
      if (!penalty_.active()) return;
      from_parameters(at, model_);
      add_penalty_hessian(penalty_, model_, H);
    };
    return optimize::flow_to_rest(*this, hessian, x, options);
  }

 private:
  double charged(double value, const Vector& x, Vector& gradient) {
    if (!penalty_.active() || !std::isfinite(value)) return value;
    from_parameters(x, model_);
    return value + add_penalty(penalty_, model_, gradient);
  }

  std::optional<exact::ClosedLoss> closed_;
  std::optional<ExactObjective> exact_;
  Autoencoder model_;
  const Penalty& penalty_;
  Vector gradient_;
};

// x ← x − η ∇f(x), to where the flow would not leave this minimum any more. Whether it got there.
bool descend(PenalisedLoss& f, Vector& x, double rate, double nearly, std::uint64_t most) {
  Vector gradient(x.size());
  double looked_at = INFINITY;
  for (std::uint64_t step = 0; step < most; ++step) {
    if (step % 256 == 0) poll();
    if (!std::isfinite(f(x, gradient))) return false;
    // On a saddle it is looked at once for each halving of the gradient.
    const double norm = gradient.norm();
    if (norm <= std::min(nearly, 0.5 * looked_at)) {
      if (!optimize::curves_down(f, x)) return true;
      looked_at = norm;
    }
    if (norm > nearly) looked_at = INFINITY;
    x -= rate * gradient;
  }
  return false;
}

struct End {
  Vector x;
  double value = NAN;  // NaN: it did not converge
};

// The last stretch by L-BFGS: the end of the flow, if it is near.
bool polish(PenalisedLoss& f, double tolerance, End& end) {
  constexpr double near = 0.02;  // weights are of order 1
  Vector x = end.x;
  optimize::LbfgsOptions options;
  options.gradient_tolerance = tolerance;
  options.first_step = 1e-3;
  options.max_iterations = 200;
  const optimize::Summary summary = optimize::Lbfgs(options).minimize(f, x);
  if (summary.stop_reason != optimize::DescentStop::gradient) return false;
  if (!((x - end.x).norm() <= near)) return false;
  end = {std::move(x), summary.value};
  return true;
}

// Flows on until the end is near. Where second derivatives jump the flow takes its time otherwise.
void settle(PenalisedLoss& f, const BasinOptions& options, double zero, End& end) {
  const double last = options.gradient_tolerance * zero;
  std::uint64_t steps = 0;
  for (double tolerance = near_rest * zero; steps < options.max_steps; tolerance *= 0.1) {
    const optimize::RestSummary summary =
        f.flow(end.x, {.gradient_tolerance = std::max(tolerance, last),
                       .flow_tolerance = options.flow_tolerance,
                       .max_steps = options.max_steps - steps});
    if (summary.stop_reason != optimize::RestStop::rest) return;
    if (tolerance <= last) {
      end.value = summary.value;
      return;
    }
    if (polish(f, last, end)) return;
    steps += summary.steps;
  }
}

End follow(const Features& features, const Autoencoder& form, const BasinOptions& options,
           sampling::PointStream& random) {
  sampling::NormalStream normal(random);
  PenalisedLoss f(features, form, options.penalty);
  End end{Vector::Zero(parameter_count(form))};
  for (double& w : end.x.head(form.W.size())) w = options.deviation * normal();
  const double zero = loss_of_zero_model(features);
  if (options.dynamics == Dynamics::descent &&
      !descend(f, end.x, options.learning_rate, near_rest * zero, options.max_steps)) {
    return end;
  }
  settle(f, options, zero, end);
  return end;
}

// For losses in the unit of the data: a step down is as long as before.
BasinOptions scaled(BasinOptions options, int exponent) {
  options.penalty.interference = std::ldexp(options.penalty.interference, -exponent);
  options.penalty.decay = std::ldexp(options.penalty.decay, -exponent);
  options.learning_rate = std::ldexp(options.learning_rate, exponent);
  return options;
}

}  // namespace

void validate(const BasinOptions& options) {
  const auto within = [](const char* name, double value, double low, double high) {
    require(value >= low && value <= high,
            fmt::format("{} = {} must be from {:g} to {:g}", name, value, low, high));
  };
  within("deviation", options.deviation, 1e-12, 1e6);
  within("learning_rate", options.learning_rate, 1e-12, 1e6);
  within("flow_tolerance", options.flow_tolerance, 1e-12, 1e-2);
  within("gradient_tolerance", options.gradient_tolerance, 1e-10, near_rest);
  validate(options.penalty);
  require(options.max_steps >= 1, "max_steps = 0 must be at least 1");
  require(options.stride >= 1, "stride = 0 must be at least 1");
}

ProbabilityInterval probability_interval(std::uint64_t count, std::uint64_t trials) {
  constexpr double each_side = 0.025;
  const auto [lower, upper] =
      probability_limits(static_cast<double>(count), static_cast<double>(trials), each_side);
  return {lower, upper};
}

Basins::Basins(Features features, MinimaOptions options)
    : features_(std::move(features)), options_(options) {}

std::int64_t Basins::add(std::uint64_t start, const Autoencoder& end, double value,
                         std::uint64_t count) {
  const auto found = std::ranges::find_if(basins_, [&](const Basin& basin) {
    return same_minimum({basin.model, basin.value}, {end, value}, features_, options_);
  });
  const std::int64_t number = found - basins_.begin();
  if (found == basins_.end()) {
    basins_.push_back({start, count, end, value});
  } else {
    found->count += count;
  }
  return number;
}

std::uint64_t find_basins(const Features& features, Index hidden, const BasinOptions& options,
                          Basins& basins, const TakeBasin& take) {
  validate(options);
  validate(features);
  require_plain(features, "a basin of attraction");
  require(hidden >= 1, fmt::format("hidden = {} must be at least 1", hidden));
  const ScaledFeatures data = skeleta::scaled(features);
  const BasinOptions in_unit = scaled(options, data.exponent);
  Autoencoder form{Matrix::Zero(hidden, features.size()), Vector::Zero(features.size())};
  std::vector<End> ends(options.starts);
  const auto at = [&](std::uint64_t k) -> End& {
    return ends[(k - options.first) / options.stride];
  };
  return optimize::for_each_start(
      {.starts = options.starts,
       .first = options.first,
       .stride = options.stride,
       .seed = options.seed,
       .threads = options.threads},
      [&](std::uint64_t k, sampling::PointStream& random) {
        at(k) = follow(data.features, form, in_unit, random);
      },
      [&](std::uint64_t k) {
        const End end = std::exchange(at(k), {});
        if (std::isnan(end.value)) return take(k, -1);
        from_parameters(end.x, form);
        return take(k, basins.add(k, form, data.restored(end.value)));
      },
      [&](Parcel& parcel, std::uint64_t k) { parcel(at(k).x, at(k).value); });
}

}  // namespace skeleta::training
