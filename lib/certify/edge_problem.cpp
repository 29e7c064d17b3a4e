#include "certify/edge_problem.h"

#include <fmt/format.h>

#include <algorithm>

namespace skeleta::certify {
namespace {

Interval interval_of(const std::array<double, 2>& ends) {
  return {ends[0], ends[1]};
}

// min over all b of S(a, b) is ⅓((a − 1)/(a + 1))² for a ≥ 1, and rises with a.
bool too_long(double r, const Limits& limits) {
  if (!(r > 1.0)) return false;
  const Interval a = square(Interval(r));
  const Interval ratio = (a - Interval(1.0)) / (a + Interval(1.0));
  return (square(ratio) / Interval(3.0)).lo > limits.one;
}

// A column no longer than r ≤ 1, a = r² ≤ 1, among others that are shorter than R: every inner
// product is at least −ρ = −rR. With b = −β ≤ 0, S = (1 − a)²/3 − (1 − a)β + β², and each of the
// others adds φ(−ρ; −β) ≥ (β − ρ)₊² ≥ β² − 2ρβ; together kβ² − (1 − a + 2(k − 1)ρ)β + (1 − a)²/3 ≥
// (1 − a)²/3 − (1 − a + 2(k − 1)ρ)²/(4k). With b ≥ 0, S ≥ (1 − a)²/3.
bool too_short(double r, const PolygonStage& stage, const Limits& limits) {
  const Interval all{0.0, r}, rest = Interval(1.0) - square(all);
  const auto k = static_cast<double>(stage.corners);
  if (!(rest.lo >= 0.0)) return false;
  const Interval pull = rest + Interval(2.0 * (k - 1.0)) * all * Interval(stage.longest);
  return (square(rest) / Interval(3.0) - square(pull) / Interval(4.0 * k)).lo > limits.one;
}

}  // namespace

std::optional<Interval> SymmetricPolygon::threshold(const Interval& r) const {
  const Threshold P;
  const Threshold::Minima found = P.minima(square(r), inner(r));
  if (!found.between_only) return std::nullopt;
  const Interval b = found.places.front();
  if (!(P.value(square(r), inner(r), b).hi < P.silent())) return std::nullopt;
  return b;
}

Interval SymmetricPolygon::slope(const Interval& r, const Interval& b) const {
  return own_loss_slope(square(r), b) + Interval(4.0) * cos(angle) * mean_product(inner(r), b);
}

Interval SymmetricPolygon::loss_of_edge(const Interval& r, const Interval& b) const {
  const Interval middle = r.middle(), best = threshold(middle).value_or(b);
  return own_loss(square(middle), best) + Interval(2.0) * mean_square(inner(middle), best) +
         Interval(2.0) * r * slope(r, b) * (r - middle);
}

Interval SymmetricPolygon::multiplier(const Interval& r, const Interval& b) const {
  return Interval(4.0) * mean_product(inner(r), b) * square(r) * sin(angle);
}

Limits::Limits(const PolygonStage& stage, double without_one, double without_two)
    : one((Interval(stage.upper) + Interval(stage.slack) - Interval(without_one)).hi),
      two((Interval(stage.upper) + Interval(stage.slack) - Interval(without_two)).hi) {}

EdgeProblem::EdgeProblem(const PolygonStage& stage, const Limits& limits)
    : stage_(stage), limits_(limits), polygon_{stage.corners} {
  fault_ = find_fault();
}

std::vector<Sides> EdgeProblem::roots() const {
  const auto pieces = [](double low, const std::array<double, 2>& near,
                         const std::array<double, 2>& well, double high) {
    const double ends[] = {low, near[0], well[0], well[1], near[1], high};
    std::vector<Interval> all;
    for (std::size_t n = 0; n < 5; ++n) {
      if (ends[n] < ends[n + 1]) all.emplace_back(ends[n], ends[n + 1]);
    }
    return all;
  };
  const auto lengths =
      pieces(stage_.shortest, stage_.near_column, stage_.well_column, stage_.longest);
  const auto angles = pieces(0.0, stage_.near_angle, stage_.well_angle, stage_.widest);
  std::vector<Sides> roots;
  for (const Interval& r : lengths) {
    for (const Interval& s : lengths) {
      for (const Interval& angle : angles) roots.push_back({r, s, angle});
    }
  }
  return roots;
}

Verdict EdgeProblem::judge(const Sides& box) const {
  for (const char reason : {'o', 'r', 's', 'p', 'c'}) {
    if (holds(box, reason)) return {reason, 0};
  }
  if (in_well(box)) {
    std::size_t widest = 0;
    for (std::size_t k = 1; k < 3; ++k) {
      if (box[k].width() > box[widest].width()) widest = k;
    }
    return {0, widest};
  }
  const EdgeBound bound = edge_bound(edge(box), mu_, polygon_.angle);
  if (bound.least > enough(box)) return {'h', 0};
  return {holds(box, 'n') ? 'n' : '\0', bound.side};
}

bool EdgeProblem::holds(const Sides& box, char reason) const {
  if (reason == 'o') return box[0].lo > box[1].hi;
  if (in_well(box)) return reason == 'c' && convex(edge(box), wanted());
  if (reason == 'h') return edge_bound(edge(box), mu_, polygon_.angle).least > enough(box);
  if (reason == 'n') {
    return stage_.steep() && in_near(box) && slopes_somewhere(box) && convex(edge(box), wanted());
  }
  // On the faces of what is near, h itself has to be large.
  if (stage_.steep() && touches_near(box)) return false;
  const Threshold both{1.0, 1.0};
  const Interval a = square(box[0]), c = square(box[1]), g = box[0] * box[1] * cos(box[2]);
  switch (reason) {
    case 'r':
      return both.least(a, g) > limits_.one;
    case 's':
      return both.least(c, g) > limits_.one;
    case 'p':
      return below(both.least(a, g) + both.least(c, g)) > limits_.two;
    default:
      return false;
  }
}

bool EdgeProblem::in_well(const Sides& box) const {
  return lies_in(box, interval_of(stage_.well_column), interval_of(stage_.well_angle));
}

bool EdgeProblem::in_near(const Sides& box) const {
  return lies_in(box, interval_of(stage_.near_column), interval_of(stage_.near_angle));
}

bool EdgeProblem::touches_near(const Sides& box) const {
  const Interval length = interval_of(stage_.near_column);
  const Interval near[] = {length, length, interval_of(stage_.near_angle)};
  for (std::size_t k = 0; k < 3; ++k) {
    if (box[k].hi < near[k].lo || box[k].lo > near[k].hi) return false;
  }
  return true;
}

Steepness EdgeProblem::wanted() const {
  if (!stage_.steep()) return {};
  return {stage_.slack, interval_of(stage_.near_threshold), stage_.modulus};
}

bool EdgeProblem::slopes_somewhere(const Sides& box) const {
  const auto slopes = edge_slopes(edge(box), mu_);
  return slopes && std::any_of(slopes->begin(), slopes->end(),
                               [](const Interval& x) { return x.lo > 0.0 || x.hi < 0.0; });
}

double EdgeProblem::enough(const Sides& box) const {
  return in_near(box) && !stage_.steep() ? enough_ : far_;
}

// Checks every number of the stage but its tree: the end of a sentence, or nothing.
std::string EdgeProblem::find_fault() {
  const Interval r = interval_of(stage_.column);
  const auto b = polygon_.threshold(r);
  if (!b)
    return std::string("the thresholds of the polygon are not between 0 and its inner products");
  const auto k = static_cast<double>(stage_.corners);
  mu_ = polygon_.multiplier(r, *b);
  const Interval edge = polygon_.loss_of_edge(r, *b), all = Interval(k) * edge;
  enough_ = edge.hi;
  far_ = (Interval(edge.hi) + Interval(stage_.slack)).hi;
  const auto sign_at = [&](double x) {
    const auto there = polygon_.threshold(x);
    const Interval slope = there ? polygon_.slope(x, *there) : Interval(0.0);
    return slope.lo > 0.0 ? 1 : (slope.hi < 0.0 ? -1 : 0);
  };
  const Interval well_r = interval_of(stage_.well_column),
                 well_angle = interval_of(stage_.well_angle);
  if (!(0.0 < r.lo && r.lo < r.hi && sign_at(r.lo) < 0 && sign_at(r.hi) > 0)) {
    return std::string("no symmetric polygon need be stationary in `column`");
  }
  if (!(stage_.lower >= 0.0)) return "`minimum` begins below 0, where no loss is";
  if (!(Interval(stage_.lower, stage_.upper).holds(all))) {
    return std::string(fmt::format("the polygon's loss is only known to lie in [{:.17g}, {:.17g}]",
                                   all.lo, all.hi));
  }
  if (!(mu_.lo > 0.0)) return std::string("the multiplier need not be positive");
  if (!too_long(stage_.longest, limits_))
    return std::string("a column may be longer than `longest`");
  if (!(stage_.shortest > 0.0) || !too_short(stage_.shortest, stage_, limits_)) {
    return std::string("a column may be shorter than `shortest`");
  }
  if (!(cos(stage_.widest).lo > 0.0 && stage_.widest < 2.0)) {
    return std::string("`widest` need not be below a right angle");
  }
  if (!((mu_ * (Interval(stage_.widest) - polygon_.angle)).lo > far_)) {
    return std::string("a gap may be wider than `widest`");
  }
  if (!(stage_.shortest < well_r.lo && well_r.hi < stage_.longest && well_r.holds(r))) {
    return std::string("`well_column` does not hold the polygon");
  }
  if (!(0.0 < well_angle.lo && well_angle.hi < stage_.widest && well_angle.holds(polygon_.angle))) {
    return std::string("`well_angle` does not hold the polygon");
  }
  const Interval near_r = interval_of(stage_.near_column),
                 near_angle = interval_of(stage_.near_angle);
  if (!(stage_.slack >= 0.0 && near_r.holds(well_r) && near_angle.holds(well_angle) &&
        stage_.shortest < near_r.lo && near_r.hi < stage_.longest && 0.0 < near_angle.lo &&
        near_angle.hi < stage_.widest)) {
    return std::string("`near_column` and `near_angle` do not hold the well");
  }
  const bool none = *std::min_element(stage_.modulus.begin(), stage_.modulus.end()) <= 0.0;
  if (stage_.steep() && (none || !(stage_.slack > 0.0))) {
    return std::string("`modulus` needs three numbers above 0, and a `slack`");
  }
  return {};
}

}  // namespace skeleta::certify
