#include "skeleta/exact/loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "exact/adaptive_loss.h"
#include "skeleta/measure/active_count.h"

namespace skeleta::exact {

class Evaluator::Implementation {
 public:
  Implementation(Features features, const Options& options)
      : features_(std::move(features)), options_(options), loss_(features_, options_) {}

  Loss loss(const Autoencoder& model) {
    check(model);
    return loss_.evaluate(model, Wanted::loss);
  }

  Loss loss_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db) {
    check(model);
    const Loss result = loss_.evaluate(model, Wanted::gradient);
    loss_.gradient(dW, db);
    return result;
  }

  IntegralBySkeleton skeleton_loss(const Autoencoder& model);

 private:
  void check(const Autoencoder& model) const {
    validate(model);
    validate(features_, model.features());
    require_tied_relu(model, "the exact loss");
  }

  CountRange listed(const ActiveCount& count) const;

  Features features_;
  Options options_;
  AdaptiveLoss loss_;
};

// π_l rises to its largest value and then falls, so the listed l are consecutive.
CountRange Evaluator::Implementation::listed(const ActiveCount& count) const {
  const Index most = std::min(options_.skeletons.value_or(features_.size()), features_.size());
  CountRange range;
  for (Index l = 0; l <= most; ++l) {
    if (count.probability(l) < options_.probability_floor) continue;
    if (range.empty()) range.first = l;
    range.last = l;
  }
  return range;
}

IntegralBySkeleton Evaluator::Implementation::skeleton_loss(const Autoencoder& model) {
  check(model);
  const ActiveCount count(features_.density);
  const CountRange range = listed(count);
  const Loss total = loss_.evaluate(model, Wanted::skeletons);
  const Vector contributions = loss_.contributions(range.last);
  IntegralBySkeleton result;
  for (Index l = range.first; l <= range.last; ++l) {
    const double probability = count.probability(l), part = contributions(l);
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
  const bool bound = options_.error_control == ErrorControl::rigorous;
  const double half = bound ? total.error_bound : std::numeric_limits<double>::quiet_NaN();
  result.confidence = bound ? 1.0 : half;
  result.low = total.value - half;
  result.high = total.value + half;
  result.error_bound = total.error_bound;
  result.stop_reason = total.stop_reason;
  return result;
}

Evaluator::Evaluator(Features features, const Options& options) {
  validate(features);
  require_plain(features, "the exact loss");
  validate(options);
  implementation_ = std::make_unique<Implementation>(std::move(features), options);
}

Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Loss Evaluator::loss(const Autoencoder& model) {
  return implementation_->loss(model);
}

Loss Evaluator::loss_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db) {
  return implementation_->loss_and_gradient(model, dW, db);
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
  result.loss = Evaluator(features, options).loss_and_gradient(model, result.dW, result.db);
  return result;
}

IntegralBySkeleton skeleton_loss(const Autoencoder& model, const Features& features,
                                 const Options& options) {
  return Evaluator(features, options).skeleton_loss(model);
}

}  // namespace skeleta::exact
