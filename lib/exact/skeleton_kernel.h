#pragma once

#include <span>
#include <vector>

#include "core/compensated_sum.h"
#include "exact/node_sum.h"
#include "exact/output.h"
#include "exact/phases.h"

/// The loss of one output split by the number of active features.
///
/// With y in front of every w, the generating function is a polynomial in y whose coefficients are
/// the parts with 0, 1, 2, … active features: elementary symmetric polynomials e_l of the terms
/// w h(s g). They follow from e_l ← a e_l + x e_{l−1}, sums of positive terms at s = γ, which keeps
/// their relative accuracy for all l; roots of unity in y would lose everything in rare l.
namespace skeleta::exact {

/// Buffers of split_by_count.
struct SkeletonWorkspace {
  std::vector<Complex> e;
  std::vector<CompensatedSum> sums;
  std::vector<double> idle;
};

/// Adds v·E[(x_i − x̂_i)²; N = l] to contributions[l] for all l < contributions.size(). Uses `nodes`
/// nodes (a multiple of 32) if the output needs a contour. `gram` is column i of G.
/// Cost: nodes · row.count · contributions.size() complex multiply-adds.
void split_by_count(const Row& row, const double* gram, const Output& output, Index nodes, double v,
                    Phases& phases, SkeletonWorkspace& workspace, std::span<double> contributions);

}  // namespace skeleta::exact
