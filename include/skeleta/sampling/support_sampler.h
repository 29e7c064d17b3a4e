#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/sampling/alias_table.h"
#include "skeleta/sampling/sparse_batch.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Draws which l features are active, given that l are, and their values: supports A of size l with
/// probability proportional to Π_{j∈A} p_j Π_{j∉A} (1 − p_j), uniform values. Exact for densities 0
/// and 1 too.
///
/// Equal densities: Floyd's algorithm (Bentley & Floyd, CACM 30, 1987), O(l) steps; one word gives
/// both a feature and its value (sampling::split). Unequal densities, in one of two ways:
///  - independently, while a quarter of the tries have l different features: each with probability
///    ∝ p_j/(1 − p_j), all again if two are the same. About 2l words, O(l²) steps;
///  - else halve the features again and again: a block of n active features splits into (k, n − k)
///    with probability ∝ P_left(k) P_right(n − k). O(l log D) words; memory O(D log D). Only
///    non-negative terms are added, so nothing cancels.
class SupportSampler {
 public:
  /// `most`: the largest l that will be asked for.
  SupportSampler(const Vector& density, Index most);

  /// Memory of one caller.
  struct Scratch {
    std::vector<std::uint8_t> taken;    ///< of D features, all zero between calls
    std::vector<std::uint32_t> limits;  ///< of the features of some points
  };
  /// Memory for calls of one thread.
  Scratch scratch() const { return {std::vector<std::uint8_t>(features(), 0), {}}; }

  /// True if all densities are the same: then draw_equal is for it, else draw.
  bool equal() const { return equal_; }

  /// Fills `active` with a support of active.size() features and `value` with their values. The
  /// size must have a positive probability.
  void draw(PointStream& stream, std::span<std::int32_t> active, std::span<double> value) const;

  /// Likewise for all points of a batch if densities are equal, from one word for each active
  /// feature. Floyd: for top = D − l, …, D − 1 take a uniform t in 0..top, or `top` itself if t is
  /// taken.
  void draw_equal(const std::uint64_t* words, SparseBatch& batch, Scratch& scratch) const;

 private:
  // Law of the number of active features in [first, first + size), up to `most`.
  struct Block {
    Index first = 0, size = 0;
    std::size_t left = 0, right = 0;  // children; 0 for a single feature
    std::vector<double> probability;
  };

  std::size_t features() const { return static_cast<std::size_t>(density_.size()); }
  std::size_t build(Index first, Index size);
  void draw_in(const Block& block, PointStream& stream, std::span<std::int32_t> active) const;

  void prepare_independent();
  void draw_independently(PointStream& stream, std::span<std::int32_t> active) const;

  Vector density_;
  Index most_;
  bool equal_;
  std::vector<Block> blocks_;
  std::vector<std::int32_t> certain_;  // features of density 1
  AliasTable odds_;                    // p_j/(1 − p_j) of the others
  std::size_t independent_ = 0;        // largest l that is drawn independently
};

}  // namespace skeleta::sampling
