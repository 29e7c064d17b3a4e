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

/// Numbers, and one over the size of each: at most 1e300.
struct WithInverse {
  Lanes value, inverse;
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

SKELETA_INLINE WithInverse with_inverse(const Lanes& x) {
  return {x, 1.0 / larger(larger(x, -x), broadcast(1e-300))};
}

/// e^{xt}
SKELETA_INLINE Lanes end_exponential(double x, const Lanes& t) {
  return x == 0.0 ? broadcast(1.0) : exponential(x * t);
}

/// For all a with Re a = g·re, each |log E e^{g re U}| ≤ 700: from moments of |U|^k e^{g re U}.
/// b_1 and b_2 only if `more`.
SKELETA_CALLED MomentBounds still_bounds(const ValueLaw& law, double g, const WithInverse& at,
                                         bool more) {
  const double first = law.first(), second = law.second();
  const Lanes re = g * at.value;
  switch (law.kind()) {
    case ValueKind::uniform: {
      const double width = second - first, most = std::max(std::abs(first), std::abs(second));
      const Lanes low = end_exponential(first, re), high = end_exponential(second, re);
      const Lanes far = ((low + high) * at.inverse) * (1.0 / (width * std::abs(g)));
      return powers_of(most, smaller(larger(low, high), far));
    }
    case ValueKind::constant:
      return powers_of(std::abs(first), exponential(first * re));
    case ValueKind::exponential: {
      const Lanes ratio = 1.0 / (1.0 - first * re);
      return {{ratio, first * ratio * ratio, (2.0 * first * first) * ratio * ratio * ratio}};
    }
    case ValueKind::half_normal: {
      // E e^{tU} ≤ 2e^{t²/2} − e^{−.8t} (Jensen) for t > 0; else densities are at most √(2/π).
      constexpr double density = half_normal_density;
      const Lanes nothing = broadcast(0.0), one = broadcast(1.0);
      const Lanes t = first * re, up = larger(t, nothing);
      const Lanes over =
          if_less(t, nothing, (1.0 / (first * std::abs(g))) * at.inverse, broadcast(1e100));
      Lanes h0 = smaller(one, density * over);
      if (g * at.value[0] > 0.0 || g * at.value[lane_count - 1] > 0.0) {
        const Lanes rising = 2.0 * exponential(0.5 * up * up) - exponential(-density * up);
        h0 = if_less(nothing, t, rising, h0);
      }
      if (!more) return {{h0, h0, h0}};
      const Lanes h1 = density * smaller(one, over * over) + up * h0;
      const Lanes h2 = smaller(one, (2.0 * density) * (over * over * over)) +
                       up * (density + up * h0) + (h0 - 1.0) * smaller(one, 1e300 * up);
      return {{h0, first * h1, (first * first) * h2}};
    }
    case ValueKind::normal: {
      // E U^k e^{aU} = E (m + σZ)^k times e^{re(μ + re σ²/2)}
      const double variance = second * second;
      const Lanes mean = first + variance * re, centre = larger(mean, -mean);
      const Lanes scale = exponential(re * (first + 0.5 * variance * re));
      return {{scale, scale * (centre + second * std::exp(-0.5)),
               scale * (centre * centre + variance)}};
    }
  }
  return {};
}

/// At least E|U| e^{re U}/E e^{re U}.
inline double size_bound(const ValueLaw& law, double re) {
  const double first = law.first(), second = law.second();
  switch (law.kind()) {
    case ValueKind::uniform:
      return std::max(std::abs(first), std::abs(second));
    case ValueKind::constant:
      return std::abs(first);
    case ValueKind::exponential:
      return first / (1.0 - first * re);
    case ValueKind::half_normal:  // t + φ(t)/Φ(t) for t > 0; e^{tu} with t < 0 prefers small u
      return first * (half_normal_density + std::max(first * re, 0.0));
    case ValueKind::normal:
      return std::abs(first + second * second * re) + second;
  }
  return 0.0;
}

/// The same for all a with Re a = g·re and |Im a| ≥ |g|·im, g ≠ 0, by what the density varies over
/// im: at groups of im, whose results it lowers. b_1 and b_2 only if `more`.
template <int groups>
SKELETA_CALLED void lower_bounds(const ValueLaw& law, double g, const Lanes& abscissa,
                                 const WithInverse* at, bool more, MomentBounds* bounds) {
  const double first = law.first(), second = law.second(), size = std::abs(g);
  const Lanes re = g * abscissa;
  Lanes im[groups];
  for (int m = 0; m < groups; ++m) im[m] = size * at[m].value;
  const auto lower = [&](int m, int k, const Lanes& bound) __attribute__((always_inline)) {
    bounds[m].b[k] = smaller(bounds[m].b[k], bound);
  };
  const auto over = [&](int m) __attribute__((always_inline)) {
    return (1.0 / size) * at[m].inverse;
  };
  switch (law.kind()) {
    case ValueKind::uniform: {
      // By parts, from the ends and from E U^{k−1} e^{aU}.
      const double density = 1.0 / (second - first);
      const Lanes low = density * end_exponential(first, re),
                  high = density * end_exponential(second, re);
      for (int m = 0; m < groups; ++m) {
        const Lanes inverse = over(m);
        Lanes moving = (low + high) * inverse;
        double a = 1.0, b = 1.0;
        lower(m, 0, moving);
        for (int k = 1; more && k < 3; ++k) {
          a *= std::abs(first);
          b *= std::abs(second);
          moving = ((a * low + b * high) + static_cast<double>(k) * moving) * inverse;
          lower(m, k, moving);
        }
      }
      return;
    }
    case ValueKind::constant:
      return;
    case ValueKind::exponential: {
      const Lanes x = 1.0 - first * re;
      for (int m = 0; m < groups; ++m) {
        const Lanes y = first * im[m], ratio = 1.0 / square_root(x * x + y * y);
        lower(m, 0, ratio);
        if (!more) continue;
        lower(m, 1, first * ratio * ratio);
        lower(m, 2, (2.0 * first * first) * ratio * ratio * ratio);
      }
      return;
    }
    case ValueKind::half_normal: {
      // φ = √(2/π) e^{tu − u²/2} jumps to φ(0), φ' = (t − u)φ from tφ(0), (uφ)' = (1 + tu − u²)φ
      // from φ(0): |h_0| ≤ (φ(0) + V(φ')/y)/y and |h_1| ≤ V((uφ)')/y², V with the jumps. φ' is
      // largest in size at t ± 1, by φ(0) e^{(t² − 1)/2}; the maximum of (uφ)' is at most φ(0)
      // e^{t²/2} (1 + t e^{−1/2}), for t ≤ 0 φ(0), and −min φ(0) e^{t²/2} (2e^{−3/2} + |t|
      // e^{−1/2}), for t ≤ 0 without the power.
      constexpr double density = half_normal_density, root = 0.60653065971263342;  // e^{−1/2}
      const Lanes t = first * re, up = larger(t, broadcast(0.0)), far = larger(t, -t);
      const bool rises = g * abscissa[0] > 0.0 || g * abscissa[lane_count - 1] > 0.0;
      const Lanes one = broadcast(1.0), growth = rises ? exponential(0.5 * up * up) : one;
      // e^{(t² − 1)/2} for −1 < t < 0 by a chord; for t ≤ −1 φ' falls in size from |t|φ(0).
      const Lanes top =
          if_less(t, broadcast(0.0), root * (1.0 + 0.65 * smaller(one, t * t)), root * growth);
      const Lanes rise = 2.0 * far + if_less(t, one, 2.0 * top, 4.0 * top);
      const Lanes turn = (2.0 * growth) * ((1.0 + 2.0 * 0.22313016014842983) + root * (up + far));
      Lanes top2 = one;
      if (more) {
        // Twice the largest value of u² e^{tu − u²/2}, where t + √(t² + 8) is half of u. The second
        // form of u is for t < 0.
        const Lanes root2 = square_root(t * t + 8.0);
        const Lanes u = larger(0.5 * (t + root2), 4.0 / (root2 + far));
        top2 = u * u * exponential(t * u - 0.5 * u * u);
      }
      for (int m = 0; m < groups; ++m) {
        const Lanes inverse = over(m) * (1.0 / first), once = density * inverse;
        lower(m, 0, smaller(2.0 * growth * once, once * (1.0 + rise * inverse)));
        if (!more) continue;
        lower(m, 1, first * turn * once * inverse);
        lower(m, 2, (2.0 * first * first) * top2 * once);
      }
      return;
    }
    case ValueKind::normal: {
      // E U^k e^{aU} = E (m + σZ)^k times the Gaussian, |m| ≤ centre + σ y, y = σ|Im a|.
      const double variance = second * second;
      const Lanes mean = first + variance * re, centre = larger(mean, -mean);
      const Lanes scale = exponential(re * (first + 0.5 * variance * re));
      for (int m = 0; m < groups; ++m) {
        const Lanes x = second * im[m];
        const auto decay = [&](double i) __attribute__((always_inline)) {
          const Lanes y = larger(x, broadcast(std::sqrt(i)));  // the largest y^i e^{−y²/2}, y ≥ x
          const Lanes e = exponential(-0.5 * y * y);
          return i == 0.0 ? e : i == 1.0 ? y * e : y * y * e;
        };
        const Lanes d0 = decay(0.0);
        lower(m, 0, scale * d0);
        if (!more) continue;
        const Lanes d1 = decay(1.0), d2 = decay(2.0);
        bounds[m].b[1] = scale * (centre * d0 + second * d1);
        bounds[m].b[2] = scale * ((centre * centre + variance) * d0 + (2.0 * second) * centre * d1 +
                                  variance * d2);
      }
      return;
    }
  }
}

/// e^{sx} − 1 at eight nodes at a time of a contour, x real, by the recurrence of phases.h; times
/// 1 + growth, growth = e^{γx} − 1 if nothing else is said.
struct Turning {
  Complex v;
  double re, im;  // of the step's e^{iα} − 1

  SKELETA_INLINE void start(const Contour& contour, double x, double growth, Index first_node) {
    const double turns = x / contour.period;
    const Complex turn = turn_minus_1(counting(static_cast<double>(first_node)) * turns);
    const Complex step = turn_minus_1(broadcast(static_cast<double>(lane_count) * turns));
    v = {(1.0 + growth) * turn.re + growth, (1.0 + growth) * turn.im};
    re = step.re[0];
    im = step.im[0];
  }
  SKELETA_INLINE void advance() { advance(v); }
  /// A copy of v that lives in registers.
  SKELETA_INLINE void advance(Complex& copy) const {
    const double cosine = 1.0 + re;
    const Lanes next = (copy.re * cosine + re) - copy.im * im;
    copy.im = (copy.re * im + im) + copy.im * cosine;
    copy.re = next;
  }
  /// e^{sx}
  SKELETA_INLINE Complex value() const { return {v.re + 1.0, v.im}; }
};

/// Eight nodes, −1/s², and what |s| is at most.
struct Group : Nodes {
  Quadratic minus_square_inverse;
  double largest;
};

SKELETA_INLINE Group group_at(const Contour& contour, Index first) {
  const Nodes nodes = nodes_at(contour, first);
  const Complex square = nodes.inverse * nodes.inverse;
  return {nodes, quadratic_of({-square.re, -square.im}),
          contour.abscissa() + contour.spacing() * static_cast<double>(first + lane_count)};
}

/// Which of HalfLinePolynomials is for |a|² of two ends of a stretch.
enum class HalfLinePart { close, middle, far };
SKELETA_INLINE HalfLinePart part_of(double least_square, double most_square) {
  using Table = HalfLinePolynomials;
  return least_square >= Table::far_square    ? HalfLinePart::far
         : most_square <= Table::close_square ? HalfLinePart::close
                                              : HalfLinePart::middle;
}

/// E e^{aU} of the half-normal law of scale 1 at a = xs, x ≠ 0: J_0(a), or 2e^{a²/2} − J_0(−a)
/// where Re a > 0 is not close to 0.
template <int groups>
SKELETA_CALLED void half_normal_at(double x, const Group* nodes, HalfLinePart part, Complex* h) {
  const double re = x * nodes[0].s.re[0], im = x * nodes[0].s.im[0];
  const double least = re * re - im * im, square = re * re + im * im;
  if (part == HalfLinePart::far) {
    const auto at = [&](int m) __attribute__((always_inline))->const Quadratic& {
      return nodes[m].minus_square_inverse;
    };
    far_half_line<groups>(x, square, at, h);
    for (int m = 0; m < groups; ++m) h[m] = ((-half_normal_density / x) * nodes[m].inverse) * h[m];
  } else {
    Complex a[groups];
    if (part == HalfLinePart::close) {
      for (int m = 0; m < groups; ++m) a[m] = x * nodes[m].s;
      const double most = x * nodes[groups - 1].largest;
      return close_half_line<groups>(a, most * most, h);
    }
    for (int m = 0; m < groups; ++m) a[m] = -std::abs(x) * nodes[m].s;
    rational_half_line<groups>(a, h);
    for (int m = 0; x > 0.0 && m < groups; ++m) h[m] = -1.0 * h[m];
  }
  if (x < 0.0 || least < -75.0) return;  // e^{−75/2} = 5e-17
  for (int m = 0; m < groups; ++m) h[m] = h[m] + 2.0 * square_exponential(re, x * nodes[m].s.im);
}

/// The same at a block, its halves each by their own part.
template <int groups>
SKELETA_INLINE void half_normal_block(double x, const Group* nodes, Complex* h) {
  const auto part = [&](int first, int count) {
    const double re = x * nodes[0].s.re[0], im = x * nodes[first].s.im[0];
    const double most = x * nodes[first + count - 1].largest;
    return part_of(re * re + im * im, most * most);
  };
  constexpr int half = groups / 2;
  const HalfLinePart low = part(0, half), high = part(half, half);
  if (low == high && sizeof(Register) >= 64) {  // as many as there are registers for
    return half_normal_at<groups>(x, nodes, low, h);
  }
  half_normal_at<half>(x, nodes, low, h);
  half_normal_at<half>(x, nodes + half, high, h + half);
}

/// The transform of one feature, a = s g, at the nodes of a contour one after the other. Not
/// initialised before start().
class ValueTransform {
 public:
  /// Moves to the nodes first_node, …. Must precede any use, and be repeated every few hundred
  /// nodes, so that errors do not add up.
  SKELETA_INLINE void start(const ValueLaw& law, double g, const Contour& contour,
                            Index first_node) {
    if (g == 0.0) return;
    const double first = law.first(), second = law.second(), abscissa = contour.abscissa();
    // e^{sx} as its modulus times a turn: e^{sx} − 1 would lose what is far below 1.
    const auto shift = [&](double x) {
      shift_.start(contour, x, 0.0, first_node);
      growth_ = std::exp(abscissa * x);
    };
    switch (law.kind()) {
      case ValueKind::uniform: {
        const double x = g * (second - first);
        turning_.start(contour, x, std::expm1(abscissa * x), first_node);
        inverse_ = 1.0 / x;
        if (first != 0.0) shift(g * first);
        return;
      }
      case ValueKind::constant:
        shift(g * first);
        return;
      case ValueKind::normal: {
        const double variance = second * second;
        shifted_ = first + abscissa * g * variance;
        turning_.start(contour, g * shifted_, 0.0, first_node);
        growth_ = std::exp(abscissa * g * (first + 0.5 * abscissa * g * variance));
        return;
      }
      case ValueKind::exponential:
      case ValueKind::half_normal:
        return;
    }
  }

  /// h0 = E e^{aU}, and if `more` h1 = E U e^{aU}, h2 = E U² e^{aU}, at the next eight nodes.
  SKELETA_CALLED void at(const ValueLaw& law, double g, const Group& nodes, bool more, Complex& h0,
                         Complex& h1, Complex& h2) {
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
        const bool series = is_small(x, nodes);
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
        const Complex shift = growth_ * shift_.value();
        shift_.advance();
        h0 = shift * h0;
        if (more) h1 = shift * h1;
        if (more) h2 = shift * h2;
        return;
      }
      case ValueKind::constant: {
        h0 = growth_ * shift_.value();
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
        const double re = x * nodes.s.re[0];
        const Lanes im = x * nodes.s.im;
        const HalfLine j =
            more ? half_normal_lanes(re, im, true) : half_normal_lanes(re, im, false);
        h0 = j.j0;
        if (more) h1 = first * j.j1;
        if (more) h2 = (first * first) * j.j2;
        return;
      }
    }
  }

  /// E e^{aU} at the next groups of nodes: the same as at(), with what is most frequent in
  /// registers.
  template <int groups>
  SKELETA_INLINE void at_block(const ValueLaw& law, double g, const Group (&nodes)[groups],
                               Complex (&h)[groups]) {
    const double first = law.first(), x = g * (law.second() - first);
    if (law.kind() == ValueKind::uniform && first == 0.0 && !is_small(x, nodes[0])) {
      Complex v = turning_.v;
#pragma GCC unroll unrolled
      for (int m = 0; m < groups; ++m) {
        h[m] = (inverse_ * v) * nodes[m].inverse;
        turning_.advance(v);
      }
      turning_.v = v;
      return;
    }
    if (law.kind() == ValueKind::half_normal && g != 0.0) {
      half_normal_block<groups>(first * g, nodes, h);
      return;
    }
    Complex unused;
    for (int m = 0; m < groups; ++m) at(law, g, nodes[m], false, h[m], unused, unused);
  }

 private:
  // Does the series take over from quotients?
  static bool is_small(double x, const Group& nodes) {
    return std::abs(x) * nodes.largest <= 0.5;
  }

  Turning turning_, shift_;
  double inverse_, growth_, shifted_;
};

}  // namespace skeleta::exact
