#pragma once

#include <array>
#include <span>
#include <vector>

#include "skeleta/measure/activity_tree.h"
#include "skeleta/measure/value_law.h"

namespace skeleta {

/// The law of the data x ∈ ℝ^D: which features are active together, and the value of each active
/// one, x_j = B_j U_j. The U_j are independent of each other and of B; inactive features are 0.
/// Features (measure/features.h) is the case of independent uniform values, with importances.
struct DataLaw {
  ActivityTree activity;         ///< Which features are active together.
  std::vector<ValueLaw> values;  ///< Of each feature.

  /// Independent features with one value law.
  static DataLaw independent(const Vector& density, const ValueLaw& value = {});

  /// D.
  Index size() const { return activity.features(); }
  /// True for independent features with values uniform on [0, 1]: densities say all.
  bool plain() const;
};

/// Throws std::invalid_argument if there are no features, or not one value law for each.
void validate(const DataLaw& law);

/// E x_j, D entries.
Vector means(const DataLaw& law);
/// E x_j², D entries.
Vector second_moments(const DataLaw& law);
/// E x xᵀ, D × D.
Matrix moment_matrix(const DataLaw& law);

/// x_j to some power.
struct Power {
  Index feature = 0;  ///< j
  int exponent = 1;   ///< At least 1.
};
/// E Π x_j^{k_j} over distinct features, of any total order.
double mean_of_product(const DataLaw& law, std::span<const Power> powers);

/// E zⁿ, n = 0, …, 4, of z = Σ_j g_j x_j, by one pass over the tree: O(D). Sums of signed terms if
/// g or the values have both signs. Throws std::invalid_argument if g has not D entries.
std::array<double, 5> sum_moments(const DataLaw& law, const Vector& g);

/// E zⁿ on each skeleton: entry l has E[zⁿ; N = l], n = 0, …, 4, for l = 0, …, most. O(D·most) at
/// least, O(D log D·most) for most ≪ D.
std::vector<std::array<double, 5>> sum_moments_by_count(const DataLaw& law, const Vector& g,
                                                        Index most);

/// P(j active, N = l): D × (most + 1). Cost and memory D·most for each level of the tree.
Matrix active_by_count(const ActivityTree& tree, Index most);

}  // namespace skeleta
