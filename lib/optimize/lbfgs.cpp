#include "skeleta/optimize/lbfgs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/require.h"
#include "optimize/line_search.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::optimize {

void validate(const LbfgsOptions& options) {
  const auto tolerance = [](const char* name, double value) {
    require(value >= 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be finite and not negative", name, value));
  };
  tolerance("gradient_tolerance", options.gradient_tolerance);
  tolerance("value_tolerance", options.value_tolerance);
  tolerance("value_noise", options.value_noise);
  require(options.history >= 1, fmt::format("history = {} must be at least 1", options.history));
  require(options.decrease > 0.0 && options.decrease < options.curvature && options.curvature < 1.0,
          fmt::format("decrease = {} and curvature = {} must satisfy 0 < decrease < curvature < 1",
                      options.decrease, options.curvature));
  require(options.first_step > 0.0 && std::isfinite(options.first_step),
          fmt::format("first_step = {} must be positive and finite", options.first_step));
  require(options.max_line_search >= 1,
          fmt::format("max_line_search = {} must be at least 1", options.max_line_search));
}

// One call of minimize.
class Lbfgs::Run {
 public:
  Run(Lbfgs& memory, Objective f, Vector& x) : m_(memory), f_(f), x_(x) {}

  Summary operator()(const StepCallback& callback) {
    resize();
    summary_.value = evaluate(x_, m_.gradient_);
    summary_.gradient_norm = m_.gradient_.norm();
    if (!std::isfinite(summary_.value) || !std::isfinite(summary_.gradient_norm)) {
      return ended(DescentStop::non_finite);
    }
    double fall = INFINITY;  // of f in the last step
    while (true) {
      if (const auto reason = stop(fall)) return ended(*reason);
      const double before = summary_.value;
      if (const auto reason = step()) return ended(*reason);
      fall = before - summary_.value;
      if (callback && !callback(state())) return ended(DescentStop::interrupted);
    }
  }

 private:
  void resize() {
    const Index n = x_.size(), history = m_.options_.history;
    for (Matrix* ring : {&m_.steps_, &m_.changes_}) ring->resize(n, history);
    for (Vector* v : {&m_.inverse_, &m_.alpha_}) v->resize(history);
    for (Vector* v : {&m_.gradient_, &m_.direction_, &m_.trial_, &m_.trial_gradient_}) {
      v->resize(n);
    }
  }

  double evaluate(const Vector& x, Vector& gradient) {
    poll();
    ++summary_.evaluations;
    return f_(x, gradient);
  }

  Summary ended(DescentStop reason) {
    summary_.stop_reason = reason;
    return summary_;
  }

  Step state() const {
    return {summary_.iterations,
            summary_.evaluations,
            summary_.value,
            summary_.gradient_norm,
            length_,
            x_};
  }

  std::optional<DescentStop> stop(double fall) const {
    const LbfgsOptions& options = m_.options_;
    if (summary_.gradient_norm <= options.gradient_tolerance) return DescentStop::gradient;
    if (options.value_tolerance > 0.0 && fall >= 0.0 &&
        fall <= options.value_tolerance * std::abs(summary_.value)) {
      return DescentStop::value;
    }
    if (summary_.iterations >= options.max_iterations) return DescentStop::iterations;
    if (summary_.evaluations >= options.max_evaluations) return DescentStop::evaluations;
    return std::nullopt;
  }

  // One step; along the steepest descent if the direction of the history fails.
  std::optional<DescentStop> step() {
    while (true) {
      const bool steepest = stored_ == 0;
      set_direction();
      if (search(steepest)) return std::nullopt;
      if (summary_.evaluations >= m_.options_.max_evaluations) return DescentStop::evaluations;
      if (steepest) return DescentStop::line_search;
      stored_ = 0;
    }
  }

  Index slot(Index age) const {  // of the pair that is `age` steps old
    const Index history = m_.options_.history;
    return (newest_ - age + history) % history;
  }

  // −Hg by the two-loop recursion (Nocedal & Wright, algorithm 7.4).
  void set_direction() {
    Vector& q = m_.direction_;
    q = -m_.gradient_;
    for (Index age = 0; age < stored_; ++age) {
      const Index k = slot(age);
      m_.alpha_(k) = m_.inverse_(k) * m_.steps_.col(k).dot(q);
      q -= m_.alpha_(k) * m_.changes_.col(k);
    }
    if (stored_ > 0) q *= 1.0 / (m_.inverse_(newest_) * m_.changes_.col(newest_).squaredNorm());
    for (Index age = stored_; age-- > 0;) {
      const Index k = slot(age);
      q += (m_.alpha_(k) - m_.inverse_(k) * m_.changes_.col(k).dot(q)) * m_.steps_.col(k);
    }
  }

  // True if an acceptable step was found and taken.
  bool search(bool steepest) {
    const LbfgsOptions& options = m_.options_;
    const LinePoint start{0.0, summary_.value, m_.gradient_.dot(m_.direction_)};
    if (!(start.slope < 0.0) || !std::isfinite(start.slope)) return false;
    const auto phi = [&](double t) {
      m_.trial_ = x_ + t * m_.direction_;
      const double value = evaluate(m_.trial_, m_.trial_gradient_);
      return LinePoint{t, value, m_.trial_gradient_.dot(m_.direction_)};
    };
    const Wolfe wolfe{start, options.decrease, options.curvature,
                      options.value_noise * std::abs(summary_.value)};
    const double first = steepest ? options.first_step / m_.direction_.norm() : 1.0;
    const std::uint64_t left = options.max_evaluations - summary_.evaluations;
    const auto result = line_search(
        phi, wolfe, first, std::min(left, static_cast<std::uint64_t>(options.max_line_search)));
    if (!result.found) return false;
    accept(result.point.value);
    return true;
  }

  void accept(double value) {
    const Index next = (newest_ + 1) % m_.options_.history;
    m_.steps_.col(next) = m_.trial_ - x_;
    m_.changes_.col(next) = m_.trial_gradient_ - m_.gradient_;
    const double product = m_.steps_.col(next).dot(m_.changes_.col(next));
    if (product > 0.0) {  // always, but for rounding
      m_.inverse_(next) = 1.0 / product;
      newest_ = next;
      stored_ = std::min(stored_ + 1, m_.options_.history);
    }
    length_ = m_.steps_.col(next).norm();
    x_.swap(m_.trial_);
    m_.gradient_.swap(m_.trial_gradient_);
    summary_.value = value;
    summary_.gradient_norm = m_.gradient_.norm();
    ++summary_.iterations;
  }

  Lbfgs& m_;
  Objective f_;
  Vector& x_;
  Summary summary_;
  Index stored_ = 0, newest_ = 0;
  double length_ = 0.0;
};

Lbfgs::Lbfgs(const LbfgsOptions& options) : options_(options) {
  validate(options);
}

Summary Lbfgs::minimize(Objective f, Vector& x, const StepCallback& callback) {
  if (x.size() == 0) throw std::invalid_argument("x is empty: there is nothing to minimise over");
  return Run(*this, f, x)(callback);
}

}  // namespace skeleta::optimize
