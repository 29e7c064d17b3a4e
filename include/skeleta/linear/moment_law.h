#pragma once

#include <cstdint>

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"

namespace skeleta::linear {

/// What is known of Σ/T = (1/T) Σ_t x_t x_tᵀ for T independent points x of a law, with M = E Σ/T
/// and s = tr M/D, the mean square of a feature. All but the bounds is exact.
///
/// D plain features of density p have E x_j² = s = p/3 and E x_j x_k = p²/4, so M = (p/3 − p²/4) I
/// + (p²/4) 11ᵀ: one eigenvalue p/3 + (D − 1)p²/4 along (1, …, 1), the D − 1 others p/3 − p²/4
/// (mathematics.md, Proposition 8.5).
struct MomentLaw {
  Index features = 0;         ///< D.
  double density = 0.0;       ///< p of each feature; the mean where they differ.
  std::uint64_t samples = 0;  ///< T.
  double mean_square = 0.0;   ///< s; p/3 for plain features.

  double first_eigenvalue = 0.0;  ///< Of M, the largest.
  double other_eigenvalue = 0.0;  ///< Of M, the least; D − 1 times for plain features.
  /// Standard deviation of the entries of Σ/T over s, on the diagonal (root mean square where
  /// features differ): √((9/(5p) − 1)/T) for plain features.
  double diagonal_spread = 0.0;
  double off_diagonal_spread = 0.0;  ///< Likewise off the diagonal: √((1 − 9p²/16)/T).

  /// √E‖Σ/T − M‖_F² over ‖s I‖_F.
  double noise = 0.0;
  /// ‖M − s I‖_F over ‖s I‖_F, √(D − 1)·3p/4 for plain features: what remains for T = ∞.
  double interaction = 0.0;
  /// √E‖Σ/T − s I‖_F² over ‖s I‖_F: how far "Σ is a multiple of I" is off, all in all.
  double distance = 0.0;

  /// With probability ≥ `confidence`, ‖Σ/T − M‖₂ ≤ noise_bound (mathematics.md, Proposition 8.8).
  /// Matrix Bernstein (Tropp, An Introduction to Matrix Concentration Inequalities, 2015, Theorem
  /// 6.1.1) for points with at
  /// most m = `most_active` active features, |x|² ≤ R = m: a deviation t has probability at most 2D
  /// exp(−T t²/2/(v + Rt/3)), v = ‖E |x|² xxᵀ‖₂. Some point has more with probability at most T·P(N
  /// > m), and without such points M is smaller by at most E[|x|²; N > m].
  ///
  /// Of other laws: points with at most m active features and |x_j| ≤ u_j for all j, where u_j is
  /// the end of the support or so large that P(|x_j| > u_j) is tiny. R is then the sum of the m
  /// largest u_j², v ≤ min(R‖M‖₂, E|x|⁴), all others have a probability π of at most P(N > m) + Σ_j
  /// P(|x_j| > u_j), and M is smaller without them by at most √(E|x|⁴ π).
  double confidence = 0.0;
  /// The bound of ‖Σ/T − M‖₂ that holds with probability `confidence`.
  double noise_bound = 0.0;
  /// m.
  Index most_active = 0;
  /// noise_bound/s + (λ_1 − λ_D)/2s of M, 3Dp/8 of plain features: no multiple of I needs to be
  /// farther off, relative to s, in the spectral norm. By Weyl's inequality every eigenvalue of Σ/T
  /// is within noise_bound of one of M.
  double distance_bound = 0.0;
};

/// Throws std::invalid_argument unless D ≥ 1, 0 < p ≤ 1, T ≥ 1 and confidence in (0, 1). Cost O(D).
MomentLaw moment_law(Index features, double density, std::uint64_t samples,
                     double confidence = 0.95);

/// The same of any law; plain features of one density by those closed forms, to the bit. Throws
/// std::invalid_argument unless the features are valid, one of them can differ from 0, T ≥ 1 and
/// confidence in (0, 1). Cost D³ and D² times the tree's depth.
MomentLaw moment_law(const Features& features, std::uint64_t samples, double confidence = 0.95);

/// E Σ/T for any densities: diag(p_j/3 − p_j²/4) + (p/2)(p/2)ᵀ.
Matrix expected_moment(const Vector& density);
/// Likewise, of any law.
Matrix expected_moment(const Features& features);

/// The same distances as measured on one Σ/T, over s.
struct MeasuredMoment {
  double noise = 0.0;           ///< ‖Σ/T − M‖_F/√D
  double distance = 0.0;        ///< ‖Σ/T − s I‖_F/√D
  double spectral_noise = 0.0;  ///< ‖Σ/T − M‖₂
  /// min_c ‖Σ/T − cI‖₂ = (λ_1 − λ_D)/2.
  double spectral_distance = 0.0;
  Vector eigenvalues;  ///< Of Σ/T, largest first; not divided by s.
};

/// Of plain features. Throws std::invalid_argument if Σ is not D × D.
MeasuredMoment measure(const Matrix& Sigma, const MomentLaw& law);
/// Likewise, of any law, with its M.
MeasuredMoment measure(const Matrix& Sigma, const MomentLaw& law, const Matrix& expected);

}  // namespace skeleta::linear
