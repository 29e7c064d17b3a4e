#include "skeleta/exact/loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "exact/adaptive_loss.h"
#include "exact/curvature.h"
#include "exact/law_loss.h"
#include "exact/proven_loss.h"
#include "measure/activity_sweep.h"
#include "measure/series.h"
#include "skeleta/measure/active_count.h"

namespace skeleta::exact {

class Evaluator::Implementation {
 public:
  Implementation(Features features, const Options& options)
      : features_(std::move(features)), options_(options) {}

  Loss loss(const Autoencoder& model) {
    check(model);
    has_point_ = false;
    if (proven()) return told(proven_loss(model, features_, options_.threads).loss);
    return plain(model) ? plain_loss().evaluate(model, Wanted::loss)
                        : law_loss().evaluate(model, nullptr);
  }

  Loss loss_and_gradient(const Autoencoder& model, Gradient& gradient) {
    check(model);
    has_point_ = false;
    if (proven()) {
      gradient = proven_gradient(model, features_, options_.threads);
      return told(proven_loss(model, features_, options_.threads).loss);
    }
    point_ = model;
    has_point_ = true;
    if (!plain(model)) {
      const Loss result = law_loss().evaluate(model, &gradient);
      gradient_error_ = result.gradient_error;
      return result;
    }
    const Loss result = plain_loss().evaluate(point_, Wanted::gradient);
    gradient_error_ = result.gradient_error;
    plain_loss().gradient(gradient);
    return result;
  }

  double hessian_times(const Gradient& direction, double more_nodes, Gradient& product) {
    require_point();
    double error = 0.0;
    const auto rows = [&](const RowChange& change, RowChange& result) {
      error = plain(point_) ? plain_loss().row_products(change.rows, change.thresholds, more_nodes,
                                                        result.rows, result.thresholds)
                            : law_loss().row_products(point_, change, more_nodes, result);
    };
    times_direction(point_, slopes(), rows, direction, options_.threads, product);
    return error;
  }

  Matrix hessian(double relative_error, double& error) {
    require_point();
    require_dense(point_);
    const double width = point_.W.norm() + (point_.tied() ? point_.W.norm() : point_.W_out.norm());
    const double scale = std::max(1.0, width * width);
    // Each Γ_ij stands in 2 d places.
    const double of_gamma = 2.0 * std::sqrt(static_cast<double>(point_.hidden())) * gradient_error_;
    if (!plain(point_)) {
      const std::vector<Matrix> K = law_loss().curvatures(point_, relative_error, error);
      error = scale * error + of_gamma;
      return dense_hessian(point_, slopes(), K);
    }
    Curvatures curvatures;
    for (double more = 1.0;; more *= 2.0) {
      plain_loss().curvatures(more, curvatures);
      Matrix result = dense_hessian(point_, slopes(), curvatures.K);
      const double of_rows = scale * curvatures.error();
      error = of_rows + of_gamma;
      if (of_rows <= relative_error * result.norm() || !curvatures.may_extend()) return result;
    }
  }

  IntegralBySkeleton skeleton_loss(const Autoencoder& model);

 private:
  void check(const Autoencoder& model) const {
    validate(model);
    validate(features_, model.features());
  }

  // Is it for the kernels of plain features and ReLU outputs?
  bool plain(const Autoencoder& model) const {
    return features_.plain() && model.activation == Activation::relu && model.noise == 0.0;
  }
  bool proven() const { return options_.error_control == ErrorControl::proven; }
  Loss told(const Rounded& found) const;
  AdaptiveLoss& plain_loss() {
    return plain_loss_ ? *plain_loss_ : plain_loss_.emplace(features_, options_);
  }
  RowSlopes slopes() {
    return plain(point_) ? RowSlopes{plain_loss().gamma()} : law_loss().slopes();
  }
  LawLoss& law_loss() { return law_loss_ ? *law_loss_ : law_loss_.emplace(features_, options_); }

  void require_point() const {
    if (!has_point_) {
      throw std::invalid_argument(
          "second derivatives are those at the model whose gradient was evaluated last: there is "
          "none");
    }
  }

  Vector probabilities() const;
  CountRange listed(const Vector& probabilities) const;

  Features features_;
  Options options_;
  Autoencoder point_;       // of the last gradient; it is kept, so that nothing is allocated again
  bool has_point_ = false;  // does that have second derivatives?
  double gradient_error_ = 0.0;
  std::optional<AdaptiveLoss> plain_loss_;
  std::optional<LawLoss> law_loss_;
};

// P(N = l) for all l that may be listed.
Vector Evaluator::Implementation::probabilities() const {
  const Index most = std::min(options_.skeletons.value_or(features_.size()), features_.size());
  Vector result(most + 1);
  if (features_.plain()) {
    const ActiveCount count(features_.density);
    for (Index l = 0; l <= most; ++l) result(l) = count.probability(l);
    return result;
  }
  ActivitySweep<Polynomial<double>> sweep(features_.law->activity);
  const auto size = static_cast<std::size_t>(most);
  const auto law = sweep.up([&](Index) { return Polynomial<double>::marked(1.0, size); });
  for (Index l = 0; l <= most; ++l) result(l) = law[static_cast<std::size_t>(l)];
  return result;
}

// From the first to the last l that is probable enough: of independent features π_l rises to its
// largest value and then falls.
CountRange Evaluator::Implementation::listed(const Vector& probabilities) const {
  CountRange range;
  for (Index l = 0; l < probabilities.size(); ++l) {
    if (probabilities(l) < options_.probability_floor) continue;
    if (range.empty()) range.first = l;
    range.last = l;
  }
  return range;
}

// A proven number as a result of contours: its error may exceed the target, too.
Loss Evaluator::Implementation::told(const Rounded& found) const {
  Loss result;
  if (std::isinf(found.high)) {
    if (options_.refuse_unreachable) {
      throw std::invalid_argument(
          "the loss of this model exceeds the range of double: scale W and b, or importances, "
          "down");
    }
    result.value = result.error_bound = std::numeric_limits<double>::quiet_NaN();
    result.stop_reason = StopReason::non_finite;
    return result;
  }
  result.value = found.nearest;
  result.error_bound = found.error;
  const double target = std::max(options_.absolute_target, options_.relative_target * result.value);
  if (result.error_bound > target) result.stop_reason = StopReason::nodes;
  return result;
}

IntegralBySkeleton Evaluator::Implementation::skeleton_loss(const Autoencoder& model) {
  check(model);
  has_point_ = false;
  const Vector pi = probabilities();
  const CountRange range = listed(pi);
  Loss total;
  Vector contributions;
  std::optional<ProvenLoss> found;
  if (proven()) {
    found = proven_loss(model, features_, options_.threads);
    total = told(found->loss);
    contributions.resize(range.last + 1);
    for (Index l = 0; l <= range.last; ++l) {
      const Rounded& part = found->contributions[static_cast<std::size_t>(l)];
      contributions(l) = part.nearest;
      total.error_bound = std::max(total.error_bound, part.error);
    }
  } else if (plain(model)) {
    total = plain_loss().evaluate(model, Wanted::skeletons);
    contributions = plain_loss().contributions(range.last);
  } else {
    contributions.resize(range.last + 1);
    total = law_loss().by_count(model, contributions);
  }
  IntegralBySkeleton result;
  for (Index l = range.first; l <= range.last; ++l) {
    const double probability = pi(l), part = contributions(l);
    if (probability < options_.probability_floor) continue;
    result.skeletons.push_back({l, probability, part / probability, part, 0.0, 0});
    if (probability >= std::numeric_limits<double>::min() && std::isinf(part / probability)) {
      throw std::invalid_argument(
          fmt::format("the mean loss on Q_{}, {:.3g}/{:.3g}, exceeds the range of double: scale W "
                      "and b, or importances, down",
                      l, part, probability));
    }
  }
  result.value = total.value;
  // An estimate is no bound: no interval is claimed.
  const bool bound = !plain(model) || options_.error_control != ErrorControl::estimated;
  const double half = bound ? total.error_bound : std::numeric_limits<double>::quiet_NaN();
  result.confidence = bound ? 1.0 : half;
  result.low = found ? found->loss.low : total.value - half;
  result.high = found ? found->loss.high : total.value + half;
  result.error_bound = total.error_bound;
  result.stop_reason = total.stop_reason;
  return result;
}

Evaluator::Evaluator(Features features, const Options& options) {
  validate(features);
  validate(options);
  implementation_ = std::make_unique<Implementation>(std::move(features), options);
}

Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Loss Evaluator::loss(const Autoencoder& model) {
  return implementation_->loss(model);
}

Loss Evaluator::loss_and_gradient(const Autoencoder& model, Gradient& gradient) {
  return implementation_->loss_and_gradient(model, gradient);
}

double Evaluator::hessian_times(const Gradient& direction, Gradient& product, double more_nodes) {
  return implementation_->hessian_times(direction, more_nodes, product);
}

Matrix Evaluator::hessian(double relative_error, double& error) {
  return implementation_->hessian(relative_error, error);
}

IntegralBySkeleton Evaluator::skeleton_loss(const Autoencoder& model) {
  return implementation_->skeleton_loss(model);
}

Loss loss(const Autoencoder& model, const Features& features, const Options& options) {
  return Evaluator(features, options).loss(model);
}

LossAndGradient loss_and_gradient(const Autoencoder& model, const Features& features,
                                  const Options& options) {
  LossAndGradient result;
  result.loss = Evaluator(features, options).loss_and_gradient(model, result);
  return result;
}

IntegralBySkeleton skeleton_loss(const Autoencoder& model, const Features& features,
                                 const Options& options) {
  return Evaluator(features, options).skeleton_loss(model);
}

}  // namespace skeleta::exact
