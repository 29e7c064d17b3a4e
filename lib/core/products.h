#pragma once

#include "skeleta/core/types.h"

/// Products of matrices: Eigen's, compiled once (seconds wherever they are instantiated) and for
/// the best vector registers that the processor has. Blocks of columns are passed without a copy.
/// Throws std::invalid_argument if the sizes do not fit. Cost: the product of the three sizes.
namespace skeleta {

using MatrixIn = const Eigen::Ref<const Matrix>&;
using MatrixOut = Eigen::Ref<Matrix>;

/// AB, AᵀB, ABᵀ
Matrix product(MatrixIn A, MatrixIn B);
Matrix transposed_product(MatrixIn A, MatrixIn B);
Matrix product_transposed(MatrixIn A, MatrixIn B);

/// C = AB, C = AᵀB. C may not overlap A or B.
void set_product(MatrixIn A, MatrixIn B, MatrixOut C);
void set_transposed_product(MatrixIn A, MatrixIn B, MatrixOut C);

/// C += ABᵀ, likewise.
void add_product_transposed(MatrixIn A, MatrixIn B, MatrixOut C);

}  // namespace skeleta
