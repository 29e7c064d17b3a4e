#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/measure/activity_tree.h"

namespace skeleta::bounds {

/// P(N ≥ m) for N, the number of active features, beside what is easier to write down
/// (mathematics.md, Proposition 4.2). The formulas are those of independent features.
struct CountTail {
  Index m = 0;               ///< ≥ 0.
  double exact = 0.0;        ///< Binomial or Poisson-binomial; relative error a few D·ε.
  double union_bound = 0.0;  ///< Σ_{|T| = m} Π_{j∈T} p_j = e_m(p) ≥ P(N ≥ m); may exceed 1.
  double chernoff = 0.0;     ///< exp(−D·KL(m/D ‖ p̄)) ≥ P(N ≥ m); 1 for m ≤ Σp.
  double poisson = 0.0;      ///< P(Poisson(Σp) ≥ m): an approximation, not a bound.
  double poisson_error = 0.0;  ///< Le Cam: |exact − poisson| ≤ Σ p².
};

/// The tails for m = 0, …, most. Density: entries in [0, 1]. Cost O(D·most) beyond ActiveCount.
/// Le Cam, Pacific J. Math. 10 (1960) 1181. Throws std::invalid_argument if density is empty, has
/// entries outside [0, 1], or most is not in 0..D.
std::vector<CountTail> count_tails(const Vector& density, Index most);

/// Likewise of any tree. Of groups: exact by their generating function; union_bound is E C(N, m),
/// the sum of the probabilities that all of m features are active; chernoff is min_t E e^{t(N−m)};
/// Le Cam's bound does not hold, so poisson_error is |exact − poisson| itself. Throws
/// std::invalid_argument if the tree is empty or most is not in 0..D.
std::vector<CountTail> count_tails(const ActivityTree& tree, Index most);

/// How "1-sparse" is measured.
enum class OneSparseMeasure : std::int8_t {
  two_active,  ///< P(N ≥ 2)
  ratio        ///< P(N ≥ 2)/P(N = 1): against the samples that show anything at all.
};

/// The largest s with s·p_j ≤ 1 for all j for which the measure at density s·p is ≤ epsilon; with
/// p = (1, …, 1) that is the largest common density. Both measures increase with s
/// (mathematics.md, Proposition 4.3). Accuracy: the last bits of s
/// in which the tails of N are exact, some D·ε. Cost: about 20 times ActiveCount.
/// Throws std::invalid_argument if p is empty, not in [0, 1] or all 0, or epsilon is not in (0, 1).
double largest_scale(const Vector& density, double epsilon, OneSparseMeasure measure);

/// One row of a table over sparsities.
struct OneSparseRow {
  double sparsity = 0.0;  ///< S = 1 − p
  double none = 0.0;      ///< P(N = 0)
  double one = 0.0;       ///< P(N = 1)
  double ratio = 0.0;     ///< P(N ≥ 2)/P(N = 1); infinite if one feature is never alone
  CountTail two;          ///< P(N ≥ 2) and its approximations
};

/// The rows for D features of equal sparsity. Throws std::invalid_argument if features < 1 or a
/// sparsity is not in [0, 1].
std::vector<OneSparseRow> one_sparse_table(Index features, std::span<const double> sparsities);

}  // namespace skeleta::bounds
