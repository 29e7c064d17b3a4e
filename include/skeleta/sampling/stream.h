#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace skeleta::sampling {

/// What random numbers are for: numbers of different purposes are independent.
enum class Purpose : std::uint64_t {
  estimate = 1,  ///< Points of the result.
  pilot = 2,     ///< Points that plan it.
  start = 3,     ///< Starts of an optimizer.
  training = 4,  ///< Batches of stochastic gradients.
  counts = 5,    ///< How many points of the result fall on each skeleton.
  data = 6       ///< Points of a data set.
};

/// Names a family of points. A point is a function of its family and index alone, so threads, chunk
/// sizes and stops can't change it.
struct StreamKey {
  std::uint64_t seed = 1;               ///< The user's.
  Purpose purpose = Purpose::estimate;  ///< What the numbers are for.
  std::uint64_t replicate = 0;          ///< Which of several randomisations.
  std::uint64_t stratum = 0;            ///< Which part of the cube, or start.
};

/// The midpoint (k + ½)·2⁻⁵³ of a word's upper 53 bits k, rounded to even where it is above ½:
/// never 0, and 1 with probability 2⁻⁵³.
inline double to_uniform(std::uint64_t word) {
  return (static_cast<double>(word >> 11) + 0.5) * 0x1p-53;
}

/// A number below n and a uniform, independent of it, from one word w: the integer part of n·w/2⁶⁴
/// and its fraction, which keeps 64 − log₂ n bits. Both are off by less than n·2⁻⁶⁴.
inline std::pair<std::uint64_t, double> split(std::uint64_t word, std::uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(word) * n;
  return {static_cast<std::uint64_t>(product >> 64),
          to_uniform(static_cast<std::uint64_t>(product))};
}

/// The random words of one point: Philox4x64-10 (Salmon et al., SC'11; Random123) with
/// key = (seed, purpose) and counter = (block, point, stratum, replicate), four words a block.
class PointStream {
 public:
  /// The stream of one point of a family.
  PointStream(const StreamKey& key, std::uint64_t point) : key_(key), point_(point) {}

  /// For tests: these words in this order, which must outlive it. Beyond their end it throws
  /// std::out_of_range.
  explicit PointStream(std::span<const std::uint64_t> script) : script_(script) {}

  /// The next 64 random bits.
  std::uint64_t word() {
    if (used_ == words_.size()) refill();
    return words_[used_++];
  }

  /// to_uniform of the next word.
  double uniform() { return to_uniform(word()); }

  /// Uniform on 0..n−1; each value's probability is off by less than 2⁻⁶⁴.
  std::uint64_t below(std::uint64_t n) { return split(n).first; }

  /// split of the next word: below(n), and what is left of it.
  std::pair<std::uint64_t, double> split(std::uint64_t n) { return sampling::split(word(), n); }

 private:
  void refill();

  StreamKey key_;
  std::uint64_t point_ = 0, block_ = 0;
  std::span<const std::uint64_t> script_;
  std::array<std::uint64_t, 4> words_{};
  std::size_t used_ = words_.size();
};

}  // namespace skeleta::sampling
