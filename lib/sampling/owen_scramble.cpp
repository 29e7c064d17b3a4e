#include "sampling/owen_scramble.h"

namespace skeleta::sampling {

OwenScramble::OwenScramble(const StreamKey& key, std::uint64_t coordinate) {
  // A family of its own: the points of the Monte Carlo loops never get to the last indices.
  PointStream words(key, ~coordinate);
  shift_ = words.word();
  for (std::uint64_t& even : even_) even = words.word() << 1;
  for (std::uint64_t& odd : odd_) odd = words.word() | 1u;
}

}  // namespace skeleta::sampling
