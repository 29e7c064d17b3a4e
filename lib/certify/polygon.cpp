#include "skeleta/certify/polygon.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "certify/edge_problem.h"
#include "certify/search_tree.h"

namespace skeleta::certify {
namespace {

Interval interval(const std::array<double, 2>& ends) {
  return {ends[0], ends[1]};
}

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

// The same, steep: a smaller well, what is near around it, and what the convexity of the whole loss
// needs at these sparsities (rest_bend).
PolygonStage steep_frame() {
  constexpr double step = 0x1p-10, well = 0x1.4p-6, near = 0x1.cp-5;
  PolygonStage stage = frame(5, {}, pentagon_well);
  const Interval r = interval(stage.column);
  const double angle = SymmetricPolygon{5}.angle.middle();
  const auto around = [](double x, double half) {
    return std::array<double, 2>{down_to_grid(x - half, step), up_to_grid(x + half, step)};
  };
  stage.well_column = around(r.middle(), well);
  stage.well_angle = around(angle, well);
  stage.near_column = around(r.middle(), near);
  stage.near_angle = around(angle, near);
  stage.near_threshold = {0x1.4p-3, 0x1.ap-2};
  stage.modulus = {0x1.6p-8, 0x1.cp-7, 0x1.4p-10};
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
  if (last().steep()) {
    text +=
        " The edges of such models form a convex set, thresholds included, on which their cost is "
        "strictly convex.";
  }
  return text;
}

namespace {

void add_stage(PolygonProof& proof, PolygonStage stage, int threads,
               const std::function<bool(std::uint64_t boxes)>& progress) {
  const EdgeProblem problem(stage, limits_of(stage, proof.stages));
  if (!problem.fault().empty()) throw std::runtime_error("no proof: " + problem.fault());
  const std::uint64_t before = proof.boxes();
  const auto told = [&](std::uint64_t boxes) { return !progress || progress(before + boxes); };
  stage.tree = grow(problem, threads, told);
  if (stage.tree.find(open_leaf) != std::string::npos) {
    throw std::runtime_error(
        fmt::format("no proof for {} corners: a box remains open", stage.corners));
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
  for (Index k = 5; k <= corners; ++k) {
    add_stage(proof, frame(k, proof.stages, 0.0), threads, progress);
  }
  return proof;
}

PolygonProof prove_pentagon_stable(int threads,
                                   const std::function<bool(std::uint64_t boxes)>& progress) {
  PolygonProof proof;
  add_stage(proof, frame(5, {}, pentagon_slack), threads, progress);
  return proof;
}

PolygonProof prove_pentagon_steep(int threads,
                                  const std::function<bool(std::uint64_t boxes)>& progress) {
  PolygonProof proof;
  add_stage(proof, steep_frame(), threads, progress);
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
