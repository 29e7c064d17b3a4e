#include "approximation/law_survey.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "approximation/survey_tail.h"
#include "core/products.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/sampling/point_sampler.h"

namespace skeleta::approximation {
namespace {

using sampling::PointStream;

constexpr Index few_sets = 8;           // features of which all sets are looked at
constexpr std::size_t most_sets = 400;  // of a size
constexpr double plain_points = 512.0;
constexpr std::size_t points_of_sets = 1600;

using Set = std::vector<Index>;

// The law of the supports given that all features of a set are active.
class GivenActive {
 public:
  GivenActive(const ActivityTree& tree, const Set& set) : nodes_(tree.nodes()) {
    for (const Index j : set) require_on(j);
  }

  // P(all of the set are active).
  double probability() const { return probability_; }

  void draw(PointStream& random, std::vector<std::int32_t>& active) const {
    active.clear();
    // Whether a node is on; of an exclusive one what is left of its uniform number.
    std::vector<double> left(nodes_.size(), 0.0);
    std::vector<bool> on(nodes_.size(), false);
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      const ActivityNode& node = nodes_[k];
      const auto parent = static_cast<std::size_t>(std::max<Index>(node.parent, 0));
      if (node.parent >= 0 && !on[parent]) continue;
      if (node.parent >= 0 && nodes_[parent].kind == ActivityKind::exclusive) {
        on[k] = left[parent] >= 0.0 && left[parent] < node.probability;
        left[parent] -= node.probability;
        if (on[k]) left[parent] = -1.0;
      } else {
        on[k] = random.uniform() < node.probability;
      }
      if (!on[k]) continue;
      if (node.kind == ActivityKind::exclusive) left[k] = random.uniform();
      if (node.kind == ActivityKind::feature) {
        active.push_back(static_cast<std::int32_t>(node.feature));
      }
    }
  }

 private:
  // Up from the leaf: what it needs is on, and what excludes it is off.
  void require_on(Index feature) {
    auto at = std::ranges::find_if(nodes_, [&](const ActivityNode& node) {
      return node.kind == ActivityKind::feature && node.feature == feature;
    });
    while (probability_ > 0.0) {
      probability_ *= at->probability;
      const Index parent = at->parent;
      if (parent >= 0 && nodes_[static_cast<std::size_t>(parent)].kind == ActivityKind::exclusive) {
        for (ActivityNode& node : nodes_) {
          if (node.parent == parent) node.probability = 0.0;
        }
      }
      at->probability = 1.0;
      if (parent < 0) return;
      at = nodes_.begin() + parent;
    }
  }

  ActivityNodes nodes_;
  double probability_ = 1.0;
};

// The first that are largest, as many as there may be.
template <class T>
std::vector<T> largest(std::vector<std::pair<double, T>> all) {
  const std::size_t count = std::min(most_sets, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<T> result;
  for (std::size_t k = 0; k < count; ++k) result.push_back(std::move(all[k].second));
  return result;
}

// The features that are ever active, by what they cost alone: (√v_j + |V^½ A e_j|)² E U_j² or less.
std::vector<Index> dear_features(const Autoencoder& model, const Features& features,
                                 const Matrix& decoder, const Vector& sizes) {
  const Matrix form = transposed_product(features.importance.asDiagonal() * decoder, decoder);
  const Vector outputs = model.W.cwiseProduct(product(form, model.W)).colwise().sum();
  std::vector<std::pair<double, Index>> costs;
  for (Index j = 0; j < features.size(); ++j) {
    if (sizes(j) > 0.0) {
      costs.emplace_back((features.importance(j) + std::max(outputs(j), 0.0)) * sizes(j) * sizes(j),
                         j);
    }
  }
  return largest(std::move(costs));
}

// All sets of few features; of many single ones, and pairs that reach the same outputs.
std::vector<Set> chosen_sets(const Autoencoder& model, const Features& features) {
  const Index count = features.size();
  std::vector<Set> result;
  if (count <= few_sets) {
    for (unsigned mask = 1; mask < 1u << count; ++mask) {
      Set& set = result.emplace_back();
      for (Index j = 0; j < count; ++j) {
        if ((mask >> j & 1u) != 0) set.push_back(j);
      }
    }
    return result;
  }
  const DataLaw law = features.data_law();
  Vector sizes(count);  // √E U_j², 0 of what is never active
  for (Index j = 0; j < count; ++j) {
    const bool ever = law.activity.density()(j) > 0.0;
    sizes(j) = ever ? std::sqrt(law.values[static_cast<std::size_t>(j)].moment(2)) : 0.0;
  }
  const Matrix decoder = model.tied() ? Matrix(model.W.transpose()) : model.W_out;
  const std::vector<Index> dear = dear_features(model, features, decoder, sizes);
  Matrix reach(count, static_cast<Index>(dear.size()));  // √v_i (|A_ij| + 1{i = j}) √E U_j²
  for (std::size_t k = 0; k < dear.size(); ++k) {
    const Index j = dear[k];
    auto column = reach.col(static_cast<Index>(k));
    column = (decoder * model.W.col(j)).cwiseAbs();
    column(j) += 1.0;
    column.array() *= features.importance.array().sqrt() * sizes(j);
    result.push_back({j});
  }
  const Matrix together = transposed_product(reach, reach);
  std::vector<std::pair<double, Set>> pairs;
  for (Index a = 0; a < together.cols(); ++a) {
    for (Index b = 0; b < a; ++b) {
      pairs.emplace_back(together(a, b),
                         Set{dear[static_cast<std::size_t>(b)], dear[static_cast<std::size_t>(a)]});
    }
  }
  for (Set& pair : largest(std::move(pairs))) result.push_back(std::move(pair));
  return result;
}

// Supports of the mixture.
class Supports {
 public:
  Supports(const DataLaw& law, Index first, const std::vector<Set>& sets, std::uint64_t seed)
      : active_(static_cast<std::size_t>(law.size()), false) {
    draw_plain(law, first, seed);
    const std::size_t each =
        sets.empty() ? 0 : std::clamp<std::size_t>(points_of_sets / sets.size(), 2, 400);
    sampling::StreamKey key{seed, sampling::Purpose::pilot, 4, 0};
    for (const Set& set : sets) {
      ++key.stratum;
      const GivenActive given(law.activity, set);
      if (!(given.probability() > 0.0)) continue;
      parts_.push_back({set, static_cast<double>(each) / given.probability()});
      for (std::uint64_t n = 0; n < each; ++n) {
        PointStream random(key, n);
        given.draw(random, supports_.emplace_back());
      }
    }
  }

  const std::vector<std::vector<std::int32_t>>& all() const { return supports_; }

  // Their number times dQ/dP at a support of at least `first` features.
  double ratio(const std::vector<std::int32_t>& support) {
    for (const std::int32_t j : support) active_[static_cast<std::size_t>(j)] = true;
    double result = plain_;
    for (const Part& part : parts_) {
      const bool inside = std::ranges::all_of(
          part.set, [&](Index j) { return active_[static_cast<std::size_t>(j)]; });
      if (inside) result += part.ratio;
    }
    for (const std::int32_t j : support) active_[static_cast<std::size_t>(j)] = false;
    return result;
  }

 private:
  struct Part {
    Set set;
    double ratio;  // points over P(all of the set are active)
  };

  // Of P on N ≥ first: of each number of features as many as its law says.
  void draw_plain(const DataLaw& law, Index first, std::uint64_t seed) {
    const ActiveCount number(law.activity);
    const double mass = number.at_least(first);
    const CountRange bulk = number.bulk({first, law.size()}, 1e-6 * mass);
    const sampling::PointSampler sampler(law, bulk.last);
    auto scratch = sampler.scratch();
    sampling::SparseBatch batch;
    double wanted = 0.0;
    for (Index l = bulk.first; l <= bulk.last; ++l) {
      wanted += plain_points * number.probability(l) / number.probability(bulk);
      const auto end = static_cast<std::size_t>(std::round(wanted));
      if (end <= supports_.size()) continue;
      const sampling::StreamKey key{seed, sampling::Purpose::pilot, 3,
                                    static_cast<std::uint64_t>(l)};
      sampler.draw(l, key, 0, end - supports_.size(), batch, scratch);
      for (std::size_t k = 0; k < batch.size(); ++k) {
        supports_.emplace_back(batch[k].active.begin(), batch[k].active.end());
      }
    }
    plain_ = static_cast<double>(supports_.size()) / mass;
  }

  std::vector<std::vector<std::int32_t>> supports_;
  double plain_ = 0.0;
  std::vector<Part> parts_;
  std::vector<bool> active_;
};

// Uniform numbers that reach into the tails, and their density.
constexpr double tail_exponent = 0.25;
double tail_uniform(PointStream& random) {
  const double w = random.uniform();
  const double v = 0.5 * std::pow(std::abs(2.0 * w - 1.0), 1.0 / tail_exponent);
  return w < 0.5 ? std::max(v, 0x1p-1000) : 1.0 - v;
}
double tail_density(double u) {
  return tail_exponent *
         std::pow(2.0 * std::min(u, std::max(1.0 - u, 0x1p-54)), tail_exponent - 1.0);
}

}  // namespace

LawSurvey::LawSurvey(const Autoencoder& model, const Features& features,
                     const estimate::Integrand& loss, Index first, std::uint64_t seed) {
  const DataLaw law = features.data_law();
  if (!(ActiveCount(law.activity).at_least(first) > 0.0)) return;
  Supports supports(law, first, chosen_sets(model, features), seed);
  const estimate::BatchIntegrand compute = loss();
  sampling::SparseBatch batch;
  for (std::size_t k = 0; k < supports.all().size(); ++k) {
    const std::vector<std::int32_t>& support = supports.all()[k];
    const auto l = static_cast<Index>(support.size());
    if (l < first) continue;
    PointStream random({seed, sampling::Purpose::pilot, 5, 0}, k);
    const bool far = random.uniform() < 0.5;
    batch.reset(support.size(), 1);
    std::ranges::copy(support, batch.active().begin());
    double density = 1.0;
    for (std::size_t n = 0; n < support.size(); ++n) {
      const double u = far ? tail_uniform(random) : random.uniform();
      const ValueLaw& value = law.values[static_cast<std::size_t>(support[n])];
      batch.value()[n] = value.quantile(u);
      if (!value.has_atoms()) density *= tail_density(u);
    }
    double r = 0.0;
    compute(batch, {&r, 1});
    if (!std::isfinite(r)) continue;  // beyond what samples could count either
    on_skeleton_[l].push_back(value_.size());
    value_.push_back(r);
    weight_.push_back(1.0 / (supports.ratio(support) * (0.5 + 0.5 * density)));
  }
}

double LawSurvey::missed(std::span<const estimate::SampledRange> sampled) const {
  double above = 0.0, below = 0.0;
  for (const estimate::SampledRange& on : sampled) {
    std::vector<std::size_t> order;
    for (const auto& [l, points] : on_skeleton_) {
      if (l < on.range.first || l > on.range.last) continue;
      order.insert(order.end(), points.begin(), points.end());
    }
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return value_[a] > value_[b]; });
    above += survey_tail(value_, weight_, order, on.probability, on.points, 1.0).beyond;
    below += survey_tail(value_, weight_, order, on.probability, on.points, -1.0).beyond;
  }
  return std::max(above, below);
}

}  // namespace skeleta::approximation
