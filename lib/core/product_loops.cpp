#include "core/product_loops.h"

namespace skeleta {

const ProductLoops SKELETA_AT_LEVEL(product_loops) = {
    [] { Eigen::l1CacheSize(); },
    [](MatrixIn A, MatrixIn B, MatrixOut C) { C.noalias() = A * B; },
    [](MatrixIn A, MatrixIn B, MatrixOut C) { C.noalias() = A.transpose() * B; },
    [](MatrixIn A, MatrixIn B, MatrixOut C) { C.noalias() += A * B.transpose(); },
};

}  // namespace skeleta
