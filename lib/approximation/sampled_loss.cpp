#include "skeleta/approximation/sampled_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "skeleta/exact/closed_forms.h"
#include "skeleta/exact/low_skeletons.h"
#include "skeleta/measure/support_sums.h"

namespace skeleta::approximation {
namespace {

using estimate::Control;
using estimate::SparsePoint;

// Part of the time of sampling that the table of pairs saves; features from which on the table
// takes most of a minute and is not considered.
constexpr double saved = 0.5;
constexpr Index many_features = 2000;

// Sums by count over their probabilities, times `factor`: means on each skeleton.
std::vector<double> means_of(std::vector<double> sums, const ActiveCount& law, double factor) {
  for (std::size_t l = 0; l < sums.size(); ++l) {
    const double probability = law.probability(static_cast<Index>(l));
    sums[l] = probability > 0.0 ? factor * sums[l] / probability : 0.0;
  }
  return sums;
}

Index last_reachable(const ActiveCount& law) {
  return law.bulk({0, law.features()}, 1e-18).last;
}

// c(x) = Σ_{j active} e_j(x_j), e_j(t) = v_j (t − (G_jj t − b_j)₊)²: what feature j would cost
// alone. r − c has no part left that depends on a badly reconstructed feature only, however rare or
// important, and which samples would hardly ever see. Hence β = 1, not the pilot's.
Control own_error_control(const ReluAutoencoder& model, const Features& features) {
  const Vector norms = model.W.colwise().squaredNorm();
  Vector means(features.size());
  for (Index j = 0; j < features.size(); ++j) {
    means(j) = features.importance(j) * exact::own_error(norms(j), model.b(j));
  }
  const ActiveCount law(features.density);
  Control control;
  control.mean = means_of(single_sums(means, features.density, last_reachable(law)), law, 1.0);
  control.value = [norms, b = model.b, v = features.importance](const SparsePoint& point) {
    double sum = 0.0;
    for (std::size_t k = 0; k < point.count(); ++k) {
      const Index j = point.active[k];
      const double x = point.value[k], error = x - std::max(norms(j) * x - b(j), 0.0);
      sum += v(j) * error * error;
    }
    return sum;
  };
  control.coefficient = 1.0;
  return control;
}

// What two features cost together beyond what each costs alone and what an empty input costs:
// t_jk − e_j − e_k − t_0. A rare and important feature that gets along with the others has none,
// and adds no rare and large values to a control.
Matrix interaction(const Matrix& pairs, const ReluAutoencoder& model, const Features& features) {
  const Vector norms = model.W.colwise().squaredNorm();
  const Vector empty = model.b.cwiseMin(0.0).cwiseAbs2();
  Vector alone(features.size());
  for (Index j = 0; j < features.size(); ++j) {
    alone(j) = features.importance(j) * exact::own_error(norms(j), model.b(j));
  }
  Matrix result = pairs.array() - features.importance.dot(empty);
  result.colwise() -= alone;
  result.rowwise() -= alone.transpose();
  return result;
}

// c(x) = Σ_{j<k active} t_jk x_j x_k for a symmetric table t, of mean Σ t_jk P(j, k active | N =
// l)/4 on Q_l. Of the interaction of pairs it follows what is beyond each feature's own loss; of
// the Gram matrix, signs included, how the pre-activations of three and more add up.
Control pair_control(const Matrix& table, const Features& features) {
  const ActiveCount law(features.density);
  Control control;
  control.mean = means_of(pair_sums(table, features.density, last_reachable(law)), law, 0.25);
  control.value = [table](const SparsePoint& point) {
    double sum = 0.0;
    for (std::size_t k = 1; k < point.count(); ++k) {
      const double* const column = table.col(point.active[k]).data();
      double part = 0.0;
      for (std::size_t j = 0; j < k; ++j) part += point.value[j] * column[point.active[j]];
      sum += part * point.value[k];
    }
    return sum;
  };
  return control;
}

// The same with t_jk = 1: ((Σ x)² − Σ x²)/2, of mean l(l − 1)/8.
Control crowd_control(const Features& features) {
  Control control;
  for (Index l = 0; l <= last_reachable(ActiveCount(features.density)); ++l) {
    control.mean.push_back(static_cast<double>(l * (l - 1)) / 8.0);
  }
  control.value = [](const SparsePoint& point) {
    double sum = 0.0, squares = 0.0;
    for (const double x : point.value) {
      sum += x;
      squares += x * x;
    }
    return 0.5 * (sum * sum - squares);
  };
  return control;
}

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
  known.controls.push_back(pair_control(interaction(pairs, model, features), features));
}

void use_closed_forms(const ReluAutoencoder& model, const Features& features,
                      const estimate::Integrand& loss, const estimate::Options& options,
                      estimate::Known& known) {
  for (const Index l : {0, 1}) {
    known.parts.push_back(exact::skeleton_part(model, features, l, options.threads));
  }
  known.controls.push_back(own_error_control(model, features));
  known.controls.push_back(crowd_control(features));
  if (model.features() <= many_features) {
    known.controls.push_back(pair_control(gram(model), features));
  }
  if (pairs_pay(model, features, loss, options, known)) {
    use_pairs(exact::pair_losses(model, features.importance, options.threads), model, features,
              known);
  }
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

SampledLoss summarised(const estimate::SampledIntegrals& sampled, const ReluAutoencoder& model,
                       const Features& features) {
  return summarised(sampled, model, features, bounds::LossTail(model, features, 1));
}

SampledLoss sampled_loss(const ReluAutoencoder& model, const Features& features,
                         const estimate::Options& options, estimate::Precision precision) {
  estimate::validate(options);
  const bounds::LossTail tail(model, features, options.threads);
  refuse_overflow(tail, precision);
  const estimate::Integrand loss =
      estimate::loss_integrand(model, features, estimate::kernel_path(model, features), precision);
  estimate::Known known;
  known.bound_outside = [&tail](CountRange range) { return tail.outside(range); };
  known.nanoseconds = estimate::loss_nanoseconds(model, features);
  if (options.method != estimate::Method::plain) {
    use_closed_forms(model, features, loss, options, known);
  }
  const bool quasi =
      options.method == estimate::Method::quasi || options.method == estimate::Method::automatic;
  if (quasi && model.features() <= many_features) known.interference = gram(model);
  const auto sampled = estimate::integrate_all(features, loss, options, known);
  SampledLoss result = summarised(sampled, model, features, tail);
#ifndef NDEBUG
  check_against_bounds(result.loss, tail);
#endif
  return result;
}

}  // namespace skeleta::approximation
