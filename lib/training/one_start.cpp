#include "training/one_start.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/sampled_objective.h"
#include "training/escape.h"
#include "training/features.h"
#include "training/zero_model.h"

namespace skeleta::training {
namespace {

// Thresholds below 0 cost something only where the objective has Q_0.
NaturalCoordinates coordinates_of(const Features& features, const Options& options) {
  switch (options.objective) {
    case ObjectiveKind::one_sparse:
    case ObjectiveKind::linear:
      return {features.size(), 1.0};
    case ObjectiveKind::k_sparse:
      return natural_coordinates(features, options.k);
    default:
      return natural_coordinates(features, features.size());
  }
}

}  // namespace

OneStart::OneStart(const ScaledFeatures& data, Index hidden, const Options& options, int threads)
    : data_(data),
      hidden_(hidden),
      options_(options),
      form_(form_of(data.features, hidden, options)),
      threads_(threads),
      zero_(value_of_zero_model(data.features, options.objective, options.k)),
      natural_(coordinates_of(data.features, options)),
      objective_(data, form_, options, zero_, threads) {}

void OneStart::run(Vector& x, sampling::PointStream& random, TrainedModel& result) {
  descend(x, result);
  while (!objective_.capped() && vanishes(result.summary) && leave(x, random)) minimize(x);
  result.model = form_;
  from_parameters(x, result.model);
  evaluate(x);
  Vector gradient = Vector::Zero(x.size());
  result.penalty = add_penalty(objective_.penalty(), result.model, gradient);
  restore_unit();
}

void OneStart::descend(Vector& x, TrainedModel& result) {
  result_ = &result;
  objective_.begin(result);
  record_start(x);
  if (objective_.capped()) return minimize_capped(x);
  noisy() ? minimize_noise(x) : minimize(x);
}

// Is it said what the end is? Of itself only where that costs little. Under a cap it need not be a
// critical point of the objective.
bool OneStart::judges() const {
  constexpr double little = 1e-2;  // seconds
  if (options_.optimizer == OptimizerKind::newton) return true;
  if (objective_.capped()) return false;
  return options_.optimizer == OptimizerKind::automatic &&
         has_known_curvature(features(), form_, options_, little);
}

// From many features on Newton's method is several times as fast.
bool OneStart::by_newton() const {
  const bool pays =
      features().size() >= many_features && options_.objective == ObjectiveKind::exact;
  return options_.optimizer == OptimizerKind::newton || (judges() && pays);
}

// A descent whose last gradients are not known to the tolerance ends where that of the truncated
// integral vanishes: it goes on with closed forms of few features, with more nodes of others.
void OneStart::minimize(Vector& x) {
  minimize_as_exactly(x);
  if (objective_.resolved() || !may_go_on(result_->summary) || !objective_.refine()) return;
  minimize_as_exactly(x);
}

void OneStart::minimize_as_exactly(Vector& x) {
  if (options_.objective == ObjectiveKind::linear) x.tail(features().size()).setZero();
  if (by_newton()) return newton_stage(x);
  const double tolerance = options_.gradient_tolerance;
  if (options_.objective == ObjectiveKind::exact && by_lbfgs()) {
    if (!loose_stage(x)) return;
  }
  objective_.with(tolerance, [&](optimize::Objective f, double noise) {
    if (by_lbfgs()) return lbfgs(f, x, tolerance, noise);
    descend_noise(
        [&](std::uint64_t, const Vector& at, Vector& gradient) { return f(at, gradient); }, x,
        tolerance);
  });
  if (judges() && vanishes(result_->summary)) newton(x, tolerance, true);
}

// Rounds, until the cap holds.
void OneStart::minimize_capped(Vector& x) {
  for (bool holds = false; !holds;) {
    minimize(x);
    if (!x.allFinite()) return;
    Autoencoder model = form_;
    from_parameters(x, model);
    holds = objective_.cap().holds(model.W);
    x = to_parameters(model);
  }
}

// Adam and SGD on a fresh batch in each step, whose gradient is held to no tolerance.
void OneStart::minimize_noise(Vector& x) {
  SampledObjective f(features(), form_,
                     {.batch = options_.batch,
                      .seed = options_.seed,
                      .series = result_->start,
                      .precision = estimate::Precision::float32,
                      .threads = threads_});
  descend_noise(
      [&](std::uint64_t step, const Vector& at, Vector& gradient) {
        const double value = f(step, at, gradient);
        return objective_.charged(at, value, gradient);
      },
      x, 0.0);
}

// Many features first descend with loose targets, to where the gradient is no larger than its
// error; few gain nothing from it: their evaluations cost the same. Returns whether to go on.
bool OneStart::loose_stage(Vector& x) {
  const double loose = gradient_target(INFINITY);
  const double last = gradient_target(options_.gradient_tolerance);
  if (features().size() < many_features || loose <= 10.0 * last) return true;
  const double tolerance = std::max(options_.gradient_tolerance, loose);
  objective_.with(loose,
                  [&](optimize::Objective f, double noise) { lbfgs(f, x, tolerance, noise); });
  return may_go_on(result_->summary);
}

void OneStart::lbfgs(optimize::Objective f, Vector& x, double tolerance, double noise) {
  optimize::LbfgsOptions options;
  options.gradient_tolerance = tolerance;
  options.value_tolerance = options_.value_tolerance;
  options.value_noise = noise;
  options.first_step = first_step;
  options.max_iterations = options_.max_steps - steps_;
  add(natural_descent(f, x, natural_, zero_, options, recorder()));
}

// In units of `zero_`: a learning rate means the same whatever the importances and densities are.
void OneStart::descend_noise(optimize::StochasticObjective f, Vector& x, double tolerance) {
  optimize::DescentOptions options = options_.descent;
  options.rule = options_.optimizer == OptimizerKind::adam ? optimize::UpdateRule::adam
                                                           : optimize::UpdateRule::sgd;
  options.steps = options_.max_steps - steps_;
  options.gradient_tolerance = tolerance;
  const auto relative = [&](std::uint64_t step, const Vector& at, Vector& gradient) {
    const double value = f(step, at, gradient);
    gradient /= zero_;
    return value / zero_;
  };
  const auto show = [&, record = recorder()](const optimize::Step& step) {
    return record({step.iteration, step.evaluations, step.value * zero_, step.gradient_norm * zero_,
                   step.length, step.x});
  };
  optimize::Summary summary = optimize::Descent(options).minimize(
      relative, x,
      options_.record_every == 0 ? optimize::StepCallback{} : optimize::StepCallback(show));
  summary.value *= zero_;
  summary.gradient_norm *= zero_;
  add(summary);
}

// Looks for a descent from where the gradient vanishes, and if there is one leaves x on it. A
// random start does not end in a saddle that a displacement would leave, but for features that are
// idle; one that was given may be as symmetric as can be.
bool OneStart::leave(Vector& x, sampling::PointStream& random) {
  if (steps_ >= options_.max_steps) return false;
  const bool given = options_.init == Init::given;
  Autoencoder model = form_;
  from_parameters(x, model);
  Idle idle = idle_features(model, features());
  if (options_.objective == ObjectiveKind::linear) {
    idle = x.isZero(0.0) ? Idle::columns : Idle::none;
  }
  if (!given && idle == Idle::none) return false;
  const int trials = given && features().size() < many_features ? 3 : 1;
  // Beside a column of 0 the first step goes up or down; dead outputs must grow first.
  const std::uint64_t most_steps = given ? 60 : idle == Idle::columns ? 1 : 8;
  // As for distinct minima (MinimaOptions).
  const double value = result_->summary.value;
  const double goal = value - options_.minima.loss_tolerance * std::max(value, 1e-9 * zero_);
  for (int trial = 0; trial < trials; ++trial) {
    Vector beside = to_parameters(displaced(model, features(), given, random));
    if (!options_.thresholds) beside.tail(features().size()).setZero();
    if (!descends_from(beside, goal, most_steps)) continue;
    x = std::move(beside);
    return true;
  }
  return false;
}

// Whether so many steps of L-BFGS from x get below the goal; x is where they do.
bool OneStart::descends_from(Vector& x, double goal, std::uint64_t most_steps) {
  optimize::LbfgsOptions options;
  options.gradient_tolerance = options_.gradient_tolerance;
  options.first_step = first_step;
  options.max_iterations = most_steps;
  optimize::Summary summary;
  objective_.with(options_.gradient_tolerance, [&](optimize::Objective f, double noise) {
    options.value_noise = noise;
    summary = natural_descent(f, x, natural_, zero_, options,
                              [&](const optimize::Step& step) { return !(step.value < goal); });
  });
  result_->summary.evaluations += summary.evaluations;
  return summary.value < goal;
}

// The value before the first step; its evaluation counts nowhere.
void OneStart::record_start(const Vector& x) {
  if (options_.record_every == 0) return;
  const std::uint64_t unmet = result_->unmet;
  objective_.with(options_.gradient_tolerance, [&](optimize::Objective f, double) {
    Vector gradient(x.size());
    const double value = f(x, gradient);
    if (!std::isfinite(value)) return;
    result_->trajectory.push_back({0, value, options_.snapshots ? x : Vector{}});
  });
  result_->unmet = unmet;
}

optimize::StepCallback OneStart::recorder() {
  if (options_.record_every == 0) return {};
  return [this, offset = steps_](const optimize::Step& step) {
    const std::uint64_t k = offset + step.iteration;
    if (is_recorded(k, options_.record_every)) {
      result_->trajectory.push_back({k, step.value, options_.snapshots ? step.x : Vector{}});
    }
    return true;
  };
}

// Counts of several stages add up; the rest is that of the last, of whose end nothing is said yet.
void OneStart::add(const optimize::Summary& stage) {
  optimize::Summary& summary = result_->summary;
  const std::uint64_t evaluations = summary.evaluations + stage.evaluations;
  steps_ += stage.iterations;
  summary = stage;
  summary.iterations = steps_;
  summary.evaluations = evaluations;
  result_->landscape = Landscape::unknown;
}

void OneStart::evaluate(const Vector& x) {
  result_->loss.value = result_->loss_gradient_norm = NAN;
  if (!x.allFinite()) return;
  if (options_.objective == ObjectiveKind::linear) return evaluate_linear(x);
  result_->loss = final_loss();
  if (!std::isfinite(result_->loss.value)) return;  // beyond the range of double
  if (is_loss() && objective_.resolved() && !natural_.differ(x)) {
    result_->loss_gradient_norm = result_->summary.gradient_norm;
    return;
  }
  const StartObjective::GradientNorm norm = objective_.exact_gradient_norm(x);
  result_->loss_gradient_norm = norm.value;
  if (!norm.known) doubt_end();
}

exact::Loss OneStart::final_loss() const {
  exact::Options options;
  options.relative_target = options_.final_relative_target;
  options.absolute_target = 1e-4 * options.relative_target * loss_of_zero_model(features());
  options.maximum_nodes = Index{1} << 16;
  options.threads = threads_;
  options.refuse_unreachable = false;
  return exact::loss(result_->model, features(), options);
}

// Is what was minimised the loss itself?
bool OneStart::is_loss() const {
  return options_.objective == ObjectiveKind::exact && by_lbfgs() && !options_.penalty.active() &&
         !objective_.capped();
}

// A gradient that is not known to be smaller has met no tolerance, and what was judged is a
// critical point of the truncated integral alone.
void OneStart::doubt_end() {
  optimize::DescentStop& reason = result_->summary.stop_reason;
  const double tolerance = options_.gradient_tolerance * zero_;
  if (!is_loss() || reason != optimize::DescentStop::gradient) return;
  if (!(result_->loss_gradient_norm > tolerance)) return;
  reason = optimize::DescentStop::line_search;
  if (result_->landscape != Landscape::kink) result_->landscape = Landscape::unknown;
}

// A closed form: of D² terms with a relative error of some D·ε each.
void OneStart::evaluate_linear(const Vector& x) {
  LinearObjective f(features(), hidden_);
  Vector gradient = Vector::Zero(x.size());
  result_->loss.value = f(x, gradient);
  result_->loss.error_bound = 8.0 * static_cast<double>(features().size()) *
                              std::numeric_limits<double>::epsilon() * result_->loss.value;
  result_->loss_gradient_norm = gradient.norm();
}

void OneStart::restore_unit() {
  TrainedModel& result = *result_;
  for (double* x :
       {&result.loss.value, &result.loss.error_bound, &result.loss.gradient_error, &result.penalty,
        &result.loss_gradient_norm, &result.summary.value, &result.summary.gradient_norm}) {
    *x = data_.restored(*x);
  }
  // Below the smallest normal number the value and its bound are rounded again.
  using Limits = std::numeric_limits<double>;
  if (result.loss.value < Limits::min()) result.loss.error_bound += Limits::denorm_min();
  for (TrajectoryPoint& point : result.trajectory) point.value = data_.restored(point.value);
}

}  // namespace skeleta::training
