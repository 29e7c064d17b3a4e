#pragma once

#include "bounds/truncated_loss.h"

namespace skeleta::certify {

/// Where the numbers of a box stand: a lower bound of the loss in it, then the ends of the d·D
/// weights (column-major) and of the D thresholds.
struct BoxLayout {
  std::size_t weights, thresholds;

  std::size_t size() const { return 1 + 2 * (weights + thresholds); }
  std::span<double> weight_low(std::span<double> box) const { return box.subspan(1, weights); }
  std::span<double> weight_high(std::span<double> box) const {
    return box.subspan(1 + weights, weights);
  }
  std::span<double> threshold_low(std::span<double> box) const {
    return box.subspan(1 + 2 * weights, thresholds);
  }
  std::span<double> threshold_high(std::span<double> box) const {
    return box.subspan(1 + 2 * weights + thresholds, thresholds);
  }
};

/// min over the threshold of E_t (t − (g t − c)₊)² (mathematics.md, Lemma 6.1): no threshold
/// reconstructs one feature from g·t better than this. (1 − g)²/12 for 0 ≤ g ≤ 1 (an affine
/// function of t), and for g ≥ 1, with c = g(g − 1)/(g + 1), ⅓((g − 1)/(g + 1))². Given all other
/// features the output is (g x_i − c')₊ with some c', so F_i ≥ v_i P(i active, N ≤
/// k)·own_error_floor(G_ii) for every model.
double own_error_floor(double g);

/// A lower bound of L^(≤k) for the models of a box of weights, whatever their thresholds
/// (mathematics.md, Theorem 6.3).
///
/// For given W the loss is a sum over outputs with one threshold each, so the thresholds are no
/// dimensions of the search: the range of each is cut into pieces, as fine as the box of weights
/// deserves, and min_b L = Σ_i min over pieces of F_i. A piece has these bounds:
///
/// - corner: E u₊² and E x_i u₊ are non-decreasing in G and non-increasing in b, so that
///   F ≥ v[E x² + E u₊²(G low, b high) − 2 E x_i u₊(G high, b low)];
/// - floor: own_error_floor at the end of G_ii nearest to 1;
/// - centred: both moments are convex in (g, c), being expectations of convex functions of u. So
/// the
///   first is at least its tangent at the centre; the second is at most its tangent plus, for each
///   coordinate, the radius times the difference between its derivative at the centre and at a
///   corner (derivatives are monotone too). With δg_j = w_i·δ_j + δ_i·w_j + δ_i·δ_j the error is of
///   second order in the radii.
///
/// At a minimum the derivatives of each F_i by W are not 0, only their sum is. Each F_i is
/// therefore bounded together with a linear function, F_i − λ_i·δ, λ_i its derivative at the best
/// threshold seen; what the λ_i sum to is bounded once, at the end. Any λ gives a bound; these make
/// it second order near stationary points.
///
/// Rounding: entries of G are widened outwards, and each F_i is lowered by TruncatedLoss::rounding.
class LossBox {
 public:
  LossBox(const bounds::TruncatedLoss& loss, Index hidden);

  struct Result {
    double bound = 0.0;  ///< Of min L^(≤k) in the box.
    double value = 0.0;  ///< L^(≤k) at its centre with the thresholds `b`.
    bounds::Row b{};
  };

  const BoxLayout& layout() const { return layout_; }

  /// Bounds the loss in the box. Thresholds outside its ranges are known to be no better than
  /// `target`; the ranges shrink to what may still be better.
  Result operator()(std::span<double> box, double target) const;

 private:
  struct Piece;
  struct Weights;
  struct Output;

  Piece evaluate(const Weights& weights, Index i, double low, double high,
                 const bounds::PositivePartMoments* known_least,
                 const bounds::PositivePartMoments* known_most) const;
  Output search(const Weights& weights, Index i, double low, double high) const;

  const bounds::TruncatedLoss& loss_;
  Index hidden_;
  BoxLayout layout_;
};

}  // namespace skeleta::certify
