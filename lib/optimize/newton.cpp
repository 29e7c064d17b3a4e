#include "skeleta/optimize/newton.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/decompositions.h"
#include "core/require.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::optimize {
namespace {

// One call of newton.
class NewtonRun {
 public:
  NewtonRun(Objective f, HessianProduct times, Vector& x, const NewtonOptions& options)
      : f_(f), times_(times), x_(x), options_(options), radius_(options.first_radius) {
    for (Vector* v : {&gradient_, &trial_, &trial_gradient_, &step_, &of_step_, &residual_,
                      &direction_, &product_}) {
      v->resize(x.size());
    }
  }

  NewtonSummary operator()(const StepCallback& callback) {
    summary_.value = evaluate(x_, gradient_);
    first_norm_ = least_norm_ = summary_.gradient_norm = gradient_.norm();
    if (!std::isfinite(summary_.value) || !std::isfinite(first_norm_)) {
      return ended(DescentStop::non_finite);
    }
    while (true) {
      if (const auto reason = stop()) return ended(*reason);
      if (!solved_) solve();
      choose_step();
      solved_ = !try_step();
      if (solved_) continue;
      if (callback && !callback(state())) return ended(DescentStop::interrupted);
    }
  }

 private:
  struct PathPoint {
    Vector step, residual;
  };

  double evaluate(const Vector& x, Vector& gradient) {
    poll();
    ++summary_.evaluations;
    return f_(x, gradient);
  }

  void multiply(const Vector& v, Vector& product) {
    poll();
    ++summary_.products;
    times_(v, product);
  }

  NewtonSummary ended(DescentStop reason) {
    summary_.stop_reason = reason;
    return summary_;
  }

  Step state() const {
    return {summary_.iterations,    summary_.evaluations, summary_.value,
            summary_.gradient_norm, step_.norm(),         x_};
  }

  std::optional<DescentStop> stop() const {
    if (summary_.gradient_norm <= options_.gradient_tolerance) return DescentStop::gradient;
    if (summary_.iterations >= options_.max_iterations) return DescentStop::iterations;
    if (summary_.evaluations >= options_.max_evaluations) return DescentStop::evaluations;
    constexpr int most_idle = 50;
    if (radius_ <= 1e-14 * (1.0 + x_.norm()) || idle_ >= most_idle) return DescentStop::line_search;
    return std::nullopt;
  }

  // From inside along p to the boundary: τ ≥ 0 with ‖s + τp‖ = radius.
  double to_boundary(const Vector& s, const Vector& p) const {
    const double a = p.squaredNorm(), b = s.dot(p), c = radius_ * radius_ - s.squaredNorm();
    const double root = std::sqrt(std::max(b * b + a * c, 0.0));
    return b > 0.0 ? c / (b + root) : (root - b) / a;
  }

  // Where conjugate gradients came by, and what they left: ∇f + ∇²f s.
  void keep() {
    if (path_.size() == kept_) path_.emplace_back();
    PathPoint& point = path_[kept_++];
    point.step = step_;
    point.residual = residual_;
  }

  // The path of conjugate gradients for the quadratic model, to where they solve it well enough,
  // leave the region, or find no curvature. Its points get ever longer (Steihaug, theorem 2.1).
  void solve() {
    const double norm = summary_.gradient_norm;
    const double goal = norm * std::min(options_.forcing, std::sqrt(norm / first_norm_));
    step_.setZero();
    residual_ = gradient_;
    direction_ = -gradient_;
    kept_ = 0;
    keep();
    double square = residual_.squaredNorm();
    for (Index k = 0; k < options_.max_products; ++k) {
      multiply(direction_, product_);
      const double curvature = direction_.dot(product_);
      double t = square / curvature;
      const bool outside =
          !(curvature > 0.0) || !std::isfinite(t) || (step_ + t * direction_).norm() >= radius_;
      if (outside) t = to_boundary(step_, direction_);
      step_ += t * direction_;
      residual_ += t * product_;
      keep();
      if (outside) return;
      const double next = residual_.squaredNorm();
      if (std::sqrt(next) <= goal) return;
      direction_ = (next / square) * direction_ - residual_;
      square = next;
    }
  }

  // step_ is where the path ends or leaves the region, of_step_ is the Hessian times it: a smaller
  // region after a step that failed needs no new path.
  void choose_step() {
    std::size_t k = kept_ - 1;
    while (k > 0 && path_[k - 1].step.norm() >= radius_) --k;
    const PathPoint& end = path_[k];
    step_ = end.step;
    residual_ = end.residual;
    at_boundary_ = step_.norm() >= (1.0 - 1e-9) * radius_;
    if (at_boundary_ && k > 0) {
      const PathPoint& before = path_[k - 1];
      direction_ = end.step - before.step;
      const double share = to_boundary(before.step, direction_);
      step_ = before.step + share * direction_;
      residual_ = before.residual + share * (end.residual - before.residual);
    }
    of_step_ = residual_ - gradient_;
  }

  // True if the step was taken. What f says within its noise counts for nothing; then its fall is
  // that of the gradients, by the trapezoidal rule.
  bool try_step() {
    trial_ = x_ + step_;
    const double value = evaluate(trial_, trial_gradient_);
    const double norm = trial_gradient_.norm(), length = step_.norm();
    const double noise = options_.value_noise * std::abs(summary_.value);
    const double predicted = -(gradient_.dot(step_) + 0.5 * step_.dot(of_step_));
    const double fall = summary_.value - value;
    double ratio = fall / predicted;
    const bool in_noise = predicted <= 10.0 * noise && std::abs(fall) <= 10.0 * noise;
    const double by_gradients = -0.5 * (gradient_.dot(step_) + trial_gradient_.dot(step_));
    if (in_noise) ratio = by_gradients / predicted;
    const bool usable = std::isfinite(value) && std::isfinite(norm) && std::isfinite(ratio);
    if (!usable || ratio < 0.25) {
      radius_ = 0.25 * length;
    } else if (ratio > 0.75 && at_boundary_) {
      radius_ = std::min(2.5 * radius_, options_.largest_radius);
    }
    if (!usable || ratio <= 1e-3) return false;
    // A hundredth of the noise in each step is seen in the values before long; less may be
    // rounding.
    const bool falls = !in_noise || by_gradients > 0.01 * noise;
    idle_ = falls || norm < least_norm_ ? 0 : idle_ + 1;
    least_norm_ = std::min(least_norm_, norm);
    x_.swap(trial_);
    gradient_.swap(trial_gradient_);
    summary_.value = value;
    summary_.gradient_norm = norm;
    ++summary_.iterations;
    return true;
  }

  Objective f_;
  HessianProduct times_;
  Vector& x_;
  const NewtonOptions& options_;
  double radius_, first_norm_ = 0.0, least_norm_ = 0.0;
  // Steps in a row that lower no gradient and whose fall, by f or by gradients, is far below what f
  // tells apart.
  int idle_ = 0;
  bool at_boundary_ = false, solved_ = false;  // solved_: is the path that at x_?
  std::vector<PathPoint> path_;
  std::size_t kept_ = 0;  // points of it
  NewtonSummary summary_;
  Vector gradient_, trial_, trial_gradient_, step_, of_step_, residual_, direction_, product_;
};

// Without what lies along the columns, twice for the rounding of the first time.
void remove_part(Vector& v, const Matrix& columns, Index count) {
  for (int pass = 0; pass < 2 && count > 0; ++pass) {
    const Vector along = columns.leftCols(count).transpose() * v;
    v -= columns.leftCols(count) * along;
  }
}

// Of the matrix with so many entries on the diagonal, and those beside it.
SymmetricEigen tridiagonal_eigen(const Vector& diagonal, const Vector& beside, Index count) {
  Matrix T = Matrix::Zero(count, count);
  for (Index k = 0; k < count; ++k) {
    T(k, k) = diagonal(k);
    if (k + 1 < count) T(k + 1, k) = T(k, k + 1) = beside(k);
  }
  return symmetric_eigen(T);
}

}  // namespace

void validate(const NewtonOptions& options) {
  require(options.gradient_tolerance >= 0.0 && std::isfinite(options.gradient_tolerance),
          fmt::format("gradient_tolerance = {} must be finite and not negative",
                      options.gradient_tolerance));
  require(options.value_noise >= 0.0 && std::isfinite(options.value_noise),
          fmt::format("value_noise = {} must be finite and not negative", options.value_noise));
  require(options.first_radius > 0.0 && options.first_radius <= options.largest_radius &&
              std::isfinite(options.largest_radius),
          fmt::format("first_radius = {} must be positive and at most largest_radius = {}",
                      options.first_radius, options.largest_radius));
  require(options.forcing > 0.0 && options.forcing < 1.0,
          fmt::format("forcing = {} must lie in (0, 1)", options.forcing));
  require(options.max_products >= 1,
          fmt::format("max_products = {} must be at least 1", options.max_products));
}

NewtonSummary newton(Objective f, HessianProduct times, Vector& x, const NewtonOptions& options,
                     const StepCallback& callback) {
  validate(options);
  if (x.size() == 0) throw std::invalid_argument("x is empty: there is nothing to minimise over");
  return NewtonRun(f, times, x, options)(callback);
}

Curvature least_curvature(HessianProduct times, Index n, const Matrix& apart, int steps,
                          double tolerance) {
  require(n >= 1, fmt::format("n = {} must be at least 1", n));
  require(apart.cols() == 0 || apart.rows() == n,
          fmt::format("apart has {} rows, and must have {}", apart.rows(), n));
  const Index most = std::min<Index>(steps, n - apart.cols());
  Curvature result;
  result.direction.setZero(n);
  if (most < 1) return result;
  Matrix basis(n, most);
  Vector diagonal(most), beside(most), v(n), product(n);
  for (Index k = 0; k < n; ++k) {
    const auto x = static_cast<double>(k);
    v(k) = std::cos(1.0 + x * (1.3 + 0.37 * x));  // as good as random
  }
  remove_part(v, apart, apart.cols());
  double norm = v.norm();
  for (Index m = 0; m < most && norm > 0.0; ++m) {
    basis.col(m) = v / norm;
    times(basis.col(m), product);
    ++result.products;
    diagonal(m) = basis.col(m).dot(product);
    v = product;
    remove_part(v, apart, apart.cols());
    remove_part(v, basis, m + 1);
    norm = v.norm();
    beside(m) = norm;
    // Ritz values now and then, and at the end.
    const bool ended = m + 1 == most || norm <= 1e-12 * diagonal.head(m + 1).cwiseAbs().maxCoeff();
    if (!ended && (m + 1) % 10 != 0) continue;
    const SymmetricEigen ritz = tridiagonal_eigen(diagonal, beside, m + 1);
    result.least = ritz.values(0);
    result.largest = ritz.values.cwiseAbs().maxCoeff();
    result.residual = norm * std::abs(ritz.vectors(m, 0));
    if (ended || result.residual <= tolerance * result.largest) {
      result.direction = basis.leftCols(m + 1) * ritz.vectors.col(0);
      break;
    }
  }
  return result;
}

}  // namespace skeleta::optimize
