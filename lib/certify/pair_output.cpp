#include "certify/pair_output.h"

#include <algorithm>
#include <cmath>

namespace skeleta::certify {
namespace {

// The formulas are those of numbers and of intervals.
double square(double x) {
  return x * x;
}
double cube(double x) {
  return x * x * x;
}
double lesser(double x, double y) {
  return std::min(x, y);
}
double greater(double x, double y) {
  return std::max(x, y);
}

// K and its primitives, of one a, and their means over y. Of places c: `below` is (−c)₊, `part` is
// τ = c/a within [0, 1].
template <class T>
struct Curve {
  T p, often, seldom, a, delta;  // often: P of the other feature, seldom: 1 − P

  Curve(const T& density, const T& other, const T& own)
      : p(density), often(other), seldom(T(1.0) - other), a(own), delta(T(1.0) - own) {}

  T below(const T& c) const { return greater(-c, T(0.0)); }
  T part(const T& c) const { return greater(lesser(greater(c, T(0.0)) / a, T(1.0)), T(0.0)); }

  // The pieces, c ≤ 0 and c ≥ 0; at 0 they agree.
  T left(const T& c) const {
    return square(c + p * delta * T(0.5)) + (p / T(3.0) - square(p) * T(0.25)) * square(delta);
  }
  T right(const T& c) const {
    const T t = part(c);
    return p * (square(delta) / T(3.0) + rise(t));
  }
  // (K − K(0))/p to the right.
  T rise(const T& t) const {
    return a * t * delta + square(a * t) - (T(1.0) + a) * a * cube(t) / T(3.0);
  }
  T slope_left(const T& c) const { return T(2.0) * c + p * delta; }
  T slope_right(const T& c) const {
    const T t = part(c);
    return p * (T(1.0) - t) * (T(1.0) + t - a * (T(1.0) - t));
  }
  // ∂K/∂a.
  T own_left(const T& c) const { return -p * (T(2.0) / T(3.0) * delta + c); }
  T own_right(const T& c) const {
    const T t = part(c);
    return -p * (T(2.0) / T(3.0) * delta * (T(1.0) - cube(t)) + a * t * (T(1.0) - square(t)));
  }

  // Integrals of K, K', ∂K/∂a from b to h ≥ b.
  T integral(const T& b, const T& h) const {
    const auto left = [&](const T& x) {
      return cube(x) / T(3.0) - p * delta * square(x) * T(0.5) + p * square(delta) * x / T(3.0);
    };
    const auto right = [&](const T& c) {
      const T t = part(c);
      const T inside = square(delta) / T(3.0) + delta * a * t * T(0.5) + square(a * t) / T(3.0) -
                       (T(1.0) + a) * a * cube(t) / T(12.0);
      return p * (a * t * inside + greater(c - a, T(0.0)) / T(3.0));
    };
    return left(below(b)) - left(below(h)) + (right(h) - right(b));
  }
  T rise_between(const T& b, const T& h) const {
    const auto left = [&](const T& x) { return p * delta * x - square(x); };
    return left(below(b)) - left(below(h)) + p * (rise(part(h)) - rise(part(b)));
  }
  T own_integral(const T& b, const T& h) const {
    const auto left = [&](const T& x) { return square(x) * T(0.5) - T(2.0) / T(3.0) * delta * x; };
    const auto right = [&](const T& c) {
      const T t = part(c);
      return (T(2.0) + a) * a * square(square(t)) / T(12.0) - T(2.0) / T(3.0) * delta * a * t -
             square(a * t) * T(0.5);
    };
    return p * (left(below(b)) - left(below(h)) + (right(h) - right(b)));
  }
  // ∫ (c − b)K'(c) dc.
  T weighted_rise(const T& b, const T& h) const {
    const T depth = below(b);
    const auto left = [&](const T& x) {
      return p * delta * depth * x - (p * delta * T(0.5) + depth) * square(x) +
             T(2.0) / T(3.0) * cube(x);
    };
    const auto right = [&](const T& c) {
      const T t = part(c), at = a * t;
      return delta * square(at) * T(0.5) + T(2.0) / T(3.0) * cube(at) -
             (T(1.0) + a) * square(a) * square(square(t)) * T(0.25) - b * rise(t);
    };
    return left(depth) - left(below(h)) + p * (right(h) - right(b));
  }

  T value(const T& gamma, const T& b) const {
    return seldom * whole(b, &Curve::left, &Curve::right) + often * integral(b, b + gamma) / gamma;
  }
  T by_threshold(const T& gamma, const T& b) const {
    return seldom * whole(b, &Curve::slope_left, &Curve::slope_right) +
           often * rise_between(b, b + gamma) / gamma;
  }

  // ∂²K/∂c∂a, ∂²K/∂c² and ∂²K/∂a², pieces likewise; all are 0 beyond a (`curved`).
  T mixed_left(const T&) const { return -p; }
  T mixed_right(const T& c) const { return p * (square(part(c)) * (T(2.0) / a + T(1.0)) - T(1.0)); }
  T bend_left(const T&) const { return T(2.0); }
  T bend_right(const T& c) const { return T(2.0) * p * (T(1.0) - (T(1.0) + a) * part(c) / a); }
  T own_bend_left(const T&) const { return T(2.0) / T(3.0) * p; }
  T own_bend_right(const T& c) const {
    const T t = part(c);
    return T(2.0) * p * ((T(1.0) - cube(t)) / T(3.0) - cube(t) / a);
  }

  // One of two pieces, or both.
  using Piece = T (Curve::*)(const T&) const;
  T whole(const T& c, Piece left, Piece right) const;
};

template <>
double Curve<double>::whole(const double& c, Piece left, Piece right) const {
  return c < 0.0 ? (this->*left)(c) : (this->*right)(c);
}
template <>
Interval Curve<Interval>::whole(const Interval& c, Piece left, Piece right) const {
  if (c.hi <= 0.0) return (this->*left)(c);
  if (c.lo >= 0.0) return (this->*right)(c);
  return hull((this->*left)({c.lo, 0.0}), (this->*right)({0.0, c.hi}));
}

const Interval one = 1.0, two = 2.0, three = 3.0, half = 0.5;

using Pieces = Curve<Interval>;

// A second derivative on an interval of c, which jumps to 0 at a.
Interval curved(const Pieces& curve, const Interval& c, Pieces::Piece left, Pieces::Piece right) {
  if (c.lo > curve.a.hi) return 0.0;
  const Interval inside = curve.whole(c, left, right);
  return c.hi < curve.a.lo ? inside : hull(inside, 0.0);
}

// Second derivatives of F for thresholds b, from those of K at b and over b + γu: by a, by both,
// and by γ or b, where ∫u K'' du = ½K'' and ∫u² K'' du = ⅓K'' of some c.
struct Bends {
  Interval own, mixed, mixed_gamma, bend;

  Bends(const Pieces& curve, const Interval& gamma, const Interval& b) {
    const Interval all{b.lo, above(b.hi + gamma.hi)};
    const auto mean = [&](Pieces::Piece left, Pieces::Piece right) {
      return curve.seldom * curved(curve, b, left, right) +
             curve.often * curved(curve, all, left, right);
    };
    own = mean(&Pieces::own_bend_left, &Pieces::own_bend_right);
    mixed = mean(&Pieces::mixed_left, &Pieces::mixed_right);
    mixed_gamma =
        curve.often * half * curved(curve, all, &Pieces::mixed_left, &Pieces::mixed_right);
    bend = curve.often * curved(curve, all, &Pieces::bend_left, &Pieces::bend_right);
  }
};

// See PairOutput::rise_over.
Interval rise_of(const Pieces& curve, const Interval& gamma, double b) {
  const Interval a0 = curve.a.middle(), gamma0 = gamma.middle();
  const Interval all{b, above(b + gamma.hi)};
  const Interval mixed = curved(curve, all, &Pieces::mixed_left, &Pieces::mixed_right);
  const Interval bend = curved(curve, all, &Pieces::bend_left, &Pieces::bend_right);
  return Pieces(curve.p, curve.often, a0).by_threshold(gamma0, b) +
         (curve.seldom * curved(curve, b, &Pieces::mixed_left, &Pieces::mixed_right) +
          curve.often * mixed) *
             (curve.a - a0) +
         half * curve.often * bend * (gamma - gamma0);
}

// c* of a number: its ends, as c* rises with a.
Interval alone_at(const Interval& p, double a) {
  const Interval x = a;
  return a <= 1.0 ? -(p * (one - x) * half) : x * (x - one) / (x + one);
}

// p/3 − p²/4.
Interval variance_of(const Interval& p) {
  return p / three - square(p) * Interval(0.25);
}

// min over θ ≥ 0 of Q(θ) = p(θ² − Pθ + P/3) + q((1 − P)θ² + ⅓Pθ³) − ¾p(θ − P/2)² on [0, 1]; Q is
// convex there (Q'' = p/2 + 2q(1 − P) + 2qPθ > 0), and rises beyond.
double least_spread(double own, double other) {
  const Interval p = own, q = one - p, P = other;
  const Interval rise = p * half + two * q * (one - P);
  const double start = 0.5 * own * other, slope = rise.middle();
  const double theta =
      start / (slope + std::sqrt(slope * slope + own * other * other * q.middle()));
  const Interval t = theta;
  const Interval value = p * (square(t) - P * t + P / three) +
                         q * ((one - P) * square(t) + P * cube(t) / three) -
                         Interval(0.75) * p * square(t - P * half);
  const Interval by_t = rise * t + q * P * square(t) - p * P * Interval(0.25);
  return below(value.lo - std::max(-by_t.lo, by_t.hi));
}

}  // namespace

PairOutput::PairOutput(double density, double other)
    : density_(density),
      other_density_(other),
      p_(density),
      other_(other),
      idle_(variance_of(p_)),
      other_idle_(variance_of(other_)),
      spread_(least_spread(density, other)) {}

Interval PairOutput::value(const Interval& a, const Interval& gamma, const Interval& b) const {
  return Curve<Interval>(p_, other_, a).value(gamma, b);
}
Interval PairOutput::by_threshold(const Interval& a, const Interval& gamma,
                                  const Interval& b) const {
  return Curve<Interval>(p_, other_, a).by_threshold(gamma, b);
}

Interval PairOutput::rise_over(const Interval& a, const Interval& gamma, double b) const {
  return rise_of(Curve<Interval>(p_, other_, a), gamma, b);
}

Interval PairOutput::best_alone(const Interval& a) const {
  return {alone_at(p_, a.lo).lo, alone_at(p_, a.hi).hi};
}

// The root of ∂F/∂b, which rises: secants (Illinois: the end that stays twice counts half), and
// halves in between, since its slope jumps where b or b + γ is 0 or a.
double PairOutput::threshold(double a, double gamma) const {
  const Curve<double> curve(density_, other_density_, a);
  const double last = a <= 1.0 ? -0.5 * density_ * (1.0 - a) : a * (a - 1.0) / (a + 1.0);
  double low = last - gamma, high = last;
  double at_low = curve.by_threshold(gamma, low), at_high = curve.by_threshold(gamma, high);
  int side = 0;
  for (int n = 1; n < 100 && at_low < 0.0 && at_high > 0.0; ++n) {
    double b = low - at_low * (high - low) / (at_high - at_low);
    if (n % 3 == 0 || !(low < b && b < high)) b = 0.5 * low + 0.5 * high;
    if (!(low < b && b < high)) break;
    const double slope = curve.by_threshold(gamma, b);
    if (std::abs(slope) < 1e-18 * density_) return b;
    const int now = slope < 0.0 ? -1 : 1;
    (now < 0 ? low : high) = b;
    (now < 0 ? at_low : at_high) = slope;
    if (now == side) (now < 0 ? at_high : at_low) *= 0.5;
    side = now;
  }
  return at_low >= 0.0 ? low : (at_high <= 0.0 ? high : 0.5 * low + 0.5 * high);
}

Interval PairOutput::thresholds(const Interval& a, const Interval& gamma) const {
  const Interval alone = best_alone(a);
  Interval found{below(alone.lo - gamma.hi), alone.hi};
  if (!(gamma.lo > 0.0)) return found;
  const Curve<Interval> curve(p_, other_, a);
  const double guess = threshold(a.middle(), gamma.middle());
  const Interval here = rise_of(curve, gamma, guess);
  constexpr int most = 12;
  const double first = 0.55 * std::max(-here.lo, here.hi) + 1e-15;
  double step = first;
  for (int n = 0; n < most && guess - step > found.lo; ++n, step *= 2.0) {
    if (rise_of(curve, gamma, guess - step).hi < 0.0) {
      found.lo = guess - step;
      break;
    }
  }
  step = first;
  for (int n = 0; n < most && guess + step < found.hi; ++n, step *= 2.0) {
    if (rise_of(curve, gamma, guess + step).lo > 0.0) {
      found.hi = guess + step;
      break;
    }
  }
  return found;
}

double PairOutput::floor(const Interval& a) const {
  if (a.hi < 1.0) return (idle_ * square(one - Interval(a.hi))).lo;
  if (a.lo <= 1.0) return 0.0;
  const Interval x = a.lo;
  return (p_ / three * square((x - one) / (x + one))).lo;
}

double PairOutput::least_at(const Interval& a, const Interval& gamma) const {
  const double alone = floor(a);
  if (!(gamma.lo > 0.0)) return alone;
  // F is convex in b between any two numbers of [c* − γ, c*], one of which is the best.
  const Interval last = best_alone(a);
  const double low = above(last.hi - gamma.lo), high = last.lo;
  if (!(low <= high)) return alone;
  const double b = std::clamp(threshold(a.middle(), gamma.middle()), low, high);
  const Curve<Interval> curve(p_, other_, a);
  const Interval slope = curve.by_threshold(gamma, b);
  const double rest = above(std::max(-slope.lo, slope.hi) * above(gamma.hi + last.width()));
  return std::max(alone, below(curve.value(gamma, b).lo - rest));
}

PairOutput::Slopes PairOutput::slopes(const Interval& a, const Interval& gamma) const {
  if (linear(a, gamma)) {
    return {-(two * idle_ * (one - a)), two * other_idle_ * greater(gamma, 0.0)};
  }
  return slopes_at(a, gamma, thresholds(a, gamma));
}

PairOutput::Slopes PairOutput::slopes_at(const Interval& a, const Interval& gamma,
                                         const Interval& b) const {
  const Curve<Interval> curve(p_, other_, a);
  const Interval h = b + gamma, all{b.lo, h.hi};
  // Means are no more than what is averaged: γ may be 0.
  Slopes found{curve.whole(all, &Curve<Interval>::own_left, &Curve<Interval>::own_right),
               {0.0, (p_ * other_ * (half * greater(one - a, 0.0) + greater(h, 0.0))).hi}};
  if (!(gamma.lo > 0.0)) return found;
  // By second derivatives from the middle, of F as a function of a, γ and b.
  const Interval a0 = a.middle(), gamma0 = gamma.middle(), b0 = b.middle(), h0 = b0 + gamma0;
  const Pieces middle(p_, other_, a0);
  const Interval by_a = curve.seldom * middle.whole(b0, &Pieces::own_left, &Pieces::own_right) +
                        other_ * middle.own_integral(b0, h0) / gamma0;
  const Interval by_gamma = other_ * middle.weighted_rise(b0, h0) / square(gamma0);
  const Bends bends(curve, gamma, b);
  const Interval da = a - a0, dgamma = gamma - gamma0, db = b - b0;
  found.a = common(found.a, by_a + bends.own * da + bends.mixed_gamma * dgamma + bends.mixed * db);
  found.gamma = common(found.gamma, by_gamma + bends.mixed_gamma * da +
                                        bends.bend / three * dgamma + half * bends.bend * db);
  return found;
}

// b = −½(pδ + Pγ) is stationary where only K's left piece is met, b + γ ≤ 0.
bool PairOutput::linear(const Interval& a, const Interval& gamma) const {
  return a.hi < 1.0 && (Interval(gamma.hi) * (two - other_)).hi <= (p_ * (one - Interval(a.hi))).lo;
}

double PairOutput::interference(const Interval& a, double most) const {
  const Interval shortest = a.lo, gamma = most;
  // b ≤ 0: with K ≥ its quadratic parts less p(1 + a)c₊³/(3a²), whose mean is at most γ³/4 of that.
  const Interval third_order = p_ * other_ * (one + shortest) / (three * square(shortest));
  double least = below(spread_ - (third_order * gamma * Interval(0.25)).hi);
  if (a.hi > 1.0) {  // b > 0: all outputs with x ≥ t are positive
    const Interval t = ((alone_at(p_, a.hi) + gamma) / shortest).hi;
    const Interval rest = one - t;
    const Interval fitted = rest - Interval(0.75) * square(one - square(t)) / (one - cube(t));
    const Interval free =
        p_ * (other_idle_ * rest + square(other_) * Interval(0.25) * greater(fitted, 0.0));
    least = t.hi < 1.0 ? std::min(least, free.lo) : 0.0;
  }
  return std::max(least, 0.0);
}

}  // namespace skeleta::certify
