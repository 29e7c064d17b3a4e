#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/measure/activity_tree.h"
#include "skeleta/sampling/alias_table.h"
#include "skeleta/sampling/sparse_batch.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Draws which l features are active, given that l are: supports by their law given N = l, for
/// independent features ∝ Π_{j∈A} p_j Π_{j∉A} (1 − p_j); and a uniform number for each, which a
/// value law makes a value of (ValueLaw::quantile). Exact for densities 0 and 1 too.
///
/// Equal densities: Floyd's algorithm (Bentley & Floyd, CACM 30, 1987), O(l) steps; one word gives
/// both a feature and its value (sampling::split). Else, in one of two ways:
///  - independently, if features are independent and a quarter of the tries have l different ones:
///    each with probability ∝ p_j/(1 − p_j), all again if two are the same. About 2l words, O(l²)
///    steps;
///  - else down the circuit of the activity tree (for independent features: halving them again and
///    again): a product of two parts splits n active features into (k, n − k) with probability
///    ∝ P_left(k) P_right(n − k), an exclusive group puts all n into one part, ∝ p P_part(n).
///    O(l log D) words; memory O(D log D). Only non-negative terms are added, so nothing cancels.
class SupportSampler {
 public:
  /// `most`: the largest l that will be asked for.
  SupportSampler(const Vector& density, Index most);
  /// Likewise, of any tree.
  SupportSampler(const ActivityTree& tree, Index most);

  /// Memory of one caller.
  struct Scratch {
    std::vector<std::uint8_t> taken;    ///< of D features, all zero between calls
    std::vector<std::uint32_t> limits;  ///< of the features of some points
  };
  /// Memory for calls of one thread.
  Scratch scratch() const { return {std::vector<std::uint8_t>(features(), 0), {}}; }

  /// True for independent features of equal densities: then draw_equal is for it, else draw.
  bool equal() const { return equal_; }

  /// Fills `active` with a support of active.size() features and `value` with their values. The
  /// size must have a positive probability.
  void draw(PointStream& stream, std::span<std::int32_t> active, std::span<double> value) const;

  /// Likewise for all points of a batch if densities are equal, from one word for each active
  /// feature. Floyd: for top = D − l, …, D − 1 take a uniform t in 0..top, or `top` itself if t is
  /// taken.
  void draw_equal(const std::uint64_t* words, SparseBatch& batch, Scratch& scratch) const;

 private:
  using Operand = ActivityTree::Operand;

  std::size_t features() const { return static_cast<std::size_t>(density_.size()); }
  void prepare();
  std::size_t leaves(const Operand& part) const {
    return static_cast<std::size_t>(tree_.steps()[static_cast<std::size_t>(part.step)].leaves);
  }
  double probability(const Operand& part, std::size_t n) const;
  void draw_in(Index step, PointStream& stream, std::span<std::int32_t> active) const;
  std::size_t split(const ActivityTree::Step& step, PointStream& stream, std::size_t n,
                    double whole) const;

  void prepare_independent(const std::vector<double>& law);
  void draw_independently(PointStream& stream, std::span<std::int32_t> active) const;

  Vector density_;
  Index most_;
  bool equal_;
  ActivityTree tree_;                     // unless equal_
  std::vector<std::vector<double>> law_;  // of each step's number of active features, up to most_
  std::vector<std::int32_t> certain_;     // features of density 1
  AliasTable odds_;                       // p_j/(1 − p_j) of the others
  std::size_t independent_ = 0;           // largest l that is drawn independently
};

}  // namespace skeleta::sampling
