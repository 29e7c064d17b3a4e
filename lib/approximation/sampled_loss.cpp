#include "skeleta/approximation/sampled_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "approximation/law_survey.h"
#include "approximation/law_tail.h"
#include "approximation/loss_controls.h"
#include "approximation/low_parts.h"
#include "approximation/rare_outputs.h"
#include "skeleta/approximation/exact_loss.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/exact/low_skeletons.h"

namespace skeleta::approximation {
namespace {

constexpr double saved = 0.5;          // part of the time of sampling, by the table of pairs
constexpr double seconds_apart = 2.0;  // on one core, for outputs that are not sampled

// Is the closed form of all pairs foreseen to be cheaper than the samples it saves? It takes Q2
// away and gives the other skeletons a control. The same answer for all methods: a run that auto
// began must go on with the same controls.
bool pairs_pay(const Autoencoder& model, estimate::Plan& plan) {
  if (model.features() < 2 || model.features() > many_features) return false;
  const double seconds = plan.foresee(estimate::Method::stratified).seconds;
  return 1e-9 * exact::skeleton_part_cost(model.features(), model.hidden(), 2) < saved * seconds;
}

void use_pairs(const Matrix& pairs, const Autoencoder& model, const Features& features,
               estimate::Known& known) {
  const double probability = ActiveCount(features.density).probability(2);
  const double mean = exact::pair_mean(pairs, features.density);
  const double contribution = probability > 0.0 ? probability * mean : 0.0;
  known.parts.push_back({2, probability, mean, contribution, 0.0, 0});
  known.controls = loss_controls(model, features, &pairs);
}

void use_closed_forms(const Autoencoder& model, const Features& features, bool pairs,
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

void refuse_overflow(double largest, estimate::Precision precision) {
  // Its fourth power, which the kurtosis needs, and sums of such powers are still finite; or the
  // loss itself is in float32.
  const double most = precision == estimate::Precision::float32 ? 1e35 : 1e70;
  if (largest < most) return;
  throw std::invalid_argument(fmt::format(
      "the loss of this model reaches {:.3g} at some inputs, and its fourth power overflows: "
      "scale W, b or the importance down",
      largest));
}

// √E Σ_i v_i δz_i², where the sums of z_i = Σ_j ⟨w_i, w_j⟩ x_j − b_i and of x_i − z_i are rounded
// to
//   |δz_i| ≤ (d + 8) u (|w_i| A + |b_i| + x_i),  A = Σ_j |w_j| x_j,
// in the unit roundoff u (d + 8: the inner products and some ten active features).
double rounding_of_values(const Autoencoder& model, const Features& features,
                          estimate::Precision precision) {
  const double u = precision == estimate::Precision::float32 ? 0x1p-24 : 0x1p-53;
  const Eigen::ArrayXd length = model.W.colwise().norm().transpose(), p = features.density;
  const double mean = 0.5 * (p * length).sum(), square = (p * length.square()).sum() / 3.0;
  const Eigen::ArrayXd size =
      length.square() * (mean * mean + square) + model.b.array().square() + p / 3.0;
  return static_cast<double>(model.hidden() + 8) * u *
         std::sqrt(3.0 * (features.importance.array() * size).sum());
}

// In the unit of the caller.
IntegralBySkeleton restored(IntegralBySkeleton loss, const ScaledFeatures& unit) {
  for (double* number : {&loss.value, &loss.standard_error, &loss.rest, &loss.rest_standard_error,
                         &loss.low, &loss.high, &loss.error_bound}) {
    *number = unit.restored(*number);
  }
  for (SkeletonPart& part : loss.skeletons) {
    part.mean = unit.restored(part.mean);
    part.contribution = unit.restored(part.contribution);
    part.standard_error = unit.restored(part.standard_error);
  }
  return loss;
}

}  // namespace

// Chernoff's bound is for independent features.
OneSparse one_sparse(const IntegralBySkeleton& loss, const Features& features, double rest_bound) {
  OneSparse result;
  for (const SkeletonPart& part : loss.skeletons) {
    if (part.l <= 1) result.contribution += part.contribution;
  }
  result.share = result.contribution / loss.value;
  result.rest = loss.rest;
  result.rest_standard_error = loss.rest_standard_error;
  result.rest_bound = rest_bound;
  if (!features.plain() && !features.law->activity.independent()) {
    const ActiveCount number(features.law->activity);
    result.probability_of_rest = number.at_least(2);
    result.union_bound = 0.5 * number.factorial_moment(2);
    result.chernoff_bound = 1.0;
    return result;
  }
  result.probability_of_rest = ActiveCount(features.density).at_least(2);
  result.union_bound = union_bound_two_active(features.density);
  result.chernoff_bound = chernoff_bound(features.density, 2);
  return result;
}

namespace {

// In the unit of the caller.
SampledLoss summarised(const estimate::SampledIntegrals& sampled, const Autoencoder& model,
                       const ScaledFeatures& unit, double rest_bound) {
  const IntegralBySkeleton& loss = sampled.outputs.front();
  OneSparse low = one_sparse(loss, unit.features, rest_bound);
  for (double* number : {&low.contribution, &low.rest, &low.rest_standard_error, &low.rest_bound}) {
    *number = unit.restored(*number);
  }
  return {restored(loss, unit),
          low,
          estimate::kernel_path(model, unit.features),
          sampled.method,
          sampled.state,
          sampled.foreseen,
          sampled.foreseen.empty() ? 0.0 : foreseen_exact_seconds(model, unit.features)};
}

// The loss as an integrand, with what is known of it.
class LossSampler {
 public:
  LossSampler(const Autoencoder& model, const Features& features, const estimate::Options& options,
              estimate::Precision precision)
      : model_(model),
        features_(features),
        options_(options),
        precision_(precision),
        path_(estimate::kernel_path(model, features)) {}

  estimate::SampledIntegrals plain(const bounds::LossTail& tail) const {
    estimate::Known known = known_of(tail);
    bound_unseen(model_, features_, options_, known);
    return plan(features_, known).sample();
  }

  // All that closed forms can say. If they say nothing new, the first plan is the one.
  estimate::SampledIntegrals by_skeleton(const bounds::LossTail& tail) const {
    estimate::Known known = known_of(tail);
    // Found after the first plan, and used by it all the same.
    const auto survey = std::make_shared<std::shared_ptr<FiringSurvey>>();
    known.missed = [survey](auto ranges) { return (*survey)->missed(ranges); };
    if (model_.features() <= many_features) known.interference = [&] { return gram(model_); };
    use_closed_forms(model_, features_, false, options_, known);
    estimate::Plan first = plan(features_, known);
    const bool pairs = pairs_pay(model_, first);
    if (pairs) use_closed_forms(model_, features_, true, options_, known);
    const RareOutputs rare = rare_outputs(model_, features_, known, options_);
    *survey = rare.survey;
    if (rare.outputs.empty()) return pairs ? plan(features_, known).sample() : first.sample();
    take_apart(model_, rare, static_cast<Index>(known.parts.size()), seconds_apart, options_,
               known);
    use_closed_forms(model_, rare.sampled, pairs, options_, known);
    rare.survey->evaluate(*known.controls);
    const bounds::LossTail tail_of_sampled(model_, rare.sampled, options_.threads);
    known.bound_outside = [&](CountRange range) { return tail_of_sampled.outside(range); };
    return plan(rare.sampled, known).sample();
  }

 private:
  estimate::Known known_of(const bounds::LossTail& tail) const {
    estimate::Known known;
    known.bound_outside = [&](CountRange range) { return tail.outside(range); };
    known.nanoseconds = estimate::loss_nanoseconds(model_, features_);
    known.least_variance_ratio = 0.01;
    known.rounding = rounding_of_values(model_, features_, precision_);
    return known;
  }

  // Features whose errors are not sampled have an importance of 0.
  estimate::Plan plan(const Features& sampled, const estimate::Known& known) const {
    return {features_, estimate::loss_integrand(model_, sampled, path_, precision_), options_,
            known};
  }

  const Autoencoder& model_;
  const Features& features_;
  const estimate::Options& options_;
  estimate::Precision precision_;
  estimate::KernelPath path_;
};

// √E Σ_i v_i δz_i² as above, for any law: by Cauchy's inequality A² ≤ N Σ_j |w_j|² x_j².
double rounding_of_any(const Autoencoder& model, const Features& features,
                       estimate::Precision precision) {
  const double u = precision == estimate::Precision::float32 ? 0x1p-24 : 0x1p-53;
  const DataLaw law = features.data_law();
  const Vector squares = second_moments(law);
  const Vector in = model.W.colwise().squaredNorm();
  const Vector out = model.tied() ? in : Vector(model.W_out.rowwise().squaredNorm());
  const double most =
      static_cast<double>(ActiveCount(law.activity).bulk({0, law.size()}, 1e-18).last);
  const Eigen::ArrayXd size =
      out.array() * (most * in.dot(squares)) + model.b.array().square() + squares.array();
  return static_cast<double>(model.hidden() + 8) * u *
         std::sqrt(3.0 * (features.importance.array() * size).sum());
}

// The loss of any law and model. Plain sampling knows the bound and the survey only. Outputs are
// taken apart for tied ReLU models of the plain law, and control variates are theirs too: where
// values and weights differ by orders of magnitude, what rounding leaves of their known means,
// times their coefficients, may exceed the standard error by far.
estimate::SampledIntegrals sample_any_law(const Autoencoder& model, const Features& features,
                                          const estimate::Options& options,
                                          estimate::Precision precision, const LawTail& tail) {
  const estimate::KernelPath path = estimate::kernel_path(model, features);
  estimate::Known known;
  known.bound_outside = [&](CountRange range) { return tail.outside(range); };
  known.nanoseconds = estimate::loss_nanoseconds(model, features);
  known.least_variance_ratio = 0.01;  // no controls, but few samples are not believed
  known.rounding = rounding_of_any(model, features, precision);
  if (options.method != estimate::Method::plain) {
    known.parts = low_parts(model, features, options.threads);
    // Sums of moments of terms that may cancel.
    if (model.activation == Activation::identity) known.apart_error = 1e-14 * tail.above(-1);
    if (model.features() <= many_features) {
      known.interference = [&] {
        const Matrix weights = output_weights(model, 0, model.features());
        return Matrix(0.5 * (weights + weights.transpose()));
      };
    }
  }
  const estimate::Integrand loss = estimate::loss_integrand(model, features, path, precision);
  const auto survey = std::make_shared<LawSurvey>(
      model, features, loss, static_cast<Index>(known.parts.size()), options.seed);
  known.missed = [survey](auto ranges) { return survey->missed(ranges); };
  return estimate::integrate_all(features, loss, options, known);
}

}  // namespace

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

SampledLoss sampled_loss(const Autoencoder& model, const Features& features,
                         const estimate::Options& asked, estimate::Precision precision,
                         const SampledCheckpoint& checkpoint) {
  estimate::validate(asked);
  if (!features.plain()) validate(features);
  // The moments of values near 1 neither overflow nor underflow.
  const ScaledFeatures unit = scaled(features);
  estimate::Options options = asked;
  options.absolute_tolerance = std::ldexp(asked.absolute_tolerance, -unit.exponent);
  if (asked.progress) {
    options.progress = [&](Progress progress) {
      progress.value = unit.restored(progress.value);
      progress.standard_error = unit.restored(progress.standard_error);
      return asked.progress(progress);
    };
  }
  double rest_bound = 0.0;
  if (checkpoint) {
    options.checkpoint = [&](const estimate::SampledIntegrals& so_far) {
      checkpoint(summarised(so_far, model, unit, rest_bound));
    };
  }
  const bool plain = options.method == estimate::Method::plain;
  estimate::SampledIntegrals sampled;
  if (model.tied_relu() && unit.features.plain()) {
    const bounds::LossTail tail(model, unit.features, asked.threads);
    refuse_overflow(tail.supremum(), precision);
    rest_bound = tail.above(1);
    const LossSampler sampler(model, unit.features, options, precision);
    sampled = plain ? sampler.plain(tail) : sampler.by_skeleton(tail);
#ifndef NDEBUG
    const BorrowedScope unwatched(nullptr);
    check_against_bounds(sampled.outputs.front(), tail);
#endif
  } else {
    validate(model);
    validate(features, model.features());
    const LawTail tail(model, unit.features);
    refuse_overflow(tail.size(), precision);
    rest_bound = tail.above(1);
    sampled = sample_any_law(model, unit.features, options, precision, tail);
  }
  const BorrowedScope none(nullptr);  // what was sampled is a result, called off or not
  return summarised(sampled, model, unit, rest_bound);
}

}  // namespace skeleta::approximation
