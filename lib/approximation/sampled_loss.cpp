#include "skeleta/approximation/sampled_loss.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/exact/low_skeletons.h"

namespace skeleta::approximation {
namespace {

// A sampled point on Q2, measured on one core.
constexpr double nanoseconds_per_point = 40.0, nanoseconds_per_row = 0.15;

// Is Q2 in closed form foreseen to be cheaper than sampling it?
bool closed_form_pays(const ReluAutoencoder& model, const Features& features,
                      const estimate::Options& options, const estimate::Known& known) {
  const double closed = exact::skeleton_part_cost(model.features(), model.hidden(), 2);
  const double a_point =
      nanoseconds_per_point + nanoseconds_per_row * static_cast<double>(model.features());
  for (const estimate::PlannedStratum& stratum :
       estimate::plan_skeleton_loss(model, features, options, known)) {
    if (stratum.skeletons == CountRange{2, 2}) return closed < stratum.points * a_point;
  }
  return false;
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
  const double bound = tail.above(1);
  if (loss.rest - 6.0 * loss.rest_standard_error > bound * (1.0 + 1e-9) && loss.usable()) {
    throw std::logic_error(fmt::format(
        "the loss beyond Q1, {} +- {}, exceeds its rigorous bound {}: please report this",
        loss.rest, loss.rest_standard_error, bound));
  }
}

SampledLoss sampled_loss(const ReluAutoencoder& model, const Features& features,
                         const estimate::Options& options) {
  estimate::validate(options);
  const bounds::LossTail tail(model, features, options.threads);
  estimate::Known known;
  known.bound_outside = [&tail](CountRange range) { return tail.outside(range); };
  if (options.method == estimate::Method::stratified) {
    const auto add = [&](Index l) {
      known.parts.push_back(exact::skeleton_part(model, features, l, options.threads));
    };
    add(0);
    add(1);
    if (model.features() >= 2 && closed_form_pays(model, features, options, known)) add(2);
  }
  SampledLoss result;
  result.loss = estimate::skeleton_loss(model, features, options, known);
  result.one_sparse = one_sparse(result.loss, features, tail);
  result.path = estimate::kernel_path(model.features());
#ifndef NDEBUG
  check_against_bounds(result.loss, tail);
#endif
  return result;
}

}  // namespace skeleta::approximation
