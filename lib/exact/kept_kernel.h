#pragma once

#include <vector>

#include "exact/curvature_kernel.h"

/// One output's second derivatives on the contour, kept for products with many directions.
///
/// At a node s of weight κ let f_n = a_n + w_n h(s g_n), ρ_n = w_n h'/f_n, P = Π f_n of all others
/// than feature i, f^{(k)} = w_i h^{(k)} (with a_i for k = 0), and
///   α_k = P (s⁻¹ f^{(k)} − scale⁻¹ f^{(k+1)}) e^{−sc}, k = 0, 1, 2.
/// The form of curvature_kernel.h, without the supports that are subtracted, is in (others, i, 1)
///   Re Σ κ [α_0 ρρᵀ + α_1 (ρeᵀ + eρᵀ) + α_2 eeᵀ] + diag(Re Σ κ α_0 (w h''/f − ρ²)),
/// ρ = 1 for the constant, e the unit vector of i: of so low a rank that a product costs four fused
/// operations for each feature and node. What is subtracted has entries in the diagonal and in the
/// rows of i and 1 alone.
namespace skeleta::exact {

/// Sums over nodes, times 2 mass / T.
struct KeptSums {
  Index count = 0, nodes = 0;
  std::vector<float> ratios;       ///< Of each other feature Re ρ, then Im ρ, at all nodes.
  std::vector<double> kernels[6];  ///< Re α_0, Im α_0, Re α_1, …, with κ, at all nodes.
  /// Entries (n, n), (n, i), (n, 1) of what is not a product of ratios.
  std::vector<double> diagonal, own, constant;
  double own_own = 0.0, own_constant = 0.0, constant_constant = 0.0;
  double least = 0.0;  ///< The smallest |f_n|: ratios lose that much of their digits.
};

/// For a row without fine features, over the first `nodes` nodes (a multiple of a block). Cost:
/// that of sum_curvature.
void sum_kept(const Row& row, const Output& output, Phases& phases, CurvatureWorkspace& workspace,
              Index nodes, KeptSums& sums);

/// The products of ratios times (u, u_own, constant): adds to `entries` (of the others), own and
/// mean. `buffer` is resized.
void add_kept_product(const KeptSums& sums, const float* u, double u_own, double constant,
                      std::vector<float>& buffer, double* entries, double& own, double& mean);

}  // namespace skeleta::exact
