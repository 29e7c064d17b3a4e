#pragma once

#include <vector>

#include "exact/majorant.h"
#include "exact/output.h"

/// Rigorous bounds of the derivative sums of gradient_kernel.h, all D + 1 of an output at once.
///
/// As truncation_bound (truncation.h): the recursions run with the real majorants of majorant.h, on
/// eight stretches of nodes at a time. E(e^{sz}; ≥ 1 active) without feature j comes from prefixes
/// and suffixes, as in the kernel. The terms with kernel s⁻¹ need three more powers of |s|⁻¹ to
/// fall like the others; where none of the factors decays yet they are summed as they are, and on
/// the last, open stretch one of the two factors of x_i and x_j gives the power that makes it
/// finite.
namespace skeleta::exact {

/// Buffers of the bounds.
struct DerivativeWorkspace {
  std::vector<Majorant> factors;
  std::vector<Lanes> prefix;        ///< E(e^{sz}; ≥ 1 active) of the features before.
  std::vector<double> none_before;  ///< P(none of them active)

  void resize(Index features);
};

/// Bound on the Euclidean norm over j and b of Σ_{k≥n} F(s_k), in units of row.mass. For features
/// left out of z as E[x_j …] = p_j/2 E[…]. Not for rows with fine features. Cost O(D), no nodes.
double derivative_truncation(const Row& row, const Output& output, Index nodes,
                             DerivativeWorkspace& workspace);

/// The same norm of what rounding may add to Σ_{k<n}, in units of ε row.mass, to first order. At
/// node k, counted back to the last restart, a factor has some 16 + k/2 rounded operations and
/// the rounded phase |s g|; h' and h'' lose what their divided forms cancel (node_factors.h).
double derivative_rounding(const Row& row, const Output& output, Index nodes,
                           DerivativeWorkspace& workspace);

}  // namespace skeleta::exact
