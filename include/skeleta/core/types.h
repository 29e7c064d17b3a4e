#pragma once

#include <Eigen/Core>

namespace skeleta {

using Index = Eigen::Index;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;  ///< Column-major, so the embedding w_j = W.col(j) is contiguous.

}  // namespace skeleta
