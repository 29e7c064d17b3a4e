#include "skeleta/exact/law_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/require.h"
#include "exact/law_output.h"
#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

class Problem {
 public:
  Problem(const Autoencoder& model, const DataLaw& law, const Vector& importance)
      : model_(model),
        law_(law),
        importance_(importance),
        alone_(active_by_count(law.activity, 1)) {
    ActivitySweep<Split<double>> sweep(law.activity);
    const Split<double> split = sweep.up([](Index) { return Split<double>(0.0, 1.0, 0.0); });
    none_ = split.none;
    rest_ = split.rest;
  }

  // Output i to an error of `tolerance`.
  LawOutput::Result output(Index i, double tolerance, Index most) const {
    const double v = importance_(i);
    if (v == 0.0) return {};
    const Vector g = gram_columns(model_, i, 1);
    const double c = model_.b(i);
    LawOutput::Result result = rest(i, g, c, std::min(tolerance / v, 1e300), most);
    const ValueLaw& own = value(i);
    result.value += std::max(law_.activity.density()(i) - alone_(i, 1), 0.0) * own.moment(2);
    const double ramp = std::max(-c, 0.0);
    result.value += none_ * ramp * ramp;
    for (Index j = 0; j < law_.size(); ++j) {
      double error = value(j).ramp_moment(0, 2, g(j), c);
      if (j == i) error += own.moment(2) - 2.0 * own.ramp_moment(1, 1, g(j), c);
      result.value += alone_(j, 1) * error;
    }
    // Closed forms and sums of them.
    const double size =
        law_.activity.density()(i) * own.moment(2) + std::abs(result.value) + none_ * ramp * ramp;
    result.error += 500.0 * std::numeric_limits<double>::epsilon() * size;
    result.value *= v;
    result.error *= v;
    return result;
  }

 private:
  const ValueLaw& value(Index j) const { return law_.values[static_cast<std::size_t>(j)]; }

  LawOutput::Result rest(Index i, const Vector& g, double c, double tolerance, Index most) const {
    if (rest_ == 0.0) return {};
    if (g.cwiseAbs().maxCoeff() > 0.0) {
      return LawOutput(law_, i).evaluate(g, c, tolerance, most);
    }
    // z = 0.
    const double ramp = std::max(-c, 0.0);
    const double own =
        std::max(law_.activity.density()(i) - alone_(i, 1), 0.0) * value(i).moment(1);
    return {.value = rest_ * ramp * ramp - 2.0 * ramp * own};
  }

  const Autoencoder& model_;
  const DataLaw& law_;
  const Vector& importance_;
  Matrix alone_;  // column 1: P(only j)
  double none_ = 0.0, rest_ = 0.0;
};

Loss evaluate(const Problem& problem, Index count, double tolerance, const Options& options) {
  std::vector<LawOutput::Result> outputs(static_cast<std::size_t>(count));
  parallel_for(outputs.size(), options.threads, [&](std::size_t i) {
    outputs[i] = problem.output(static_cast<Index>(i), tolerance / static_cast<double>(count),
                                options.maximum_nodes);
  });
  Loss loss;
  for (const auto& [value, error, nodes] : outputs) {
    loss.value += value;
    loss.error_bound += error;
    loss.nodes = std::max(loss.nodes, nodes);
    loss.factors += static_cast<double>(nodes) * static_cast<double>(count);
  }
  return loss;
}

}  // namespace

Loss loss(const Autoencoder& model, const DataLaw& law, const Vector& importance,
          const Options& options) {
  validate(law);
  const Features features{law.activity.density(), importance};
  validate(features, model.features());
  if (law.plain()) return loss(model, features, options);
  validate(model);
  require_tied_relu(model, "the exact loss");
  validate(options);
  const Problem problem(model, law, importance);
  // The loss is not known before: first relative to that of the zero model, then to what was found.
  const double zero = importance.dot(second_moments(law));
  const auto target = [&](double value) {
    return std::max(options.absolute_target, options.relative_target * value);
  };
  double tolerance = 0.1 * target(zero);
  constexpr int rounds = 4;
  Loss result;
  for (int round = 0; round < rounds; ++round) {
    result = evaluate(problem, law.size(), tolerance, options);
    const double asked = target(std::abs(result.value));
    result.stop_reason = result.error_bound <= asked ? StopReason::exact : StopReason::nodes;
    if (result.met_target() || 0.5 * asked >= tolerance) break;
    tolerance = 0.5 * asked;
  }
  return result;
}

}  // namespace skeleta::exact
