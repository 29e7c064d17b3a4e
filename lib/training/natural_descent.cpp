#include "training/natural_descent.h"

#include <algorithm>
#include <cmath>

#include "skeleta/measure/active_count.h"

namespace skeleta::training {
namespace {

// f/unit as a function of natural coordinates; the unit is a power of two near `zero`, so that no
// square of a gradient leaves the range of double, and no bit changes.
class Natural {
 public:
  Natural(optimize::Objective f, const NaturalCoordinates& coordinates, double zero)
      : f_(f), coordinates_(coordinates), unit_(std::ldexp(1.0, std::ilogb(zero) + 1)) {}

  double unit() const { return unit_; }

  double operator()(const Vector& y, Vector& gradient) {
    coordinates_.to_parameters(y, parameters_);
    const double value = f_(parameters_, gradient);
    coordinates_.pull_back(y, gradient);
    gradient /= unit_;
    return value / unit_;
  }

  optimize::Summary restored(optimize::Summary summary) const {
    summary.value *= unit_;
    summary.gradient_norm *= unit_;
    return summary;
  }

 private:
  optimize::Objective f_;
  const NaturalCoordinates& coordinates_;
  double unit_;
  Vector parameters_;
};

}  // namespace

NaturalCoordinates natural_coordinates(const Features& features, Index most) {
  const ActiveCount count(features.data_law().activity);
  const double none = count.probability(0), some = count.probability({1, most});
  return {features.size(), some > 0.0 && some < none ? std::sqrt(some / none) : 1.0};
}

optimize::Summary natural_descent(optimize::Objective f, Vector& x,
                                  const NaturalCoordinates& coordinates, double zero,
                                  optimize::LbfgsOptions options,
                                  const optimize::StepCallback& callback) {
  constexpr double low = 1e-2, lowest = 1e-12;  // of `zero`
  Natural natural(f, coordinates, zero);
  Vector y = coordinates.from_parameters(x), parameters;
  const auto descend = [&](double tolerance, const optimize::Summary& before) {
    options.gradient_tolerance = tolerance * zero / natural.unit();
    options.max_iterations -= before.iterations;
    const auto show = [&](const optimize::Step& step) {
      coordinates.to_parameters(step.x, parameters);
      return callback({before.iterations + step.iteration, before.evaluations + step.evaluations,
                       natural.unit() * step.value, natural.unit() * step.gradient_norm,
                       step.length, parameters});
    };
    optimize::Summary summary = natural.restored(optimize::Lbfgs(options).minimize(
        natural, y, callback ? optimize::StepCallback(show) : optimize::StepCallback{}));
    summary.iterations += before.iterations;
    summary.evaluations += before.evaluations;
    return summary;
  };
  const double tolerance = options.gradient_tolerance;
  optimize::Summary summary = descend(tolerance, {});
  const double share = summary.value / zero;
  if (summary.stop_reason == optimize::DescentStop::gradient && share < low) {
    summary = descend(tolerance * std::sqrt(std::max(share, lowest)), summary);
    if (summary.stop_reason != optimize::DescentStop::interrupted) {
      summary.stop_reason = optimize::DescentStop::gradient;  // of the tolerance that was asked
    }
  }
  coordinates.to_parameters(y, x);
  return summary;
}

}  // namespace skeleta::training
