#pragma once

#include "exact/dictionary_kernel.h"

/// Derivatives of one output's loss F = E(x_i − (z − c)₊)² by the entries of its row and by c.
///
/// For g_j of another feature
///   ∂F/∂g_j = 2E[x_j ((z − c)₊ − x_i 1{z > c})],
/// and E[x_j e^{sz'}] = Φ r h'(s g_j)/(1 + r h(s g_j)) is for a rare one
///   Σ_n (−1)^{n+1} rⁿ Φ hⁿ⁻¹(s g_j) h'(s g_j):
/// for each n a function of g_j alone. Its contour's sum is taken at the points of the grid, and
/// interpolated at g_j (the transpose of spread.h). A frequent feature leaves the product of the
/// others. In closed form are the supports {j} with the ramp and {i, j} with the step, whose
/// transforms decay most slowly, unless they are so seldom that this does not matter.
namespace skeleta::exact {

/// Σ over nodes 0 … n − 1, k = 0 counted half.
struct DerivativeSums {
  std::vector<double> grid;      ///< At [(n − 1) points + low + m], m = −low … high.
  std::vector<double> frequent;  ///< By frequent feature; may be empty, for 0.
  double own = 0.0, threshold = 0.0;
  /// By blocks: of a tiny g_j, r = 1; of own; of the threshold.
  std::vector<NodeSum> tiny, owns, thresholds;
  double spread = 0.0;  ///< Bound of what the grid changes of the first.
};
void sum_derivatives(const DictionaryRow& row, const Contour& contour, Index nodes, bool closed,
                     DerivativeSums& sums);

/// What turns sums into derivatives: ∂F/∂g_j = unit Σ + 2(constant E[x_j] + slope E[x_j z] −
/// step E[x_i x_j]) + closed forms, the expectations over what is not in closed form.
struct DerivativeScale {
  double unit = 0.0, constant = 0.0, slope = 0.0, step = 0.0;
  double mean = 0.0;    ///< E z'
  bool closed = false;  ///< Are there closed forms?
};

/// Of rare features: g in, ∂F/∂g out. `series` is what the grid gives for each.
void finish_entries(const DictionaryRow& row, const DerivativeScale& scale, const double* odds,
                    const double* series, Index count, double* g);

/// Of the others: by g of the frequent ones and of feature i, and by c.
struct OtherDerivatives {
  std::vector<double> frequent;
  double own = 0.0, threshold = 0.0;
};
OtherDerivatives finish_others(const DictionaryRow& row, const DerivativeScale& scale,
                               const DerivativeSums& sums);
/// Where no other feature is read. Entries of the others, of which z is independent, are −p_j/2
/// times that of c.
OtherDerivatives derivatives_when_alone(const DictionaryRow& row);

}  // namespace skeleta::exact
