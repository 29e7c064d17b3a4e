#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/sampling/owen_scramble.h"
#include "skeleta/sampling/point_sampler.h"
#include "skeleta/sampling/sobol.h"
#include "skeleta/sampling/stream.h"
#include "skeleta/sampling/support_list.h"

namespace skeleta::sampling {

/// Draws randomised quasi-random points of one skeleton Q_l: supports follow their law given N = l,
/// ∝ Π_{j∈A} p_j/(1 − p_j), values are uniform, each point by itself is distributed like a plain
/// one (so that every mean is unbiased), and together the points 0 … 2^m − 1 fill the skeleton
/// evenly. Replicates (key.replicate) are independent; take an even number of points, 2^m, from 0,
/// of each.
///
/// The map from a scrambled Sobol point (u_1, u_2, …) to a point of the skeleton:
/// - Few supports (see SupportList): u_1 indexes the list of all supports, in which neighbours look
///   alike, and u_{1+k} is the value of the k-th feature of the support by increasing
///   I_k = Σ_{j∈A} G_jk.
/// - Otherwise, for l ≤ 8 and equal densities: u_1 … u_l choose features by Floyd's algorithm
///   (SupportSampler), and u_{l+k} is the value of the k-th feature, again by increasing I.
/// - Otherwise the supports are plain (PointSampler), and u_k is the
///   value of the k-th feature as drawn; by increasing I if l ≤ 8.
/// Coordinates beyond the 3667 of the table of Sobol numbers are plain, from the point's stream.
class QuasiSampler {
 public:
  /// Shared by all threads after construction. `density`: D entries in [0, 1]. `table`: symmetric,
  /// D × D, what decides the order of the supports: the Gram matrix, for an autoencoder; 0 × 0 if
  /// there is none. It is not kept for a listed skeleton, copied otherwise.
  /// Cost and memory: those of SupportList.
  /// Throws std::invalid_argument if the size of `table` is wrong or P(N = l) = 0.
  QuasiSampler(const Vector& density, Index l, const Matrix& table);

  /// Whether one coordinate indexes the list of all supports.
  bool listed() const { return list_.has_value(); }

  /// Memory of one caller.
  struct Scratch {
    PointSampler::Scratch plain;
    SparseBatch batch;
  };
  Scratch scratch() const { return {plain_.scratch(), {}}; }

  /// The points first, …, first + count − 1 of the family `key`: l entries each, point after point.
  /// `active` and `value` have count·l entries. A point does not depend on how the points are cut
  /// into calls; a call should have some hundred of them, for a few dozen nanoseconds a coordinate
  /// go into its beginning.
  void draw(const StreamKey& key, std::uint64_t first, std::size_t count,
            std::span<std::int32_t> active, std::span<double> value, Scratch& scratch) const;

 private:
  struct Block {
    std::uint64_t first;
    std::size_t count;
    std::span<std::int32_t> active;
    std::span<double> value;
  };

  void coordinate(const std::vector<OwenScramble>& scrambles, std::size_t c, std::uint64_t first,
                  std::span<std::uint64_t> words) const;
  void draw_supports(const StreamKey& key, const std::vector<OwenScramble>& scrambles,
                     const Block& part, Scratch& scratch) const;
  void draw_values(const StreamKey& key, const std::vector<OwenScramble>& scrambles,
                   const Block& part) const;
  void sort_by_sums(std::span<std::int32_t> active) const;

  std::size_t features_, l_;
  std::size_t choosing_ = 0;  // how many coordinates, the first ones, choose the support
  std::optional<SupportList> list_;
  PointSampler plain_;   // for supports that no coordinate chooses
  Matrix table_;         // for ordering few features within their support
  SobolSequence sobol_;  // the coordinates that choose the support, then the values
};

}  // namespace skeleta::sampling
