#pragma once

#include <cstdint>
#include <span>

#include "core/level.h"
#include "sampling/equal_supports.h"
#include "sampling/owen_scramble.h"
#include "sampling/ranked_order.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// What is compiled for each level of the processor: the same points at all of them.
struct Loops {
  /// The words of the blocks block, block + 1, … of point 0, four each.
  void (*blocks)(const StreamKey& key, std::uint64_t block, std::span<std::uint64_t> words);
  /// Digits of a coordinate become the scrambled numbers that have them.
  void (*scramble)(const OwenScramble& scramble, std::span<std::uint64_t> words);
  decltype(&sampling::equal_supports) equal_supports;
  decltype(&sampling::choose_ranked) choose_ranked;
};
SKELETA_LEVELS(Loops, loops)

}  // namespace skeleta::sampling
