#pragma once

#include <array>
#include <vector>

#include "exact/dictionary_kernel.h"

namespace skeleta::exact {

/// What all outputs of a dictionary share: which features are exact factors, and how many orders
/// are kept of each of the others. Features have *places*: first the frequent ones, then those with
/// the most orders …, last those that are never active; within a class they keep their order, and
/// neighbours in memory mostly remain neighbours.
struct DictionaryPlan {
  std::vector<Index> feature;    ///< At each place.
  std::vector<Index> place;      ///< Of each feature.
  Index frequent = 0;            ///< How many exact factors there are.
  std::vector<double> density;   ///< By place.
  std::vector<double> odds;      ///< By place: r of rare ones, 0 of frequent ones.
  std::vector<double> variance;  ///< By place: Var x_j
  RareFeatures rare;
  double log_none_rare = 0.0;  ///< Σ log(1 − p) of the rare ones.
  /// Places of features with n orders end at class_end[n]; n = 0: never active. They begin where
  /// those with n + 1 end.
  std::array<Index, most_orders + 2> class_end{};

  /// How many orders are kept of the rare feature at this place.
  int orders_at(Index place) const {
    int orders = rare.orders;
    while (orders > 0 && place >= class_end[static_cast<std::size_t>(orders)]) --orders;
    return orders;
  }
  /// body(orders, first, count) for the pieces of [first, first + count) with as many orders each.
  template <class Body>
  void for_each_class(Index first, Index count, Body body) const {
    const Index last = first + count;
    for (int orders = rare.orders; orders > 0; --orders) {
      const auto n = static_cast<std::size_t>(orders);
      const Index begin = std::max(first, class_end[n + 1]), end = std::min(last, class_end[n]);
      if (begin < end) body(orders, begin, end - begin);
    }
  }
};

/// For losses to this relative error: what is cheapest of so many orders and frequent features as
/// leave little enough out, if losses are split up to so many active features (−1: not at all).
DictionaryPlan plan_dictionary(const Vector& density, double target, Index skeletons);

}  // namespace skeleta::exact
