#pragma once

#include <vector>

#include "exact/law_kernel.h"

/// The contour sums behind one output's second derivatives under a general law, times a direction.
///
/// The integrand of V and its first derivatives (law_kernel.h) in numbers with a slope: along a
/// change (u, c', v') of (g, c, v) e^{sz − sc + s²v/2} has the slope s Y times itself, Y = Σ_k u_k
/// x_k − c' + s v'/2, so that e.g. the second derivative by g_j and along the direction is
///
///   (1/2πi) ∫ e^{−sc + s²v/2} s² [K_p E x_j Y e^{sz} + K_o E x_i x_j Y e^{sz}] ds.
///
/// K_o s² does not fall with |s|: where only two active features move z, whose transforms fall like
/// 1/|s|, the terms fall like |s|^{−2}, and slower still for jumps and atoms. But they turn: each
/// is a sum of powers of s times e^{s(y − c)}, y the places where the density of z is not smooth.
/// So nodes are weighted, 1 on the first half and falling smoothly to 0 on the second: what is left
/// falls with the number n of nodes faster than (n|y − c|/T)^{−5}.
namespace skeleta::exact {

/// A change of (g, c, v).
struct LawDirection {
  const double* g = nullptr;  ///< u, D entries.
  double c = 0.0, v = 0.0;
};

/// Σ Re over weighted nodes, k = 0 counted half, of the slopes of the derivatives by g_j, c and v.
struct LawSlopes {
  std::vector<double> by_feature;
  double threshold = 0.0, noise = 0.0;
};

/// On `count` nodes, a multiple of eight, and what these sums change by if there were half as many.
/// Cost: some four times that of sum_law with derivatives, a node.
void sum_law_curvature(const LawRow& row, const LawCircuit& circuit, const Contour& contour,
                       Index count, const LawDirection& direction, LawSlopes& sums,
                       LawSlopes& change);

}  // namespace skeleta::exact
