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
///  - part by part, if the tree is a product of parts that may all be off (independent features,
///    groups side by side) and a quarter of the tries are good: a part with n active features has
///    probability ∝ P_part(n)/P_part(0), and all are drawn again if two are the same part. About 2l
///    words, O(l²) steps. Where parts differ in size, so many parts as a compound Poisson law has
///    given their sum l: with S_n = Σ P_part(n)/P_part(0), the next has n of k features that are
///    left with probability n S_n T_{k−n}/(k T_k), k T_k = Σ_n n S_n T_{k−n};
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

  // The parts with n active features each, n ≥ 2.
  struct Parts {
    AliasTable odds;          // P_part(n)/P_part(0)
    std::vector<Index> step;  // where each is drawn
  };
  // A size n of the next part, and the weight of it and of those before.
  struct Next {
    std::size_t size;
    double weight;
  };

  void prepare_parts(const std::vector<double>& law);
  void add_parts(const Operand& whole, std::vector<Operand>& parts);
  void add_singles(const Operand& part, double outside, std::int32_t number, Vector& odds);
  void prepare_tries(const std::vector<double>& sums, const std::vector<double>& law);
  void draw_parts(PointStream& stream, std::span<std::int32_t> active) const;
  std::size_t next_size(PointStream& stream, std::size_t left) const;
  std::int32_t part_of(std::int32_t feature) const {
    return part_.empty() ? feature : part_[static_cast<std::size_t>(feature)];
  }

  Vector density_;
  Index most_;
  bool equal_;
  ActivityTree tree_;                     // unless equal_
  std::vector<std::vector<double>> law_;  // of each step's number of active features, up to most_
  std::vector<std::int32_t> certain_;     // features of density 1
  std::vector<std::int32_t> part_;        // of each feature; empty if each is one
  AliasTable singles_;                    // P_part(only j)/P_part(0)
  std::vector<Parts> larger_;             // [n − 2]: parts with n active features
  std::vector<std::vector<Next>> next_;   // [k]: if so many features are left
  std::size_t by_parts_ = 0;              // largest l that is drawn part by part
};

}  // namespace skeleta::sampling
