#include "training/one_start.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "skeleta/exact/closed_loss.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/sampled_objective.h"
#include "training/escape.h"
#include "training/features.h"
#include "training/judged_end.h"
#include "training/zero_model.h"

namespace skeleta::training {
namespace {

constexpr double sum_noise = 1e-14;  // of values that are sums of closed forms

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

constexpr Index usual_nodes = 4096;

// How exactly the loss is evaluated on the way: a gradient tolerance is relative to the loss of the
// zero model, the engine's targets to the loss, which is smaller. Where the minimum is 0 (d = D),
// only an absolute target can be met.
exact::Options exact_options(const Features& features, double tolerance, int threads,
                             Index most_nodes = usual_nodes) {
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.gradient_target = std::clamp(tolerance, 1e-9, 1e-4);
  options.relative_target = 0.1 * options.gradient_target;
  options.absolute_target = 1e-3 * options.relative_target * loss_of_zero_model(features);
  options.maximum_nodes = most_nodes;
  options.threads = threads;
  return options;
}

// As many as an evaluation can have in some ten milliseconds.
Index many_nodes(Index features) {
  constexpr Index factors = Index{1} << 23, most = Index{1} << 18;
  return std::clamp(factors / (features * features), usual_nodes, most);
}

// exact::hessian on supports of up to `most` features, each of l = 0, 1, … in so many closed forms.
double seconds_of_support_hessian(Index features, Index most) {
  constexpr std::array<double, 6> forms{1, 1, 1, 15, 405, 27540};
  constexpr double of_form = 5e-8;
  const auto D = static_cast<double>(features);
  double supports = 1.0, sum = 0.0;
  for (Index l = 0; l <= std::min(most, features); ++l) {
    if (l >= std::ssize(forms)) return INFINITY;
    if (l > 0) supports *= (D - static_cast<double>(l) + 1.0) / static_cast<double>(l);
    sum += supports * forms[static_cast<std::size_t>(l)];
  }
  return of_form * D * sum;
}

// Closed forms as an objective, where contours do not resolve the gradient.
class ClosedObjective {
 public:
  explicit ClosedObjective(const Features& features) : loss_(features) {}

  double operator()(const Vector& x, Vector& gradient) {
    x_ = x;
    hessian_.resize(0, 0);
    return loss_(x, gradient);
  }

  void times(const Vector& direction, Vector& product) {
    if (hessian_.size() == 0) {
      Vector gradient(x_.size());
      loss_(x_, gradient, hessian_);
    }
    product = hessian_ * direction;
  }

 private:
  exact::ClosedLoss loss_;
  Vector x_;
  Matrix hessian_;
};

bool vanishes(const optimize::Summary& summary) {
  return summary.stop_reason == optimize::DescentStop::gradient ||
         summary.stop_reason == optimize::DescentStop::value;
}

// After a stage of loose targets, whose errors may be what stopped it.
bool may_go_on(const optimize::Summary& summary) {
  return vanishes(summary) || summary.stop_reason == optimize::DescentStop::line_search;
}

}  // namespace

bool has_known_curvature(const Features& features, const Autoencoder& form, const Options& options,
                         double most_seconds) {
  if (!features.plain() || form.activation != Activation::relu || form.noise > 0.0) return false;
  if (options.objective == ObjectiveKind::exact) return true;
  const bool one = options.objective == ObjectiveKind::one_sparse;
  if (!one && options.objective != ObjectiveKind::k_sparse) return false;
  const Index most = one ? 1 : options.k;
  if (form.tied() && most <= 2) return true;
  return seconds_of_support_hessian(features.size(), most) <= most_seconds;
}

OneStart::OneStart(const ScaledFeatures& data, Index hidden, const Options& options, int threads)
    : data_(data),
      hidden_(hidden),
      options_(options),
      form_(form_of(data.features, hidden, options)),
      threads_(threads),
      gradient_target_(options.gradient_tolerance),
      zero_(value_of_zero_model(data.features, options.objective, options.k)),
      natural_(coordinates_of(data.features, options)),
      nodes_(usual_nodes) {
  if (options.coherence_cap < 1.0) {
    cap_.emplace(options.coherence_cap, data.features.size(), zero_);
  }
}

void OneStart::run(Vector& x, sampling::PointStream& random, TrainedModel& result) {
  descend(x, result);
  while (!cap_ && vanishes(result.summary) && leave(x, random)) minimize(x);
  result.model = form_;
  from_parameters(x, result.model);
  evaluate(x);
  Vector gradient = Vector::Zero(x.size());
  result.penalty = add_penalty(unit_penalty(), result.model, gradient);
  restore_unit();
}

void OneStart::descend(Vector& x, TrainedModel& result) {
  result_ = &result;
  record_start(x);
  if (cap_) return minimize_capped(x);
  noisy() ? minimize_noise(x) : minimize(x);
}

Penalty OneStart::unit_penalty() const {
  return {std::ldexp(options_.penalty.interference, -data_.exponent),
          std::ldexp(options_.penalty.decay, -data_.exponent)};
}

// What the objective is with the penalty, and its gradient. Losses are in a unit of their own, and
// so is what is charged.
double OneStart::charged(const Vector& x, double value, Vector& gradient) const {
  if (options_.penalty.active() && std::isfinite(value)) {
    Autoencoder model = form_;
    from_parameters(x, model);
    value += add_penalty(unit_penalty(), model, gradient);
  }
  if (cap_ && std::isfinite(value)) {
    Autoencoder model = form_;
    from_parameters(x, model);
    value += cap_->add(model.W, gradient);
  }
  if (!options_.thresholds) gradient.tail(features().size()).setZero();
  return value;
}

// Calls body with the objective and the relative error of its values.
void OneStart::with_objective(Body body) {
  with_bare_objective([&](optimize::Objective f, double noise) {
    const auto whole = [&](const Vector& x, Vector& gradient) {
      const double value = f(x, gradient);
      return charged(x, value, gradient);
    };
    body(whole, noise);
  });
}

void OneStart::with_bare_objective(Body body) {
  switch (options_.objective) {
    case ObjectiveKind::exact:
      return with_exact(gradient_target_, body);
    case ObjectiveKind::one_sparse: {
      auto f = SparseObjective::one_sparse(features(), form_, threads_);
      return body(f, sum_noise);
    }
    case ObjectiveKind::k_sparse: {
      auto f = SparseObjective::k_sparse(features(), form_, options_.k, threads_);
      return body(f, sum_noise);
    }
    case ObjectiveKind::sampled: {
      SampledObjective f(features(), form_,
                         {.batch = options_.batch,
                          .seed = options_.seed,
                          .series = result_->start,
                          .threads = threads_});
      const auto mean = [&](const Vector& at, Vector& gradient) { return f(0, at, gradient); };
      return body(mean, sum_noise);
    }
    case ObjectiveKind::linear: {
      LinearObjective f(features(), hidden_);
      // The thresholds do not take part.
      const auto of_weights = [&](const Vector& at, Vector& gradient) {
        gradient.tail(features().size()).setZero();
        return f(at, gradient);
      };
      return body(of_weights, sum_noise);
    }
  }
}

bool OneStart::is_closed() const {
  return nodes_ > usual_nodes && features().size() <= exact::ClosedLoss::most_features &&
         form_.tied_relu() && features().plain();
}

void OneStart::with_exact(double tolerance, Body body) {
  if (is_closed()) {
    ClosedObjective f(features());
    resolved_ = true;
    return body(f, sum_noise);
  }
  const exact::Options options = exact_options(features(), tolerance, threads_, nodes_);
  ExactObjective f(features(), form_, options);
  body(f, options.relative_target);
  count_unmet(f);
}

// Is it said what the end is? Of itself only where that costs little. Under a cap it need not be a
// critical point of the objective.
bool OneStart::judges() const {
  constexpr double little = 1e-2;  // seconds
  if (options_.optimizer == OptimizerKind::newton) return true;
  if (cap_) return false;
  return options_.optimizer == OptimizerKind::automatic &&
         has_known_curvature(features(), form_, options_, little);
}

// From many features on Newton's method is several times as fast.
bool OneStart::by_newton() const {
  const bool pays =
      features().size() >= many_features && options_.objective == ObjectiveKind::exact;
  return options_.optimizer == OptimizerKind::newton || (judges() && pays);
}

void OneStart::count_unmet(const ExactObjective& f) {
  result_->unmet += f.unmet();
  resolved_ = f.last().met_target();
}

// A descent whose last gradients are not known to the tolerance ends where that of the truncated
// integral vanishes: it goes on with closed forms of few features, with more nodes of others.
void OneStart::minimize(Vector& x) {
  minimize_with_nodes(x);
  const Index many = many_nodes(features().size());
  if (resolved_ || !features().plain() || nodes_ == many || !may_go_on(result_->summary)) return;
  nodes_ = many;
  minimize_with_nodes(x);
}

void OneStart::minimize_with_nodes(Vector& x) {
  if (options_.objective == ObjectiveKind::linear) x.tail(features().size()).setZero();
  if (by_newton()) return newton_stage(x);
  const double tolerance = options_.gradient_tolerance;
  if (options_.objective == ObjectiveKind::exact && by_lbfgs()) {
    if (!loose_stage(x)) return;
  }
  with_objective([&](optimize::Objective f, double noise) {
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
    holds = cap_->holds(model.W);
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
        return charged(at, value, gradient);
      },
      x, 0.0);
}

// Many features first descend with loose targets, to where the gradient is no larger than its
// error; few gain nothing from it: their evaluations cost the same. Returns whether to go on.
bool OneStart::loose_stage(Vector& x) {
  const double loose = exact_options(features(), INFINITY, 1).gradient_target;
  const double last = exact_options(features(), options_.gradient_tolerance, 1).gradient_target;
  if (features().size() < many_features || loose <= 10.0 * last) return true;
  const double tolerance = std::max(options_.gradient_tolerance, loose);
  gradient_target_ = loose;
  with_objective([&](optimize::Objective f, double noise) { lbfgs(f, x, tolerance, noise); });
  gradient_target_ = options_.gradient_tolerance;
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

// Far from a minimum L-BFGS gets on as well, and its steps cost less. Many features have loose
// targets until the last few steps.
void OneStart::newton_stage(Vector& x) {
  constexpr double near = 1e-3, loose = 1e-5;
  const double tolerance = options_.gradient_tolerance;
  const bool in_stages = features().size() >= many_features && tolerance < 0.1 * loose &&
                         options_.objective == ObjectiveKind::exact;
  if (tolerance < near) {
    if (in_stages) gradient_target_ = near;
    with_objective([&](optimize::Objective f, double noise) { lbfgs(f, x, near, noise); });
    gradient_target_ = tolerance;
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
  if (options_.objective == ObjectiveKind::exact && is_closed()) {
    ClosedObjective f(features());
    return newton(f, x, tolerance, sum_noise, last);
  }
  if (options_.objective == ObjectiveKind::exact) {
    const exact::Options options = exact_options(features(), tolerance, threads_, nodes_);
    ExactObjective f(features(), form_, options);
    newton(f, x, tolerance, options.relative_target, last);
    count_unmet(f);
    return;
  }
  auto f = options_.objective == ObjectiveKind::one_sparse
               ? SparseObjective::one_sparse(features(), form_, threads_)
               : SparseObjective::k_sparse(features(), form_, options_.k, threads_);
  newton(f, x, tolerance, sum_noise, last);
}

// A penalty and its second derivatives, in the unit of the losses.
template <class F>
void OneStart::newton(F& f, Vector& x, double tolerance, double noise, bool last) {
  Vector parameters(x.size()), scaled(x.size()), y = natural_.from_parameters(x), here = y;
  const auto value = [&](const Vector& at, Vector& gradient) {
    here = at;
    natural_.to_parameters(at, parameters);
    const double result = charged(parameters, f(parameters, gradient), gradient);
    natural_.pull_back(at, gradient);
    return result;
  };
  const auto times = [&](const Vector& v, Vector& product) {
    scaled = v;
    natural_.pull_back(here, scaled);
    if (!options_.thresholds) scaled.tail(features().size()).setZero();
    f.times(scaled, product);
    if (options_.penalty.active()) {
      Autoencoder model = form_;
      from_parameters(parameters, model);
      add_penalty_times(unit_penalty(), model, scaled, product);
    }
    if (!options_.thresholds) product.tail(features().size()).setZero();
    natural_.pull_back(here, product);
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
  const JudgedProblem problem{features(), form_, natural_, options_, unit_penalty(), threads_};
  for (bool left = false;; left = true) {
    options.max_iterations = options_.max_steps - std::min(steps_, options_.max_steps);
    add(optimize::newton(value, times, y, options,
                         record ? optimize::StepCallback(show) : optimize::StepCallback{}));
    natural_.to_parameters(y, x);
    if (!last || !vanishes(result_->summary)) return;
    const JudgedEnd end = judged_end(problem, y, times);
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
  with_objective([&](optimize::Objective f, double noise) {
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
  with_objective([&](optimize::Objective f, double) {
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

// Counts of several stages add up; the rest is that of the last.
void OneStart::add(const optimize::Summary& stage) {
  optimize::Summary& summary = result_->summary;
  const std::uint64_t evaluations = summary.evaluations + stage.evaluations;
  steps_ += stage.iterations;
  summary = stage;
  summary.iterations = steps_;
  summary.evaluations = evaluations;
}

void OneStart::evaluate(const Vector& x) {
  exact::Options options;
  options.relative_target = options_.final_relative_target;
  options.absolute_target = 1e-4 * options.relative_target * loss_of_zero_model(features());
  options.maximum_nodes = Index{1} << 16;
  options.threads = threads_;
  options.refuse_unreachable = false;
  result_->loss.value = result_->loss_gradient_norm = NAN;
  if (!x.allFinite()) return;
  if (options_.objective == ObjectiveKind::linear) return evaluate_linear(x);
  result_->loss = exact::loss(result_->model, features(), options);
  if (!std::isfinite(result_->loss.value)) return;  // beyond the range of double
  const bool bare = options_.objective == ObjectiveKind::exact && by_lbfgs() &&
                    !options_.penalty.active() && !cap_;
  if (bare && resolved_ && !natural_.differ(x)) {
    result_->loss_gradient_norm = result_->summary.gradient_norm;
    return;
  }
  Vector gradient(x.size());
  if (is_closed()) {
    ClosedObjective f(features());
    f(x, gradient);
    if (!options_.thresholds) gradient.tail(features().size()).setZero();
    result_->loss_gradient_norm = gradient.norm();
    return;
  }
  ExactObjective f(features(), form_,
                   exact_options(features(), options_.gradient_tolerance, threads_, nodes_));
  if (!std::isfinite(f(x, gradient))) return;
  if (!options_.thresholds) gradient.tail(features().size()).setZero();
  result_->loss_gradient_norm = gradient.norm();
  // Of other laws the error's estimate may be far too large.
  if (f.last().met_target() || !features().plain()) return;
  // A gradient that is not known to be smaller has met no tolerance.
  double& norm = result_->loss_gradient_norm;
  norm = std::max(norm, f.last().gradient_error);
  optimize::DescentStop& reason = result_->summary.stop_reason;
  if (bare && reason == optimize::DescentStop::gradient &&
      norm > options_.gradient_tolerance * zero_) {
    reason = optimize::DescentStop::line_search;
    // What was judged is a critical point of the truncated integral alone.
    if (result_->landscape != Landscape::kink) result_->landscape = Landscape::unknown;
  }
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
