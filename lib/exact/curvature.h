#pragma once

#include <span>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/exact/hessian.h"
#include "skeleta/exact/loss.h"

/// From the second derivatives by A, b and the variances of the noise to those by the parameters of
/// a model (mathematics.md, Proposition 10.2).
///
/// L = Σ_i f_i(row i of A, b_i, V_i) with A_ij = ⟨o_i, w_j⟩, o_i row i of the decoder (tied: w_i),
/// V_i = σ²|o_i|². With K_i the Hessian of f_i, Γ_ij = ∂L/∂A_ij and N_i = ∂L/∂V_i,
///   d²L = Σ_i (dA_i, db_i, dV_i)ᵀ K_i (dA_i, db_i, dV_i) + 2 Σ_ij Γ_ij ⟨do_i, dw_j⟩
///         + 2 σ² Σ_i N_i |do_i|².
namespace skeleta::exact {

/// A change of all rows of A (column i is that of row i), of b and of V; also what their second
/// derivatives make of it. Without noise there is no V.
struct RowChange {
  Matrix rows;
  Vector thresholds, variances;
};

/// The first derivatives, likewise.
struct RowSlopes {
  const Matrix& gamma;  ///< Column i is row i of Γ.
  Vector variances{};   ///< N; empty without noise.
};

/// product = K change for all outputs; its arrays have their sizes.
using RowProducts = FunctionRef<void(const RowChange& change, RowChange& product)>;

/// The Hessian of L times a direction. Cost: one call of `rows` and six products of d × D and D ×
/// D.
void times_direction(const Autoencoder& model, const RowSlopes& slopes, RowProducts rows,
                     const Gradient& direction, int threads, Gradient& product);

/// All K_i without noise, D + 1 calls of `rows`. `asymmetry` is set to the norm of all K_i − K_iᵀ:
/// as each column comes from sums of its own, it shows their errors.
std::vector<Matrix> row_curvatures(Index features, RowProducts rows, double& asymmetry);

/// The whole Hessian, in the order of Hessian::matrix, from all K_i, in the order (A_i, b_i) and
/// with noise V_i. Cost: d² D³ operations.
Matrix dense_hessian(const Autoencoder& model, const RowSlopes& slopes, std::span<const Matrix> K);

/// Throws std::invalid_argument if the dense Hessian would have more than 6000 rows.
void require_dense(const Autoencoder& model);

}  // namespace skeleta::exact
