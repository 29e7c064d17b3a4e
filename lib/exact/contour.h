#pragma once

#include <cmath>
#include <numbers>

/// The sum that stands for the contour integral, and what it adds to the integral.
///
/// Let f(c) = E[Y (z − c)₊^n] with a weight Y ≥ 0, and F(s) = n! s^{−n−1} e^{−sc} E[Y e^{sz}], so
/// that f(c) = (1/2πi) ∫ F(s) ds along Re s = γ > 0. The trapezoidal rule with nodes
/// s_k = γ + 2πik/T gives, by Poisson's formula (mathematics.md, Theorem 3.1),
///
///   (1/T) Σ_k F(s_k) = Σ_m e^{γmT} f(c + mT) = f(c) + Σ_{m≥1} e^{κm} f(c + mT)
///                                                   + Σ_{m≥1} e^{−κm} f(c − mT),   κ = γT.
///
/// The first sum is small once z rarely exceeds c + T. In the second, z − c + mT is almost never
/// negative, so f(c − mT) is nearly E[Y (z − c + mT)^n], a polynomial in the moments of z: it is
/// subtracted (mathematics.md, Proposition 3.2). What remains of both is bounded by Chernoff's
/// inequality (output.cpp). So κ can be moderate, and T need not exceed the range in which z has
/// any weight; κ = 2 … 6 are equally good.
///
/// For real z, F(s̄) is the conjugate of F(s): only k ≥ 0 is summed, with k = 0 counted half.
namespace skeleta::exact {

constexpr double kappa = 3.0;

/// S_n = Σ_{m≥1} m^n e^{−κm}.
struct AliasSums {
  double s0, s1, s2;
};

inline AliasSums alias_sums() {
  const double e = std::exp(kappa), d = std::expm1(kappa);
  return {1.0 / d, e / (d * d), e * (e + 1.0) / (d * d * d)};
}

/// What the left aliases add to E[Y (z − c)₊²], E[Y (z − c)₊] and E[Y 1{z > c}], if the moments
/// E[Y zⁿ] are m0, m1, m2.
struct LeftAliases {
  AliasSums sums = alias_sums();
  double period, c;

  double of_square(double m0, double m1, double m2) const {
    const auto [s0, s1, s2] = sums;
    const double T = period;
    return m2 * s0 + 2.0 * m1 * (T * s1 - c * s0) +
           m0 * (T * T * s2 - 2.0 * c * T * s1 + c * c * s0);
  }
  double of_ramp(double m0, double m1) const {
    return m1 * sums.s0 + m0 * (period * sums.s1 - c * sums.s0);
  }
  double of_step(double m0) const { return m0 * sums.s0; }
};

/// The line Re s = κ/T and its nodes.
struct Contour {
  double period;  ///< T

  double abscissa() const { return kappa / period; }                  ///< γ
  double spacing() const { return 2.0 * std::numbers::pi / period; }  ///< of the nodes
};

}  // namespace skeleta::exact
