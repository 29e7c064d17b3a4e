#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skeleta::sampling {

/// Orders items, points of ℝ^count stored one after the other, by halving them again and again, by
/// probability, across the component that varies most (a k-d tree; smaller values first). Thus each
/// dyadic interval of the cumulative probability, down to 2⁻²⁰, holds items near each other.
/// `probability`: one for each item, sum 1; empty if all are equal. Cost count·n·log n.
std::vector<std::uint32_t> halving_order(const std::vector<float>& items, std::size_t count,
                                         const std::vector<double>& probability);

}  // namespace skeleta::sampling
