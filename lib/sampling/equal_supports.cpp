#include "sampling/equal_supports.h"

#include <algorithm>
#include <utility>

namespace skeleta::sampling {
namespace {

// sampling::split for n < 2³² with the same bits, in 64-bit arithmetic, which vector units have:
// the word is 2³² high + low.
std::pair<std::int32_t, double> split_narrow(std::uint64_t word, std::uint32_t n) {
  constexpr std::uint64_t mask = 0xffffffff;
  const std::uint64_t low = (word & mask) * n;
  const std::uint64_t upper = (word >> 32) * n + (low >> 32);  // n·word/2³²
  const auto fraction = static_cast<std::int64_t>((upper << 32 | (low & mask)) >> 11);
  return {static_cast<std::int32_t>(upper >> 32), (static_cast<double>(fraction) + 0.5) * 0x1p-53};
}

// Replaces a feature that is among the earlier ones of its point by `top`, which never is.
void resolve_by_comparison(std::int32_t* active, std::int32_t count, std::int32_t top) {
  for (std::int32_t k = 1; k < count; ++k) {
    bool taken = false;
    for (std::int32_t m = 0; m < k; ++m) taken |= active[m] == active[k];
    if (taken) active[k] = top + k;
  }
}

// The same in O(l).
void resolve_by_marks(std::int32_t* active, std::int32_t count, std::int32_t top,
                      std::uint8_t* taken) {
  for (std::int32_t k = 0; k < count; ++k) {
    if (taken[active[k]]) active[k] = top + k;
    taken[active[k]] = 1;
  }
  for (std::int32_t k = 0; k < count; ++k) taken[active[k]] = 0;
}

}  // namespace

void equal_supports(const std::uint64_t* words, std::size_t features, SparseBatch& batch,
                    SupportSampler::Scratch& scratch) {
  const std::size_t l = batch.active_count();
  const auto top = static_cast<std::uint32_t>(features - l);
  // All features and values are drawn side by side, some points at a time, whose limits repeat.
  constexpr std::size_t points = 16;
  scratch.limits.resize(points * l);
  for (std::size_t i = 0; i < points * l; ++i) {
    scratch.limits[i] = top + 1 + static_cast<std::uint32_t>(i % l);
  }
  const std::uint32_t* const limits = scratch.limits.data();
  std::int32_t* active = batch.active().data();
  double* const value = batch.value().data();
  for (std::size_t first = 0; first < batch.size() * l; first += points * l) {
    const std::size_t count = std::min(points * l, batch.size() * l - first);
#pragma omp simd
    for (std::size_t i = 0; i < count; ++i) {
      const auto [feature, x] = split_narrow(words[first + i], limits[i]);
      active[first + i] = feature;
      value[first + i] = x;
    }
  }
  constexpr std::size_t few = 16;  // active features, which are faster to compare than to mark
  if (l < 2) return;
  for (std::size_t i = 0; i < batch.size(); ++i, active += l) {
    if (l <= few) {
      resolve_by_comparison(active, static_cast<std::int32_t>(l), static_cast<std::int32_t>(top));
    } else {
      resolve_by_marks(active, static_cast<std::int32_t>(l), static_cast<std::int32_t>(top),
                       scratch.taken.data());
    }
  }
}

}  // namespace skeleta::sampling
