#include "estimate/tilt.h"

#include <cmath>
#include <memory>

#include "skeleta/sampling/point_sampler.h"

namespace skeleta::estimate {
namespace {

bool free(double density) {
  return density > 0.0 && density < 1.0;
}

// log P(N = l) − log_mass.
std::vector<double> log_counts(const ActivityTree& activity, double log_mass, Index most) {
  const ActiveCount law(activity);
  std::vector<double> result;
  for (Index l = 0; l <= most; ++l) result.push_back(std::log(law.probability(l)) - log_mass);
  return result;
}

// Of independent features, P(nobody is active) but for those who always are: Z is its ratio.
double log_none(const Vector& density) {
  double none = 0.0;
  for (const double p : density) none += free(p) ? std::log1p(-p) : 0.0;
  return none;
}

double tilted(double p, double h) {
  return p * h / (1.0 - p + p * h);
}

// log(a + b e^z), a, b ≥ 0.
double log_mix(double a, double b, double z) {
  const double most = std::max(z, 0.0);
  return most + std::log(a * std::exp(-most) + b * std::exp(z - most));
}

// The nodes of a tree with the probabilities of the tilted law, and log Z.
struct TiltedNodes {
  ActivityNodes nodes;
  double log_mass = 0.0;
};

TiltedNodes tilted(const ActivityTree& activity, const Vector& log_factor) {
  TiltedNodes result{activity.nodes()};
  ActivityNodes& nodes = result.nodes;
  const auto exclusive = [&](Index k) {
    return k >= 0 && nodes[static_cast<std::size_t>(k)].kind == ActivityKind::exclusive;
  };
  // Of each node that is on; of an exclusive one Σ p_c (Z_c − 1) at first.
  std::vector<double> log_mass(nodes.size(), 0.0), excess(nodes.size(), 0.0);
  for (std::size_t k = nodes.size(); k-- > 0;) {
    ActivityNode& node = nodes[k];
    double& own = log_mass[k];
    if (node.kind == ActivityKind::feature) own = log_factor(node.feature);
    if (node.kind == ActivityKind::exclusive) own = std::log1p(excess[k]);
    const double p = node.probability;
    if (exclusive(node.parent)) {
      excess[static_cast<std::size_t>(node.parent)] += p * std::expm1(own);
      continue;
    }
    const double with_off = log_mix(1.0 - p, p, own);
    node.probability = std::min(p * std::exp(own - with_off), 1.0);
    (node.parent < 0 ? result.log_mass : log_mass[static_cast<std::size_t>(node.parent)]) +=
        with_off;
  }
  std::vector<double> sum(nodes.size(), 0.0);  // of an exclusive group's members
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    if (!exclusive(nodes[k].parent)) continue;
    const auto parent = static_cast<std::size_t>(nodes[k].parent);
    nodes[k].probability *= std::exp(log_mass[k] - log_mass[parent]);
    sum[parent] += nodes[k].probability;
  }
  // Rounding may leave a group that is always on a little more than 1.
  for (ActivityNode& node : nodes) {
    if (!exclusive(node.parent)) continue;
    node.probability /= std::max(sum[static_cast<std::size_t>(node.parent)], 1.0);
  }
  return result;
}

// E N.
double mean_active(const ActivityNodes& nodes) {
  std::vector<double> on;
  double sum = 0.0;
  for (const ActivityNode& node : nodes) {
    const double above = node.parent < 0 ? 1.0 : on[static_cast<std::size_t>(node.parent)];
    on.push_back(above * node.probability);
    if (node.kind == ActivityKind::feature) sum += on.back();
  }
  return sum;
}

// A factor common to all h_j does not change the law of supports of a size. This one keeps the mean
// number of active features, so that no probability of interest underflows. Its logarithm;
// `excess`: what a factor adds to the mean.
template <class Excess>
double common_factor(const Vector& factor, const Excess& excess) {
  double low = std::log(1.0 / factor.maxCoeff()), high = std::log(1.0 / factor.minCoeff());
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (excess(middle) > 0.0 ? high : low) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

Tilt::Tilt(const ActivityTree& activity, const Vector& factor, Index most)
    : log_factor_(Vector::Zero(factor.size())) {
  double before = 0.0, after = 0.0;
  if (activity.independent()) {
    tilt_features(activity.density(), factor);
    before = log_none(activity.density());
    after = log_none(activity_.density());
  } else {
    tilt_groups(activity, factor);
    after = -log_mass_;
  }
  log_ratio_ = log_counts(activity_, after, most);
  const std::vector<double> counts = log_counts(activity, before, most);
  for (std::size_t l = 0; l < counts.size(); ++l) log_ratio_[l] -= counts[l];
}

void Tilt::tilt_features(const Vector& density, const Vector& factor) {
  Vector other = density;
  const double common = std::exp(common_factor(factor, [&](double log_common) {
    double excess = 0.0;
    for (Index j = 0; j < density.size(); ++j) {
      if (!free(density(j))) continue;
      excess += tilted(density(j), std::exp(log_common) * factor(j)) - density(j);
    }
    return excess;
  }));
  for (Index j = 0; j < density.size(); ++j) {
    const double p = density(j);
    if (!free(p)) continue;
    other(j) = tilted(p, common * factor(j));
    // Of the density as it was rounded, so that the weights are its own.
    log_factor_(j) = std::log(other(j) / (1.0 - other(j)) * ((1.0 - p) / p));
  }
  activity_ = ActivityTree::independent(other);
}

void Tilt::tilt_groups(const ActivityTree& activity, const Vector& factor) {
  const Vector log_factor = factor.array().log();
  const double mean = mean_active(activity.nodes());
  const double common = common_factor(factor, [&](double log_common) {
    return mean_active(tilted(activity, log_factor.array() + log_common).nodes) - mean;
  });
  log_factor_ = log_factor.array() + common;
  TiltedNodes other = tilted(activity, log_factor_);
  log_mass_ = other.log_mass;
  activity_ = ActivityTree(std::move(other.nodes));
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
  const ActivityTree& activity = problem.data().activity;
  const Vector& density = activity.density();
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

  // The features of a group are what they are: they are drawn as the data have them.
  const DataLaw data{activity.independent() ? ActivityTree::independent(alike) : activity,
                     problem.data().values};
  const ActiveCount law(data.activity);
  const CountRange range = law.bulk(problem.reachable(), 1e-6);
  if (!(law.probability(range) > 0.0)) return Vector::Ones(count);
  const sampling::CountSplitter splitter(law, range);
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(range.size()));
  sampling::StreamKey key{problem.options().seed, sampling::Purpose::pilot, 1, 0};
  splitter.draw(key, ~std::uint64_t{0}, batch_size * batches, counts);
  const Draw draw = problem.draw(data)();
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
      std::make_shared<const Tilt>(problem.data().activity, effect, problem.reachable().last);
  const Survey tilted(problem, weighted(survey.integrand(), tilt), std::nullopt,
                      problem.draw({tilt->activity(), problem.data().values}));
  return set_up_strata(problem, survey, tilted, true);
}

}  // namespace skeleta::estimate
