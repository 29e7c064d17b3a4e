#include "estimate/tilt.h"

#include <cmath>
#include <memory>

#include "skeleta/sampling/point_sampler.h"

namespace skeleta::estimate {
namespace {

bool free(double density) {
  return density > 0.0 && density < 1.0;
}

// log e_l(r) = log P(N = l) − Σ log(1 − p_j) over the features that are neither always nor never
// active; N counts the others too, which shifts numerator and denominator alike.
std::vector<double> log_symmetric(const Vector& density, Index most) {
  double none = 0.0;
  for (const double p : density) none += free(p) ? std::log1p(-p) : 0.0;
  const ActiveCount law(density);
  std::vector<double> result;
  for (Index l = 0; l <= most; ++l) result.push_back(std::log(law.probability(l)) - none);
  return result;
}

double tilted(double p, double h) {
  return p * h / (1.0 - p + p * h);
}

// A factor common to all h_j does not change the law of supports of a size. This one keeps the mean
// number of active features, so that no probability of interest underflows.
double common_factor(const Vector& density, const Vector& factor) {
  double low = std::log(1.0 / factor.maxCoeff()), high = std::log(1.0 / factor.minCoeff());
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    double excess = 0.0;
    for (Index j = 0; j < density.size(); ++j) {
      if (free(density(j))) excess += tilted(density(j), std::exp(middle) * factor(j)) - density(j);
    }
    (excess > 0.0 ? high : low) = middle;
  }
  return std::exp(0.5 * (low + high));
}

}  // namespace

Tilt::Tilt(const Vector& density, const Vector& factor, Index most)
    : density_(density), log_factor_(Vector::Zero(density.size())) {
  const double common = common_factor(density, factor);
  for (Index j = 0; j < density.size(); ++j) {
    const double p = density(j);
    if (!free(p)) continue;
    density_(j) = tilted(p, common * factor(j));
    // Of the density as it was rounded, so that the weights are its own.
    log_factor_(j) = std::log(density_(j) / (1.0 - density_(j)) * ((1.0 - p) / p));
  }
  log_ratio_ = log_symmetric(density_, most);
  const std::vector<double> before = log_symmetric(density, most);
  for (std::size_t l = 0; l < before.size(); ++l) log_ratio_[l] -= before[l];
}

double Tilt::weight(const SparsePoint& point) const {
  double log_weight = log_ratio_[point.count()];
  for (const std::int32_t j : point.active) log_weight -= log_factor_(j);
  return std::exp(log_weight);
}

Vector effect_of_features(const Problem& problem, const Integrand& integrand) {
  // Half of the largest factor is kept for features that were hardly seen.
  constexpr double largest = 8.0, prior_points = 8.0;
  constexpr std::size_t batch_size = 256, batches = 16;
  const Vector& density = problem.features().density;
  const Index count = density.size();
  Vector alike = density;
  double mean = 0.0;
  Index several = 0;
  for (const double p : density) {
    mean += free(p) ? p : 0.0;
    several += free(p) ? 1 : 0;
  }
  if (several == 0) return Vector::Ones(count);
  for (double& p : alike) p = free(p) ? mean / static_cast<double>(several) : p;

  const ActiveCount law(alike);
  const CountRange range = law.bulk(problem.reachable(), 1e-6);
  if (!(law.probability(range) > 0.0)) return Vector::Ones(count);
  const sampling::CountSplitter splitter(law, range);
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(range.size()));
  sampling::StreamKey key{problem.options().seed, sampling::Purpose::pilot, 1, 0};
  splitter.draw(key, ~std::uint64_t{0}, batch_size * batches, counts);
  const Draw draw = problem.draw(alike)();
  const BatchIntegrand evaluate = integrand();
  SparseBatch batch;
  std::vector<double> values(batch_size * integrand.outputs());
  Vector with = Vector::Zero(count), seen = Vector::Zero(count);
  double sum = 0.0, points = 0.0;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const Index l = range.first + static_cast<Index>(k);
    key.stratum = static_cast<std::uint64_t>(l);
    for (std::uint64_t first = 0; first < counts[k]; first += batch_size) {
      draw(l, key, first,
           static_cast<std::size_t>(std::min<std::uint64_t>(batch_size, counts[k] - first)), batch);
      evaluate(batch, std::span(values).first(batch.size() * integrand.outputs()));
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const double size = std::abs(values[i * integrand.outputs()]);
        if (!std::isfinite(size)) continue;
        for (const std::int32_t j : batch[i].active) {
          with(j) += size;
          ++seen(j);
        }
        sum += size;
        ++points;
      }
    }
  }
  if (!(sum > 0.0)) return Vector::Ones(count);
  const double overall = sum / points;
  const auto factor =
      (with.array() + prior_points * overall) / ((seen.array() + prior_points) * overall);
  return factor.max(1.0 / largest).min(largest).matrix();
}

Integrand weighted(const Integrand& integrand, std::shared_ptr<const Tilt> tilt) {
  const std::size_t outputs = integrand.outputs();
  return Integrand::of_batches(
      outputs + 1,
      [integrand, tilt, outputs]() -> BatchIntegrand {
        return [plain = integrand(), tilt, outputs, f = std::vector<double>()](
                   const SparseBatch& batch, std::span<double> values) mutable {
          f.resize(batch.size() * outputs);
          plain(batch, f);
          for (std::size_t i = 0; i < batch.size(); ++i) {
            double* const row = values.data() + i * (outputs + 1);
            row[outputs] = tilt->weight(batch[i]);
            for (std::size_t a = 0; a < outputs; ++a) row[a] = row[outputs] * f[i * outputs + a];
          }
        };
      },
      integrand.most_points());
}

Setup set_up_importance(const Problem& problem, const Survey& survey) {
  const Vector effect = effect_of_features(problem, survey.integrand());
  const auto tilt =
      std::make_shared<const Tilt>(problem.features().density, effect, problem.reachable().last);
  const Survey tilted(problem, weighted(survey.integrand(), tilt), std::nullopt,
                      problem.draw(tilt->density()));
  return set_up_strata(problem, survey, tilted, true);
}

}  // namespace skeleta::estimate
