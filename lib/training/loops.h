#pragma once

#include "core/level.h"
#include "training/batch_kernel.h"

namespace skeleta::training {

/// What is compiled for each level of the processor: of BatchKernel.
template <class Scalar>
struct BatchLoops {
  using Kernel = BatchKernel<Scalar>;
  void (*read)(Kernel& kernel, const Vector& parameters);
  void (*add)(const Kernel& kernel, const sampling::SparseBatch& batch,
              typename Kernel::Sums& sums);
};
struct Loops {
  BatchLoops<float> float32;
  BatchLoops<double> float64;

  template <class Scalar>
  const BatchLoops<Scalar>& of() const {
    if constexpr (std::is_same_v<Scalar, float>) {
      return float32;
    } else {
      return float64;
    }
  }
};
SKELETA_LEVELS(Loops, loops)

}  // namespace skeleta::training
