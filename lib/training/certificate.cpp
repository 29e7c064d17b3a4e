#include "skeleta/training/certificate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>

#include "bounds/truncated_loss.h"
#include "core/products.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/geometry/congruence.h"
#include "skeleta/optimize/multi_start.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/train.h"
#include "training/features.h"
#include "training/natural_descent.h"

namespace skeleta::training {
namespace {

constexpr double exact_target = 1e-10, many_target = 1e-8;
constexpr std::uint64_t most_steps = 2000;

// L^(≤k) of plain features for k > 2, where there is no closed form.
class TruncatedObjective {
 public:
  TruncatedObjective(const Features& features, Index hidden, Index k)
      : loss_(features, k),
        model_{Matrix::Zero(hidden, features.size()), Vector::Zero(features.size())} {}

  double operator()(const Vector& x, Vector& gradient) {
    constexpr double far = 1e60;  // products of such entries stay within double
    if (!x.allFinite() || x.cwiseAbs().maxCoeff() >= far) return NAN;
    from_parameters(x, model_);
    const double value = loss_.value_and_gradient(model_, dW_, db_);
    to_parameters(dW_, db_, gradient);
    return value;
  }

 private:
  bounds::TruncatedLoss loss_;
  Autoencoder model_;
  Matrix dW_;
  Vector db_;
};

void validate(const Features& features, Index hidden, const CertificateOptions& options) {
  Options training;
  training.gradient_tolerance = options.gradient_tolerance;
  training.starts = options.starts;
  training.threads = options.threads;
  training::validate(training, features, hidden);
  const Index last = most_truncated(features.size());
  if (options.most < 1 || options.most > last) {
    throw std::invalid_argument(
        fmt::format("k = {} must lie in 1..{}: the loss on at most k active of {} features can be "
                    "minimised for no other",
                    options.most, last, features.size()));
  }
  for (const auto& [name, value] : {std::pair{"tie_tolerance", options.tie_tolerance},
                                    std::pair{"hit_tolerance", options.hit_tolerance},
                                    std::pair{"shape_tolerance", options.shape_tolerance}}) {
    if (!(value >= 0.0 && std::isfinite(value))) {
      throw std::invalid_argument(
          fmt::format("{} = {} must be finite and not negative", name, value));
    }
  }
}

// A model and its loss.
struct Found {
  Autoencoder model;
  exact::Loss loss;
};

// The whole search: it counts the starts as they end.
class CertificateSearch {
 public:
  CertificateSearch(const Features& features, Index hidden, const CertificateOptions& options,
                    const CertificateCallback& callback)
      : features_(features),
        hidden_(hidden),
        options_(options),
        callback_(callback),
        zero_loss_(loss_of_zero_model(features)) {
    // L from random starts and from each θ_k; L^(≤k) from random starts.
    const auto rows = static_cast<std::uint64_t>(options.most);
    planned_ = (rows + 1) * options.starts + rows;
  }

  Certificate run() {
    Certificate result;
    result.starts = options_.starts;
    const std::vector<Found> random = minimise_whole({});
    if (stopped_) return interrupted();
    offer(random);
    for (Index k = 1; k <= options_.most; ++k) {
      std::vector<const Autoencoder*> others{&best_->model};
      if (k > 1) others.push_back(&result.rows.back().model);
      result.rows.push_back(minimise_truncated(k, others));
      if (stopped_) return interrupted();
    }
    for (const CertificateRow& row : result.rows) {
      offer({{row.model, row.upper}});
      offer(minimise_whole(row.model));
      if (stopped_) return interrupted();
    }
    result.minimum = best_->loss;
    result.model = best_->model;
    const bool zero = bounds::minimum_is_zero(features_, hidden_, features_.size());
    for (const Found& end : random) {
      result.hits += within(options_.hit_tolerance, end.loss.value, best_->loss.value, zero);
    }
    for (CertificateRow& row : result.rows) compare(row);
    return result;
  }

 private:
  // The relative error of L: rounding forbids 1e-10 with many features.
  double target() const { return features_.size() < many_features ? exact_target : many_target; }

  // Descents end close to a minimum, not at it: relative to its value, and to the loss of the zero
  // model only where the minimum is 0.
  bool within(double tolerance, double value, double least, bool zero) const {
    return value <= least + tolerance * (zero ? zero_loss_ : least);
  }

  bool tick() {
    ++done_;
    stopped_ = stopped_ || (callback_ && !callback_(done_, planned_));
    return !stopped_;
  }

  static Certificate interrupted() {
    Certificate result;
    result.interrupted = true;
    return result;
  }

  // Keeps the best model for L.
  void offer(const std::vector<Found>& candidates) {
    for (const Found& candidate : candidates) {
      if (!std::isfinite(candidate.loss.value)) continue;
      if (!best_ || candidate.loss.value < best_->loss.value) best_ = candidate;
    }
    if (!best_) throw std::runtime_error("every start diverged: no minimum of the loss was found");
  }

  // Ends of descents of L: from random starts, or from one model.
  std::vector<Found> minimise_whole(const std::optional<Autoencoder>& from) {
    Options options;
    options.gradient_tolerance = options_.gradient_tolerance;
    options.final_relative_target = target();
    // The exact engine's gradient has errors of its own, above the tolerance where columns are
    // nearly orthogonal: descents end where they no longer gain a tenth of what is told apart.
    options.value_tolerance = 0.1 * target();
    options.max_steps = most_steps;
    options.record_every = 0;
    options.seed = options_.seed;
    options.threads = options_.threads;
    options.starts = from ? 1 : options_.starts;
    options.model = from;
    if (from) options.init = Init::given;
    std::vector<Found> ends;
    const auto take = [&](TrainedModel&& start) {
      ends.push_back({std::move(start.model), start.loss});
      return tick();
    };
    if (!train(features_, hidden_, options, take) && !stopped_) throw Interrupted();
    return ends;
  }

  optimize::Summary descend(Index k, Vector& x) const {
    optimize::LbfgsOptions lbfgs;
    lbfgs.gradient_tolerance = options_.gradient_tolerance;
    lbfgs.max_iterations = most_steps;
    lbfgs.value_noise = 1e-14;
    lbfgs.first_step = first_step;
    const auto minimise = [&](optimize::Objective f) {
      const NaturalCoordinates coordinates = natural_coordinates(features_, k);
      return natural_descent(f, x, coordinates, zero_loss_, lbfgs);
    };
    if (k > 2 && features_.plain()) {  // faster than support by support
      TruncatedObjective f(features_, hidden_, k);
      return minimise(f);
    }
    auto f = SparseObjective::k_sparse(features_, hidden_, k, 1);
    return minimise(f);
  }

  std::vector<optimize::Start> random_ends(Index k) {
    Options start_options;
    start_options.seed = options_.seed;
    const auto run = [&](sampling::PointStream&, optimize::Start& start) {
      start.x = initial_parameters(features_, hidden_, start_options, start.index);
      start.summary = descend(k, start.x);
    };
    const auto report = [&](const optimize::Start&) { return tick(); };
    auto ends = optimize::multi_start(
        {.starts = options_.starts, .seed = options_.seed, .threads = options_.threads}, run,
        report);
    if (ends.size() < options_.starts && !stopped_) throw Interrupted();
    return ends;
  }

  Found whole_loss(const Vector& x) const {
    Found found{{Matrix(hidden_, features_.size()), Vector(features_.size())}, {}};
    from_parameters(x, found.model);
    exact::Options options;
    options.relative_target = target();
    options.absolute_target = 1e-4 * target() * zero_loss_;
    options.threads = options_.threads;
    options.refuse_unreachable = false;
    found.loss = exact::loss(found.model, features_, options);
    return found;
  }

  // θ_k: of the random ends that tie for the least value the one with the least L. An end of the
  // other descents counts only if it lies below: what training on L^(≤k) alone leads to does not
  // know θ*.
  CertificateRow minimise_truncated(Index k, const std::vector<const Autoencoder*>& others) {
    CertificateRow row;
    row.k = k;
    std::vector<optimize::Start> ends = random_ends(k);
    if (stopped_) return row;
    const bool zero = bounds::minimum_is_zero(features_, hidden_, k);
    const auto ties = [&](double value, double than) {
      return within(options_.tie_tolerance, value, than, zero);
    };
    double least = std::numeric_limits<double>::infinity();
    for (const optimize::Start& end : ends) least = least_finite(least, end.summary.value);
    const double least_random = least;
    for (const Autoencoder* other : others) {
      optimize::Start end;
      end.x = to_parameters(*other);
      end.summary = descend(k, end.x);
      least = least_finite(least, end.summary.value);
      if (!ties(least_random, end.summary.value)) ends.push_back(std::move(end));
    }
    std::optional<Found> chosen;
    for (std::size_t n = 0; n < ends.size(); ++n) {
      const optimize::Start& end = ends[n];
      row.hits +=
          n < options_.starts && within(options_.hit_tolerance, end.summary.value, least, zero);
      if (!ties(end.summary.value, least)) continue;
      Found found = whole_loss(end.x);
      if (!std::isfinite(found.loss.value)) continue;
      if (chosen && !(found.loss.value < chosen->loss.value)) continue;
      chosen = std::move(found);
    }
    if (!chosen) {
      throw std::runtime_error(
          fmt::format("every start diverged: no minimum of the loss on at most {} active features "
                      "was found",
                      k));
    }
    row.model = chosen->model;
    row.upper = chosen->loss;
    row.zero = zero && ties(least, 0.0);
    row.lower = row.zero ? 0.0 : least;
    return row;
  }

  static double least_finite(double least, double value) {
    return std::isfinite(value) ? std::min(least, value) : least;
  }

  void compare(CertificateRow& row) const {
    row.excess = row.upper.value - best_->loss.value;
    row.distance = shape_distance(row.model, best_->model, features_);
    row.same_configuration = row.distance <= options_.shape_tolerance;
  }

  const Features& features_;
  Index hidden_;
  const CertificateOptions& options_;
  const CertificateCallback& callback_;
  double zero_loss_;
  std::uint64_t done_ = 0, planned_ = 0;
  bool stopped_ = false;
  std::optional<Found> best_;
};

}  // namespace

Index most_truncated(Index features) {
  constexpr Index most_active = 5;  // of PositivePart, by the number of its leaves
  return std::min(features, features <= bounds::most_features ? most_active : Index{2});
}

double shape_distance(const Autoencoder& a, const Autoencoder& b, const Features& features) {
  const double size = std::sqrt(static_cast<double>(features.size()));
  const Matrix X = a.W * (size / a.W.norm()), Y = b.W * (size / b.W.norm());
  if (!X.allFinite() || !Y.allFinite()) return NAN;
  if (all_alike(features)) return geometry::congruence(X, Y).rms;
  return (product(geometry::procrustes(X, Y), X) - Y).norm() / size;
}

Certificate certificate(const Features& features, Index hidden, const CertificateOptions& options,
                        const CertificateCallback& callback) {
  validate(features, hidden, options);
  const ScaledFeatures data = scaled(features);
  Certificate result;
  try {
    result = CertificateSearch(data.features, hidden, options, callback).run();
  } catch (const Interrupted&) {
    result.interrupted = true;
    return result;
  }
  const auto restore = [&](auto&... x) { ((x = data.restored(x)), ...); };
  restore(result.minimum.value, result.minimum.error_bound, result.minimum.gradient_error);
  for (CertificateRow& row : result.rows) {
    restore(row.lower, row.upper.value, row.upper.error_bound, row.upper.gradient_error,
            row.excess);
  }
  return result;
}

}  // namespace skeleta::training
