#pragma once

#include <cstdint>

#include "skeleta/core/types.h"

namespace skeleta::linear {

/// What is known of Σ/T = (1/T) Σ_t x_t x_tᵀ for T independent points with D features of density p.
///
/// E x_j² = p/3 and E x_j x_k = p²/4, so M = E Σ/T = (p/3 − p²/4) I + (p²/4) 11ᵀ: one eigenvalue
/// p/3 + (D − 1)p²/4 along (1, …, 1), the D − 1 others p/3 − p²/4. All closed forms are exact.
struct MomentLaw {
  Index features = 0;         ///< D.
  double density = 0.0;       ///< p of each feature.
  std::uint64_t samples = 0;  ///< T.

  double first_eigenvalue = 0.0;  ///< Of M.
  double other_eigenvalue = 0.0;  ///< Of M, D − 1 times.
  /// Standard deviation of the entries of Σ/T over p/3, on the diagonal: √((9/(5p) − 1)/T).
  double diagonal_spread = 0.0;
  double off_diagonal_spread = 0.0;  ///< Likewise off the diagonal: √((1 − 9p²/16)/T).

  /// √E‖Σ/T − M‖_F² over ‖(p/3) I‖_F.
  double noise = 0.0;
  /// ‖M − (p/3) I‖_F over ‖(p/3) I‖_F = √(D − 1)·3p/4: what remains for T = ∞.
  double interaction = 0.0;
  /// √E‖Σ/T − (p/3) I‖_F² over ‖(p/3) I‖_F: how far "Σ is a multiple of I" is off, all in all.
  double distance = 0.0;

  /// With probability ≥ `confidence`, ‖Σ/T − M‖₂ ≤ noise_bound. Matrix Bernstein (Tropp, An
  /// Introduction to Matrix Concentration Inequalities, 2015, Theorem 6.1.1) for points with at
  /// most m = `most_active` active features, |x|² ≤ m: a deviation t has probability at most 2D
  /// exp(−T t²/2/(v + mt/3)), v = ‖E |x|² xxᵀ‖₂. Some point has more with probability at most T·P(N
  /// > m), and without such points M is smaller by at most E[|x|²; N > m].
  double confidence = 0.0;
  /// The bound of ‖Σ/T − M‖₂ that holds with probability `confidence`.
  double noise_bound = 0.0;
  /// m.
  Index most_active = 0;
  /// noise_bound/(p/3) + 3Dp/8: no multiple of I needs to be farther off, relative to p/3, in the
  /// spectral norm. By Weyl's inequality every eigenvalue of Σ/T is within noise_bound of one of M.
  double distance_bound = 0.0;
};

/// Throws std::invalid_argument unless D ≥ 1, 0 < p ≤ 1, T ≥ 1 and confidence in (0, 1). Cost O(D).
MomentLaw moment_law(Index features, double density, std::uint64_t samples,
                     double confidence = 0.95);

/// E Σ/T for any densities: diag(p_j/3 − p_j²/4) + (p/2)(p/2)ᵀ.
Matrix expected_moment(const Vector& density);

/// The same distances as measured on one Σ/T, over p/3.
struct MeasuredMoment {
  double noise = 0.0;           ///< ‖Σ/T − M‖_F/√D
  double distance = 0.0;        ///< ‖Σ/T − (p/3) I‖_F/√D
  double spectral_noise = 0.0;  ///< ‖Σ/T − M‖₂
  /// min_c ‖Σ/T − cI‖₂ = (λ_1 − λ_D)/2.
  double spectral_distance = 0.0;
  Vector eigenvalues;  ///< Of Σ/T, largest first; not divided by p/3.
};

/// Throws std::invalid_argument if Σ is not D × D.
MeasuredMoment measure(const Matrix& Sigma, const MomentLaw& law);

}  // namespace skeleta::linear
