#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace skeleta::sampling {

/// The Sobol sequence with the direction numbers of Joe and Kuo (SIAM J. Sci. Comput. 30, 2635,
/// 2008; the file new-joe-kuo-6, as Boost.Random ships it). Point i is the sum over the binary
/// digits of i, carries left out: coordinate c of point i = XOR of V_c[k] over the set bits k of i.
/// Point 0, the origin, is there: points 0 … 2^m − 1 are a digital net only together with it.
///
/// Coordinates come as 64 binary digits with the *first digit after the point in the lowest bit*,
/// the order in which scrambling by hashing works (owen_scramble.h); point i has its digits beyond
/// the 64th cut off.
class SobolSequence {
 public:
  /// How many coordinates the table has.
  static const std::size_t most_dimensions;

  /// Throws std::invalid_argument if dimensions > most_dimensions. Memory 512 bytes a dimension.
  explicit SobolSequence(std::size_t dimensions);

  std::size_t dimensions() const { return steps_.size() / bits; }

  /// Coordinate `dimension` of the points first, first + 1, …: one for each entry of `digits`.
  /// About one nanosecond each.
  void digits(std::size_t dimension, std::uint64_t first, std::span<std::uint64_t> digits) const;

 private:
  static constexpr std::size_t bits = 64;
  // V_c[0] ^ … ^ V_c[k]: what changes from point i to i + 1 if i ends on k ones.
  std::vector<std::uint64_t> steps_;
};

}  // namespace skeleta::sampling
