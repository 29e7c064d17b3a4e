#pragma once

#include <vector>

#include "exact/dictionary_kernel.h"

namespace skeleta::exact {

/// What all outputs of a dictionary share: which features are exact factors, and what is spread.
struct DictionaryPlan {
  std::vector<Index> frequent;   ///< Increasing.
  std::vector<double> odds;      ///< r of rare ones, 0 of frequent ones.
  std::vector<double> variance;  ///< Var x_j
  RareFeatures rare;
  double log_none_rare = 0.0;  ///< Σ log(1 − p) of the rare ones.
};

/// For losses to this relative error: what is cheapest of so many orders and frequent features as
/// leave little enough out, if losses are split up to so many active features (−1: not at all).
DictionaryPlan plan_dictionary(const Vector& density, double target, Index skeletons);

}  // namespace skeleta::exact
