#include "skeleta/training/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "skeleta/core/parallel.h"
#include "skeleta/optimize/lbfgs.h"
#include "skeleta/optimize/multi_start.h"
#include "skeleta/sampling/normal_stream.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/sampled_objective.h"

namespace skeleta::training {
namespace {

void require(bool holds, const std::string& message) {
  if (!holds) throw std::invalid_argument(message);
}

Vector initial(const Features& features, Index hidden, const Options& options,
               sampling::PointStream& random) {
  sampling::NormalStream normal(random);
  const Index count = features.size();
  Vector x = Vector::Zero(parameter_count(count, hidden));
  if (options.init == Init::given) {
    x = to_parameters(*options.model);
    if (options.noise == 0.0) return x;
    for (double& value : x) value += options.noise * normal();
    return x;
  }
  const double deviation = options.init == Init::xavier
                               ? std::sqrt(2.0 / static_cast<double>(hidden + count))
                               : options.deviation;
  for (double& w : x.head(count * hidden)) w = deviation * normal();
  return x;
}

double loss_of_zero_model(const Features& features) {
  return features.importance.dot(features.density) / 3.0;
}

// How exactly the loss is evaluated on the way. A gradient tolerance is absolute, the engine's
// targets are relative to the loss, which is at most that of the zero model. Where the minimum is 0
// (d = D), only an absolute target can be met.
exact::Options exact_options(const Features& features, double gradient_tolerance, int threads) {
  const double zero = loss_of_zero_model(features);
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.gradient_target = std::clamp(gradient_tolerance / zero, 1e-9, 1e-4);
  options.relative_target = 0.1 * options.gradient_target;
  options.absolute_target = 1e-3 * options.relative_target * zero;
  options.maximum_nodes = 4096;
  options.threads = threads;
  return options;
}

// One start: from the initial parameters to the exactly evaluated end.
class Run {
 public:
  Run(const Features& features, Index hidden, const Options& options, int threads)
      : features_(features), hidden_(hidden), options_(options), threads_(threads) {}

  void operator()(optimize::Start& start, TrainedModel& result) {
    result_ = &result;
    result.start = start.index;
    minimize(start.x, start.index);
    result.model = {Matrix(hidden_, features_.size()), Vector(features_.size())};
    from_parameters(start.x, result.model);
    start.summary = result.summary;
    evaluate(start.x);
  }

 private:
  void minimize(Vector& x, std::uint64_t series) {
    switch (options_.objective) {
      case ObjectiveKind::exact:
        return options_.optimizer == OptimizerKind::lbfgs ? exact_in_stages(x) : exact_descent(x);
      case ObjectiveKind::one_sparse: {
        auto f = SparseObjective::one_sparse(features_, hidden_, threads_);
        return deterministic(f, x, 1e-14);
      }
      case ObjectiveKind::k_sparse: {
        auto f = SparseObjective::k_sparse(features_, hidden_, options_.k, threads_);
        return deterministic(f, x, 1e-14);
      }
      case ObjectiveKind::sampled: {
        const bool fixed = options_.optimizer == OptimizerKind::lbfgs;
        SampledObjective f(features_, hidden_,
                           {.batch = options_.batch,
                            .seed = options_.seed,
                            .series = series,
                            .precision = fixed ? Precision::full : Precision::single,
                            .threads = threads_});
        if (!fixed) return descend(f, x, 0.0);
        const auto mean = [&](const Vector& at, Vector& gradient) { return f(0, at, gradient); };
        return lbfgs(mean, x, options_.gradient_tolerance, 1e-14);
      }
      case ObjectiveKind::linear: {
        x.tail(features_.size()).setZero();
        LinearObjective f(features_, hidden_);
        return deterministic([&](const Vector& at, Vector& g) { return linear(f, at, g); }, x,
                             1e-14);
      }
    }
  }

  // The thresholds do not take part and stay 0.
  double linear(LinearObjective& f, const Vector& x, Vector& gradient) const {
    gradient.tail(features_.size()).setZero();
    return f(x, gradient);
  }

  // The second stage goes on where the gradient was no larger than its error. Few features gain
  // nothing from the first: their evaluations cost the same.
  void exact_in_stages(Vector& x) {
    constexpr Index many = 64;
    const auto last = exact_options(features_, options_.gradient_tolerance, threads_);
    const auto loose = exact_options(features_, INFINITY, threads_);
    if (features_.size() >= many && loose.gradient_target > 10.0 * last.gradient_target) {
      const double noise = loose.gradient_target * loss_of_zero_model(features_);
      exact_stage(x, loose, std::max(options_.gradient_tolerance, noise));
      const auto reason = result_->summary.stop_reason;
      if (reason != optimize::StopReason::gradient && reason != optimize::StopReason::line_search) {
        return;
      }
    }
    exact_stage(x, last, options_.gradient_tolerance);
  }

  void exact_stage(Vector& x, const exact::Options& options, double tolerance) {
    ExactObjective f(features_, hidden_, options);
    lbfgs(f, x, tolerance, options.relative_target);
    result_->unmet += f.unmet();
  }

  void exact_descent(Vector& x) {
    ExactObjective f(features_, hidden_,
                     exact_options(features_, options_.gradient_tolerance, threads_));
    descend([&](std::uint64_t, const Vector& at, Vector& g) { return f(at, g); }, x,
            options_.gradient_tolerance);
    result_->unmet += f.unmet();
  }

  void deterministic(optimize::Objective f, Vector& x, double noise) {
    if (options_.optimizer == OptimizerKind::lbfgs) {
      return lbfgs(f, x, options_.gradient_tolerance, noise);
    }
    descend([&](std::uint64_t, const Vector& at, Vector& g) { return f(at, g); }, x,
            options_.gradient_tolerance);
  }

  void lbfgs(optimize::Objective f, Vector& x, double tolerance, double noise) {
    optimize::LbfgsOptions options;
    options.gradient_tolerance = tolerance;
    options.value_tolerance = options_.value_tolerance;
    options.value_noise = noise;
    options.first_step = 0.1;
    options.max_iterations = options_.max_steps - steps_;
    add(optimize::Lbfgs(options).minimize(f, x, recorder()));
  }

  void descend(optimize::StochasticObjective f, Vector& x, double tolerance) {
    optimize::DescentOptions options = options_.descent;
    options.rule = options_.optimizer == OptimizerKind::adam ? optimize::UpdateRule::adam
                                                             : optimize::UpdateRule::sgd;
    options.steps = options_.max_steps;
    options.gradient_tolerance = tolerance;
    add(optimize::Descent(options).minimize(f, x, recorder()));
  }

  optimize::StepCallback recorder() {
    if (options_.record_every == 0) return {};
    return [this, offset = steps_](const optimize::Step& step) {
      const std::uint64_t k = offset + step.iteration;
      if (k % options_.record_every == 0) {
        result_->trajectory.push_back({k, step.value, options_.snapshots ? step.x : Vector{}});
      }
      return true;
    };
  }

  // Counts of several stages add up; the rest is that of the last.
  void add(const optimize::Summary& stage) {
    optimize::Summary& summary = result_->summary;
    const std::uint64_t evaluations = summary.evaluations + stage.evaluations;
    steps_ += stage.iterations;
    summary = stage;
    summary.iterations = steps_;
    summary.evaluations = evaluations;
  }

  void evaluate(const Vector& x) {
    exact::Options options;
    options.relative_target = options_.final_relative_target;
    options.absolute_target = 1e-4 * options.relative_target * loss_of_zero_model(features_);
    options.maximum_nodes = Index{1} << 16;
    options.threads = threads_;
    result_->loss.value = result_->loss_gradient_norm = NAN;
    if (!x.allFinite()) return;
    if (options_.objective == ObjectiveKind::linear) return evaluate_linear(x);
    try {
      result_->loss = exact::loss(result_->model, features_, options);
    } catch (const std::invalid_argument&) {
      return;  // beyond the range of double
    }
    if (options_.objective == ObjectiveKind::exact) {
      result_->loss_gradient_norm = result_->summary.gradient_norm;
      return;
    }
    ExactObjective f(features_, hidden_,
                     exact_options(features_, options_.gradient_tolerance, threads_));
    Vector gradient(x.size());
    if (std::isfinite(f(x, gradient))) result_->loss_gradient_norm = gradient.norm();
  }

  // A closed form: of D² terms with a relative error of some D·ε each.
  void evaluate_linear(const Vector& x) {
    LinearObjective f(features_, hidden_);
    Vector gradient(x.size());
    result_->loss.value = linear(f, x, gradient);
    result_->loss.error_bound = 8.0 * static_cast<double>(features_.size()) *
                                std::numeric_limits<double>::epsilon() * result_->loss.value;
    result_->loss_gradient_norm = gradient.norm();
  }

  const Features& features_;
  Index hidden_;
  const Options& options_;
  int threads_;
  TrainedModel* result_ = nullptr;
  std::uint64_t steps_ = 0;
};

std::vector<Minimum> minima_of(const std::vector<TrainedModel>& starts, const Features& features,
                               const MinimaOptions& options) {
  std::vector<const ReluAutoencoder*> models;
  std::vector<double> losses;
  for (const TrainedModel& start : starts) {
    models.push_back(&start.model);
    losses.push_back(start.loss.value);
  }
  return distinct_minima(models, losses, features, options);
}

}  // namespace

std::string to_string(ObjectiveKind kind) {
  switch (kind) {
    case ObjectiveKind::exact:
      return "exact";
    case ObjectiveKind::one_sparse:
      return "one-sparse";
    case ObjectiveKind::k_sparse:
      return "k-sparse";
    case ObjectiveKind::sampled:
      return "sampled";
    case ObjectiveKind::linear:
      return "linear";
  }
  throw std::logic_error("unknown ObjectiveKind");
}

std::string to_string(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::lbfgs:
      return "lbfgs";
    case OptimizerKind::adam:
      return "adam";
    case OptimizerKind::sgd:
      return "sgd";
  }
  throw std::logic_error("unknown OptimizerKind");
}

std::string to_string(Init init) {
  switch (init) {
    case Init::xavier:
      return "xavier";
    case Init::normal:
      return "normal";
    case Init::given:
      return "given";
  }
  throw std::logic_error("unknown Init");
}

void validate(const Options& options, const Features& features, Index hidden) {
  validate(features);
  require(hidden >= 1, fmt::format("hidden = {} must be at least 1", hidden));
  if (options.objective == ObjectiveKind::k_sparse) {
    require(options.k >= 0 && options.k <= features.size(),
            fmt::format("k = {} must be within 0..{}, the number of features", options.k,
                        features.size()));
    const double supports = exact::SupportSum::supports(features.size(), {3, options.k});
    require(
        supports <= exact::SupportSum::most_supports,
        fmt::format("k-sparse:{} is summed over {:.3g} supports of {} features, more than {:.0f}:"
                    " take a smaller k, or the exact or sampled objective",
                    options.k, supports, features.size(), exact::SupportSum::most_supports));
  }
  require(options.starts >= 1, "starts = 0 must be at least 1");
  require(options.batch >= 1, "batch = 0 must be at least 1");
  const auto not_negative = [](const char* name, double value) {
    require(value >= 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be finite and not negative", name, value));
  };
  not_negative("final_relative_target", options.final_relative_target);
  not_negative("deviation", options.deviation);
  not_negative("noise", options.noise);
  not_negative("gradient_tolerance", options.gradient_tolerance);
  not_negative("value_tolerance", options.value_tolerance);
  require(
      (features.density.array() > 0.0).any() && (features.importance.array() > 0.0).any(),
      "density and importance must be positive for some feature: nothing to minimise otherwise");
  if (options.objective == ObjectiveKind::one_sparse) {
    SparseObjective::one_sparse(features, hidden);
  }
  require((options.init == Init::given) == options.model.has_value(),
          "model must be there for init = given, and only then");
  if (options.model) {
    skeleta::validate(*options.model);
    require(
        options.model->features() == features.size() && options.model->hidden() == hidden,
        fmt::format("model with {} features and {} hidden dimensions must have {} and {}",
                    options.model->features(), options.model->hidden(), features.size(), hidden));
  }
  optimize::validate(options.descent);
  resolve_threads(options.threads);
}

const TrainedModel* Training::best() const {
  const TrainedModel* least = nullptr;
  for (const TrainedModel& start : starts) {
    if (!std::isfinite(start.loss.value)) continue;
    if (!least || start.loss.value < least->loss.value) least = &start;
  }
  return least;
}

Training train(const Features& features, Index hidden, const Options& options,
               const TrainingCallback& callback) {
  validate(options, features, hidden);
  // Threads go to the starts first, and what is left over to the evaluations within one.
  const auto threads = static_cast<std::uint64_t>(resolve_threads(options.threads));
  const std::uint64_t outer = std::clamp<std::uint64_t>(options.starts, 1, threads);
  Training training;
  training.starts.resize(options.starts);
  const auto run = [&](sampling::PointStream& random, optimize::Start& start) {
    start.x = initial(features, hidden, options, random);
    Run(features, hidden, options, static_cast<int>(threads / outer))(
        start, training.starts[start.index - options.first]);
  };
  const auto report = [&](const optimize::Start& start) {
    return !callback || callback(training.starts[start.index - options.first]);
  };
  const auto finished = optimize::multi_start({.starts = options.starts,
                                               .first = options.first,
                                               .seed = options.seed,
                                               .threads = static_cast<int>(outer)},
                                              run, report);
  training.interrupted = finished.size() < training.starts.size();
  training.starts.resize(finished.size());
  training.minima = minima_of(training.starts, features, options.minima);
  return training;
}

Vector initial_parameters(const Features& features, Index hidden, const Options& options,
                          std::uint64_t k) {
  validate(options, features, hidden);
  sampling::PointStream random({.seed = options.seed, .purpose = sampling::Purpose::start}, k);
  return initial(features, hidden, options, random);
}

}  // namespace skeleta::training
