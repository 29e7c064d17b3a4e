#pragma once

#include "core/level.h"
#include "estimate/general_kernel.h"
#include "estimate/gram_kernel.h"
#include "estimate/hidden_kernel.h"

namespace skeleta::estimate {

/// What is compiled for each level of the processor.
template <class Real>
struct LossLoops {
  decltype(&gram_kernel<Real>) gram;
  decltype(&hidden_kernel<Real>) hidden;
  decltype(&general_kernel<Real>) general;
};
struct Loops {
  LossLoops<float> float32;
  LossLoops<double> float64;
};
SKELETA_LEVELS(Loops, loops)

}  // namespace skeleta::estimate
