#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sampling/owen_scramble.h"
#include "sampling/ranked_choice.h"
#include "sampling/sobol.h"
#include "sampling/support_list.h"
#include "skeleta/core/types.h"
#include "skeleta/sampling/point_sampler.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Draws randomised quasi-random points of one skeleton Q_l: supports follow their law given N = l,
/// for independent
/// features ∝ Π_{j∈A} p_j/(1 − p_j), values are uniform or follow their laws, each point by itself
/// is distributed like a plain one (so that every mean is unbiased), and together the points 0 …
/// 2^m − 1 fill the skeleton evenly. Replicates (key.replicate) are independent. Take the points 0
/// … 2^m − 1 of each: no other number, none left out.
///
/// The map from a scrambled Sobol point (u_1, u_2, …) to a point of the skeleton decides the gain.
/// Let G be a symmetric table that tells how features disturb each other, for an autoencoder its
/// (signed) Gram matrix. In all cases with l ≤ 8, and in the first for any l, the values go to the
/// features by increasing I_k = Σ_{j∈A} G_jk, so that a coordinate always plays the same part.
/// 1. Few supports (see SupportList): u_1 indexes the list of all supports, in which neighbours are
///    alike, and u_2 … u_{l+1} are the values.
/// 2. Otherwise, for independent features of equal densities and l ≤ 4: u_1 … u_l rank the support
/// without listing it (see
///    RankedChoice), and u_{l+1} … u_{2l} are the values.
/// 3. Otherwise, for equal densities and l ≤ 8: the same, but u_1 … u_l choose the features in the
///    order of their numbers, by Floyd's algorithm (see SupportSampler).
/// 4. Otherwise the supports are plain (PointSampler), and u_1 … u_l
///    are the values.
/// Without a table, rule 2 is left out, and the order of supports and values is as it comes.
/// Coordinates beyond the 3667 of the table of Sobol numbers are plain, from the point's stream.
///
/// Measured on shipped models with their Gram matrix: root-mean-square error of n plain points over
/// that of n quasi-random ones, and the order a of the latter, error ~ n^a, fitted to n = 2⁸ … 2¹⁶
/// (tests/bench/quasi_bench.cpp).
///
///   l (n = 2¹⁶)          1     2     3     4     5     6
///   n5_m2_S0.95   gain  1400  1200   210    40    35
///                    a  −1.1  −1.2  −1.0  −0.9  −0.8
///   n80_m20_S0.98 gain   150    52    13   4.6   2.6   3.0
///                    a  −0.9  −0.8  −0.7  −0.6  −0.5  −0.5
///
/// At l = 3, listing by the sum of the pairs' losses lost a factor of 2, and giving the values to
/// the features by number another 2 to 5. Rule 2 at D = 400, l = 3, n = 2¹⁴: gain 6.0 against 1.4
/// of rule 3. It costs D·l operations a point, as the loss does; beyond l = 4 (4.4 against 2.8 at
/// D = 80, l = 5) it is the slower one at equal precision, unless the integrand is expensive.
class QuasiSampler {
 public:
  /// Shared by all threads after construction. `density`: D entries in [0, 1]. `table`: symmetric,
  /// D × D, what decides the order of the supports: the Gram matrix, for an autoencoder; 0 × 0 if
  /// there is none. It is not kept for a listed skeleton, copied otherwise.
  /// Cost and memory: those of SupportList.
  /// Throws std::invalid_argument if the size of `table` is wrong or P(N = l) = 0.
  QuasiSampler(const Vector& density, Index l, const Matrix& table);
  /// The same for any law: values are the quantiles of the coordinates.
  QuasiSampler(const DataLaw& law, Index l, const Matrix& table);

  /// Whether one coordinate indexes the list of all supports.
  bool listed() const { return list_.has_value(); }

  /// Memory of one caller.
  struct Scratch {
    PointSampler::Scratch plain;
    SparseBatch batch;
    RankedChoice::Scratch ranked;
  };
  Scratch scratch() const { return {plain_.scratch(), {}, {}}; }

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
  std::optional<RankedChoice> ranked_;
  PointSampler plain_;  // for supports that no coordinate chooses; its values are not used
  ValueMap values_;
  Matrix table_;         // for ordering few features within their support
  SobolSequence sobol_;  // the coordinates that choose the support, then the values
};

}  // namespace skeleta::sampling
