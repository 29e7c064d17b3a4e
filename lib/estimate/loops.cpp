#include "estimate/loops.h"

namespace skeleta::estimate {

const Loops SKELETA_AT_LEVEL(loops) = {
    {gram_kernel<float>, hidden_kernel<float>, general_kernel<float>},
    {gram_kernel<double>, hidden_kernel<double>, general_kernel<double>}};

}  // namespace skeleta::estimate
