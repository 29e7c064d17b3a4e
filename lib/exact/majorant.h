#pragma once

#include <cmath>

#include "exact/lanes.h"

/// Real bounds of one feature's factors on the contour, that decrease in |s| (mathematics.md,
/// Lemma 3.4).
namespace skeleta::exact {

/// |h(sg)| ≤ min(h(γg), (e^{γg} + 1)/|sg|), in each lane for all |s| ≥ Ω.
struct Majorant {
  Lanes h;
  double exponential;  ///< e^{γg}
};

/// Given growth = e^{γg} − 1, γ and 1/Ω.
SKELETA_INLINE Majorant majorant(double g, double growth, double abscissa,
                                 const Lanes& inverse_omega) {
  const double at_rest = growth / (abscissa * g);
  const Lanes decaying = ((growth + 2.0) / std::abs(g)) * inverse_omega;
  return {smaller(broadcast(at_rest), decaying), growth + 1.0};
}

/// |h'(sg)| ≤ min(|h|, (e^{γg} + |h|)/|sg|): by parts.
SKELETA_INLINE Lanes majorant_of_x(const Majorant& of, double g, const Lanes& inverse_omega) {
  return smaller(of.h, ((of.exponential + of.h) / std::abs(g)) * inverse_omega);
}

/// |h''(sg)| ≤ min(|h|, (e^{γg} + 2|h'|)/|sg|).
SKELETA_INLINE Lanes majorant_of_xx(const Majorant& of, const Lanes& of_x, double g,
                                    const Lanes& inverse_omega) {
  return smaller(of.h, ((of.exponential + 2.0 * of_x) / std::abs(g)) * inverse_omega);
}

}  // namespace skeleta::exact
