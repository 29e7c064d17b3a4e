#pragma once

#include "skeleta/core/types.h"
#include "skeleta/thomson/pair_energy.h"

namespace skeleta::thomson {

/// E(X) = Σ_{i<j} f(x̂_i·x̂_j) over unordered pairs of the directions x̂ = x/|x| of the columns of X
/// (d × N): so defined, E needs no constraint, and its gradient for unit columns is the one along
/// the sphere. Infinite for Riesz energies of coincident directions. Accuracy: rounding of the N²/2
/// terms. Cost N²(d + 1)/2 operations, memory N·d. Throws std::invalid_argument if X is empty or
/// not finite, a column is zero, or the energy's parameter is outside its range.
double sphere_energy(const PairEnergy& energy, const Matrix& X);

/// E(X), and `gradient` = ∂E/∂X, d × N: column i is (I − x̂_i x̂_iᵀ) Σ_j f′(x̂_i·x̂_j) x̂_j / |x_i|.
/// Cost twice that of E. Does not check X: what is not finite stays so.
double sphere_gradient(const PairEnergy& energy, const Matrix& X, Matrix& gradient);

/// The Riemannian Hessian at unit columns X, applied to the tangent parts v_i = (I − x_i x_iᵀ)u_i
/// of the columns of U: column i is (I − x_i x_iᵀ)[Σ_j f″(x_i·x_j)(v_i·x_j + x_i·v_j) x_j +
/// f′(x_i·x_j) v_j] − (x_i·e_i) v_i, with e_i = Σ_j f′(x_i·x_j) x_j. Does not check its arguments.
/// Cost 2N²(d + 1).
Matrix sphere_hessian_product(const PairEnergy& energy, const Matrix& X, const Matrix& U);

}  // namespace skeleta::thomson
