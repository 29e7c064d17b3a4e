#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "skeleta/exact/dictionary.h"

namespace skeleta::exact {

/// The features with the largest parts of a variance so far.
class LargestShares {
 public:
  explicit LargestShares(std::size_t most) : most_(most) {}

  void offer(Index feature, double share) {
    if (share > least_) insert(feature, share);
  }
  /// What a share must exceed to be listed.
  double least() const { return most_ > 0 ? least_ : std::numeric_limits<double>::infinity(); }
  const std::vector<Neighbour>& list() const { return list_; }

 private:
  void insert(Index feature, double share) {
    if (most_ == 0) return;
    const auto place = std::ranges::find_if(list_, [&](const Neighbour& n) {
      return n.share < share || (n.share == share && n.feature > feature);
    });
    list_.insert(place, {feature, share});
    if (list_.size() > most_) list_.pop_back();
    if (list_.size() == most_) least_ = list_.back().share;
  }

  std::size_t most_;
  double least_ = 0.0;
  std::vector<Neighbour> list_;
};

}  // namespace skeleta::exact
