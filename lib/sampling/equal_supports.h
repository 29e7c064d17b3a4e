#pragma once

#include <cstddef>
#include <cstdint>

#include "skeleta/sampling/support_sampler.h"

namespace skeleta::sampling {

/// SupportSampler::draw_equal, of `features` features of equal densities.
void equal_supports(const std::uint64_t* words, std::size_t features, SparseBatch& batch,
                    SupportSampler::Scratch& scratch);

}  // namespace skeleta::sampling
