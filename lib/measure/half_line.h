#pragma once

#include <array>
#include <complex>

/// Integrals over the half line against a normal density.
namespace skeleta {

using HalfLineMoments = std::array<std::complex<double>, 5>;

/// J_k(a) = √(2/π) ∫₀^∞ u^k e^{au − u²/2} du for Re a ≤ 0, k = 0, …, 4.
///
/// J_0(a) = w(ζ), ζ = −ia/√2, with w(ζ) = (i/π) ∫ e^{−t²}/(ζ − t) dt, Im ζ > 0, and J_k are its
/// derivatives. The trapezoidal rule at t = (n + δ)h is exact to e^{−π²/h²} once the residue at ζ
/// is added (Matta & Reichel, Math. Comp. 25, 1971; δ = 0 or ½ keeps the nodes away from ζ: Hunter
/// & Regan, Math. Comp. 26, 1972):
///   w(ζ) = (ih/π) Σ_n e^{−t²}/(ζ − t) + 2e^{−ζ²}/(1 ∓ e^{−2πiζ/h}).
/// Its k-th derivative term by term loses digits near the origin, and there alone; there
/// J_{k+1} = aJ_k + kJ_{k−1} (J_1 = aJ_0 + √(2/π)) does not. Relative errors: 1e-14 for k ≤ 2, a
/// few 1e-13 for k = 4 around |a| = 3.5.
HalfLineMoments half_line_moments(std::complex<double> a);
/// The same of real a ≤ 0, at a tenth of the cost.
std::array<double, 5> half_line_moments(double a);

}  // namespace skeleta
