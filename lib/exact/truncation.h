#pragma once

#include <span>

#include "core/compensated_sum.h"
#include "exact/node_sum.h"
#include "exact/output.h"

/// What the nodes left out contribute to Σ_k Re F(s_k).
namespace skeleta::exact {

/// A rigorous bound on |Σ_{k≥n} F(s_k)|, F as in output.h; in units of row.mass (mathematics.md,
/// Theorem 3.5). Cost O(D), no nodes.
///
/// On the contour |h(sg)| ≤ min(h(γg), (e^{γg} + 1)/|sg|) and |h'(a)| ≤ min(h(γg), (e^{γg} +
/// |h|)/|a|), where the right sides are real, positive and decrease in |s|. The recursion of the
/// rest has positive coefficients, so run with these it bounds E(e^{sz}; N_z ≥ 2) for all |s| ≥ Ω.
/// The nodes beyond n are cut into [n 2^{m/2}, n 2^{(m+1)/2}), m = 0 … 7, the last one open; on
/// each the powers of |s_k| ≥ 2πk/T are summed by Σ_{k=a}^{b−1} k^{−q} ≤ ∫_{a−½}^{b−½} k^{−q} dk
/// (convexity).
double truncation_bound(const Row& row, const Output& output, Index nodes);

/// Smallest multiple of a block, from `least` to `most`, whose truncation_bound is ≤ tolerance (or
/// `most`), to within a tenth.
Index nodes_for_bound(const Row& row, const Output& output, double tolerance, Index least,
                      Index most);

/// The nodes of one output so far: their sum, and what is needed to extrapolate.
class NodeTotal {
 public:
  /// Adds the blocks that follow those added before.
  void add(std::span<const NodeSum> sums);

  Index nodes() const { return last_.end; }
  double value() const { return value_.value(); }
  double last_value() const { return last_.value; }  ///< Of the last stretch of nodes.
  double amplitude() const { return amplitude_; }

  /// Estimate of |Σ_{k≥n} Re F(s_k)| (of derivatives: of the norm of all): from the energy Σ|F|² of
  /// the last two stretches of nodes a power |F(s_k)| ~ k^{−q} is read off (q between 1.2 and 4;
  /// the true one is 5 in the end). The tail is then `caution` times the larger of its
  /// root-mean-square sum, as if phases were random, and of the modulus of the last stretch's
  /// complex sum scaled by k^{−q}, as if they were constant: a small entry g turns phases only once
  /// |s g| ~ 1, and what is imaginary till then is real afterwards. A sum over a change of sign
  /// says nothing of what follows, so where the last quarter of the stretch has constant phases it
  /// counts likewise. Not a bound.
  double estimated_tail(double caution) const;

 private:
  struct Stretch {
    Index begin = 0, end = 0;
    double value = 0.0, imaginary = 0.0, energy = 0.0, total = 0.0;

    void add(const NodeSum& sum);
    double middle() const { return 0.5 * static_cast<double>(begin + end); }
    double density() const { return total / static_cast<double>(end - begin); }
    double coherent(double q) const;
    bool steady() const;
  };

  CompensatedSum value_;
  double amplitude_ = 0.0;
  Stretch previous_, last_, end_;  ///< The last quarter of last_, but at least eight nodes.
};

}  // namespace skeleta::exact
