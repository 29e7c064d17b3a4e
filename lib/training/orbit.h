#pragma once

#include "skeleta/model/autoencoder.h"

namespace skeleta::training {

/// Orthonormal columns that span the tangents of the models that answer alike, in the order of
/// parameters.h: (SW, 0) for skew S; of an untied model (MW, −W_out M) for all M, with noise on
/// the hidden layer for skew ones. As many as are independent.
Matrix orbit(const Autoencoder& model);

/// The columns of both.
Matrix beside(const Matrix& A, const Matrix& B);

/// Orthonormal columns that span those of A, as far as they differ by more than 1e-7.
Matrix orthonormal(const Matrix& A);

}  // namespace skeleta::training
