#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::certify {

using skeleta::to_string;

/// What to certify, and when to stop.
struct CertifyOptions {
  std::optional<Index> skeletons;  ///< k of L^(≤k) = Σ_{l≤k} C_l; absent: the whole loss.
  /// Done when upper − lower ≤ relative_gap·upper; where min L^(≤k) is 0 (minimum_is_zero), when
  /// upper ≤ absolute_gap·Σ v p/3.
  double relative_gap = 1e-5;
  double absolute_gap = 1e-8;            ///< Of Σ v p/3.
  std::uint64_t max_boxes = 10'000'000;  ///< Evaluated in this call and before it.
  int threads = 1;                       ///< 0: all cores. Never changes a bit of the result.
};

enum class CertifyStop : std::int8_t {
  gap,          ///< The asked gap was reached.
  boxes,        ///< max_boxes came first.
  interrupted,  ///< The callback said stop.
  domain,       ///< No bound on the columns could be proven: lower is 0, nothing was searched.
  rounding,  ///< The asked gap is below what rounding lets be proven; lower is as high as it can.
};
constexpr auto names_of(CertifyStop) {
  return std::to_array<std::string_view>({"gap", "boxes", "interrupted", "domain", "rounding"});
}

/// Bounds of min L^(≤k) over all (W, b), W of d × D: also the state to go on from.
struct CertifiedMinimum {
  double lower = 0.0;        ///< min L^(≤k) ≥ lower: rigorous, see certify_minimum.
  double upper = 0.0;        ///< L^(≤k) of `model`, its rounding error included: min ≤ upper.
  Autoencoder model;         ///< The best one found.
  std::uint64_t boxes = 0;   ///< Boxes bounded so far.
  std::uint64_t rounds = 0;  ///< Rounds of boxes so far.
  /// Every model with a longer column has a loss ≥ lower. −1: not known yet, the smaller problems
  /// that it comes from are being searched.
  double radius = -1.0;
  CertifyStop stop_reason = CertifyStop::gap;  ///< Why the search ended.
  /// Boxes that may still contain something below the target, `open_width` numbers each: a lower
  /// bound, the low ends and the high ends of W (column-major), those of b.
  std::vector<double> open;
  std::size_t open_width = 0;  ///< Numbers for each open box.

  double gap() const { return upper - lower; }  ///< upper − lower ≥ 0.
};

/// Called between rounds, on the caller's thread, with the state so far; returns whether to go on.
/// While smaller problems are searched, `boxes` counts theirs.
using CertifyCallback = std::function<bool(const CertifiedMinimum&)>;

/// Branch and bound for the global minimum of L^(≤k)(W, b) over all weights and thresholds.
///
/// What is rigorous. `lower` ≤ min L^(≤k) over all real W (d × D) and b, no matter how large, and
/// `upper` ≥ it. (Also below the smallest normal number, where they are rounded outwards.) Each box
/// is bounded by monotonicity and by a centred form (mathematics.md, Theorem 6.3; loss_box.h);
/// nothing is sampled, and no minimiser is assumed to have been found. Rounding is covered by a
/// proven bound of the errors of all moments of a row (positive_part.h; analysis/proofs.md,
/// "Rounding") and by widening entries of G outwards. Points found by local descent only give
/// `upper`, and with it the target below which boxes are kept.
///
/// Pairs. Of two features of densities ≥ 0.001 in one dimension, both bounds of the whole loss
/// are proven once more when they are found, on intervals that are rounded outwards (phase.h).
///
/// The domain (mathematics.md, Lemma 6.2). Whatever the other features are, output i is (G_ii x_i −
/// c')₊ for some c', so that L^(≤k) ≥ v_i P(i active, N ≤ k)·own_error_floor(|w_i|²) + m_i, where
/// m_i ≤ min of the loss of all other features (given x_i, feature i only moves their thresholds).
/// m_i comes from the same branch and bound with D − 1 features, and is 0 for D − 1 ≤ d. If the sum
/// exceeds the target for |w_i| > R, columns are shorter than R. (A feature that is never active,
/// or does not count in the whole loss, has w_i = 0; one that does not count in L^(≤k) has no R.)
/// Thresholds: see LossBox.
///
/// Symmetries. Rotations and reflections of the hidden space: W is upper triangular with a
/// non-negative diagonal. Permutations of features of equal density and importance: |w_i| does not
/// increase within such a class.
///
/// Minima that are 0 (D ≤ d; k = 1 and D ≤ 2d; k = 0) need no search once a descent has found one:
/// 0 bounds any loss. Everything is relative to the problem's own size: importances times c change
/// nothing but the scale.
///
/// Polygons. Of five or six equal features in two dimensions with at most one active, k = 1, the
/// minimum is that of the one-sparse loss, which prove_polygon proves; it is proven anew each time,
/// unless max_boxes is below 10⁵.
///
/// Rounds, and resuming. A round cuts the quarter of the open boxes with the lowest bounds, at
/// least 1024, and then only decides what to keep. So nothing depends on threads, and a run that
/// was interrupted and goes on from `resume` (what an earlier call returned, or its callback saw;
/// same features and options, but max_boxes and threads may differ) ends with the same bits.
///
/// Cost, in seconds of one core. To a relative gap of 1e-5: D = 2, d = 1, 400 to 1500 boxes, 0.02;
/// D = 3, d = 1, 1e4 to 3e4 boxes, 3 (p = .9: 3e5 boxes, 50). To 1e-3: D = 4, d = 1, k = 1, 2e5
/// boxes, some 50; D = 3, d = 2, p = .1, 5e5 boxes, 85. See tests/bench/certify_bench.cpp. For
/// D > d + 1 the smaller problems come first, each with at most max_boxes; a run that is stopped
/// there begins them again. Memory: `open`.
///
/// Throws std::invalid_argument if the features are not valid or more than 8, d is not in 1..D,
/// d·D > 32, k is not in 0..D or more than 5, a gap is negative or both are 0, `resume` belongs to
/// other sizes, or it is not what a search leaves: upper is not the loss of its model, lower is not
/// in 0..upper, a box has a bound below lower or above the loss of its centre, reaches beyond the
/// radius or is empty, or no box is open before the gap is reached. (That some boxes are missing
/// cannot be seen: files have a checksum for that.)
CertifiedMinimum certify_minimum(const Features& features, Index hidden,
                                 const CertifyOptions& options = {},
                                 const CertifyCallback& callback = {},
                                 const CertifiedMinimum* resume = nullptr);

}  // namespace skeleta::certify
