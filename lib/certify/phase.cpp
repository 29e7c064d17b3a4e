#include "skeleta/certify/phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "certify/phase_problem.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"
#include "skeleta/optimize/lbfgs.h"

namespace skeleta::certify {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The middle of an interval that is hardly one.
double number(const Interval& x) {
  return x.middle();
}

// A descent over |w_1|, |w_2|, thresholds minimised out; kept if it is antipodal and better.
void descend(const PhaseProblem& problem, const PhasePoint& point, double first, double second,
             PhaseProof& proof) {
  const PairOutput& output = problem.output(0);  // both are alike
  const double weight[] = {1.0, point.importance};
  const auto objective = [&](const Vector& x, Vector& gradient) {
    const double gamma = std::abs(x(0) * x(1));
    double value = 2.0 * point.interference * gamma * gamma;
    double by_gamma = 4.0 * point.interference * gamma;
    for (Index i = 0; i < 2; ++i) {
      const double a = x(i) * x(i), v = weight[i];
      if (!(gamma > 0.0)) return infinity;
      value += v * number(output.value(a, gamma, output.threshold(a, gamma)));
      const PairOutput::Slopes slopes = output.slopes(a, gamma);
      by_gamma += v * number(slopes.gamma);
      gradient(i) = 2.0 * x(i) * v * number(slopes.a);
    }
    gradient(0) += by_gamma * std::copysign(x(1), x(0));
    gradient(1) += by_gamma * std::copysign(x(0), x(1));
    return value;
  };
  Vector x(2);
  x << first, second;
  optimize::Lbfgs lbfgs({.gradient_tolerance = 1e-12 * point.density,
                         .value_tolerance = 1e-15,
                         .max_iterations = 100,
                         .first_step = 0.1});
  lbfgs.minimize(objective, x);
  PhaseProof found = proof;
  found.columns = {std::abs(x(0)), -std::abs(x(1))};
  for (std::size_t i = 0; i < 2; ++i) {
    const double r = found.columns[i];
    found.thresholds[i] = output.threshold(r * r, -found.columns[0] * found.columns[1]);
  }
  if (!(problem.antipodal(found.columns, found.thresholds) <
        problem.antipodal(proof.columns, proof.thresholds))) {
    return;
  }
  proof.columns = found.columns;
  proof.thresholds = found.thresholds;
}

void validate(const PhasePoint& point, double relative_gap) {
  const auto within = [](const char* name, double value, double least, double most) {
    if (value >= least && value <= most) return;
    throw std::invalid_argument(
        fmt::format("{} = {} must lie in [{}, {}]", name, value, least, most));
  };
  within("importance", point.importance, 1.0 / most_ratio, most_ratio);
  within("density", point.density, least_density, 1.0);
  within("interference", point.interference, 0.0, 1e6);
  if (!(relative_gap > 0.0 && relative_gap < 1.0)) {
    throw std::invalid_argument(
        fmt::format("relative_gap = {} must be between 0 and 1", relative_gap));
  }
}

double asked_lower(double upper, double relative_gap) {
  return below(upper * (1.0 - relative_gap));
}

// The model that drops one feature: the other one perfectly, and a constant, its mean.
void set_dropped(PhaseProof& proof) {
  const std::size_t kept = proof.phase == PhaseName::dedicate ? 1 : 0;
  proof.columns = proof.thresholds = {};
  proof.columns[kept] = 1.0;
  proof.thresholds[1 - kept] = -0.5 * proof.point.density;
}

// Of the phase that is taken to win, or of any.
void set_bounds(const PhaseProblem& problem, double relative_gap, PhaseProof& proof) {
  const Interval plain[] = {problem.plain(0), problem.plain(1)};
  proof.upper =
      std::min({plain[0].hi, plain[1].hi, problem.antipodal(proof.columns, proof.thresholds)});
  proof.lower = asked_lower(proof.upper, relative_gap);
  if (drops_one(proof.phase)) {
    proof.lower = plain[proof.phase == PhaseName::dedicate ? 1 : 0].lo;
  }
}

}  // namespace

PhaseProof prove_phase(const PhasePoint& point, double relative_gap) {
  validate(point, relative_gap);
  PhaseProof proof;
  proof.point = point;
  const PhaseProblem problem(proof);
  // Of dense features the pair may begin with a short column.
  for (const auto& [first, second] :
       {std::pair{1.0, 1.0}, {1.0, 0.4}, {0.4, 1.0}, {1.0, 0.05}, {0.05, 1.0}}) {
    descend(problem, point, first, second, proof);
  }
  const Interval drop = problem.plain(0), dedicate = problem.plain(1);
  proof.phase = problem.antipodal(proof.columns, proof.thresholds) < std::min(drop.lo, dedicate.lo)
                    ? PhaseName::antipodal
                : point.importance == 1.0 ? PhaseName::either
                : drop.hi <= dedicate.hi  ? PhaseName::drop
                                          : PhaseName::dedicate;
  set_bounds(problem, relative_gap, proof);
  const PhaseProof found = proof;
  if (drops_one(proof.phase)) set_dropped(proof);
  for (std::size_t i = 0; i < 2; ++i) {
    proof.longest[i] = problem.longest(i, proof.upper);
  }
  if (grown(problem, proof)) return proof;
  proof.phase = PhaseName::undecided;
  proof.columns = found.columns;
  proof.thresholds = found.thresholds;
  set_bounds(problem, relative_gap, proof);
  if (grown(problem, proof)) return proof;
  throw std::runtime_error(
      fmt::format("no proof of the minimum at importance {}, density {}, interference {}: a box "
                  "remains open; try a larger relative gap",
                  point.importance, point.density, point.interference));
}

std::optional<PhaseFlaw> check(const PhaseProof& proof) {
  try {
    validate(proof.point, 0.5);
  } catch (const std::invalid_argument& error) {
    return PhaseFlaw{0, -1, error.what()};
  }
  const PhaseProblem problem(proof);
  if (const std::string cause = problem.fault(); !cause.empty()) return PhaseFlaw{0, -1, cause};
  if (const auto found = flaw(problem, proof.tree, 1)) {
    return PhaseFlaw{0, static_cast<std::int64_t>(found->place), found->cause};
  }
  return std::nullopt;
}

std::array<double, 3> phase_losses(const PhaseProof& proof) {
  const PhaseProblem problem(proof);
  return {problem.plain(0).hi, problem.plain(1).hi,
          problem.antipodal(proof.columns, proof.thresholds)};
}

std::vector<PhasePoint> PhaseGrid::points() const {
  std::vector<PhasePoint> all;
  for (const double I : importance) {
    for (const double p : density) {
      for (const double lambda : interference) all.push_back({I, p, lambda});
    }
  }
  return all;
}

std::vector<PhaseProof> prove_phases(const PhaseGrid& grid, double relative_gap, int threads,
                                     const std::function<bool(std::size_t done)>& progress) {
  std::vector<PhaseProof> proofs;
  go_on(grid, relative_gap, proofs, threads, progress);
  return proofs;
}

void go_on(const PhaseGrid& grid, double relative_gap, std::vector<PhaseProof>& proofs, int threads,
           const std::function<bool(std::size_t done)>& progress) {
  const std::vector<PhasePoint> points = grid.points();
  for (const PhasePoint& point : points) validate(point, relative_gap);
  if (!begins(grid, relative_gap, proofs)) {
    throw std::invalid_argument("proofs must be those of the first points of the grid");
  }
  constexpr std::size_t at_once = 64;
  while (proofs.size() < points.size()) {
    const std::size_t first = proofs.size(), count = std::min(at_once, points.size() - first);
    std::vector<PhaseProof> next(count);
    parallel_for(count, threads,
                 [&](std::size_t n) { next[n] = prove_phase(points[first + n], relative_gap); });
    proofs.insert(proofs.end(), next.begin(), next.end());
    if (progress && !progress(proofs.size())) throw Interrupted();
  }
}

bool begins(const PhaseGrid& grid, double relative_gap, const std::vector<PhaseProof>& proofs) {
  const std::vector<PhasePoint> points = grid.points();
  if (proofs.size() > points.size()) return false;
  for (std::size_t n = 0; n < proofs.size(); ++n) {
    const PhaseProof& proof = proofs[n];
    const PhasePoint &point = proof.point, &asked = points[n];
    if (point.importance != asked.importance || point.density != asked.density ||
        point.interference != asked.interference) {
      return false;
    }
    if (!drops_one(proof.phase) && proof.lower != asked_lower(proof.upper, relative_gap))
      return false;
  }
  return true;
}

std::optional<PhaseFlaw> check(const std::vector<PhaseProof>& proofs, int threads) {
  std::vector<std::optional<PhaseFlaw>> flaws(proofs.size());
  parallel_for(proofs.size(), threads, [&](std::size_t n) {
    flaws[n] = check(proofs[n]);
    if (flaws[n]) flaws[n]->proof = n;
  });
  for (const auto& found : flaws) {
    if (found) return found;
  }
  return std::nullopt;
}

std::vector<CriticalInterference> critical_interference(const std::vector<PhaseProof>& proofs) {
  std::vector<CriticalInterference> all;
  for (const PhaseProof& proof : proofs) {
    const double importance = proof.point.importance, density = proof.point.density,
                 lambda = proof.point.interference;
    auto place = std::find_if(all.begin(), all.end(), [&](const CriticalInterference& x) {
      return x.importance == importance && x.density == density;
    });
    if (place == all.end())
      place = all.insert(all.end(), {importance, density, -infinity, infinity});
    if (proof.phase == PhaseName::antipodal) place->low = std::max(place->low, lambda);
    if (drops_one(proof.phase)) place->high = std::min(place->high, lambda);
  }
  return all;
}

}  // namespace skeleta::certify
