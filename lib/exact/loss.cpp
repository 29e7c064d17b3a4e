#include "skeleta/exact/loss.h"

#include <stdexcept>
#include <utility>

#include "exact/adaptive_loss.h"

namespace skeleta::exact {

class Evaluator::Implementation {
 public:
  Implementation(Features features, const Options& options)
      : features_(std::move(features)), options_(options), loss_(features_, options_) {}

  Loss loss(const ReluAutoencoder& model) {
    check(model);
    return loss_.evaluate(model);
  }

 private:
  void check(const ReluAutoencoder& model) const {
    validate(model);
    validate(features_, model.features());
  }

  Features features_;
  Options options_;
  AdaptiveLoss loss_;
};

Evaluator::Evaluator(Features features, const Options& options) {
  validate(features);
  validate(options);
  implementation_ = std::make_unique<Implementation>(std::move(features), options);
}

Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Loss Evaluator::loss(const ReluAutoencoder& model) {
  return implementation_->loss(model);
}

Loss loss(const ReluAutoencoder& model, const Features& features, const Options& options) {
  return Evaluator(features, options).loss(model);
}

}  // namespace skeleta::exact
