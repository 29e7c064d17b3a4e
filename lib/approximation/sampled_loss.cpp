#include "skeleta/approximation/sampled_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "approximation/loss_controls.h"
#include "approximation/rare_outputs.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/exact/low_skeletons.h"

namespace skeleta::approximation {
namespace {

constexpr double saved = 0.5;          // part of the time of sampling, by the table of pairs
constexpr double seconds_apart = 2.0;  // on one core, for outputs that are not sampled

// Is the closed form of all pairs foreseen to be cheaper than the samples it saves? It takes Q2
// away and gives the other skeletons a control.
bool pairs_pay(const ReluAutoencoder& model, const Features& features,
               const estimate::Integrand& loss, estimate::Options options,
               const estimate::Known& known) {
  if (model.features() < 2 || model.features() > many_features) return false;
  // The same answer for all methods: a run that auto began must go on with the same controls.
  options.method = estimate::Method::stratified;
  const double seconds = estimate::foresee(features, loss, options, known).seconds;
  return 1e-9 * exact::skeleton_part_cost(model.features(), model.hidden(), 2) < saved * seconds;
}

void use_pairs(const Matrix& pairs, const ReluAutoencoder& model, const Features& features,
               estimate::Known& known) {
  const double probability = ActiveCount(features.density).probability(2);
  const double mean = exact::pair_mean(pairs, features.density);
  const double contribution = probability > 0.0 ? probability * mean : 0.0;
  known.parts.push_back({2, probability, mean, contribution, 0.0, 0});
  known.controls = loss_controls(model, features, &pairs);
}

void use_closed_forms(const ReluAutoencoder& model, const Features& features, bool pairs,
                      const estimate::Options& options, estimate::Known& known) {
  known.parts.clear();
  for (const Index l : {0, 1}) {
    known.parts.push_back(exact::skeleton_part(model, features, l, options.threads));
  }
  if (pairs) {
    use_pairs(exact::pair_losses(model, features.importance, options.threads), model, features,
              known);
  } else {
    known.controls = loss_controls(model, features);
  }
}

// All that closed forms can say. Returns the features whose errors are left to be sampled: the
// others have an importance of 0.
Features use_closed_forms(const ReluAutoencoder& model, const Features& features,
                          const estimate::Integrand& loss, const estimate::Options& options,
                          estimate::Known& known) {
  use_closed_forms(model, features, false, options, known);
  const bool pairs = pairs_pay(model, features, loss, options, known);
  if (pairs) use_closed_forms(model, features, true, options, known);
  const auto first = static_cast<Index>(known.parts.size());
  const RareOutputs rare = rare_outputs(model, features, known, options);
  if (rare.outputs.empty()) return features;
  take_apart(model, rare, first, seconds_apart, options, known);
  use_closed_forms(model, rare.sampled, pairs, options, known);
  return rare.sampled;
}

void refuse_overflow(const bounds::LossTail& tail, estimate::Precision precision) {
  // Its fourth power, which the kurtosis needs, and sums of such powers are still finite; or the
  // loss itself is in float32.
  const double most = precision == estimate::Precision::float32 ? 1e35 : 1e70;
  if (tail.supremum() < most) return;
  throw std::invalid_argument(fmt::format(
      "the loss of this model reaches {:.3g} at some inputs, and its fourth power overflows: "
      "scale W, b or the importance down",
      tail.supremum()));
}

// Rounded experience: what the contour integrals need at 1e-8, times the cost of a factor.
double foreseen_exact_seconds(const ReluAutoencoder& model) {
  constexpr double nodes = 1500.0, nanoseconds_per_factor = 0.6;
  const auto count = static_cast<double>(model.features());
  double seconds = 1e-9 * count * count * nodes * nanoseconds_per_factor;
  if (model.features() <= 200) {
    seconds += 1e-9 * exact::skeleton_part_cost(model.features(), model.hidden(), 2);
  }
  return seconds;
}

SampledLoss summarised(const estimate::SampledIntegrals& sampled, const ReluAutoencoder& model,
                       const Features& features, const bounds::LossTail& tail) {
  const IntegralBySkeleton& loss = sampled.outputs.front();
  return {loss,
          one_sparse(loss, features, tail),
          estimate::kernel_path(model, features),
          sampled.method,
          sampled.state,
          sampled.foreseen,
          sampled.foreseen.empty() ? 0.0 : foreseen_exact_seconds(model)};
}

}  // namespace

OneSparse one_sparse(const IntegralBySkeleton& loss, const Features& features,
                     const bounds::LossTail& tail) {
  OneSparse result;
  for (const SkeletonPart& part : loss.skeletons) {
    if (part.l <= 1) result.contribution += part.contribution;
  }
  result.share = result.contribution / loss.value;
  result.rest = loss.rest;
  result.rest_standard_error = loss.rest_standard_error;
  result.rest_bound = tail.above(1);
  result.probability_of_rest = ActiveCount(features.density).at_least(2);
  result.union_bound = union_bound_two_active(features.density);
  result.chernoff_bound = chernoff_bound(features.density, 2);
  return result;
}

void check_against_bounds(const IntegralBySkeleton& loss, const bounds::LossTail& tail) {
  if (!loss.usable()) return;
  double beyond = 0.0, variance = 0.0;
  for (auto part = loss.skeletons.rbegin(); part != loss.skeletons.rend(); ++part) {
    beyond += part->contribution;
    variance += part->standard_error * part->standard_error;
    const double bound = tail.above(part->l - 1);
    const double error = 6.0 * std::sqrt(variance) + loss.error_bound;
    if (beyond - error > bound * (1.0 + 1e-9)) {
      throw std::logic_error(
          fmt::format("the loss on Q_{} and beyond, {} +- {}, exceeds its rigorous "
                      "bound {}: please report this",
                      part->l, beyond, std::sqrt(variance), bound));
    }
  }
}

SampledLoss sampled_loss(const ReluAutoencoder& model, const Features& features,
                         const estimate::Options& asked, estimate::Precision precision,
                         const SampledCheckpoint& checkpoint) {
  estimate::validate(asked);
  const bounds::LossTail tail(model, features, asked.threads);
  estimate::Options options = asked;
  if (checkpoint) {
    options.checkpoint = [&](const estimate::SampledIntegrals& so_far) {
      checkpoint(summarised(so_far, model, features, tail));
    };
  }
  refuse_overflow(tail, precision);
  const estimate::KernelPath path = estimate::kernel_path(model, features);
  estimate::Integrand loss = estimate::loss_integrand(model, features, path, precision);
  std::optional<bounds::LossTail> tail_of_sampled;
  estimate::Known known;
  known.bound_outside = [&](CountRange range) {
    return (tail_of_sampled ? *tail_of_sampled : tail).outside(range);
  };
  known.nanoseconds = estimate::loss_nanoseconds(model, features);
  if (options.method == estimate::Method::plain) {
    bound_unseen(model, features, options, known);
  } else {
    const Features sampled = use_closed_forms(model, features, loss, options, known);
    if (known.variant != 0.0) {
      tail_of_sampled.emplace(model, sampled, options.threads);
      loss = estimate::loss_integrand(model, sampled, path, precision);
    }
  }
  const bool quasi =
      options.method == estimate::Method::quasi || options.method == estimate::Method::automatic;
  if (quasi && model.features() <= many_features) known.interference = gram(model);
  const auto sampled = estimate::integrate_all(features, loss, options, known);
  const BorrowedScope none(nullptr);  // what was sampled is a result, called off or not
  SampledLoss result = summarised(sampled, model, features, tail);
#ifndef NDEBUG
  check_against_bounds(result.loss, tail);
#endif
  return result;
}

}  // namespace skeleta::approximation
