#include "sampling/loops.h"

#include <algorithm>

#include "sampling/philox.h"

namespace skeleta::sampling {
namespace {

// Blocks are independent of each other and fill the processor's pipeline.
void blocks(const StreamKey& key, std::uint64_t block, std::span<std::uint64_t> words) {
  for (std::size_t i = 0; i < words.size(); i += 4) {
    std::ranges::copy(philox(key, 0, block++), words.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void scramble_all(const OwenScramble& scramble, std::span<std::uint64_t> words) {
  for (std::uint64_t& word : words) word = from_digits(scramble(word));
}

}  // namespace

const Loops SKELETA_AT_LEVEL(loops) = {blocks, scramble_all, equal_supports, choose_ranked};

}  // namespace skeleta::sampling
