#pragma once

#include <bit>
#include <cstdint>

#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Nested uniform scrambling (Owen, in: Niederreiter & Shiue, MCQMC 1995) of one coordinate by
/// hashing (Laine & Karras, Comput. Graph. Forum 30, 2011; Burley, JCGT 9(4), 2020): digit k is
/// flipped by a pseudo-random function of the digits before it, so points that agree in their first
/// k digits, and differ in the next, still do. A net stays a net, and each point alone is uniform.
///
/// With the first digit in the lowest bit such functions are those in which no bit depends on a
/// higher one: adding, multiplying, xor with an even multiple. Ours is
///   x ← x + a;  x ← x ^ (x·b);  x ← x·c;  x ← x ^ (x·d);  x ← x·e;  x ← x ^ (x·f)
/// with a, b (even), c (odd), … random words of Philox. Each step is a bijection and a is uniform,
/// so the result is exactly uniform for any fixed x.
class OwenScramble {
 public:
  OwenScramble() = default;
  /// The scramble of coordinate `coordinate` in the replicate that `key` names.
  OwenScramble(const StreamKey& key, std::uint64_t coordinate);

  /// Digits with the first in the lowest bit; the result likewise.
  std::uint64_t operator()(std::uint64_t x) const {
    x += shift_;
    x ^= x * even_[0];
    x *= odd_[0];
    x ^= x * even_[1];
    x *= odd_[1];
    x ^= x * even_[2];
    return x;
  }

 private:
  std::uint64_t shift_ = 0;
  std::uint64_t even_[3] = {0, 0, 0};
  std::uint64_t odd_[2] = {1, 1};
};

/// The number in 0 … 2⁶⁴ − 1 that has these 64 digits, the first being worth 2⁶³.
inline std::uint64_t from_digits(std::uint64_t x) {
  const auto swap = [&x](std::uint64_t mask, int by) {
    x = ((x >> by) & mask) | ((x & mask) << by);
  };
  swap(0x5555555555555555, 1);
  swap(0x3333333333333333, 2);
  swap(0x0f0f0f0f0f0f0f0f, 4);
  return __builtin_bswap64(x);
}

}  // namespace skeleta::sampling
