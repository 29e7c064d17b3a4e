#include "certify/whole_pentagon.h"

#include <algorithm>
#include <limits>

#include "certify/edge.h"
#include "certify/edge_problem.h"

namespace skeleta::certify {
namespace {

constexpr double unbounded = std::numeric_limits<double>::infinity();

Interval ends(const std::array<double, 2>& x) {
  return {x[0], x[1]};
}

double size_of(const Interval& x) {
  return std::max(-x.lo, x.hi);
}

// Upper bound of ∫∫ (t·own − (at + gs − b)₊)² over the unit square; own is 0 or 1.
double pair_loss(double own, const Interval& a, const Interval& g, const Interval& b) {
  constexpr int cells = 128;
  Interval sum = 0.0;
  for (int m = 0; m < cells; ++m) {
    const Interval t{m / 128.0, (m + 1) / 128.0};
    for (int n = 0; n < cells; ++n) {
      const Interval s{n / 128.0, (n + 1) / 128.0};
      const Interval miss = Interval(own) * t - greater(a * t + g * s - b, 0.0);
      sum = sum + Interval(square(miss).hi);
    }
  }
  return (sum / Interval(128.0 * 128.0)).hi;
}

// What a stage says of neighbours, or of columns two steps apart: the angle's cosine and sine, and
// how often Σ over ordered pairs counts the square of one gap (an angle of two gaps has twice the
// squares of both at most).
struct Step {
  Interval cosine, sine;
  double gaps;
};

// |g̈| ≤ length·(ṙ_i² + ṙ_k²) + angle·φ̇² for g = r_i r_k cos φ.
struct Bend {
  double length, angle;

  Bend(const Step& step, const Interval& r) {
    const Interval c = size_of(step.cosine), s = size_of(step.sine), longest = r.hi;
    length = (c + s * longest).hi;
    angle = (Interval(2.0) * s * longest + square(longest) * c).hi;
  }
};

// Upper bounds of the coefficients of ṙ_i², ṙ_k², φ̇² and ḃ_i² in (2/a_i)∫ t_i u̇² ds, with t_i = (b
// − gs)/a_i within [0, 1], where u_i = a_i t_i + g s − b_i changes its sign: by (Σ c v)² ≤
// (Σ|c|)(Σ|c|v²) on cells of s.
struct Kink {
  double own = 0.0, other = 0.0, angle = 0.0, threshold = 0.0;

  Kink(const Step& step, const Interval& r, const Interval& b) {
    constexpr int cells = 64;
    const Interval a = square(r), g = a * step.cosine,
                   weight = Interval(2.0 / cells) / Interval(a.lo);
    for (int n = 0; n < cells; ++n) {
      const Interval s{n / 64.0, (n + 1) / 64.0};
      const Interval t = lesser(greater((b - g * s) / a, 0.0), 1.0);
      const double by_own = size_of(Interval(2.0) * r * t + r * step.cosine * s);
      const double by_other = size_of(r * step.cosine * s), by_angle = size_of(a * step.sine * s);
      const Interval all =
          Interval(by_own) + Interval(by_other) + Interval(by_angle) + Interval(1.0);
      const Interval factor = weight * Interval(t.hi) * all;
      own = (Interval(own) + factor * Interval(by_own)).hi;
      other = (Interval(other) + factor * Interval(by_other)).hi;
      angle = (Interval(angle) + factor * Interval(by_angle)).hi;
      threshold = (Interval(threshold) + factor).hi;
    }
  }
};

using Coefficients = std::array<Interval, 3>;  // of ṙ², θ̇², ḃ²

// Σ over all ordered pairs of that step of `factor`·|g̈|: a column is in four of them.
void add_bend(Coefficients& sum, const Step& step, const Interval& r, const Interval& factor) {
  const Bend bend(step, r);
  sum[0] = sum[0] + Interval(4.0) * factor * Interval(bend.length);
  sum[1] = sum[1] + Interval(step.gaps) * factor * Interval(bend.angle);
}

// Two active features: outputs of both, then those of the others.
Coefficients bend_of_pairs(const PolygonStage& stage, const Step& near, const Step& far) {
  const Interval r = ends(stage.near_column), b = ends(stage.near_threshold), a = square(r);
  const Interval g = a * near.cosine;
  Coefficients sum{};
  for (const Step& step : {near, far}) {
    // |x − u₊| ≤ `most` and ∫t = ½: 2∫|x − u₊||ü| ≤ most·(2ṙ_i² + |g̈|).
    const Interval more = a - Interval(1.0) + greater(a * step.cosine, 0.0) - b;
    const Interval most = std::max(1.0, more.hi);
    sum[0] = sum[0] + Interval(4.0) * most;
    add_bend(sum, step, r, most);
    const Kink kink(step, r, b);
    sum[0] = sum[0] + Interval(2.0) * (Interval(kink.own) + Interval(kink.other));
    sum[1] = sum[1] + Interval(step.gaps) * Interval(kink.angle);
    sum[2] = sum[2] + Interval(2.0) * Interval(kink.threshold);
  }
  // u of an output between two neighbours, (y − b)₊ ≤ y²/(4b): ∫u₊t ≤ 3g²/(16b); of one beside one
  // neighbour alone: ∫(gt − b)₊t and ½∫(gt − b)₊.
  const Interval both = Interval(3.0) * square(Interval(g.hi)) / (Interval(16.0) * Interval(b.lo));
  const Interval rise = mean_product(g.hi, b.lo);
  const Interval idle =
      square(greater(Interval(g.hi) - Interval(b.lo), 0.0)) / (Interval(4.0) * Interval(g.hi));
  add_bend(sum, near, r, Interval(2.0) * both + Interval(4.0) * rise);
  add_bend(sum, far, r, Interval(4.0) * idle);
  return sum;
}

// Of any set of three and more: 2|x − u₊||ü| + (2/a)u̇² of all outputs, at its largest.
Coefficients bend_of_more(const PolygonStage& stage, const Step& near, const Step& far) {
  const Interval r = ends(stage.near_column), a = square(r), longest = r.hi;
  const Interval both = Interval(2.0) * Interval((a * near.cosine).hi);
  const Interval most =
      Interval(2.0) * Interval(std::max(1.0, std::max((a - Interval(1.0) + both).hi, both.hi)));
  const Interval others =
      Interval(2.0) * longest * (Interval(size_of(near.cosine)) + Interval(size_of(far.cosine)));
  const Interval own = Interval(2.0) * longest + others;
  const Interval turn_near = square(longest) * Interval(size_of(near.sine)),
                 turn_far = square(longest) * Interval(size_of(far.sine));
  const Interval all = own + others + Interval(2.0) * (turn_near + turn_far) + Interval(1.0);
  const Interval factor = Interval(2.0) / Interval(a.lo) * all;
  Coefficients sum{};
  sum[0] = Interval(2.0) * most + factor * (own + others);
  sum[1] = factor * (Interval(near.gaps) * turn_near + Interval(far.gaps) * turn_far);
  sum[2] = factor;
  add_bend(sum, near, r, most);
  add_bend(sum, far, r, most);
  return sum;
}

}  // namespace

double rest_of_pentagon(const PolygonStage& stage, const Interval& x) {
  const SymmetricPolygon polygon{5};
  const Interval r = ends(stage.column), a = square(r), one = 1.0;
  const auto b = polygon.threshold(r);
  if (!b) return unbounded;
  const Interval g = a * cos(polygon.angle), far = a * cos(Interval(2.0) * polygon.angle);
  const Interval both = Interval(2.0) * g - *b;
  if (!(both.hi <= 1.0 && (a - one + both).hi <= 1.0 && far.hi < 0.0)) return unbounded;
  // Five sets of neighbours, and five of others; outputs that read neither are silent.
  const Interval beside = pair_loss(0.0, g, far, *b);
  const Interval pairs = Interval(2.0) * (Interval(pair_loss(1.0, a, g, *b)) + beside) +
                         Interval(2.0) * (Interval(pair_loss(1.0, a, far, *b)) + beside) +
                         Interval(pair_loss(0.0, g, g, *b));
  const Interval more = Interval(50.0) + Interval(25.0) * x + Interval(5.0) * square(x);
  return (x * (Interval(5.0) * pairs + x * more)).hi;
}

std::array<double, 3> rest_bend(const PolygonStage& stage, const Interval& x) {
  const Interval gap = ends(stage.near_angle), twice = Interval(2.0) * gap;
  const Step near{cos(gap), sin(gap), 2.0}, far{cos(twice), sin(twice), 8.0};
  if (!(near.cosine.lo > 0.0 && far.cosine.hi < 0.0 && stage.near_column[0] > 0.0 &&
        stage.near_threshold[0] > 0.0)) {
    return {unbounded, unbounded, unbounded};
  }
  const Coefficients pairs = bend_of_pairs(stage, near, far), more = bend_of_more(stage, near, far);
  const Interval rest = square(x) * (Interval(10.0) + Interval(5.0) * x + square(x));
  std::array<double, 3> bend{};
  for (std::size_t k = 0; k < 3; ++k) bend[k] = (x * pairs[k] + rest * more[k]).hi;
  return bend;
}

double pentagon_unique_sparsity(const PolygonStage& stage) {
  constexpr double steps_of_one = 1e5;
  if (!stage.steep()) return 1.0;
  const auto suffices = [&](int steps) {
    const Interval p = Interval(steps) / Interval(steps_of_one), x = p / (Interval(1.0) - p);
    const std::array<double, 3> bend = rest_bend(stage, x);
    // Each length and each threshold is in two edges, each gap in one.
    return rest_of_pentagon(stage, x) <= stage.slack && bend[0] <= 2.0 * stage.modulus[0] &&
           bend[1] <= stage.modulus[1] && bend[2] <= 2.0 * stage.modulus[2];
  };
  int steps = 0;
  while (steps < 1000 && suffices(steps + 1)) ++steps;
  return 1.0 - steps / steps_of_one;
}

}  // namespace skeleta::certify
