#pragma once

#include "certify/interval.h"

namespace skeleta::certify {

/// One output of two features in one dimension, w_1w_2 = −γ ≤ 0: a = w², threshold b,
///   F(a, γ, b) = E(x − (ax − γy − b)₊)²,   m(a, γ) = min_b F(a, γ, b),
/// x the feature itself, y the other one, each 0 with probability q = 1 − p, else uniform on [0,
/// 1].
///
/// Given y the output sees a threshold c = b + γy: F = (1 − P) K(b) + P ∫₀¹ K(b + γu) du, where K
/// is what a feature loses by itself, with δ = 1 − a and τ = c/a:
/// - c ≤ 0: K = c² + pδc + pδ²/3,
/// - 0 ≤ c ≤ a: K = p(δ²/3 + δc + c² − (1 + a)aτ³/3), and K = p/3 beyond.
/// K falls to its minimum at c*(a) = −pδ/2 (a ≤ 1), a(a − 1)/(a + 1) (a ≥ 1), is convex up to
/// there, and rises after it. So the best b lies in [c* − γ, c*], where F is convex in b, and is
/// unique; everywhere ∂F/∂b has the sign of b minus the best one (analysis/proofs.md, "Phases").
class PairOutput {
 public:
  /// p and P, both in (0, 1].
  PairOutput(double density, double other);

  /// V = p/3 − p²/4: what is lost of a feature whose column is 0.
  Interval idle() const { return idle_; }
  double density() const { return density_; }

  /// F, and ∂F/∂b, for γ > 0.
  Interval value(const Interval& a, const Interval& gamma, const Interval& b) const;
  Interval by_threshold(const Interval& a, const Interval& gamma, const Interval& b) const;

  /// Near the best threshold, to some 15 digits.
  double threshold(double a, double gamma) const;
  /// Holds the best thresholds of all a and γ > 0 of the box.
  Interval thresholds(const Interval& a, const Interval& gamma) const;

  /// m(a, γ) ≥ m(a, 0) = min_c K, for any γ ≥ 0: Vδ² for a ≤ 1, ⅓p((a − 1)/(a + 1))² for a ≥ 1.
  /// Rounded down, the least of all a.
  double floor(const Interval& a) const;
  /// Lower bound of m, of numbers a > 0 and γ ≥ 0 or intervals as narrow as rounding makes them.
  double least_at(const Interval& a, const Interval& gamma) const;

  /// ∂m/∂a and ∂m/∂γ ≥ 0 over a box: those of F at the best threshold. γ may be 0.
  struct Slopes {
    Interval a, gamma;
  };
  Slopes slopes(const Interval& a, const Interval& gamma) const;
  /// ∂F/∂a, and what ∂F/∂γ and the bound of ∂m/∂γ have in common, at all thresholds b of an
  /// interval.
  Slopes slopes_at(const Interval& a, const Interval& gamma, const Interval& b) const;
  /// ∂F/∂b over a box, γ > 0, for a number b, by its slopes from the middle: far nearer than
  /// by_threshold, where a and γ occur many times.
  Interval rise_over(const Interval& a, const Interval& gamma, double b) const;

  /// Is the best output of x never cut, for all a and γ of the box? Then m = Vδ² +
  /// (P/3 − P²/4)γ².
  bool linear(const Interval& a, const Interval& gamma) const;

  /// c with m(a, γ) ≥ cγ² for all a of an interval, a > 0, and 0 ≤ γ ≤ most.
  double interference(const Interval& a, double most) const;

 private:
  Interval best_alone(const Interval& a) const;  // c*

  double density_, other_density_;
  Interval p_, other_;
  Interval idle_, other_idle_;  // V of both
  double spread_;               // of `interference`, as γ → 0
};

}  // namespace skeleta::certify
