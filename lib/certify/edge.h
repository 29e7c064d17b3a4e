#pragma once

#include <array>
#include <optional>
#include <vector>

#include "certify/interval.h"

namespace skeleta::certify {

/// φ(a; c) = ∫₀¹ (at − c)₊² dt of all a > 0 and c of the intervals: it rises with a, falls with c.
Interval mean_square(const Interval& a, const Interval& c);
/// ψ(a; c) = ∫₀¹ t (at − c)₊ dt; half the slope of φ in a. It rises with a, falls with c.
Interval mean_product(const Interval& a, const Interval& c);
/// S(a, b) = ∫₀¹ (t − (at − b)₊)² dt = 1/3 − 2ψ(a; b) + φ(a; b): what a feature of |w|² = a loses.
Interval own_loss(const Interval& a, const Interval& b);
/// ∂S/∂a = 2ψ(a; b) − ⅔(1 − τ³), τ = b/a between 0 and 1.
Interval own_loss_slope(const Interval& a, const Interval& b);

/// P(b) = αS(a, b) + βφ(g; b) for a, g > 0: what the threshold b of one end of an edge decides.
///
/// Its minimum over all real b. P is continuously differentiable, falls to the constant α/3 on
/// b ≥ max(a, g), and grows without end as b → −∞. So its least value is α/3 or a stationary one:
/// - b ≤ 0: P' = −C + 2(α + β)b with C = α(a − 1) + βg; at b = C/2(α + β) if C ≤ 0.
/// - 0 ≤ b ≤ min(a, g): P' = −C + 2(α + β)b − Ab², A = α(1/a² + 1/a) + β/g, which has its minima at
///   the smaller root b = C/(α + β + √((α + β)² − AC)), C ≥ 0.
/// - a ≤ b ≤ g: P = α/3 + βφ falls, to the constant.
/// - g ≤ b ≤ a: P = αS, S' = (1 − τ)(1 + τ − a(1 − τ)), at τ = (a − 1)/(a + 1), a ≥ 1.
struct Threshold {
  double alpha = 0.5, beta = 1.0;

  /// Intervals that hold every stationary minimum of P for all a and g of theirs: at most three, in
  /// the order above. The second is also the larger, b rising with g, and with a where
  /// τ²(1 + 2/a) < 1 (P'' > 0, ∂P'/∂g = −β(1 − b²/g²), ∂P'/∂a = α(τ²(1 + 2/a) − 1)).
  struct Minima {
    std::vector<Interval> places;
    bool between_only = false;  ///< places holds 0 < b < min(a, g), and nothing else.
  };
  Minima minima(const Interval& a, const Interval& g) const;

  /// P of all b of the interval.
  Interval value(const Interval& a, const Interval& g, const Interval& b) const;

  /// The constant of large b, rounded down.
  double silent() const;

  /// Lower bound of the minimum, of numbers a and g or intervals as narrow as rounding makes them.
  double least_at(const Interval& a, const Interval& g) const;

  /// The same of a box. The minimum rises with g, as P does. For a minimum at b of any a,
  /// P(a; b) ≥ P(a₀; b) + ∂P/∂a·(a − a₀) ≥ least_at(a₀) + α ∂S/∂a·(a − a₀), a₀ the middle, and
  /// ∂S/∂a over all such b: an error of second order.
  double least(const Interval& a, const Interval& g) const;
};

/// The neighbours of a cycle of columns: |w| = r and s, an angle θ, 0 ≤ θ < π/2, between them.
struct Edge {
  Interval r, s, angle;
};

/// Lower bound of h(e) − e₀ = Σ over both ends of min_b [½S + φ(g; b)] + μ(θ − θ₀), g = rs·cos θ.
/// Where both ends have stationary minima: with the centre c, and the thresholds b of e,
/// h(e) ≥ h(c, b) + ∇h(·, b)·(e − c) ≥ h(c) + ∇h(·, b)·(e − c), the slopes taken over the box and
/// all such b. `side` is where the box is best cut.
struct EdgeBound {
  double least = 0.0;
  std::size_t side = 0;
};
EdgeBound edge_bound(const Edge& edge, const Interval& mu, const Interval& theta0);

/// ∂h/∂r, ∂h/∂s, ∂h/∂θ over the box, thresholds minimised out; nothing if an end is silent
/// throughout.
std::optional<std::array<Interval, 3>> edge_slopes(const Edge& edge, const Interval& mu);

/// Thresholds of both ends.
using EdgeThresholds = std::array<Interval, 2>;
/// Hold all thresholds b, b' that cost at most `slack` more than the best ones of the same columns,
/// if these lie between 0 and min(a, g) throughout, where the best ones are the only minima.
std::optional<EdgeThresholds> edge_thresholds(const Edge& edge, double slack = 0.0);

/// The Hessian of h = ½S(r², b) + ½S(s², b') + φ(g; b) + φ(g; b') in (r, s, θ, b, b'), where 0 < b,
/// b' < min(a, g): for each point of the box some matrix of these is no larger than it, in the
/// order of positive definite forms.
using Hessian = std::array<std::array<Interval, 5>, 5>;
Hessian hessian(const Edge& edge, const EdgeThresholds& b);

/// How convex h has to be, and where.
struct Steepness {
  double slack = 0.0;               ///< At all thresholds that edge_thresholds gives for that.
  Interval thresholds{-1e9, 1e9};   ///< These have to lie here.
  std::array<double, 3> modulus{};  ///< The Hessian has to exceed the diagonal matrix of these
                                    ///< numbers, for lengths, gap and thresholds.
};

/// Is it so on the box? Then h, with the thresholds minimised out, is strictly convex on it: its
/// own Hessian is a Schur complement.
bool convex(const Edge& edge, const Steepness& wanted = {});

}  // namespace skeleta::certify
