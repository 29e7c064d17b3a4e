#pragma once

#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/geometry/coherence.h"

namespace skeleta::geometry {

/// What the columns of one W (d × D) look like; the functions of this module say what each number
/// is.
struct ColumnGeometry {
  Vector norm;                        ///< |w_i|, D entries.
  Vector dimensionality;              ///< D_i, D entries.
  double dimensions_per_feature = 0;  ///< D*.
  Coherence coherence;                ///< Of the columns that are long enough.
  double signed_bound = 0;            ///< Of coherence.signed_max, for that many columns in R^d.
  double welch_bound = 0;             ///< Of coherence.absolute, likewise.
  double orthoplex_bound = 0;         ///< Of coherence.absolute, likewise.
  double distance_to_first = 0;       ///< congruence(W, first W).rms: an upper bound for D > 7.
};

/// The geometry of each of several W of one shape, and how far each is from being the first one
/// again, turned, reflected or relabelled. Bounds are NaN where fewer than two columns count.
/// Cost: d·D² for each W, and the cost of congruence for each but the first, which gets 8 starts up
/// to 100 columns, 2 up to 500 and 1 beyond: seconds for D = 1000. Throws std::invalid_argument if
/// the shapes differ, or one is empty or not finite.
std::vector<ColumnGeometry> describe_columns(std::span<const Matrix> weights);

}  // namespace skeleta::geometry
