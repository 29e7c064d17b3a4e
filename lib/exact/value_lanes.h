#pragma once

#include <array>
#include <cmath>

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
      constexpr double density = 0.79788456080286536;
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

/// The transform of one feature, a = s g, at the nodes of a contour one after the other.
class ValueTransform {
 public:
  /// E U^k e^{aU} at the nodes first, …, first + 7: k = 0, and 1 and 2 if `more`. `restarts`: at
  /// the first nodes, and every few hundred, so that errors do not add up.
  SKELETA_INLINE Moments at(const ValueLaw& law, double g, const Contour& contour, Index first_node,
                            const Nodes& nodes, bool restarts, bool more) {
    if (g == 0.0) return {real(1.0), real(law.moment(1)), real(law.moment(2))};
    const double first = law.first(), second = law.second(), abscissa = contour.abscissa();
    switch (law.kind()) {
      case ValueKind::uniform: {
        const double width = second - first, x = g * width;
        if (restarts) turning_.start(contour, x, std::expm1(abscissa * x), first_node);
        const bool series = small_in_block(contour, x, first_node + lane_count);
        Moments unit;
        if (series || more) {
          unit = feature_moments(nodes, turning_.v, x, series);
        } else {
          unit.h0 = (1.0 / x) * (turning_.v * nodes.inverse);
        }
        turning_.advance();
        if (first == 0.0) {
          if (!more) return unit;
          return {unit.h0, width * unit.h1, (width * width) * unit.h2};
        }
        if (restarts) start_shift(contour, g * first, first_node);
        const Complex shift = shift_.value();
        shift_.advance();
        if (!more) return {shift * unit.h0, unit.h1, unit.h2};
        const Complex h1 = first * unit.h0 + width * unit.h1;
        const Complex h2 = first * (h1 + width * unit.h1) + (width * width) * unit.h2;
        return {shift * unit.h0, shift * h1, shift * h2};
      }
      case ValueKind::constant: {
        if (restarts) start_shift(contour, g * first, first_node);
        const Complex e = shift_.value();
        shift_.advance();
        return {e, first * e, (first * first) * e};
      }
      case ValueKind::exponential: {
        const Complex a = (-first * g) * nodes.s, d{a.re + 1.0, a.im};
        const Lanes scale = 1.0 / (d.re * d.re + d.im * d.im);
        const Complex ratio{scale * d.re, -scale * d.im};
        const Complex h1 = first * (ratio * ratio);
        return {ratio, h1, (2.0 * first) * (h1 * ratio)};
      }
      case ValueKind::normal: {
        const double variance = second * second, shifted = first + abscissa * g * variance;
        if (restarts) {
          turning_.start(contour, g * shifted, 0.0, first_node);
          growth_ = std::exp(abscissa * g * (first + 0.5 * abscissa * g * variance));
        }
        const Lanes y = (second * g) * nodes.s.im;
        const Complex h0 = (growth_ * exponential(-0.5 * y * y)) * turning_.value();
        turning_.advance();
        const Complex m{broadcast(shifted), (variance * g) * nodes.s.im};
        const Complex h1 = m * h0;
        return {h0, h1, m * h1 + variance * h0};
      }
      case ValueKind::half_normal:
        break;
    }
    return one_by_one(law, g, contour, first_node);
  }

 private:
  static SKELETA_INLINE Complex real(double x) { return {broadcast(x), broadcast(0.0)}; }

  SKELETA_INLINE void start_shift(const Contour& contour, double x, Index first_node) {
    shift_.start(contour, x, std::expm1(contour.abscissa() * x), first_node);
  }

  static Moments one_by_one(const ValueLaw& law, double g, const Contour& contour,
                            Index first_node) {
    double numbers[6][lane_count];
    for (int lane = 0; lane < lane_count; ++lane) {
      const double frequency = contour.spacing() * static_cast<double>(first_node + lane);
      const ExponentialMoments moments =
          law.exponential_moments({contour.abscissa() * g, frequency * g});
      const double scale = std::exp(moments.log_scale);
      for (int n = 0; n < 3; ++n) {
        numbers[2 * n][lane] = scale * moments.value[static_cast<std::size_t>(n)].real();
        numbers[2 * n + 1][lane] = scale * moments.value[static_cast<std::size_t>(n)].imag();
      }
    }
    return {{load(numbers[0]), load(numbers[1])},
            {load(numbers[2]), load(numbers[3])},
            {load(numbers[4]), load(numbers[5])}};
  }

  Turning turning_, shift_;
  double growth_ = 1.0;
};

}  // namespace skeleta::exact
