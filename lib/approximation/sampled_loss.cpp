#include "skeleta/approximation/sampled_loss.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/exact/low_skeletons.h"
#include "skeleta/measure/pair_sums.h"

namespace skeleta::approximation {
namespace {

// A sampled point, measured on one core; part of the samples that the table of pairs saves.
constexpr double nanoseconds_per_point = 40.0, nanoseconds_per_row = 0.3;
constexpr double saved = 0.5;

// Is the closed form of all pairs foreseen to be cheaper than the samples it saves? It takes Q2
// away and gives the other skeletons a control.
bool pairs_pay(const ReluAutoencoder& model, const Features& features,
               const estimate::Options& options, const estimate::Known& known) {
  double points = 0.0;
  for (const auto& stratum : estimate::plan_skeleton_loss(model, features, options, known)) {
    points += stratum.points;
  }
  const double a_point =
      nanoseconds_per_point + nanoseconds_per_row * static_cast<double>(model.features());
  return exact::skeleton_part_cost(model.features(), model.hidden(), 2) < saved * points * a_point;
}

// c(x) = Σ_{j<k active} t_jk x_j x_k with t_jk the loss of the pair, which follows the loss on Q2
// and beyond closely; its mean on Q_l is Σ t_jk P(j, k active | N = l)/4.
estimate::Control pair_control(const Matrix& pairs, const Features& features) {
  const ActiveCount law(features.density);
  const Index most = law.bulk({0, law.features()}, 1e-18).last;
  estimate::Control control;
  control.mean = pair_sums(pairs, features.density, most);
  for (Index l = 0; l <= most; ++l) {
    double& mean = control.mean[static_cast<std::size_t>(l)];
    mean = law.probability(l) > 0.0 ? mean / (4.0 * law.probability(l)) : 0.0;
  }
  control.value = [pairs](const estimate::SparsePoint& point) {
    double sum = 0.0;
    for (std::size_t k = 1; k < point.count(); ++k) {
      const double* const column = pairs.col(point.active[k]).data();
      double part = 0.0;
      for (std::size_t j = 0; j < k; ++j) part += point.value[j] * column[point.active[j]];
      sum += part * point.value[k];
    }
    return sum;
  };
  return control;
}

void use_pairs(const Matrix& pairs, const Features& features, estimate::Known& known) {
  const double mean = exact::pair_mean(pairs, features.density);
  const double probability = ActiveCount(features.density).probability(2);
  const double contribution = probability > 0.0 ? probability * mean : 0.0;
  known.parts.push_back({2, probability, mean, contribution, 0.0, 0});
  known.control = pair_control(pairs, features);
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
    if (model.features() >= 2 && pairs_pay(model, features, options, known)) {
      use_pairs(exact::pair_losses(model, features.importance, options.threads), features, known);
    }
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
