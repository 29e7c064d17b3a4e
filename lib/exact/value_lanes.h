#pragma once

#include <array>
#include <cmath>

#include "exact/half_line_lanes.h"
#include "exact/node_factors.h"
#include "skeleta/measure/value_law.h"

/// The transforms of value laws at eight nodes at a time, for the loops of law_kernel.h.
namespace skeleta::exact {

/// b_k ≥ |E U^k e^{aU}|, k = 0, 1, 2.
struct MomentBounds {
  Lanes b[3];
};

SKELETA_INLINE Lanes larger(const Lanes& x, const Lanes& y) {
  return -smaller(-x, -y);
}

SKELETA_INLINE Lanes square_root(const Lanes& x) {
  double numbers[lane_count];
  store(numbers, x);
  for (double& y : numbers) y = std::sqrt(y);
  return load(numbers);
}

SKELETA_INLINE MomentBounds powers_of(double size, const Lanes& bound) {
  return {{bound, size * bound, (size * size) * bound}};
}

/// For all a with Re a = re (each |log E e^{re U}| ≤ 700) and |Im a| ≥ im ≥ 0: the moments of
/// |U|^k e^{re U}, or the variation of the density times that over im. At most a few times
/// ValueLaw::transform_bound, which is slower.
SKELETA_INLINE MomentBounds moment_bounds(const ValueLaw& law, const Lanes& re, const Lanes& im) {
  const double first = law.first(), second = law.second();
  const Lanes tiny = broadcast(1e-300), inverse = 1.0 / larger(im, tiny);
  switch (law.kind()) {
    case ValueKind::uniform: {
      // By parts, from the ends and from E U^{k−1} e^{aU}.
      const double width = second - first, most = std::max(std::abs(first), std::abs(second));
      const Lanes low = exponential(first * re), high = exponential(second * re);
      const Lanes size = larger(re, -re), top = larger(low, high);
      const Lanes still = smaller(top, (low + high) / larger(width * size, tiny));
      MomentBounds bounds = powers_of(most, still);
      Lanes moving = (1.0 / width) * (low + high) * inverse;
      double a = 1.0, b = 1.0;
      bounds.b[0] = smaller(bounds.b[0], moving);
      for (int k = 1; k < 3; ++k) {
        a *= std::abs(first);
        b *= std::abs(second);
        moving = ((1.0 / width) * (a * low + b * high) + static_cast<double>(k) * moving) * inverse;
        bounds.b[k] = smaller(bounds.b[k], moving);
      }
      return bounds;
    }
    case ValueKind::constant:
      return powers_of(std::abs(first), exponential(first * re));
    case ValueKind::exponential: {
      const Lanes x = 1.0 - first * re, y = first * im;
      const Lanes ratio = 1.0 / square_root(x * x + y * y);
      return {{ratio, first * ratio * ratio, (2.0 * first * first) * ratio * ratio * ratio}};
    }
    case ValueKind::half_normal: {
      // E e^{tU} ≤ 2e^{t²/2} − e^{−.8t} (Jensen) for t > 0; else densities are at most √(2/π).
      constexpr double density = half_normal_density;
      const Lanes t = first * re, up = larger(t, broadcast(0.0)), down = larger(-t, tiny);
      const Lanes growth = exponential(0.5 * up * up), one = broadcast(1.0);
      const Lanes far = smaller(one, density / down);
      const Lanes h0 = smaller(2.0 * growth - exponential(-density * up),
                               far + 1e300 * up);  // the second where t ≤ 0
      const Lanes h1 = smaller(broadcast(density), density / (down * down)) + up * h0;
      const Lanes h2 = smaller(one, 2.0 * density / (down * down * down)) +
                       up * (density + up * h0) + (h0 - 1.0) * smaller(one, 1e300 * up);
      // Twice the largest value of u^k e^{tu − u²/2}, where t + √(t² + 4k) is half of u; the jump
      // at 0 counts as a rise. The second form of u is for t < 0.
      const Lanes root1 = square_root(t * t + 4.0), root2 = square_root(t * t + 8.0);
      const Lanes top1 = larger(0.5 * (t + root1), 2.0 / (root1 + larger(t, -t)));
      const Lanes top2 = larger(0.5 * (t + root2), 4.0 / (root2 + larger(t, -t)));
      const Lanes rise1 = top1 * exponential(t * top1 - 0.5 * top1 * top1);
      const Lanes rise2 = top2 * top2 * exponential(t * top2 - 0.5 * top2 * top2);
      const Lanes over = (2.0 * density / first) * inverse;
      return {{smaller(h0, over * growth), first * smaller(h1, over * rise1),
               (first * first) * smaller(h2, over * rise2)}};
    }
    case ValueKind::normal: {
      // E U^k e^{aU} = E (m + σZ)^k times the Gaussian, |m| ≤ centre + σ y, y = σ|Im a|.
      const double variance = second * second;
      const Lanes mean = first + variance * re, centre = larger(mean, -mean), x = second * im;
      const Lanes scale = exponential(re * (first + 0.5 * variance * re));
      const auto decay = [&](double i) __attribute__((always_inline)) {
        const Lanes y = larger(x, broadcast(std::sqrt(i)));  // the largest y^i e^{−y²/2}, y ≥ x
        const Lanes e = exponential(-0.5 * y * y);
        return i == 0.0 ? e : i == 1.0 ? y * e : y * y * e;
      };
      const Lanes d0 = decay(0.0), d1 = decay(1.0), d2 = decay(2.0);
      return {{scale * d0, scale * (centre * d0 + second * d1),
               scale * ((centre * centre + variance) * d0 + (2.0 * second) * centre * d1 +
                        variance * d2)}};
    }
  }
  return {};
}

/// e^{sx} − 1 at eight nodes at a time of a contour, x real, by the recurrence of phases.h; times
/// 1 + growth, growth = e^{γx} − 1 if nothing else is said.
struct Turning {
  Complex v;
  double re = 0.0, im = 0.0;  // of the step's e^{iα} − 1

  SKELETA_INLINE void start(const Contour& contour, double x, double growth, Index first_node) {
    const double turns = x / contour.period;
    const Complex turn = turn_minus_1(counting(static_cast<double>(first_node)) * turns);
    const Complex step = turn_minus_1(broadcast(static_cast<double>(lane_count) * turns));
    v = {(1.0 + growth) * turn.re + growth, (1.0 + growth) * turn.im};
    re = step.re[0];
    im = step.im[0];
  }
  SKELETA_INLINE void advance() {
    const double cosine = 1.0 + re;
    const Lanes next = (v.re * cosine + re) - v.im * im;
    v.im = (v.re * im + im) + v.im * cosine;
    v.re = next;
  }
  /// e^{sx}
  SKELETA_INLINE Complex value() const { return {v.re + 1.0, v.im}; }
};

/// Eight nodes, and what |s| is at most.
struct Group : Nodes {
  double largest = 0.0;
};

/// The transform of one feature, a = s g, at the nodes of a contour one after the other.
class ValueTransform {
 public:
  /// h0 = E e^{aU}, and if `more` h1 = E U e^{aU}, h2 = E U² e^{aU}, at the nodes first, …, first +
  /// 7. `restarts`: at the first nodes, and every few hundred, so that errors do not add up.
  SKELETA_INLINE void at(const ValueLaw& law, double g, const Contour& contour, Index first_node,
                         const Group& nodes, bool restarts, bool more, Complex& h0, Complex& h1,
                         Complex& h2) {
    if (g == 0.0) {
      h0 = {broadcast(1.0), broadcast(0.0)};
      if (more) h1 = {broadcast(law.moment(1)), broadcast(0.0)};
      if (more) h2 = {broadcast(law.moment(2)), broadcast(0.0)};
      return;
    }
    const double first = law.first(), second = law.second();
    switch (law.kind()) {
      case ValueKind::uniform: {
        const double width = second - first, x = g * width;
        if (restarts) {
          turning_.start(contour, x, std::expm1(contour.abscissa() * x), first_node);
          inverse_ = 1.0 / x;
        }
        const bool series = std::abs(x) * nodes.largest <= 0.5;
        if (series) {
          h0 = moment_series(x * nodes.s, 0);
        } else {
          h0 = (inverse_ * turning_.v) * nodes.inverse;
        }
        if (more) {
          const Moments unit = feature_moments(nodes, turning_.v, x, series);
          h1 = first * h0 + width * unit.h1;
          h2 = first * (h1 + width * unit.h1) + (width * width) * unit.h2;
        }
        turning_.advance();
        if (first == 0.0) return;
        if (restarts) start_shift(contour, g * first, first_node);
        const Complex shift = shift_.value();
        shift_.advance();
        h0 = shift * h0;
        if (more) h1 = shift * h1;
        if (more) h2 = shift * h2;
        return;
      }
      case ValueKind::constant: {
        if (restarts) start_shift(contour, g * first, first_node);
        h0 = shift_.value();
        shift_.advance();
        if (more) h1 = first * h0;
        if (more) h2 = (first * first) * h0;
        return;
      }
      case ValueKind::exponential: {
        const Complex a = (-first * g) * nodes.s, d{a.re + 1.0, a.im};
        const Lanes scale = 1.0 / (d.re * d.re + d.im * d.im);
        h0 = {scale * d.re, -scale * d.im};
        if (more) h1 = first * (h0 * h0);
        if (more) h2 = (2.0 * first) * (h1 * h0);
        return;
      }
      case ValueKind::normal: {
        const double variance = second * second;
        if (restarts) {
          const double abscissa = contour.abscissa();
          shifted_ = first + abscissa * g * variance;
          turning_.start(contour, g * shifted_, 0.0, first_node);
          growth_ = std::exp(abscissa * g * (first + 0.5 * abscissa * g * variance));
        }
        const Lanes y = (second * g) * nodes.s.im;
        h0 = (growth_ * exponential(-0.5 * y * y)) * turning_.value();
        turning_.advance();
        if (!more) return;
        const Complex m{broadcast(shifted_), (variance * g) * nodes.s.im};
        h1 = m * h0;
        h2 = m * h1 + variance * h0;
        return;
      }
      case ValueKind::half_normal: {
        const double x = first * g;
        const HalfLine j = half_normal_lanes(contour.abscissa() * x, x * nodes.s.im, more);
        h0 = j.j0;
        if (more) h1 = first * j.j1;
        if (more) h2 = (first * first) * j.j2;
        return;
      }
    }
  }

 private:
  SKELETA_INLINE void start_shift(const Contour& contour, double x, Index first_node) {
    shift_.start(contour, x, std::expm1(contour.abscissa() * x), first_node);
  }

  Turning turning_, shift_;
  double inverse_ = 1.0, growth_ = 1.0, shifted_ = 0.0;
};

}  // namespace skeleta::exact
