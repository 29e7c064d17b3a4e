#include "skeleta/exact/low_skeletons.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "exact/closed_forms.h"
#include "skeleta/core/parallel.h"
#include "skeleta/measure/active_count.h"

namespace skeleta::exact {
namespace {

constexpr Index block = 32;  // columns of G formed at once

// Supports by their odds. P(support) is proportional to the product of p_j/(1 − p_j) over its
// features; those with p_j = 1 ("certain") are in every support of positive probability.
struct Odds {
  Vector odds;  // relative to the largest; 0 for the certain ones
  std::vector<Index> certain;
};

Odds odds_of(const Vector& density) {
  Odds result{Vector::Zero(density.size()), {}};
  for (Index j = 0; j < density.size(); ++j) {
    if (density(j) == 1.0) {
      result.certain.push_back(j);
    } else {
      result.odds(j) = density(j) / (1.0 - density(j));
    }
  }
  const double largest = result.odds.maxCoeff();
  if (largest > 0.0) result.odds /= largest;
  return result;
}

// Weights of the supports of one feature given N = 1; sum 0 if there is none.
Vector single_weights(const Vector& density) {
  const Odds odds = odds_of(density);
  if (odds.certain.empty()) return odds.odds;
  Vector weights = Vector::Zero(density.size());
  if (odds.certain.size() == 1) weights(odds.certain[0]) = 1.0;
  return weights;
}

// Weights of the supports {j, k} given N = 2: symmetric, diagonal 0.
Matrix pair_weights(const Vector& density) {
  const Odds odds = odds_of(density);
  const auto& certain = odds.certain;
  Matrix weights = Matrix::Zero(density.size(), density.size());
  if (certain.empty()) weights.noalias() = odds.odds * odds.odds.transpose();
  if (certain.size() == 1) {
    weights.col(certain[0]) = odds.odds;
    weights.row(certain[0]) = odds.odds.transpose();
  }
  if (certain.size() == 2) {
    weights(certain[0], certain[1]) = weights(certain[1], certain[0]) = 1.0;
  }
  weights.diagonal().setZero();
  return weights;
}

struct WeightedSum {
  double sum = 0.0, weight = 0.0;

  double mean() const {
    return weight > 0.0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
  }
};

double mean_on_q0(const Autoencoder& model, const Features& features) {
  if ((features.density.array() == 1.0).any()) return std::numeric_limits<double>::quiet_NaN();
  return features.importance.dot((-model.b).cwiseMax(0.0).cwiseAbs2());
}

// Σ_i v_i E[(x_i − x̂_i)² | only j active], g = column j of G.
double error_of_single(Eigen::Ref<const Vector> g, const Autoencoder& model,
                       const Features& features, Index j) {
  const double* b = model.b.data();
  const double* v = features.importance.data();
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < g.size(); ++i) sum += i == j ? 0.0 : v[i] * phi(g.data()[i], b[i]);
  return sum + v[j] * own_error(g(j), b[j]);
}

double mean_on_q1(const Autoencoder& model, const Features& features, int threads) {
  const Index count = features.size();
  const Vector weights = single_weights(features.density);
  WeightedSum total;
  for_each_chunk(
      static_cast<std::size_t>((count + block - 1) / block), 1, threads,
      [&](std::size_t chunk, std::span<double> result) {
        const Index first = static_cast<Index>(chunk) * block;
        const Index columns = std::min(block, count - first);
        const Matrix g = gram_columns(model, first, columns);
        result[0] = 0.0;
        for (Index j = 0; j < columns; ++j) {
          const double weight = weights(first + j);
          if (weight > 0.0) {
            result[0] += weight * error_of_single(g.col(j), model, features, first + j);
          }
        }
      },
      [&](std::size_t, std::span<const double> result) {
        total.sum += result[0];
        return true;
      });
  total.weight = weights.sum();
  return total.mean();
}

// Adds v E[(x_i − x̂_i)² | support {j, k}] of output i, with row i of G, to losses[k] for all k > j.
void add_errors_of_pairs(const double* g, double v, double threshold, Index i, Index j,
                         std::span<double> losses) {
  const auto count = static_cast<Index>(losses.size());
  const double a = g[j];
  double* const sums = losses.data();
  if (i == j) {
    for (Index k = j + 1; k < count; ++k) sums[k] += v * own_error_pair(a, g[k], threshold);
    return;
  }
#pragma omp simd
  for (Index k = j + 1; k < count; ++k) sums[k] += k == i ? 0.0 : v * phi_pair(a, g[k], threshold);
  if (i > j) sums[i] += v * own_error_pair(g[i], a, threshold);
}

double mean_on_q2(const Autoencoder& model, const Features& features, int threads) {
  return pair_mean(pair_losses(model, features.importance, threads), features.density);
}

double mean_on(const Autoencoder& model, const Features& features, Index l, int threads) {
  if (l == 0) return mean_on_q0(model, features);
  return l == 1 ? mean_on_q1(model, features, threads) : mean_on_q2(model, features, threads);
}

}  // namespace

Matrix pair_losses(const Autoencoder& model, const Vector& importance, int threads) {
  validate(model);
  require_tied_relu(model, "the loss on Q_0 and Q_1");
  const Index count = model.features();
  const Matrix g = gram(model);
  Matrix losses = Matrix::Zero(count, count);
  const auto compute = [&](std::size_t chunk, std::span<double> column) {
    const auto j = static_cast<Index>(chunk);
    std::fill(column.begin(), column.end(), 0.0);
    for (Index i = 0; i < count; ++i) {
      if (importance(i) > 0.0) {
        add_errors_of_pairs(g.col(i).data(), importance(i), model.b(i), i, j, column);
      }
    }
  };
  const auto merge = [&](std::size_t chunk, std::span<const double> column) {
    const auto j = static_cast<Index>(chunk);
    for (Index k = j + 1; k < count; ++k) {
      losses(j, k) = losses(k, j) = column[static_cast<std::size_t>(k)];
    }
    return true;
  };
  for_each_chunk(static_cast<std::size_t>(count), static_cast<std::size_t>(count), threads, compute,
                 merge);
  return losses;
}

double pair_mean(const Matrix& pairs, const Vector& density) {
  const Matrix weights = pair_weights(density);
  return WeightedSum{weights.cwiseProduct(pairs).sum(), weights.sum()}.mean();
}

SkeletonPart skeleton_part(const Autoencoder& model, const Features& features, Index l,
                           int threads) {
  if (l < 0 || l > 2) {
    throw std::invalid_argument(
        fmt::format("l = {} must be 0, 1 or 2: only these skeletons have a closed form here", l));
  }
  validate(model);
  validate(features, model.features());
  require_tied_relu(model, "the loss on low skeletons");
  require_plain(features, "the loss on low skeletons");
  const ScaledFeatures unit = scaled(features);
  const double mean = l <= features.size() ? mean_on(model, unit.features, l, threads)
                                           : std::numeric_limits<double>::quiet_NaN();
  SkeletonPart part;
  part.l = l;
  part.probability = ActiveCount(features.density).probability(l);
  part.mean = unit.restored(mean);
  if (part.probability > 0.0) {
    part.contribution = unit.restored(part.probability * mean);
  }
  return part;
}

double skeleton_part_cost(Index features, Index hidden, Index l) {
  const auto count = static_cast<double>(features), width = static_cast<double>(hidden);
  if (l == 0) return count;
  return l == 1 ? count * count * (2.0 + 0.1 * width) : 5.0 * count * count * count;
}

}  // namespace skeleta::exact
