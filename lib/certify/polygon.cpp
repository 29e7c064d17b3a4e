#include "skeleta/certify/polygon.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "certify/edge.h"
#include "certify/search_tree.h"

namespace skeleta::certify {
namespace {

Interval interval(const std::array<double, 2>& ends) {
  return {ends[0], ends[1]};
}

// The symmetric polygon of columns r, with the best thresholds.
struct SymmetricPolygon {
  Index corners;
  Interval angle = Interval(2.0) * pi / Interval(static_cast<double>(corners));

  Interval inner(const Interval& r) const { return square(r) * cos(angle); }
  // Nothing where the thresholds may be none between 0 and the inner product.
  std::optional<Interval> threshold(const Interval& r) const {
    const Threshold P;
    const Threshold::Minima found = P.minima(square(r), inner(r));
    if (!found.between_only) return std::nullopt;
    const Interval b = found.places.front();
    if (!(P.value(square(r), inner(r), b).hi < P.silent())) return std::nullopt;
    return b;
  }
  // ∂E/∂r, over 2kr.
  Interval slope(const Interval& r, const Interval& b) const {
    return own_loss_slope(square(r), b) + Interval(4.0) * cos(angle) * mean_product(inner(r), b);
  }
  // E/k of all polygons of these columns, b being the best thresholds: about the middle, since its
  // slope is nearly 0 at the stationary one.
  Interval loss_of_edge(const Interval& r, const Interval& b) const {
    const Interval middle = r.middle(), best = threshold(middle).value_or(b);
    return own_loss(square(middle), best) + Interval(2.0) * mean_square(inner(middle), best) +
           Interval(2.0) * r * slope(r, b) * (r - middle);
  }
  // −∂/∂θ of what neighbours disturb each other by.
  Interval multiplier(const Interval& r, const Interval& b) const {
    return Interval(4.0) * mean_product(inner(r), b) * square(r) * sin(angle);
  }
};

// What a model no worse than the polygon may pay, given a lower bound of the smaller problems.
struct Limits {
  double one, two;
  Limits(const PolygonStage& stage, double without_one, double without_two)
      : one((Interval(stage.upper) + Interval(stage.slack) - Interval(without_one)).hi),
        two((Interval(stage.upper) + Interval(stage.slack) - Interval(without_two)).hi) {}
};

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

// The edges of one stage.
class EdgeProblem : public Problem {
 public:
  EdgeProblem(const PolygonStage& stage, const Limits& limits)
      : stage_(stage), limits_(limits), polygon_{stage.corners} {
    fault_ = find_fault();
  }

  const std::string& fault() const { return fault_; }

  // Cut along the faces of the well and of what is near, so that a box lies in them or beside them.
  std::vector<Sides> roots() const override {
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

  Verdict judge(const Sides& box) const override {
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
    return {bound.least > enough(box) ? 'h' : '\0', bound.side};
  }

  bool holds(const Sides& box, char reason) const override {
    if (reason == 'o') return box[0].lo > box[1].hi;
    if (in_well(box)) return reason == 'c' && convex(edge(box));
    const Threshold both{1.0, 1.0};
    const Interval a = square(box[0]), c = square(box[1]), g = box[0] * box[1] * cos(box[2]);
    switch (reason) {
      case 'r':
        return both.least(a, g) > limits_.one;
      case 's':
        return both.least(c, g) > limits_.one;
      case 'p':
        return below(both.least(a, g) + both.least(c, g)) > limits_.two;
      case 'h':
        return edge_bound(edge(box), mu_, polygon_.angle).least > enough(box);
      default:
        return false;
    }
  }

 private:
  static Edge edge(const Sides& box) { return {box[0], box[1], box[2]}; }
  static bool lies_in(const Sides& box, const Interval& lengths, const Interval& angles) {
    return lengths.holds(box[0]) && lengths.holds(box[1]) && angles.holds(box[2]);
  }
  bool in_well(const Sides& box) const {
    return lies_in(box, interval(stage_.well_column), interval(stage_.well_angle));
  }
  // What h must exceed, without the multiplier's constant part.
  double enough(const Sides& box) const {
    const bool near = lies_in(box, interval(stage_.near_column), interval(stage_.near_angle));
    return near ? enough_ : far_;
  }

  // Checks every number of the stage but its tree: the end of a sentence, or nothing.
  std::string find_fault() {
    const Interval r = interval(stage_.column);
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
    const Interval well_r = interval(stage_.well_column), well_angle = interval(stage_.well_angle);
    if (!(0.0 < r.lo && r.lo < r.hi && sign_at(r.lo) < 0 && sign_at(r.hi) > 0)) {
      return std::string("no symmetric polygon need be stationary in `column`");
    }
    if (!(Interval(stage_.lower, stage_.upper).holds(all))) {
      return std::string(fmt::format(
          "the polygon's loss is only known to lie in [{:.17g}, {:.17g}]", all.lo, all.hi));
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
    if (!(0.0 < well_angle.lo && well_angle.hi < stage_.widest &&
          well_angle.holds(polygon_.angle))) {
      return std::string("`well_angle` does not hold the polygon");
    }
    const Interval near_r = interval(stage_.near_column), near_angle = interval(stage_.near_angle);
    if (!(stage_.slack >= 0.0 && near_r.holds(well_r) && near_angle.holds(well_angle) &&
          stage_.shortest < near_r.lo && near_r.hi < stage_.longest && 0.0 < near_angle.lo &&
          near_angle.hi < stage_.widest)) {
      return std::string("`near_column` and `near_angle` do not hold the well");
    }
    return {};
  }

  const PolygonStage& stage_;
  Limits limits_;
  SymmetricPolygon polygon_;
  Interval mu_;
  double far_ = 0.0;     // enough_ and the slack
  double enough_ = 0.0;  // what an edge of the polygon costs without the multiplier, rounded up
  std::string fault_;
};

// Of E_k: that of a proof, or 0.
double known_minimum(const std::vector<PolygonStage>& stages, Index corners) {
  for (const PolygonStage& stage : stages) {
    if (stage.corners == corners) return stage.lower;
  }
  return 0.0;
}

Limits limits_of(const PolygonStage& stage, const std::vector<PolygonStage>& stages) {
  return {stage, known_minimum(stages, stage.corners - 1),
          known_minimum(stages, stage.corners - 2)};
}

// Numbers of few bits, so that boxes have exact ends.
double down_to_grid(double x, double step) {
  return std::floor(x / step) * step;
}
double up_to_grid(double x, double step) {
  return std::ceil(x / step) * step;
}

// Where the slope changes its sign, as near as rounding tells.
std::array<double, 2> stationary_column(const SymmetricPolygon& polygon) {
  const auto slope = [&](double r) {
    const auto b = polygon.threshold(r);
    return b ? polygon.slope(r, *b) : Interval(-1.0, 1.0);
  };
  // From short columns up to the first rise.
  double low = 1.0;
  while (!(slope(low).hi < 0.0)) {
    low += 0x1p-5;
    if (low > 2.0) throw std::runtime_error("found no symmetric polygon that is stationary");
  }
  double high = low;
  while (!(slope(high).lo > 0.0)) {
    high += 0x1p-8;
    if (high > 2.0) throw std::runtime_error("found no symmetric polygon that is stationary");
  }
  while (true) {
    const double middle = 0.5 * (low + high);
    const Interval there = slope(middle);
    if (there.hi < 0.0 && middle > low) {
      low = middle;
    } else if (there.lo > 0.0 && middle < high) {
      high = middle;
    } else {
      break;
    }
  }
  // The middle's sign is unknown: close in from both sides as far as signs are known.
  for (double step = 0.25 * (high - low); step > 0.0 && low + step > low; step *= 0.5) {
    while (slope(low + step).hi < 0.0) low += step;
    while (slope(high - step).lo > 0.0) high -= step;
  }
  return {low, high};
}

// All numbers of a stage; its tree is to come.
PolygonStage frame(Index corners, const std::vector<PolygonStage>& earlier, double slack) {
  const SymmetricPolygon polygon{corners};
  PolygonStage stage;
  stage.corners = corners;
  stage.column = stationary_column(polygon);
  const Interval r = interval(stage.column), b = polygon.threshold(r).value();
  const Interval edge = polygon.loss_of_edge(r, b);
  const Interval all = Interval(static_cast<double>(corners)) * edge;
  stage.lower = all.lo;
  stage.upper = all.hi;
  stage.slack = slack;
  const Limits limits = limits_of(stage, earlier);
  constexpr double step = 0x1p-10;
  const double ratio = std::sqrt(3.0 * limits.one);
  stage.longest = up_to_grid(1.001 * std::sqrt((1.0 + ratio) / (1.0 - ratio)), step);
  stage.shortest = 0x1p-6;
  const double mu = polygon.multiplier(r, b).middle(), angle = polygon.angle.middle();
  stage.widest = up_to_grid(angle + 1.001 * (edge.hi + slack) / mu, step);
  const double half = corners == 5 ? 0x1p-7 : 0x1p-8;
  stage.well_column = {down_to_grid(r.lo - half, step), up_to_grid(r.hi + half, step)};
  stage.well_angle = {down_to_grid(angle - half, step), up_to_grid(angle + half, step)};
  stage.near_column = stage.well_column;
  stage.near_angle = stage.well_angle;
  if (slack > 0.0) {  // what pentagons with this slack need
    stage.near_column = {0.90625, 1.46875};
    stage.near_angle = {1.0, 1.5};
  }
  return stage;
}

}  // namespace

double PolygonStage::threshold() const {
  const Interval r = Interval(column[0], column[1]).middle();
  const auto b = SymmetricPolygon{corners}.threshold(r);
  if (!b) throw std::invalid_argument("no polygon of these columns has positive thresholds");
  return b->middle();
}

std::uint64_t PolygonProof::boxes() const {
  std::uint64_t count = 0;
  for (const PolygonStage& stage : stages) count += stage.tree.size();
  return count;
}

std::string PolygonProof::statement() const {
  const Index k = last().corners;
  std::string text = fmt::format(
      "The one-sparse loss of {} features in 2 dimensions has exactly one minimum, up to "
      "rotations, "
      "reflections and relabelling: the regular {} with columns of a length in "
      "[{:.17g}, {:.17g}]; there {}·L_1 lies in [{:.17g}, {:.17g}].",
      k, k == 5 ? "pentagon" : "hexagon", last().column[0], last().column[1], k, last().lower,
      last().upper);
  if (last().slack > 0.0) {
    text += fmt::format(
        " If {}·L_1 is at most {:.12g} more, all columns have lengths in [{:.12g}, {:.12g}] and "
        "all "
        "gaps between neighbours lie in [{:.12g}, {:.12g}].",
        k, last().slack, last().near_column[0], last().near_column[1], last().near_angle[0],
        last().near_angle[1]);
  }
  return text;
}

namespace {

void add_stage(PolygonProof& proof, Index corners, double slack, int threads,
               const std::function<bool(std::uint64_t boxes)>& progress) {
  PolygonStage stage = frame(corners, proof.stages, slack);
  const EdgeProblem problem(stage, limits_of(stage, proof.stages));
  if (!problem.fault().empty()) throw std::runtime_error("no proof: " + problem.fault());
  const std::uint64_t before = proof.boxes();
  const auto told = [&](std::uint64_t boxes) { return !progress || progress(before + boxes); };
  stage.tree = grow(problem, threads, told);
  if (stage.tree.find(open_leaf) != std::string::npos) {
    throw std::runtime_error(fmt::format("no proof for {} corners: a box remains open", corners));
  }
  proof.stages.push_back(std::move(stage));
}

}  // namespace

PolygonProof prove_polygon(Index corners, int threads,
                           const std::function<bool(std::uint64_t boxes)>& progress) {
  if (corners != 5 && corners != 6) {
    throw std::invalid_argument(fmt::format(
        "corners = {} must be 5 or 6: with fewer the least one-sparse loss in 2 dimensions is 0, "
        "and for more no proof is known",
        corners));
  }
  PolygonProof proof;
  for (Index k = 5; k <= corners; ++k) add_stage(proof, k, 0.0, threads, progress);
  return proof;
}

PolygonProof prove_pentagon_stable(int threads,
                                   const std::function<bool(std::uint64_t boxes)>& progress) {
  PolygonProof proof;
  add_stage(proof, 5, pentagon_slack, threads, progress);
  return proof;
}

std::optional<PolygonFlaw> check(const PolygonProof& proof, int threads) {
  if (proof.stages.empty()) return PolygonFlaw{0, -1, "it has no stages"};
  Index next = 5;
  for (const PolygonStage& stage : proof.stages) {
    if (stage.corners != next || stage.corners > 6) {
      return PolygonFlaw{stage.corners, -1, fmt::format("here the {}-gon has to stand", next)};
    }
    ++next;
    const EdgeProblem problem(stage, limits_of(stage, proof.stages));
    if (!problem.fault().empty()) return PolygonFlaw{stage.corners, -1, problem.fault()};
    if (const auto found = flaw(problem, stage.tree, threads)) {
      return PolygonFlaw{stage.corners, static_cast<std::int64_t>(found->place), found->cause};
    }
  }
  return std::nullopt;
}

}  // namespace skeleta::certify
