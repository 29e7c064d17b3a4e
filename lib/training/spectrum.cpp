#include "skeleta/training/spectrum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/decompositions.h"
#include "skeleta/measure/active_count.h"
#include "training/flat_directions.h"
#include "training/zero_model.h"

namespace skeleta::training {
namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

// The skeletons of the objective, and the factor of its loss on them.
struct SkeletonPart {
  CountRange skeletons;
  double factor;
};

SkeletonPart part_of(const Features& features, const SpectrumOptions& options) {
  if (options.objective == ObjectiveKind::one_sparse) {
    const double probability = ActiveCount(features.density).probability(1);
    if (probability > 0.0) return {{1, 1}, 1.0 / probability};
    throw std::invalid_argument("never is exactly one feature active: there is no one-sparse loss");
  }
  if (options.objective == ObjectiveKind::k_sparse) return {{0, options.k}, 1.0};
  if (options.objective == ObjectiveKind::exact) return {{0, features.size()}, 1.0};
  throw std::invalid_argument(
      "the spectrum is that of the exact, one-sparse or k-sparse objective");
}

exact::Hessian hessian_of(const Autoencoder& model, const Features& features,
                          const SpectrumOptions& options) {
  const SkeletonPart part = part_of(features, options);
  exact::Hessian result;
  if (options.objective == ObjectiveKind::exact) {
    exact::Options how;
    how.error_control = exact::ErrorControl::estimated;
    how.relative_target = 1e-10;
    how.absolute_target = 1e-13 * loss_of_zero_model(features);
    how.gradient_target = 1e-8;
    how.maximum_nodes = Index{1} << 13;
    how.refuse_unreachable = false;
    how.threads = options.threads;
    result = exact::hessian(model, features, how, 1e-7);
  } else {
    result = exact::hessian(model, features, part.skeletons, part.factor, options.threads);
  }
  if (options.penalty.active()) {
    result.value += add_penalty(options.penalty, model, result.gradient);
    add_penalty_hessian(options.penalty, model, result.matrix);
  }
  return result;
}

// Squares of the smallest losses' gradients leave the range.
double norm_of(const Vector& x) {
  const double most = x.cwiseAbs().maxCoeff();
  return most > 0.0 && std::isfinite(most) ? most * (x / most).norm() : most;
}

void judge(double slope, bool known, Spectrum& result) {
  result.learning_coefficient = no_number;
  if (!result.kinks.empty()) {
    result.landscape = Landscape::kink;
    result.reason = fmt::format("not twice differentiable: {}", result.kinks.front().reason);
  } else if (!known) {
    result.landscape = Landscape::unknown;
    result.reason = fmt::format("second derivatives are known to {:.2g} only, beside {:.2g}",
                                result.error, result.eigenvalues.cwiseAbs().maxCoeff());
  } else if (!(result.gradient_norm <= slope)) {
    result.landscape = Landscape::slope;
    result.reason =
        fmt::format("no critical point: the gradient's norm is {:.3g}, more than {:.3g}",
                    result.gradient_norm, slope);
  } else if (result.negative > 0) {
    result.landscape = Landscape::saddle;
    result.reason = fmt::format("a saddle: {} directions lead down", result.negative);
  } else if (result.unexplained > 0) {
    result.landscape = Landscape::degenerate;
    result.reason = fmt::format("{} flat directions are unexplained: higher derivatives decide",
                                result.unexplained);
  } else {
    result.landscape = Landscape::minimum;
    result.learning_coefficient = 0.5 * static_cast<double>(result.rank);
  }
}

}  // namespace

Spectrum spectrum(const Autoencoder& model, const Features& features,
                  const SpectrumOptions& options) {
  validate(options.penalty);
  const exact::Hessian hessian = hessian_of(model, features, options);
  const SymmetricEigen eigen = symmetric_eigen(hessian.matrix);
  Spectrum result;
  result.value = hessian.value;
  result.gradient_norm = norm_of(hessian.gradient);
  result.eigenvalues = eigen.values;
  result.error = hessian.error;
  result.kinks = exact::kinks(model, features, part_of(features, options).skeletons, options.kink);
  const double largest = eigen.values.cwiseAbs().maxCoeff(), size = model.W.norm();
  const double slope = options.slope * value_of_zero_model(features, options.objective, options.k);
  // H (SW, 0) = (S ∂L/∂W, 0), which is nothing where the gradient vanishes but for a rest.
  const bool critical = result.gradient_norm <= slope && size > 0.0;
  const double turned = critical ? 4.0 * result.gradient_norm / size : 0.0;
  constexpr double most_turned = 1e-3;  // of a model that is nearly 0 it says nothing
  result.zero = std::max(
      {options.zero * largest, 10.0 * result.error, std::min(turned, most_turned * largest)});
  double smallest = INFINITY;
  for (const double value : eigen.values) {
    if (std::abs(value) <= result.zero) continue;
    ++result.rank;
    smallest = std::min(smallest, std::abs(value));
    if (value < 0.0) {
      ++result.negative;
    } else {
      result.log_determinant += std::log(value);
    }
  }
  result.zeros = eigen.values.size() - result.rank;
  result.condition = result.rank > 0 ? largest / smallest : no_number;
  if (result.negative > 0) result.downhill = eigen.vectors.col(0);
  // Near kinks contours may not resolve the Hessian: then nothing is said of it.
  constexpr double vague = 1e-3;
  const bool known = result.error <= vague * largest || largest == 0.0;
  if (known) {
    const ExplainedZeros known_zeros =
        explained_zeros(hessian.matrix, {result.zeros, result.zero}, model, features,
                        part_of(features, options).skeletons.last);
    result.orbit_dimension = known_zeros.orbit;
    result.dropped = known_zeros.dropped;
    result.unexplained = result.zeros - known_zeros.orbit - known_zeros.dropped;
  } else {
    result.unexplained = result.zeros;
  }
  judge(slope, known, result);
  return result;
}

double free_energy_crossing(double loss_difference, double coefficient_difference,
                            double constant) {
  if (!(loss_difference > 0.0) || std::isnan(coefficient_difference) || std::isnan(constant)) {
    return no_number;
  }
  const auto excess = [&](double n) {
    return n * loss_difference - coefficient_difference * std::log(n) - constant;
  };
  // Convex where the coefficient is positive, with its least value at their ratio; else increasing.
  double low = std::max(1.0, coefficient_difference / loss_difference);
  if (excess(low) >= 0.0) return 1.0;
  double high = 2.0 * low;
  while (excess(high) < 0.0) high *= 2.0;
  for (int step = 0; step < 200 && high - low > 1e-12 * high; ++step) {
    const double middle = 0.5 * (low + high);
    (excess(middle) < 0.0 ? low : high) = middle;
  }
  return high;
}

}  // namespace skeleta::training
