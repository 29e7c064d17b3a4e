#pragma once

#include <Random123/philox.h>

#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Four random words: block `block` of point `point`.
inline std::array<std::uint64_t, 4> philox(const StreamKey& key, std::uint64_t point,
                                           std::uint64_t block) {
  using Philox = r123::Philox4x64;
  const Philox::ctr_type words =
      Philox{}(Philox::ctr_type{{block, point, key.stratum, key.replicate}},
               Philox::key_type{{key.seed, static_cast<std::uint64_t>(key.purpose)}});
  return {words[0], words[1], words[2], words[3]};
}

}  // namespace skeleta::sampling
