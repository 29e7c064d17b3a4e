#include "training/loops.h"

namespace skeleta::training {
namespace {

template <class Scalar>
constexpr BatchLoops<Scalar> batch_loops = {
    [](BatchKernel<Scalar>& kernel, const Vector& parameters) { kernel.read(parameters); },
    [](const BatchKernel<Scalar>& kernel, const sampling::SparseBatch& batch,
       typename BatchKernel<Scalar>::Sums& sums) {
      for (std::size_t k = 0; k < batch.size(); ++k) kernel.add(batch[k], sums);
    }};

}  // namespace

const Loops SKELETA_AT_LEVEL(loops) = {batch_loops<float>, batch_loops<double>};

}  // namespace skeleta::training
