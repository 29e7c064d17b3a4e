#include "skeleta/exact/sparse_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/products.h"
#include "exact/closed_forms.h"
#include "exact/curvature.h"
#include "exact/supports.h"
#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

// The integrals over the square that a pair {j, k} without i needs: of u², u, t_j u and t_k u, with
// u = (a_j t_j + a_k t_k − c)₊.
struct PairIntegrals {
  double square, ramp, first, second;

  PairIntegrals operator+(const PairIntegrals& o) const {
    return {square + o.square, ramp + o.ramp, first + o.first, second + o.second};
  }
  friend PairIntegrals operator*(double s, const PairIntegrals& x) {
    return {s * x.square, s * x.ramp, s * x.first, s * x.second};
  }
};

inline PairIntegrals pair_integrals(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double t, double rest) {
    const double ramp = phi1(a2, rest);
    return PairIntegrals{phi(a2, rest), ramp, t * ramp, psi(a2, rest)};
  });
}

inline double ramp_pair(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double, double rest) { return phi1(a2, rest); });
}

// ∫∫ t₂ (…)₊.
inline double psi_pair_second(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double, double rest) { return psi(a2, rest); });
}

}  // namespace

// One output i: its row of G, and the sums for it. gamma[j] is E[(x_i − x̂_i) x_j u], slope is
// E[(x_i − x̂_i) u], value E(x_i − x̂_i)².
struct SparseLoss::Output {
  Index own;
  const double* g;
  double* gamma;
  double value = 0.0, slope = 0.0;
};

SparseLoss::SparseLoss(Features features, CountRange skeletons, int threads)
    : features_(std::move(features)), skeletons_(skeletons), threads_(threads) {
  validate(features_);
  require_plain(features_, "the sparse loss");
  if (skeletons.empty() || skeletons.first < 0 || skeletons.last > 2) {
    throw std::invalid_argument(fmt::format(
        "skeletons = {}..{} must be a range within 0..2: only these have a closed form here",
        skeletons.first, skeletons.last));
  }
  const Index count = features_.size();
  const Supports supports(features_.density);
  none_ = supports.probability({});
  single_.resize(count);
  for (Index j = 0; j < count; ++j) single_(j) = supports.probability(std::array{j});
  if (!has(2)) return;
  pair_ = Matrix::Zero(count, count);
  for (Index j = 0; j < count; ++j) {
    for (Index k = 0; k < j; ++k)
      pair_(j, k) = pair_(k, j) = supports.probability(std::array{j, k});
  }
}

void SparseLoss::add_single(const Vector& thresholds, Output& output) {
  const double b = thresholds(output.own), *g = output.g, *weight = single_.data();
  double value = 0.0, slope = 0.0;
#pragma omp simd reduction(+ : value, slope)
  for (Index j = 0; j < features_.size(); ++j) {
    const double w = j == output.own ? 0.0 : weight[j];
    value += w * phi(g[j], b);
    slope -= w * phi1(g[j], b);
    output.gamma[j] -= w * psi(g[j], b);
  }
  const double w = single_(output.own), a = g[output.own];
  output.value += value + w * own_error(a, b);
  output.slope += slope + w * (above_t(a, b) - phi1(a, b));
  output.gamma[output.own] += w * (above_tt(a, b) - psi(a, b));
}

void SparseLoss::add_pairs_with_own(const Vector& thresholds, Output& output) {
  const Index own = output.own;
  const double b = thresholds(own), a = output.g[own], *weight = pair_.col(own).data();
  double value = 0.0, slope = 0.0, gamma = 0.0;
#pragma omp simd reduction(+ : value, slope, gamma)
  for (Index k = 0; k < features_.size(); ++k) {
    const double w = weight[k], other = output.g[k];  // weight[own] = 0
    value += w * own_error_pair(a, other, b);
    slope += w * (above_pair_t(a, other, b) - ramp_pair(a, other, b));
    gamma += w * (above_pair_tt(a, other, b) - psi_pair(a, other, b));
    output.gamma[k] += w * (above_pair_product(a, other, b) - psi_pair_second(a, other, b));
  }
  output.value += value;
  output.slope += slope;
  output.gamma[own] += gamma;
}

void SparseLoss::add_pairs_of_others(const Vector& thresholds, Output& output) {
  const double b = thresholds(output.own), *g = output.g;
  double* const gamma = output.gamma;
  for (Index j = 0; j < features_.size(); ++j) {
    if (j == output.own) continue;
    const double a = g[j], *weight = pair_.col(j).data();
    double value = 0.0, slope = 0.0, first = 0.0;
#pragma omp simd reduction(+ : value, slope, first)
    for (Index k = j + 1; k < features_.size(); ++k) {
      const double w = k == output.own ? 0.0 : weight[k];
      const PairIntegrals pair = pair_integrals(a, g[k], b);
      value += w * pair.square;
      slope -= w * pair.ramp;
      first -= w * pair.first;
      gamma[k] -= w * pair.second;
    }
    output.value += value;
    output.slope += slope;
    gamma[j] += first;
  }
}

double SparseLoss::loss_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db) {
  validate(model);
  validate(features_, model.features());
  require_tied_relu(model, "the sparse loss");
  const Index count = features_.size();
  point_ = model;
  gram_.resize(count, count);
  set_transposed_product(model.W, model.W, gram_);
  gamma_.setZero(count, count);
  values_.setZero(count);
  db.setZero(count);
  const auto size = static_cast<double>(count);
  const double seconds = size * size * (has(2) ? 5e-8 * size : 1e-8);
  const int threads = worthwhile_threads(seconds, threads_);
  parallel_for(static_cast<std::size_t>(count), threads, [&](std::size_t task) {
    const auto i = static_cast<Index>(task);
    const double v = features_.importance(i);
    if (v == 0.0) return;
    Output output{i, gram_.col(i).data(), gamma_.col(i).data()};
    if (has(0)) {
      const double constant = std::max(-model.b(i), 0.0);
      output.value += none_ * constant * constant;
      output.slope -= none_ * constant;
    }
    if (has(1)) add_single(model.b, output);
    if (has(2)) {
      add_pairs_with_own(model.b, output);
      add_pairs_of_others(model.b, output);
    }
    values_(i) = v * output.value;
    db(i) = 2.0 * v * output.slope;
    gamma_.col(i) *= -2.0 * v;
  });
  dW.resize(model.hidden(), count);
  set_product(model.W, gamma_, dW);
  add_product_transposed(model.W, gamma_, dW);
  return values_.sum();
}

namespace {

// E[x_j Y w], E[x_k Y w] and E[Y w] with Y = u₁t₁ + u₂t₂ − β and a weight w on the square.
struct PairProduct {
  double first, second, direction;
};

PairProduct times(const SquareMoments& m, double u1, double u2, double beta) {
  return {u1 * m.t11 + u2 * m.t12 - beta * m.t1, u1 * m.t12 + u2 * m.t22 - beta * m.t2,
          u1 * m.t1 + u2 * m.t2 - beta * m.one};
}

// One output's product (row_curvature.h): E[x_j Y (u − x_i δ)] by feature and E[Y (u − x_i δ)].
struct SparseProduct {
  Index own;
  const double *g, *u;
  double b, beta;
  double* result;
  double direction = 0.0;

  void add_none(double probability) {
    if (b < 0.0) direction -= probability * beta;
  }

  void add_single(Index j, double probability) {
    const double a = g[j];
    double m0 = above(a, b), m1 = above_t(a, b), m2 = above_tt(a, b);
    if (j == own) {
      const Crossing line = crossing(a, b);
      const double t = line.at, weight = t * line.density;
      m0 -= weight;
      m1 -= weight * t;
      m2 -= weight * t * t;
    }
    result[j] += probability * (u[j] * m2 - beta * m1);
    direction += probability * (u[j] * m1 - beta * m0);
  }

  void add_pair(Index j, Index k, double probability) {
    if (k == own) std::swap(j, k);
    SquareMoments m = above_square(g[j], g[k], b);
    if (j == own) m = m + -1.0 * on_line(g[j], g[k], b);
    const PairProduct part = times(m, u[j], u[k], beta);
    result[j] += probability * part.first;
    result[k] += probability * part.second;
    direction += probability * part.direction;
  }
};

}  // namespace

const Autoencoder& SparseLoss::point() const {
  if (!point_) {
    throw std::invalid_argument(
        "second derivatives are those at the model whose gradient was evaluated last: there is "
        "none");
  }
  return *point_;
}

void SparseLoss::row_products(const Matrix& U, const Vector& beta, Matrix& R, Vector& r) const {
  const Index count = features_.size();
  const auto size = static_cast<double>(count);
  R.setZero(count, count);
  r.setZero(count);
  const double seconds = size * size * (has(2) ? 1e-7 * size : 2e-8);
  parallel_for(static_cast<std::size_t>(count), worthwhile_threads(seconds, threads_),
               [&](std::size_t task) {
                 const auto i = static_cast<Index>(task);
                 const double v = features_.importance(i);
                 if (v == 0.0) return;
                 SparseProduct product{i,       gram_.col(i).data(), U.col(i).data(), point_->b(i),
                                       beta(i), R.col(i).data()};
                 if (has(0)) product.add_none(none_);
                 for (Index j = 0; j < count; ++j) {
                   if (has(1)) product.add_single(j, single_(j));
                   if (!has(2)) continue;
                   for (Index k = 0; k < j; ++k) product.add_pair(j, k, pair_(j, k));
                 }
                 R.col(i) *= 2.0 * v;
                 r(i) = -2.0 * v * product.direction;
               });
}

void SparseLoss::hessian_times(const Matrix& dW, const Vector& db, Matrix& product_W,
                               Vector& product_b) const {
  Gradient product;
  const auto rows = [&](const RowChange& change, RowChange& result) {
    row_products(change.rows, change.thresholds, result.rows, result.thresholds);
  };
  times_direction(point(), {gamma_}, rows, {dW, db, {}}, threads_, product);
  product_W = std::move(product.dW);
  product_b = std::move(product.db);
}

Matrix SparseLoss::hessian() const {
  require_dense(point());
  double asymmetry = 0.0;
  const auto rows = [&](const RowChange& change, RowChange& result) {
    row_products(change.rows, change.thresholds, result.rows, result.thresholds);
  };
  return dense_hessian(*point_, {gamma_}, row_curvatures(features_.size(), rows, asymmetry));
}

}  // namespace skeleta::exact
