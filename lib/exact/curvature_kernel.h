#pragma once

#include <span>
#include <vector>

#include "exact/node_sum.h"
#include "exact/output.h"
#include "exact/phases.h"

/// The contour sums behind one output's second derivatives, times a direction: the directional
/// derivatives of the integrands of gradient_kernel.h.
///
/// With Y = Σ_k u_k x_k + constant, the change of z − b, u = 1{z > b} and i the output's own
/// feature,
///
///   F_j(s) = e^{−sc} [ s⁻¹ E(x_j Y e^{sz}; N_z ≥ 2) − scale⁻¹ E(x_i x_j Y e^{sz}; N_z ≥ 3) ]
///
/// stands for E[x_j Y (u − x_i δ(z − b))] without the supports that row_curvature.cpp adds in
/// closed form; F_Y and F_1 for the same with 1 for x_j, and for x_j Y. All decay like |s|⁻³.
namespace skeleta::exact {

/// Buffers of sum_curvature.
struct CurvatureWorkspace {
  std::vector<double> u;  ///< The direction, by position in the row (i at [row.count]).
  double constant = 0.0;
  std::vector<Complex> factors;  ///< w h, w h', w h'': two groups of nodes for each feature.
  std::vector<Complex> prefix;   ///< E(e^{sz}; ≥ 1 active) of the features before, and E(Y …).
  std::vector<double> none_before;  ///< Π a of the features before.
  std::vector<double> entries;      ///< Σ Re F_j over nodes, eight lanes for each feature.
  std::vector<NodeSum> sums;        ///< Of F_Y by blocks, and the energy of all.

  void resize(Index features);
};

/// Σ over nodes of Re F_j in sums.entries[n] (n as in row), of Re F_Y and Re F_1.
struct CurvatureSums {
  std::vector<double> entries;
  double direction = 0.0, mean = 0.0;
  double tail = 0.0;  ///< Estimate of what the norm of all, beyond the last node, comes to.
};

/// Sums over the first `nodes` nodes (a multiple of a block) of a row without fine features. Cost:
/// some two to three times that of sum_gradient.
void sum_curvature(const Row& row, const Output& output, Phases& phases,
                   CurvatureWorkspace& workspace, Index nodes, CurvatureSums& sums);

}  // namespace skeleta::exact
