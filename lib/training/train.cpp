#include "skeleta/training/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/require.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"
#include "skeleta/optimize/multi_start.h"
#include "skeleta/sampling/normal_stream.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/sampled_objective.h"
#include "training/hopping_start.h"
#include "training/moves.h"
#include "training/one_start.h"

namespace skeleta::training {
namespace {

Vector initial(const Features& features, Index hidden, const Options& options,
               sampling::PointStream& random) {
  const Index count = features.size();
  Vector x = Vector::Zero(parameter_count(form_of(features, hidden, options)));
  if (options.init == Init::given) {
    x = to_parameters(*options.model);
    if (options.noise == 0.0) return x;
    sampling::NormalStream normal(random);
    for (double& value : x) value += options.noise * normal();
    return x;
  }
  scatter(x, count,
          options.init == Init::xavier ? xavier_deviation(count, hidden) : options.deviation,
          random);
  return x;
}

// The objectives that know only some problems.
void require_known(const Options& options, const Autoencoder& form) {
  if (options.objective == ObjectiveKind::sampled) SampledObjective::require_known(form);
  if (options.objective == ObjectiveKind::linear) require_tied_relu(form, "the objective linear");
}

void require_hopping(const Options& options, const Features& features, Index hidden) {
  require(options.patience >= 1, "patience = 0 must be at least 1");
  require(options.optimizer != OptimizerKind::adam && options.optimizer != OptimizerKind::sgd,
          "search = hopping compares the ends of descents: it needs the optimizer lbfgs or newton");
  for (const Matrix& points : options.configurations) {
    require(points.rows() == hidden && points.cols() >= 1 && points.cols() <= features.size(),
            fmt::format("a configuration of {} points in {} dimensions does not fit {} features "
                        "and {} hidden dimensions",
                        points.cols(), points.rows(), features.size(), hidden));
  }
}

void pass(Parcel& parcel, TrainedModel& end) {
  Autoencoder& model = end.model;
  parcel(end.start, model.W, model.b, model.W_out, model.activation, model.jump, model.noise);
  parcel(end.loss, end.penalty, end.loss_gradient_norm, end.summary, end.unmet, end.landscape);
  parcel.length(end.trajectory);
  for (TrajectoryPoint& point : end.trajectory) parcel(point.step, point.value, point.parameters);
}

}  // namespace

Autoencoder form_of(const Features& features, Index hidden, const Options& options) {
  if (options.model) {
    Autoencoder form = *options.model;
    form.W.setZero();
    form.W_out.setZero();
    form.b.setZero();
    return form;
  }
  Autoencoder form{Matrix::Zero(hidden, features.size()), Vector::Zero(features.size())};
  if (options.untied) form.W_out = Matrix::Zero(features.size(), hidden);
  form.noise = options.hidden_noise;
  return form;
}

void validate(const Options& options, const Features& features, Index hidden) {
  validate(features);
  require(hidden >= 1, fmt::format("hidden = {} must be at least 1", hidden));
  const Autoencoder form = form_of(features, hidden, options);
  require_known(options, form);
  if (options.objective == ObjectiveKind::k_sparse) {
    require(options.k >= 0 && options.k <= features.size(),
            fmt::format("k = {} must be within 0..{}, the number of features", options.k,
                        features.size()));
    const double supports = exact::SupportSum::supports(
        features.size(), SparseObjective::summed(features, form, {0, options.k}));
    require(
        supports <= exact::SupportSum::most_supports,
        fmt::format("k-sparse:{} is summed over {:.3g} supports of {} features, more than {:.0f}:"
                    " take a smaller k, or the exact or sampled objective",
                    options.k, supports, features.size(), exact::SupportSum::most_supports));
  }
  if (options.optimizer == OptimizerKind::newton) {
    constexpr double most_seconds = 1.0;
    require(
        has_known_curvature(features, form, options, most_seconds),
        "newton needs second derivatives: the objective exact; or one-sparse or k-sparse up to 5 "
        "with few enough features that a Hessian takes no more than a second, of ReLU models "
        "without noise on independent features uniform on [0, 1]");
  }
  if (options.search == Search::hopping) require_hopping(options, features, hidden);
  require(options.coherence_cap > 0.0 && options.coherence_cap <= 1.0,
          fmt::format("coherence_cap = {} must be within (0, 1]", options.coherence_cap));
  const bool by_lbfgs =
      options.optimizer == OptimizerKind::lbfgs || options.optimizer == OptimizerKind::automatic;
  require(options.coherence_cap == 1.0 || (by_lbfgs && options.search == Search::starts),
          "coherence_cap needs descents without noise from each start: the optimizer auto or lbfgs "
          "and the search starts");
  require(options.starts >= 1, "starts = 0 must be at least 1");
  require(options.stride >= 1, "stride = 0 must be at least 1");
  require(options.batch >= 1, "batch = 0 must be at least 1");
  const auto not_negative = [](const char* name, double value) {
    require(value >= 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be finite and not negative", name, value));
  };
  not_negative("final_relative_target", options.final_relative_target);
  not_negative("deviation", options.deviation);
  not_negative("noise", options.noise);
  not_negative("hidden_noise", options.hidden_noise);
  validate(options.penalty);
  not_negative("gradient_tolerance", options.gradient_tolerance);
  not_negative("value_tolerance", options.value_tolerance);
  require(
      (features.density.array() > 0.0 && features.importance.array() > 0.0).any(),
      "density and importance must be positive for some feature: nothing to minimise otherwise");
  require(
      std::isfinite(loss_of_zero_model(features)),
      "importance: the loss of the zero model, Σ v_i p_i/3, exceeds the range of double; divide "
      "all importances by a number, which divides the losses and changes no minimiser");
  if (options.objective == ObjectiveKind::one_sparse) {
    SparseObjective::one_sparse(features, form);
  }
  require((options.init == Init::given) == options.model.has_value(),
          "model must be there for init = given, and only then");
  if (options.model) {
    skeleta::validate(*options.model);
    require(!options.untied && options.hidden_noise == 0.0,
            "untied and hidden_noise are those of the model that is given");
    require(options.thresholds || options.model->b.isZero(0.0),
            "the model that is given has thresholds, which are to stay 0");
    require(
        options.model->features() == features.size() && options.model->hidden() == hidden,
        fmt::format("model with {} features and {} hidden dimensions must have {} and {}",
                    options.model->features(), options.model->hidden(), features.size(), hidden));
  }
  optimize::validate(options.descent);
  resolve_threads(options.threads);
}

bool TrainedModel::diverged() const {
  return summary.stop_reason == optimize::DescentStop::non_finite || !std::isfinite(loss.value);
}

bool TrainedModel::is_minimum() const {
  const bool met = summary.stop_reason == optimize::DescentStop::gradient ||
                   summary.stop_reason == optimize::DescentStop::value;
  return met && !diverged();
}

std::vector<Minimum> minima_of(std::span<const TrainedModel> starts, const Features& features,
                               const MinimaOptions& options) {
  const BorrowedScope none(nullptr);  // what was finished is a result, called off or not
  std::vector<const Autoencoder*> models;
  std::vector<double> losses;
  for (const TrainedModel& start : starts) {
    models.push_back(&start.model);
    losses.push_back(start.is_minimum() ? start.charged_loss() : NAN);  // then it is in none
  }
  std::vector<Minimum> minima = distinct_minima(models, losses, features, options);
  for (Minimum& minimum : minima) {
    minimum.loss = starts[static_cast<std::size_t>(minimum.models.front())].loss.value;
  }
  return minima;
}

const TrainedModel* best_of(std::span<const TrainedModel> starts) {
  const TrainedModel* least = nullptr;
  for (const TrainedModel& start : starts) {
    if (start.diverged()) continue;
    if (!least || start.charged_loss() < least->charged_loss()) least = &start;
  }
  return least;
}

const TrainedModel* Training::best() const {
  return best_of(starts);
}

bool train(const Features& features, Index hidden, const Options& options, const TakeStart& take) {
  validate(options, features, hidden);
  const ScaledFeatures data = scaled(features);
  std::vector<TrainedModel> ends(options.starts);  // those that wait for their turn
  const auto at = [&](std::uint64_t k) -> TrainedModel& {
    return ends[(k - options.first) / options.stride];
  };
  const auto run = [&](std::uint64_t k, sampling::PointStream& random) {
    TrainedModel& end = at(k);
    end.start = k;
    Vector x = initial(features, hidden, options, random);
    if (options.search == Search::hopping) {
      HoppingStart(data, hidden, options).run(x, random, end);
    } else {
      OneStart(data, hidden, options, options.threads).run(x, random, end);
    }
  };
  const std::uint64_t taken = optimize::for_each_start(
      {.starts = options.starts,
       .first = options.first,
       .stride = options.stride,
       .seed = options.seed,
       .threads = options.threads},
      run, [&](std::uint64_t k) { return take(std::move(at(k))); },
      [&](Parcel& parcel, std::uint64_t k) { pass(parcel, at(k)); });
  return taken == options.starts;
}

Training train(const Features& features, Index hidden, const Options& options) {
  Training training;
  const auto keep = [&](TrainedModel&& start) {
    training.starts.push_back(std::move(start));
    return true;
  };
  training.interrupted = !train(features, hidden, options, keep);
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
