#pragma once

#include "exact/curvature_kernel.h"

/// One output's second derivatives times a direction, from what is known in closed form and the
/// contour sums of curvature_kernel.h.
///
/// With X = (x, −1), F = E(x_i − (z − b)₊)² has the Hessian 2E[X Xᵀ (u − x_i δ(z − b))] in (row i
/// of A, b_i). A direction (u, β) moves z − b by Y = Σ u_k x_k − β.
namespace skeleta::exact {

/// E[Y (u − x_i δ)] and E[u − x_i δ]; E[x_j Y (u − x_i δ)] goes to an array.
struct RowCurvature {
  double direction = 0.0, mean = 0.0;
};

/// Sets the direction of an output in the workspace: `u` by feature, D entries, and β. Features
/// left out of z move it by their means alone.
void set_direction(const Row& row, const Vector& density, const double* u, double beta,
                   CurvatureWorkspace& workspace);

/// Writes E[x_j Y (u − x_i δ)] to by_feature, D entries. `contour`: whether `sums` count. Features
/// left out of z are independent of it. Cost O(D).
RowCurvature finish_curvature(const Row& row, const double* gram, const Output& output,
                              const Vector& density, const double* u, bool contour,
                              const CurvatureWorkspace& workspace, const CurvatureSums& sums,
                              double* by_feature);

}  // namespace skeleta::exact
