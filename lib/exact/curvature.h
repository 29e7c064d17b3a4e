#pragma once

#include <span>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/exact/hessian.h"
#include "skeleta/exact/loss.h"

/// From the second derivatives by A and b to those by the parameters of a ReLU model
/// (mathematics.md, Proposition 10.2).
///
/// L = Σ_i f_i(row i of A, b_i) with A_ij = ⟨o_i, w_j⟩, o_i row i of the decoder (tied: w_i). With
/// K_i the Hessian of f_i and Γ_ij = ∂L/∂A_ij,
///   d²L = Σ_i (dA_i, db_i)ᵀ K_i (dA_i, db_i) + 2 Σ_ij Γ_ij ⟨do_i, dw_j⟩.
namespace skeleta::exact {

/// (R.col(i), r_i) = K_i (U.col(i), β_i) for all outputs i: column i of U is dA_i.
using RowProducts = FunctionRef<void(const Matrix& U, const Vector& beta, Matrix& R, Vector& r)>;

/// The Hessian of L times a direction; column i of `gamma` is row i of Γ. Cost: one call of `rows`
/// and six products of d × D and D × D.
void times_direction(const Autoencoder& model, const Matrix& gamma, RowProducts rows,
                     const Gradient& direction, int threads, Gradient& product);

/// All K_i, D + 1 calls of `rows`. `asymmetry` is set to the norm of all K_i − K_iᵀ: as each column
/// comes from sums of its own, it shows their errors.
std::vector<Matrix> row_curvatures(Index features, RowProducts rows, double& asymmetry);

/// The whole Hessian, in the order of Hessian::matrix, from all K_i. Cost: d² D³ operations.
Matrix dense_hessian(const Autoencoder& model, const Matrix& gamma, std::span<const Matrix> K);

/// Throws std::invalid_argument if the dense Hessian would have more than 6000 rows.
void require_dense(const Autoencoder& model);

}  // namespace skeleta::exact
