#include "skeleta/optimize/rest.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/decompositions.h"
#include "core/require.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::optimize {
namespace {

// Of differences of gradients: weights and thresholds are of order 1, and gradients are known to
// some nine digits.
constexpr double difference = 1e-5;

// ∇²f by differences of ∇f, which are counted. They are taken uphill: where f has another curvature
// on the other side of a kink that x comes down to, it is not that one which counts.
class Differences {
 public:
  Differences(Objective f, Index size) : f_(f), gradient_(size), beside_(size) {}

  void operator()(const Vector& x, Matrix& H) {
    Vector at = x;
    f_(at, gradient_);
    H.resize(x.size(), x.size());
    for (Index k = 0; k < x.size(); ++k) {
      const double step = gradient_(k) < 0.0 ? -difference : difference;
      at(k) += step;
      f_(at, beside_);
      at(k) = x(k);
      H.col(k) = (beside_ - gradient_) / step;
    }
    evaluations_ += static_cast<std::uint64_t>(x.size()) + 1;
    H = 0.5 * (H + H.transpose()).eval();
  }

  std::uint64_t evaluations() const { return evaluations_; }

 private:
  Objective f_;
  Vector gradient_, beside_;
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
  Flow(Objective f, HessianAt second, Vector& x, const RestOptions& options)
      : f_(f), second_(second), x_(x), options_(options), gradient_(x.size()) {}

  RestSummary operator()() {
    look();
    while (!ended()) {
      poll();
      if (!differentiated_) differentiate();
      step();
      ++summary_.steps;
    }
    return summary_;
  }

 private:
  // f, and −∇f goes to `force`.
  double evaluate(const Vector& x, Vector& force) {
    const double value = f_(x, gradient_);
    force = -gradient_;
    ++summary_.evaluations;
    return value;
  }

  void look() {
    summary_.value = evaluate(x_, force_);
    summary_.gradient_norm = force_.norm();
  }

  void differentiate() {
    second_(x_, H_);
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
    Vector middle, end;
    evaluate(x_ + 0.5 * h_ * k1, middle);
    const Vector k2 = factor.solve(middle - k1) + k1;
    const Vector next = x_ + h_ * k2;
    const double value = evaluate(next, end);
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

  Objective f_;
  HessianAt second_;
  Vector& x_;
  const RestOptions& options_;
  Matrix H_;
  Vector gradient_, force_;
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

RestSummary flow_to_rest(Objective f, HessianAt hessian, Vector& x, const RestOptions& options) {
  validate(options);
  require(x.size() > 0, "x is empty: there is nothing to integrate");
  return Flow(f, hessian, x, options)();
}

RestSummary flow_to_rest(Objective f, Vector& x, const RestOptions& options) {
  Differences hessian(f, x.size());
  RestSummary summary = flow_to_rest(f, hessian, x, options);
  summary.evaluations += hessian.evaluations();
  return summary;
}

bool curves_down(Objective f, const Vector& x) {
  Matrix H;
  Differences(f, x.size())(x, H);
  return has_descent(H);
}

}  // namespace skeleta::optimize
