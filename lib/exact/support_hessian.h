#pragma once

#include "skeleta/exact/hessian.h"

namespace skeleta::exact {

/// exact::hessian of E[r; N in skeletons], skeletons up to most_supported, support by support
/// (support_moments.h). Cost: each support of 2, 3, 4, 5 features takes 1, 15, 405, 27 540 closed
/// forms of some 50 ns for each output. Throws std::invalid_argument if that is beyond hours.
Hessian support_hessian(const Autoencoder& model, const Features& features, CountRange skeletons,
                        int threads);

}  // namespace skeleta::exact
