#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace skeleta::sampling {

/// What random numbers are for: numbers of different purposes are independent.
enum class Purpose : std::uint64_t { estimate = 1, pilot = 2, start = 3 };

/// Names a family of points. A point is a function of its family and index alone, so threads, chunk
/// sizes and stops can't change it.
struct StreamKey {
  std::uint64_t seed = 1;
  Purpose purpose = Purpose::estimate;
  std::uint64_t replicate = 0;
  std::uint64_t stratum = 0;
};

/// The random words of one point: Philox4x64-10 (Salmon et al., SC'11; Random123) with
/// key = (seed, purpose) and counter = (block, point, stratum, replicate), four words a block.
class PointStream {
 public:
  PointStream(const StreamKey& key, std::uint64_t point) : key_(key), point_(point) {}

  /// With its first block already made, of which `used` words are spent: faster for many points.
  PointStream(const StreamKey& key, std::uint64_t point, const std::array<std::uint64_t, 4>& first,
              std::size_t used)
      : key_(key), point_(point), block_(1), words_(first), used_(used) {}

  std::uint64_t word() {
    if (used_ == words_.size()) refill();
    return words_[used_++];
  }

  /// Uniform on the midpoints (k + ½)·2⁻⁵³: never 0 or 1, mean exactly ½.
  double uniform() { return midpoint(word()); }

  /// Uniform on 0..n−1; each value's probability is off by less than 2⁻⁶⁴.
  std::uint64_t below(std::uint64_t n) { return split(n).first; }

  /// A number below n and a uniform, independent of it, from one word w: the integer part of
  /// n·w/2⁶⁴ and its fraction, which keeps 64 − log₂ n bits. Both are off by less than n·2⁻⁶⁴.
  std::pair<std::uint64_t, double> split(std::uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(word()) * n;
    return {static_cast<std::uint64_t>(product >> 64),
            midpoint(static_cast<std::uint64_t>(product))};
  }

 private:
  static double midpoint(std::uint64_t word) {
    return (static_cast<double>(word >> 11) + 0.5) * 0x1p-53;
  }

  void refill();

  StreamKey key_;
  std::uint64_t point_, block_ = 0;
  std::array<std::uint64_t, 4> words_{};
  std::size_t used_ = words_.size();
};

}  // namespace skeleta::sampling
