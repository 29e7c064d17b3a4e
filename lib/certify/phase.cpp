#include "skeleta/certify/phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "certify/pair_output.h"
#include "certify/search_tree.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"
#include "skeleta/optimize/lbfgs.h"

namespace skeleta::certify {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double narrowest = 0x1p-22;          // side of a box that is cut no more
constexpr double least_density = 1e-3;         // below it what the minima lose is lost in rounding
constexpr std::uint64_t most_boxes = 300'000;  // of a point: some seconds

Interval at(const std::array<double, 2>& ends, std::size_t n) {
  return ends[n];
}

// The boxes (|w_1|, |w_2|) of a point.
class PhaseProblem : public Problem {
 public:
  explicit PhaseProblem(const PhaseProof& proof)
      : proof_(proof),
        output_(proof.point.density),
        weight_{1.0, proof.point.importance},
        lambda_(proof.point.interference) {}

  // Loss of drop, 0, and of dedicate, 1: that of the feature without a column.
  Interval plain(std::size_t kept) const { return weight_[1 - kept] * output_.idle(); }

  // L + λR of an antipodal model.
  Interval value(const std::array<double, 2>& columns,
                 const std::array<double, 2>& thresholds) const {
    const Interval gamma = at(columns, 0) * at(columns, 1);
    Interval sum = Interval(2.0) * lambda_ * square(gamma);
    for (std::size_t i = 0; i < 2; ++i) {
      sum = sum + weight_[i] * output_.value(square(at(columns, i)), gamma, thresholds[i]);
    }
    return sum;
  }
  const PairOutput& output() const { return output_; }

  // Any longer column costs more than `upper` by itself: what it loses alone rises with it.
  bool bounded() const {
    for (std::size_t i = 0; i < 2; ++i) {
      const Interval a = square(at(proof_.longest, i));
      if (!(a.lo >= 1.0 && (weight_[i] * output_.floor(a)).lo > proof_.upper)) return false;
    }
    return true;
  }

  std::vector<Sides> roots() const override {
    return {{Interval(0.0, proof_.longest[0]), Interval(0.0, proof_.longest[1])}};
  }

  Verdict judge(const Sides& box) const override {
    for (const char reason : {'f', 'd', 'e'}) {
      if (holds(box, reason)) return {reason, 0};
    }
    const Slopes slopes = slopes_of(box);
    if (inner(box) && turns_nowhere(slopes)) return {'n', 0};
    if (exceeds(centred(box, slopes), box)) return {'c', 0};
    const double cost[] = {slopes[0].width() * box[0].width(), slopes[1].width() * box[1].width()};
    const std::size_t side = cost[1] > cost[0] ? 1 : 0;
    if (!(box[side].width() > narrowest)) return {open_leaf, 0};
    return {0, side};
  }

  bool holds(const Sides& box, char reason) const override {
    switch (reason) {
      case 'f':
        return exceeds(alone(box), box);
      case 'd':
        return best_dropped(box, 0);
      case 'e':
        return best_dropped(box, 1);
      case 'n':
        return inner(box) && turns_nowhere(slopes_of(box));
      case 'c':
        return exceeds(centred(box, slopes_of(box)), box);
      default:
        return false;
    }
  }

 private:
  using Slopes = std::array<Interval, 2>;

  static bool inner(const Sides& box) { return box[0].lo > 0.0 && box[1].lo > 0.0; }
  static bool turns_nowhere(const Slopes& slopes) {
    return std::any_of(slopes.begin(), slopes.end(),
                       [](const Interval& x) { return x.lo > 0.0 || x.hi < 0.0; });
  }

  // Models of the proven phase need not exceed the loss of the best, only what is certified.
  bool exceeds(double bound, const Sides& box) const {
    const bool inside = proof_.phase == PhaseName::undecided ||
                        (proof_.phase == PhaseName::antipodal && inner(box));
    return inside ? bound >= proof_.lower : bound > proof_.upper;
  }

  // Of both outputs without interference, and the penalty.
  double alone(const Sides& box) const {
    Interval sum = Interval(2.0) * lambda_ * square(box[0].lo * Interval(box[1].lo));
    for (std::size_t i = 0; i < 2; ++i) {
      sum = sum + weight_[i] * Interval(output_.floor(square(box[i])));
    }
    return sum.lo;
  }

  // ∂/∂|w_i| of the sum of v m(|w|², γ) and 2λγ², γ = |w_1||w_2|.
  Slopes slopes_of(const Sides& box) const {
    const Interval gamma = box[0] * box[1];
    const PairOutput::Slopes first = output_.slopes(square(box[0]), gamma),
                             second = output_.slopes(square(box[1]), gamma);
    const Interval by_gamma =
        weight_[0] * first.gamma + weight_[1] * second.gamma + Interval(4.0) * lambda_ * gamma;
    return {Interval(2.0) * box[0] * weight_[0] * first.a + box[1] * by_gamma,
            Interval(2.0) * box[1] * weight_[1] * second.a + box[0] * by_gamma};
  }

  // From the corner to which a slope of one sign leads, or from the middle.
  double centred(const Sides& box, const Slopes& slopes) const {
    std::array<Interval, 2> from;
    for (std::size_t i = 0; i < 2; ++i) {
      from[i] = slopes[i].lo >= 0.0 ? box[i].lo : slopes[i].hi <= 0.0 ? box[i].hi : box[i].middle();
    }
    const Interval gamma = from[0] * from[1];
    Interval sum = Interval(2.0) * lambda_ * square(gamma);
    for (std::size_t i = 0; i < 2; ++i) {
      sum = sum + weight_[i] * Interval(output_.least_at(square(from[i]), gamma)) +
            slopes[i] * (box[i] - from[i]);
    }
    return sum.lo;
  }

  // With s the column that is as good as dropped and r the other one, m(s²) = V((1 − s²)² + r²s²)
  // by `linear`, and m(r²) ≥ c r²s²: the sum exceeds v_s V by at least s² (r²(v_r c + 2λ) − v_s V
  // (2 − r²)), which is positive but for s = 0.
  bool best_dropped(const Sides& box, std::size_t kept) const {
    const bool is_winner = proof_.phase == PhaseName::either ||
                           proof_.phase == (kept == 0 ? PhaseName::drop : PhaseName::dedicate);
    const bool is_dearer = proof_.phase == PhaseName::undecided ? plain(kept).lo >= proof_.lower
                                                                : plain(kept).lo > proof_.upper;
    if (!is_winner && !is_dearer) return false;
    const Interval r = box[kept], s = box[1 - kept], a = square(r), gamma = r * s;
    if (!(r.lo > 0.0) || !output_.linear(square(s), gamma)) return false;
    const Interval held = weight_[kept] * Interval(output_.interference(a, gamma.hi));
    return (a * (held + Interval(2.0) * lambda_) - plain(kept) * (Interval(2.0) - a)).lo > 0.0;
  }

  const PhaseProof& proof_;
  PairOutput output_;
  std::array<Interval, 2> weight_;
  Interval lambda_;
};

bool drops_one(PhaseName phase) {
  return phase == PhaseName::drop || phase == PhaseName::dedicate || phase == PhaseName::either;
}

// The middle of an interval that is hardly one.
double number(const Interval& x) {
  return x.middle();
}

// What the antipodal model of a proof loses, rounded up; infinite if there is none.
double antipodal_loss(const PhaseProblem& problem, const PhaseProof& proof) {
  if (!(proof.columns[0] > 0.0 && proof.columns[1] > 0.0)) return infinity;
  const double value = problem.value(proof.columns, proof.thresholds).hi;
  return std::isfinite(value) ? value : infinity;
}

// A descent over |w_1|, |w_2|, thresholds minimised out; kept if it is antipodal and better.
void descend(const PhaseProblem& problem, const PhasePoint& point, double first, double second,
             PhaseProof& proof) {
  const PairOutput& output = problem.output();
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
  found.columns = {std::abs(x(0)), std::abs(x(1))};
  for (std::size_t i = 0; i < 2; ++i) {
    const double r = found.columns[i];
    found.thresholds[i] = output.threshold(r * r, found.columns[0] * found.columns[1]);
  }
  if (!(antipodal_loss(problem, found) < antipodal_loss(problem, proof))) return;
  proof.columns = found.columns;
  proof.thresholds = found.thresholds;
}

void validate(const PhasePoint& point, double relative_gap) {
  const auto within = [](const char* name, double value, double least, double most) {
    if (value >= least && value <= most) return;
    throw std::invalid_argument(
        fmt::format("{} = {} must lie in [{}, {}]", name, value, least, most));
  };
  within("importance", point.importance, 1e-6, 1e6);
  within("density", point.density, least_density, 1.0);
  within("interference", point.interference, 0.0, 1e6);
  if (!(relative_gap > 0.0 && relative_gap < 1.0)) {
    throw std::invalid_argument(
        fmt::format("relative_gap = {} must be between 0 and 1", relative_gap));
  }
}

// Numbers of few bits, so that boxes have exact ends.
double longest_column(const Interval& weight, const PairOutput& output, double upper) {
  const double share = std::min(std::sqrt(3.0 * upper / (weight.lo * output.density())), 1.0);
  constexpr double step = 0x1p-10;
  double r = std::ceil(1.001 * std::sqrt((1.0 + share) / (1.0 - share)) / step) * step;
  while ((weight * output.floor(square(Interval(r)))).lo <= upper) r *= 2.0;
  return r;
}

// Of the phase that is taken to win, or of any.
void set_bounds(const PhaseProblem& problem, double relative_gap, PhaseProof& proof) {
  const Interval plain[] = {problem.plain(0), problem.plain(1)};
  proof.upper = std::min({plain[0].hi, plain[1].hi, antipodal_loss(problem, proof)});
  proof.lower = below(proof.upper * (1.0 - relative_gap));
  if (drops_one(proof.phase)) {
    proof.lower = plain[proof.phase == PhaseName::dedicate ? 1 : 0].lo;
  }
}

// Every number but the tree: the end of a sentence, or nothing.
std::string fault(const PhaseProblem& problem, const PhaseProof& proof) {
  try {
    validate(proof.point, 0.5);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  if (proof.phase == PhaseName::either && proof.point.importance != 1.0) {
    return "features of unequal importance are not dropped at equal cost";
  }
  if (drops_one(proof.phase)) {
    const Interval plain = problem.plain(proof.phase == PhaseName::dedicate ? 1 : 0);
    if (!(proof.upper >= plain.hi && proof.lower <= plain.lo)) {
      return "the loss of what is dropped need not lie in `minimum`";
    }
  } else {
    const bool antipodal = antipodal_loss(problem, proof) <= proof.upper;
    const bool plain = proof.phase == PhaseName::undecided &&
                       std::min(problem.plain(0).hi, problem.plain(1).hi) <= proof.upper;
    if (!antipodal && !plain) return "no model is known to lose as little as `minimum` says";
    if (proof.phase == PhaseName::antipodal &&
        !(proof.upper < std::min(problem.plain(0).lo, problem.plain(1).lo))) {
      return "`minimum` need not be below what dropping a feature loses";
    }
  }
  if (!(proof.lower <= proof.upper)) return "`minimum` is no interval";
  if (!problem.bounded()) return "a column may be longer than `longest`";
  return {};
}

// The proof's tree, if no box remains open.
bool grown(const PhaseProblem& problem, PhaseProof& proof) {
  if (!fault(problem, proof).empty()) return false;
  proof.tree = grow(problem, 1, {}, most_boxes);
  return proof.tree.find(open_leaf) == std::string::npos;
}

}  // namespace

PhaseProof prove_phase(const PhasePoint& point, double relative_gap) {
  validate(point, relative_gap);
  PhaseProof proof;
  proof.point = point;
  const PhaseProblem problem(proof);
  for (const auto& [first, second] : {std::pair{1.0, 1.0}, {1.0, 0.4}, {0.4, 1.0}}) {
    descend(problem, point, first, second, proof);
  }
  const Interval drop = problem.plain(0), dedicate = problem.plain(1);
  proof.phase = antipodal_loss(problem, proof) < std::min(drop.lo, dedicate.lo)
                    ? PhaseName::antipodal
                : point.importance == 1.0 ? PhaseName::either
                : drop.hi <= dedicate.hi  ? PhaseName::drop
                                          : PhaseName::dedicate;
  set_bounds(problem, relative_gap, proof);
  const PhaseProof found = proof;
  if (drops_one(proof.phase)) proof.columns = proof.thresholds = {};
  for (std::size_t i = 0; i < 2; ++i) {
    const Interval weight = i == 0 ? 1.0 : point.importance;
    proof.longest[i] = longest_column(weight, problem.output(), proof.upper);
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
  const PhaseProblem problem(proof);
  if (const std::string cause = fault(problem, proof); !cause.empty())
    return PhaseFlaw{0, -1, cause};
  if (const auto found = flaw(problem, proof.tree, 1)) {
    return PhaseFlaw{0, static_cast<std::int64_t>(found->place), found->cause};
  }
  return std::nullopt;
}

std::array<double, 3> phase_losses(const PhaseProof& proof) {
  const PhaseProblem problem(proof);
  return {problem.plain(0).hi, problem.plain(1).hi, antipodal_loss(problem, proof)};
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
  const std::vector<PhasePoint> points = grid.points();
  for (const PhasePoint& point : points) validate(point, relative_gap);
  std::vector<PhaseProof> proofs(points.size());
  constexpr std::size_t at_once = 128;
  for (std::size_t first = 0; first < points.size(); first += at_once) {
    const std::size_t count = std::min(at_once, points.size() - first);
    parallel_for(count, threads, [&](std::size_t n) {
      proofs[first + n] = prove_phase(points[first + n], relative_gap);
    });
    if (progress && !progress(first + count)) throw Interrupted();
  }
  return proofs;
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
    const auto& [importance, density, lambda] = proof.point;
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
