#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta {

class ActivityTree;

/// A range first..last (both included) of numbers of active features; empty if first > last.
struct CountRange {
  Index first = 0;  ///< The least.
  Index last = -1;  ///< The largest.

  /// Does it hold no number?
  bool empty() const { return first > last; }
  /// How many numbers it holds.
  Index size() const { return empty() ? 0 : last - first + 1; }
  /// The same ends.
  bool operator==(const CountRange&) const = default;
};

/// The law of N, the number of active features (mathematics.md, Proposition 4.1): binomial(D, p) if
/// they are independent with equal densities, Poisson-binomial if they are independent, else the
/// generating function of their tree. Accuracy: the probabilities and both tails are sums of
/// non-negative terms only, so their relative error is a few D·ε; values below 1e-308 are 0. Cost
/// of construction: O(D) calls of Boost.Math's binomial density for equal densities, O(D²)
/// operations otherwise; memory O(D), with a tree O(D log D).
class ActiveCount {
 public:
  /// `density`: entries in [0, 1], may be empty (then N = 0).
  explicit ActiveCount(const Vector& density);
  /// Of any tree.
  explicit ActiveCount(const ActivityTree& tree);

  /// D.
  Index features() const { return static_cast<Index>(probability_.size()) - 1; }

  /// π_l = P(N = l); 0 outside 0..D.
  double probability(Index l) const;
  /// P(N ≥ m), summed from the far end, so that it stays exact when tiny.
  double at_least(Index m) const;
  /// P(N ≤ m), likewise.
  double at_most(Index m) const;
  /// P(N in range).
  double probability(CountRange range) const;

  /// The smallest part of `range` with P(N > last) and P(N < first) below `outside` where it was
  /// cut.
  CountRange bulk(CountRange range, double outside) const;

  /// E N(N − 1)…(N − k + 1), k ≥ 0: the mean for k = 1.
  double factorial_moment(int k) const;

 private:
  void sum_tails();

  std::vector<double> probability_, at_least_, at_most_;
};

/// Union bound on P(N ≥ 2): Σ_{i<j} p_i p_j.
double union_bound_two_active(const Vector& density);

/// Chernoff–KL bound on P(N ≥ m): exp(−D·KL(m/D ‖ p̄)), p̄ the mean density, for m > D·p̄; else 1.
/// It holds for unequal densities too, since Π(1 − p_j + p_j e^t) ≤ (1 − p̄ + p̄ e^t)^D.
double chernoff_bound(const Vector& density, Index m);

}  // namespace skeleta
