#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace skeleta {

/// Adjoining bins: the k-th from edges[k] to edges[k + 1].
struct Bins {
  std::vector<double> edges;  ///< Rising; one more than there are bins.
  bool logarithmic = false;   ///< Equal ratios instead of equal widths.
};

/// `count` bins that hold all finite numbers of `values`, from the least to the largest. Their
/// edges have equal ratios where the middle nine tenths of the numbers, all positive, range over
/// more than a factor of ten: then the first bin begins at 0 if it holds numbers that are less than
/// 10⁻¹² of the largest, or 0. Edges of equal widths about the number if all are alike, and from 0
/// to 1 if there are none. Throws std::invalid_argument if `count` is 0.
Bins bins_of(std::span<const double> values, std::size_t count);

/// How much weight falls into each bin; without weights how many. What lies on an edge belongs to
/// the bin above it, on the last to the one below; what is not finite or outside to none.
std::vector<double> histogram(const Bins& bins, std::span<const double> values,
                              std::span<const double> weights = {});

}  // namespace skeleta
