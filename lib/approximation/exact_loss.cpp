#include "skeleta/approximation/exact_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "approximation/law_tail.h"
#include "exact/pattern_seconds.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/exact/low_skeletons.h"
#include "skeleta/exact/support_sum.h"

namespace skeleta::approximation {
namespace {

// Whether C_0 … C_2 are sums over few supports with closed forms or quadratures, of up to a
// hundredth of a second each.
bool has_few_supports(const Autoencoder& model, const Features& features) {
  constexpr double few = 300.0;
  const CountRange low{0, std::min<Index>(2, features.size())};
  return model.activation == Activation::relu && model.noise == 0.0 &&
         exact::SupportSum::supports(features.size(), low) <= few;
}

// The contour's error is one of the whole loss, which may be larger than all of a rare skeleton's.
bool drowns(const SkeletonPart& part, const IntegralBySkeleton& loss) {
  return part.probability > 0.0 && std::abs(part.contribution) < 1e3 * loss.error_bound;
}

// What lies beyond the error of what is there is wrong itself: sums over patterns of constant
// values are closer, where terms cancel.
void refine(SkeletonPart& part, double error_bound, const Autoencoder& model,
            const Features& features, const exact::Options& options) {
  exact::Gradient gradient;
  const double found = exact::SupportSum(features, {part.l, part.l}, options)
                           .loss_and_gradient(model, gradient)
                           .value;
  if (!(std::abs(found - part.contribution) <= error_bound)) return;
  part.contribution = found;
  part.mean = found / part.probability;
}

// Of other models and laws: what the contour gives, and what is left bounds the rest.
ExactLoss general_loss(const Autoencoder& model, const Features& features,
                       const exact::Options& options) {
  ExactLoss result;
  IntegralBySkeleton& loss = result.loss;
  loss = exact::skeleton_loss(model, features, options);
  const bool proven = options.error_control == exact::ErrorControl::proven;
  if (!proven && has_few_supports(model, features)) {
    for (SkeletonPart& part : loss.skeletons) {
      if (part.l <= 2 && drowns(part, loss))
        refine(part, loss.error_bound, model, features, options);
    }
  }
  double low = 0.0;
  for (const SkeletonPart& part : loss.skeletons) low += part.l <= 1 ? part.contribution : 0.0;
  loss.rest = std::max(loss.value - low, 0.0);
  const double bound =
      std::min(LawTail(model, features).above(1), loss.rest + 2.0 * loss.error_bound);
  result.one_sparse = one_sparse(loss, features, bound);
  return result;
}

// Of other laws and models: only what constant values take is known before.
double seconds_of_patterns(const Autoencoder& model, const Features& features) {
  if (model.noise > 0.0 || model.activation == Activation::identity) return INFINITY;
  const auto outputs = static_cast<double>((features.importance.array() > 0.0).count());
  return outputs * exact::pattern_seconds(features.data_law());
}

}  // namespace

ExactLoss exact_loss(const Autoencoder& model, const Features& features,
                     const exact::Options& options) {
  if (!model.tied_relu() || !features.plain()) return general_loss(model, features, options);
  ExactLoss result;
  IntegralBySkeleton& loss = result.loss;
  loss = exact::skeleton_loss(model, features, options);
  // Closed forms are exact in relative terms, however small: they replace what the contour gave,
  // but not what is proven.
  const bool proven = options.error_control == exact::ErrorControl::proven;
  double low = 0.0, on_q2 = 0.0;
  for (const Index l : {0, 1, 2}) {
    if (l == 2 && model.features() > few_features) break;
    const SkeletonPart part = exact::skeleton_part(model, features, l, options.threads);
    for (SkeletonPart& row : loss.skeletons) {
      if (row.l == l && !proven) row = part;
    }
    (l < 2 ? low : on_q2) += part.contribution;
  }
  for (const SkeletonPart& part : loss.skeletons) {
    if (!std::isinf(part.mean)) continue;
    throw std::invalid_argument(
        fmt::format("the mean loss on Q_{} exceeds the range of double: scale W and b, or "
                    "importances, down",
                    part.l));
  }
  const bounds::LossTail tail(model, features, options.threads);
  loss.rest = std::min(std::max(loss.value - low, on_q2), tail.above(1));
  result.one_sparse = one_sparse(loss, features, tail.above(1));
  result.one_sparse.contribution = low;
  result.one_sparse.share = low / loss.value;
#ifndef NDEBUG
  check_against_bounds(loss, tail);
#endif
  return result;
}

// Rounded experience: what the contour integrals need at 1e-8, times the cost of a factor, once for
// the loss and once for each skeleton that is listed.
double foreseen_exact_seconds(const Autoencoder& model, const Features& features) {
  constexpr double nodes = 1500.0, nanoseconds_per_factor = 0.6, nanoseconds_listed = 0.2;
  const bool plain = features.plain() && model.activation == Activation::relu && model.noise == 0.0;
  if (!plain) return seconds_of_patterns(model, features);
  const auto count = static_cast<double>(model.features());
  const CountRange listed =
      ActiveCount(features.density).bulk({0, model.features()}, exact::Options{}.probability_floor);
  const double per_factor =
      nanoseconds_per_factor + nanoseconds_listed * static_cast<double>(listed.last + 1);
  double seconds = 1e-9 * count * count * nodes * per_factor;
  if (model.features() <= few_features) {
    seconds += 1e-9 * exact::skeleton_part_cost(model.features(), model.hidden(), 2);
  }
  return seconds;
}

double z_score(const IntegralBySkeleton& sampled, const exact::Loss& exact) {
  const double difference = sampled.value - exact.value;
  const double slack = sampled.error_bound + exact.error_bound;
  const double distance = std::max(std::abs(difference) - slack, 0.0);
  if (distance == 0.0) return 0.0;
  return std::copysign(distance / sampled.standard_error, difference);
}

}  // namespace skeleta::approximation
