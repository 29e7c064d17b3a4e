#include "certify/phase_problem.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace skeleta::certify {
namespace {

constexpr double narrowest = 0x1p-22;          // side of a box that is cut no more
constexpr std::uint64_t most_boxes = 300'000;  // of a point: some seconds

bool inner(const Sides& box) {
  return box[0].lo > 0.0 && box[1].lo > 0.0;
}
bool turns_nowhere(const std::array<Interval, 2>& slopes) {
  return std::any_of(slopes.begin(), slopes.end(),
                     [](const Interval& x) { return x.lo > 0.0 || x.hi < 0.0; });
}

}  // namespace

bool drops_one(PhaseName phase) {
  return phase == PhaseName::drop || phase == PhaseName::dedicate || phase == PhaseName::either;
}

PhaseProblem::PhaseProblem(const PhaseProof& proof)
    : PhaseProblem(proof, {1.0, proof.point.importance},
                   {proof.point.density, proof.point.density}) {}

PhaseProblem::PhaseProblem(const PhaseProof& proof, const std::array<double, 2>& weights,
                           const std::array<double, 2>& densities)
    : proof_(proof),
      output_{PairOutput(densities[0], densities[1]), PairOutput(densities[1], densities[0])},
      weight_{weights[0], weights[1]},
      lambda_(proof.point.interference) {}

double PhaseProblem::antipodal(const std::array<double, 2>& columns,
                               const std::array<double, 2>& thresholds) const {
  if (!(columns[0] > 0.0 && columns[1] < 0.0)) return std::numeric_limits<double>::infinity();
  const Interval gamma = Interval(columns[0]) * Interval(-columns[1]);
  Interval sum = Interval(2.0) * lambda_ * square(gamma);
  for (std::size_t i = 0; i < 2; ++i) {
    sum = sum + weight_[i] * output_[i].value(square(Interval(columns[i])), gamma, thresholds[i]);
  }
  return std::isfinite(sum.hi) ? sum.hi : std::numeric_limits<double>::infinity();
}

double PhaseProblem::longest(std::size_t i, double upper) const {
  const double share =
      std::min(std::sqrt(3.0 * upper / (weight_[i].lo * output_[i].density())), 1.0 - 1e-9);
  constexpr double step = 0x1p-10;
  double r = std::ceil(1.001 * std::sqrt((1.0 + share) / (1.0 - share)) / step) * step;
  while (r < 1e6 && (weight_[i] * Interval(output_[i].floor(square(Interval(r))))).lo <= upper)
    r *= 2.0;
  return r;
}

std::string PhaseProblem::fault() const {
  if (proof_.phase == PhaseName::either && proof_.point.importance != 1.0) {
    return "features of unequal importance are not dropped at equal cost";
  }
  if (drops_one(proof_.phase)) {
    const Interval lost = plain(proof_.phase == PhaseName::dedicate ? 1 : 0);
    if (!(proof_.upper >= lost.hi && proof_.lower <= lost.lo)) {
      return "the loss of what is dropped need not lie in `minimum`";
    }
    const std::size_t kept = proof_.phase == PhaseName::dedicate ? 1 : 0;
    if (proof_.columns[kept] != 1.0 || proof_.columns[1 - kept] != 0.0 ||
        proof_.thresholds[kept] != 0.0 ||
        proof_.thresholds[1 - kept] != -0.5 * proof_.point.density) {
      return "the model is not the one that drops a feature";
    }
  } else if (const std::string cause = fault_of_pair(); !cause.empty()) {
    return cause;
  }
  if (!(proof_.lower <= proof_.upper)) return "`minimum` is no interval";
  if (!bounded()) return "a column may be longer than `longest`";
  return {};
}

std::string PhaseProblem::fault_of_pair() const {
  const bool reached = antipodal(proof_.columns, proof_.thresholds) <= proof_.upper;
  const bool by_dropping =
      proof_.phase == PhaseName::undecided && std::min(plain(0).hi, plain(1).hi) <= proof_.upper;
  if (!reached && !by_dropping) return "no model is known to lose as little as `minimum` says";
  if (proof_.phase == PhaseName::antipodal &&
      !(proof_.upper < std::min(plain(0).lo, plain(1).lo))) {
    return "`minimum` need not be below what dropping a feature loses";
  }
  return {};
}

std::vector<Sides> PhaseProblem::roots() const {
  return {{Interval(0.0, proof_.longest[0]), Interval(0.0, proof_.longest[1])}};
}

Verdict PhaseProblem::judge(const Sides& box) const {
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

bool PhaseProblem::holds(const Sides& box, char reason) const {
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

// Models of the proven phase need not exceed the loss of the best, only what is certified.
bool PhaseProblem::exceeds(double bound, const Sides& box) const {
  const bool inside =
      proof_.phase == PhaseName::undecided || (proof_.phase == PhaseName::antipodal && inner(box));
  return inside ? bound >= proof_.lower : bound > proof_.upper;
}

// Of both outputs without interference, and the penalty.
double PhaseProblem::alone(const Sides& box) const {
  Interval sum = Interval(2.0) * lambda_ * square(box[0].lo * Interval(box[1].lo));
  for (std::size_t i = 0; i < 2; ++i) {
    sum = sum + weight_[i] * Interval(output_[i].floor(square(box[i])));
  }
  return sum.lo;
}

// ∂/∂|w_i| of the sum of v m(|w|², γ) and 2λγ², γ = |w_1||w_2|.
PhaseProblem::Slopes PhaseProblem::slopes_of(const Sides& box) const {
  const Interval gamma = box[0] * box[1];
  const PairOutput::Slopes first = output_[0].slopes(square(box[0]), gamma),
                           second = output_[1].slopes(square(box[1]), gamma);
  const Interval by_gamma =
      weight_[0] * first.gamma + weight_[1] * second.gamma + Interval(4.0) * lambda_ * gamma;
  return {Interval(2.0) * box[0] * weight_[0] * first.a + box[1] * by_gamma,
          Interval(2.0) * box[1] * weight_[1] * second.a + box[0] * by_gamma};
}

// From the corner to which a slope of one sign leads, or from the middle.
double PhaseProblem::centred(const Sides& box, const Slopes& slopes) const {
  std::array<Interval, 2> from;
  for (std::size_t i = 0; i < 2; ++i) {
    from[i] = slopes[i].lo >= 0.0 ? box[i].lo : slopes[i].hi <= 0.0 ? box[i].hi : box[i].middle();
  }
  const Interval gamma = from[0] * from[1];
  Interval sum = Interval(2.0) * lambda_ * square(gamma);
  for (std::size_t i = 0; i < 2; ++i) {
    sum = sum + weight_[i] * Interval(output_[i].least_at(square(from[i]), gamma)) +
          slopes[i] * (box[i] - from[i]);
  }
  return sum.lo;
}

// With s the column that is as good as dropped and r the other one, m(s²) = V_s(1 − s²)² + V_r r²s²
// by `linear`, and m(r²) ≥ c r²s²: the sum exceeds v_s V_s by at least
// s² (r²(v_r c + 2λ + v_s V_r) − 2v_s V_s), which is positive but for s = 0.
bool PhaseProblem::best_dropped(const Sides& box, std::size_t kept) const {
  const bool is_winner = proof_.phase == PhaseName::either ||
                         proof_.phase == (kept == 0 ? PhaseName::drop : PhaseName::dedicate);
  const bool is_dearer = proof_.phase == PhaseName::undecided ? plain(kept).lo >= proof_.lower
                                                              : plain(kept).lo > proof_.upper;
  if (!is_winner && !is_dearer) return false;
  const Interval r = box[kept], s = box[1 - kept], a = square(r), gamma = r * s;
  if (!(r.lo > 0.0) || !output_[1 - kept].linear(square(s), gamma)) return false;
  const Interval held = weight_[kept] * Interval(output_[kept].interference(a, gamma.hi));
  const Interval noise = weight_[1 - kept] * output_[kept].idle();
  return (a * (held + Interval(2.0) * lambda_ + noise) - Interval(2.0) * plain(kept)).lo > 0.0;
}

// Any longer column costs more than `upper` by itself: what it loses alone rises with it.
bool PhaseProblem::bounded() const {
  for (std::size_t i = 0; i < 2; ++i) {
    const Interval a = square(Interval(proof_.longest[i]));
    if (!(a.lo >= 1.0 && (weight_[i] * output_[i].floor(a)).lo > proof_.upper)) return false;
  }
  return true;
}

bool grown(const PhaseProblem& problem, PhaseProof& proof) {
  if (!problem.fault().empty()) return false;
  proof.tree = grow(problem, 1, {}, most_boxes);
  return proof.tree.find(open_leaf) == std::string::npos;
}

}  // namespace skeleta::certify
