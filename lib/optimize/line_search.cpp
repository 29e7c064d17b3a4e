#include "optimize/line_search.h"

#include <algorithm>
#include <cmath>

namespace skeleta::optimize {
namespace {

bool finite(const LinePoint& p) {
  return std::isfinite(p.value) && std::isfinite(p.slope);
}

// The minimiser of the cubic with these values and slopes (Nocedal & Wright, equation 3.59); NaN if
// it has none.
double cubic_minimiser(const LinePoint& a, const LinePoint& b) {
  const double d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.t - b.t);
  const double d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), b.t - a.t);
  return b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
}

// Where the line through both slopes vanishes.
double secant(const LinePoint& a, const LinePoint& b) {
  return a.t - a.slope * (b.t - a.t) / (b.slope - a.slope);
}

// The interval in which an acceptable step is known to lie. `low` is the best point so far that is
// low enough, and φ falls from it towards `high`; high.t is infinite until φ was seen to rise.
class Bracket {
 public:
  explicit Bracket(const Wolfe& wolfe) : wolfe_(wolfe), low_(wolfe.start) {}

  void include(const LinePoint& p) {
    const bool higher = !finite(p) || !wolfe_.low_enough(p) || p.value > low_.value + wolfe_.noise;
    if (higher) {
      high_ = p;
      closed_ = true;
      return;
    }
    // Towards `high`, or onwards while there is none.
    const double ahead = closed_ ? high_.t - low_.t : 1.0;
    if (p.slope * ahead >= 0.0) {
      high_ = low_;
      closed_ = true;
    }
    low_ = p;
  }

  double next() { return closed_ ? inside() : beyond(); }

  bool empty() const {
    return closed_ && std::abs(high_.t - low_.t) <= 1e-15 * std::max(high_.t, low_.t);
  }

 private:
  // Two to ten times as far.
  double beyond() const {
    const double guess = secant(wolfe_.start, low_);
    return std::isfinite(guess) ? std::clamp(guess, 2.0 * low_.t, 10.0 * low_.t) : 4.0 * low_.t;
  }

  // Interpolates, but keeps away from both ends, and halves an interval that does not shrink.
  double inside() {
    const double width = high_.t - low_.t, size = std::abs(width);
    double t = NAN;
    if (finite(high_) && size <= 0.66 * before_last_) {
      const bool by_values = std::abs(high_.value - low_.value) > 10.0 * wolfe_.noise;
      t = by_values ? cubic_minimiser(low_, high_) : secant(low_, high_);
    }
    before_last_ = std::exchange(last_, size);
    if (!std::isfinite(t)) return low_.t + 0.5 * width;
    const double from = low_.t + 0.05 * width, to = low_.t + 0.95 * width;
    return std::clamp(t, std::min(from, to), std::max(from, to));
  }

  const Wolfe& wolfe_;
  LinePoint low_, high_;
  bool closed_ = false;
  double last_ = INFINITY, before_last_ = INFINITY;  // sizes of the interval
};

}  // namespace

bool Wolfe::low_enough(const LinePoint& p) const {
  return p.value <= start.value + decrease * p.t * start.slope + noise;
}

bool Wolfe::flat_enough(const LinePoint& p) const {
  return std::abs(p.slope) <= -curvature * start.slope;
}

LineSearchResult line_search(FunctionRef<LinePoint(double)> phi, const Wolfe& wolfe, double first,
                             std::uint64_t max_evaluations) {
  LineSearchResult result;
  Bracket bracket(wolfe);
  double t = first;
  while (result.evaluations < max_evaluations && !bracket.empty()) {
    result.point = phi(t);
    ++result.evaluations;
    if (finite(result.point) && wolfe.low_enough(result.point) && wolfe.flat_enough(result.point)) {
      result.found = true;
      return result;
    }
    bracket.include(result.point);
    t = bracket.next();
  }
  return result;
}

}  // namespace skeleta::optimize
