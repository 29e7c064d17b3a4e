#pragma once

#include "certify/statement.h"

namespace skeleta::certify {

/// Is the minimum sought that of prove_polygon? Five or six features, alike and active now and
/// then, in two dimensions, k = 1.
bool is_polygon(const Statement& statement);

/// L^(≤1) = C_0 + C_1 ≥ C_1 = v p(1 − p)^{D−1} · D L_1, for importances v and densities p, with
/// equality at the polygon, whose thresholds are positive (C_0 = 0).
CertifiedMinimum polygon_minimum(const Statement& statement, const CertifyCallback& callback);

}  // namespace skeleta::certify
