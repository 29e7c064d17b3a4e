#include "skeleta/optimize/rest.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/decompositions.h"
#include "core/require.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::optimize {
namespace {

// Of differences of gradients: weights and thresholds are of order 1, and gradients are known to
// some nine digits.
constexpr double difference = 1e-5;

// ∇f and its derivatives, counted.
class Slope {
 public:
  Slope(Objective f, Index size) : f_(f), x_(size), gradient_(size), beside_(size) {}

  double value() const { return value_; }
  const Vector& gradient() const { return gradient_; }
  std::uint64_t evaluations() const { return evaluations_; }

  void evaluate(const Vector& x) {
    x_ = x;
    value_ = f_(x_, gradient_);
    ++evaluations_;
  }
  // put(i, k, ∂²f/∂x_i∂x_k). Differences are taken uphill: where f has another curvature on the
  // other side of a kink that x comes down to, it is not that one which counts.
  template <class Put>
  void differentiate(const Vector& x, Put put) {
    evaluate(x);
    for (Index k = 0; k < x_.size(); ++k) {
      const double step = gradient_(k) < 0.0 ? -difference : difference;
      const double kept = std::exchange(x_(k), x_(k) + step);
      f_(x_, beside_);
      ++evaluations_;
      x_(k) = kept;
      for (Index i = 0; i < x_.size(); ++i) put(i, k, (beside_(i) - gradient_(i)) / step);
    }
  }

 private:
  Objective f_;
  Vector x_, gradient_, beside_;
  double value_ = 0.0;
  std::uint64_t evaluations_ = 0;
};

// An eigenvalue below what differences leave of the largest.
bool has_descent(const Matrix& H) {
  if (!H.allFinite()) return false;
  const Vector values = symmetric_eigenvalues(H);
  constexpr double noise = 1e-4;
  return values(0) < -noise * values.cwiseAbs().maxCoeff();
}

// y' = −∇f, step by step: with W = 1 + h γ H, γ = 1/(2 + √2), F = −∇f,
//   W k₁ = F(y),  W (k₂ − k₁) = F(y + h k₁/2) − k₁,  y₊ = y + h k₂,
//   W k₃ = F(y₊) − (6 + √2)(k₂ − F(y + h k₁/2)) − 2(k₁ − F(y)),  error h(k₁ − 2k₂ + k₃)/6.
class Flow {
 public:
  Flow(Objective f, Vector& x, const RestOptions& options)
      : slope_(f, x.size()), x_(x), options_(options), H_(x.size(), x.size()) {}

  RestSummary operator()() {
    look();
    while (!ended()) {
      poll();
      if (!differentiated_) differentiate();
      step();
      ++summary_.steps;
    }
    summary_.evaluations = slope_.evaluations();
    return summary_;
  }

 private:
  // At x_.
  void look() {
    slope_.evaluate(x_);
    summary_.value = slope_.value();
    force_ = -slope_.gradient();
    summary_.gradient_norm = force_.norm();
  }

  void differentiate() {
    slope_.differentiate(x_, [&](Index i, Index k, double value) { H_(i, k) = value; });
    H_ = 0.5 * (H_ + H_.transpose()).eval();
    differentiated_ = true;
  }

  // One step, or none and h_ is shorter.
  void step() {
    constexpr double root = std::numbers::sqrt2, gamma = 1.0 / (2.0 + root);
    Matrix W = (h_ * gamma) * H_;
    W.diagonal().array() += 1.0;
    const Eigen::LDLT<Matrix> factor(W);
    // Where f curves down so much within a step it is too long.
    if (!factor.isPositive() || factor.info() != Eigen::Success) return shorten(0.25);
    const Vector k1 = factor.solve(force_);
    slope_.evaluate(Vector(x_ + 0.5 * h_ * k1));
    const Vector middle = -slope_.gradient();
    const Vector k2 = factor.solve(middle - k1) + k1;
    const Vector next = x_ + h_ * k2;
    slope_.evaluate(next);
    const Vector end = -slope_.gradient();
    const double value = slope_.value();
    const Vector k3 = factor.solve(end - (6.0 + root) * (k2 - middle) - 2.0 * (k1 - force_));
    const Vector error = (h_ / 6.0) * (k1 - 2.0 * k2 + k3);
    // Relative in each component, so that none of them changes its sign by an error: beyond a kink
    // at 0 the flow may go elsewhere.
    constexpr double nothing = 1e-8;
    const double excess =
        (error.array() / (nothing + next.array().abs())).abs().maxCoeff() / options_.flow_tolerance;
    if (!(excess <= 1.0)) return shorten(std::isfinite(excess) ? 0.8 / std::cbrt(excess) : 0.1);
    x_ = next;
    force_ = end;
    summary_.value = value;
    summary_.gradient_norm = end.norm();
    summary_.time += h_;
    h_ *= std::min(4.0, 0.8 / std::cbrt(std::max(excess, 1e-6)));
    differentiated_ = false;
  }

  void shorten(double times) { h_ *= std::max(times, 0.1); }

  bool ended() {
    const bool finite = std::isfinite(summary_.value) && std::isfinite(summary_.gradient_norm);
    if (!finite || !(h_ > 0.0)) return end_for(RestStop::non_finite);
    if (summary_.gradient_norm <= options_.gradient_tolerance) {
      if (!differentiated_) differentiate();
      if (!has_descent(H_)) return end_for(RestStop::rest);
    }
    return summary_.steps >= options_.max_steps && end_for(RestStop::steps);
  }
  bool end_for(RestStop reason) {
    summary_.stop_reason = reason;
    return true;
  }

  Slope slope_;
  Vector& x_;
  const RestOptions& options_;
  Matrix H_;
  Vector force_;
  double h_ = 1e-2;
  bool differentiated_ = false;
  RestSummary summary_;
};

}  // namespace

void validate(const RestOptions& options) {
  const auto positive = [](const char* name, double value) {
    require(value > 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be positive and finite", name, value));
  };
  positive("gradient_tolerance", options.gradient_tolerance);
  positive("flow_tolerance", options.flow_tolerance);
  require(options.max_steps >= 1, "max_steps = 0 must be at least 1");
}

RestSummary flow_to_rest(Objective f, Vector& x, const RestOptions& options) {
  validate(options);
  require(x.size() > 0, "x is empty: there is nothing to integrate");
  return Flow(f, x, options)();
}

bool curves_down(Objective f, const Vector& x) {
  Slope slope(f, x.size());
  Matrix H(x.size(), x.size());
  slope.differentiate(x, [&](Index i, Index k, double value) { H(i, k) = value; });
  return has_descent(0.5 * (H + H.transpose()));
}

}  // namespace skeleta::optimize
