#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "certify/pair_output.h"
#include "certify/search_tree.h"
#include "skeleta/certify/phase.h"

namespace skeleta::certify {

/// Points are asked for above this density, below it what the minima lose is lost in rounding, and
/// with importances no farther apart.
inline constexpr double least_density = 1e-3, most_ratio = 1e6;

/// Drop, dedicate or either of both.
bool drops_one(PhaseName phase);

/// The boxes (|w_1|, |w_2|) of a point: with its phase, bounds and `longest` given, that phase is
/// proven if every box is. The leaves' reasons are those of PhaseProof::tree.
class PhaseProblem : public Problem {
 public:
  /// Importances and densities other than the point's may be given. The proof is referred to.
  explicit PhaseProblem(const PhaseProof& proof);
  PhaseProblem(const PhaseProof& proof, const std::array<double, 2>& weights,
               const std::array<double, 2>& densities);

  const PairOutput& output(std::size_t i) const { return output_[i]; }
  /// What drop, 0, and dedicate, 1, lose: all of the feature without a column.
  Interval plain(std::size_t kept) const { return weight_[1 - kept] * output_[1 - kept].idle(); }
  /// L + λR of an antipodal model, w_1 > 0 > w_2, rounded up; infinite of any other.
  double antipodal(const std::array<double, 2>& columns,
                   const std::array<double, 2>& thresholds) const;
  /// A column of output i that costs more than `upper` by itself, a number of few bits.
  double longest(std::size_t i, double upper) const;

  /// What is wrong with the proof's numbers, but for its point: the end of a sentence, or "".
  std::string fault() const;

  std::vector<Sides> roots() const override;
  Verdict judge(const Sides& box) const override;
  bool holds(const Sides& box, char reason) const override;

 private:
  using Slopes = std::array<Interval, 2>;

  bool exceeds(double bound, const Sides& box) const;
  double alone(const Sides& box) const;
  Slopes slopes_of(const Sides& box) const;
  double centred(const Sides& box, const Slopes& slopes) const;
  bool best_dropped(const Sides& box, std::size_t kept) const;
  bool bounded() const;
  std::string fault_of_pair() const;

  const PhaseProof& proof_;
  std::array<PairOutput, 2> output_;
  std::array<Interval, 2> weight_;
  Interval lambda_;
};

/// Grows the proof's tree, if its numbers are right: is every box proven? `problem` is of `proof`.
bool grown(const PhaseProblem& problem, PhaseProof& proof);

}  // namespace skeleta::certify
