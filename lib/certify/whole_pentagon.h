#pragma once

#include <array>

#include "certify/interval.h"
#include "skeleta/certify/polygon.h"

namespace skeleta::certify {

/// What two and more active features add to the loss of five equal features in two dimensions, x =
/// p/(1 − p), C_0 = 0: 5L/π_1 = E_5 + R, R = Σ_{|T|≥2} x^{|T|−1} ∫_{[0,1]^T} Σ_i (x_i − (u_i)₊)²,
/// u_i = Σ_{j∈T} G_ij t_j − b_i, x_i = t_i for i of T and 0 for others (analysis/proofs.md, "Only
/// one pentagon").

/// Upper bound of R at the pentagon of a stage: two active features by cells of the square, more by
/// (x_i − (u_i)₊)² ≤ 1. Infinite if that is not so.
double rest_of_pentagon(const PolygonStage& stage, const Interval& x);

/// Numbers κ such that the second derivative of R along any direction of lengths, gaps and
/// thresholds is at least −Σ_j (κ_0 ṙ_j² + κ_1 θ̇_j² + κ_2 ḃ_j²) wherever all of these are near
/// those of the pentagon (stage.near_column, near_angle, near_threshold). Infinite if inner
/// products may have the wrong sign.
std::array<double, 3> rest_bend(const PolygonStage& stage, const Interval& x);

}  // namespace skeleta::certify
