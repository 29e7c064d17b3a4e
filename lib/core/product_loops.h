#pragma once

#include "core/level.h"
#include "core/products.h"

namespace skeleta {

/// What is compiled for each level of the processor.
struct ProductLoops {
  void (*prepare)();                                 ///< What Eigen asks of the processor, once.
  void (*set)(MatrixIn A, MatrixIn B, MatrixOut C);  ///< C = AB
  void (*set_transposed)(MatrixIn A, MatrixIn B, MatrixOut C);     ///< C = AᵀB
  void (*add_by_transposed)(MatrixIn A, MatrixIn B, MatrixOut C);  ///< C += ABᵀ
};
SKELETA_LEVELS(ProductLoops, product_loops)

}  // namespace skeleta
