#pragma once

#include <array>

#include "exact/contour.h"
#include "exact/lanes.h"
#include "exact/law_circuit.h"
#include "skeleta/measure/data_law.h"

/// The sums along the contour, and their majorants, for one output under a general law.
///
/// The output is y = (z − c)₊ + θ 1{z > c} with z = Σ_j g_j x_j + ε, ε ~ N(0, v), and i its own
/// feature: θ = 0 is the ReLU with threshold c, θ > 0 the JumpReLU with threshold c − θ. On the
/// supports of at least `fewest` (1 or 2) features
///
///   V = E[y² − 2 x_i y] = (1/2πi) ∫ e^{−sc + s²v/2} [K_p E e^{sz} + K_o E x_i e^{sz}] ds,
///   K_p = 2s⁻³ + 2θs⁻² + θ²s⁻¹,  K_o = −2s⁻² − 2θs⁻¹.
///
/// Derivatives by g_j multiply e^{sz} by s x_j, that by c the integrand by −s, that by v by s²/2:
/// the same expression, whose transforms of all x_j and x_i x_j come from one pass down the
/// circuit.
namespace skeleta::exact {

/// One output.
struct LawRow {
  const DataLaw* law = nullptr;
  Index own = 0;
  Vector g;  ///< 0 for features that are never active.
  double c = 0.0, jump = 0.0, variance = 0.0;
  Index fewest = 2;
  bool alone =
      false;  ///< z is g_i x_i and nothing else, exactly: not for rounding, nor with noise.

  const ValueLaw& value(Index j) const { return law->values[static_cast<std::size_t>(j)]; }
};

/// Σ Re over nodes, k = 0 counted half, of the integrands of V and of its derivatives by c and v.
struct LawSums {
  double value = 0.0, threshold = 0.0, noise = 0.0;
};

/// Adds nodes first, …, first + count − 1 (multiples of eight); those of ∂V/∂g_j to by_feature[j],
/// D entries, unless it is null.
void sum_law(const LawRow& row, const LawCircuit& circuit, const Contour& contour, Index first,
             Index count, LawSums& sums, double* by_feature);

/// Bounds of |E[e^{sz}; …]|, |E[x_i e^{sz}; …]| on the supports in question at eight s, on Σ_j
/// |g_j| times the same with x_j (coarse without derivatives, and at frequency 0 of a line only),
/// and, if derivatives are wanted, on the norms over j of the latter. May be infinite. With the
/// noise's factor.
struct LawBounds {
  std::array<double, lane_count> plain{}, own{}, plain_norm{}, own_norm{}, plain_slope{},
      own_slope{};
};

/// At eight real s, and so for all s with these real parts.
void bound_law(const LawRow& row, const LawCircuit& circuit,
               const std::array<double, lane_count>& abscissa, bool derivatives, LawBounds& bounds);

/// On one line Re s = abscissa, for |Im s| from each of sixteen frequencies on.
constexpr std::size_t line_groups = 2;
using LineFrequencies = std::array<std::array<double, lane_count>, line_groups>;
void bound_law_on_line(const LawRow& row, const LawCircuit& circuit, double abscissa,
                       const LineFrequencies& frequencies, bool derivatives,
                       std::array<LawBounds, line_groups>& bounds);

}  // namespace skeleta::exact
