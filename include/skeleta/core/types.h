#pragma once

#include <Eigen/Core>

namespace skeleta {

using Index = Eigen::Index;      ///< Signed, 64 bits.
using Vector = Eigen::VectorXd;  ///< A column of doubles.
using Matrix = Eigen::MatrixXd;  ///< Column-major, so the embedding w_j = W.col(j) is contiguous.
/// Likewise in single precision: weights of dictionaries that fill gigabytes.
using FloatMatrix = Eigen::MatrixXf;

}  // namespace skeleta
