#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace skeleta::sampling {

/// The table of a RankedChoice, as the loop over its features takes it.
struct RankedOrder {
  static constexpr std::size_t lanes = 16;  ///< To a multiple of which columns are padded.
  static constexpr float taken = std::numeric_limits<float>::infinity();

  std::vector<std::int32_t> first;  ///< All features by increasing G_ff.
  std::vector<float> diagonal;      ///< G_ff, scaled; padded with `taken`.
  Eigen::MatrixXf twice;            ///< 2 G, scaled; its columns padded with zeros.
};

struct RankedScratch {
  std::vector<float> gain;  ///< What a feature would add; `taken` if chosen.
  std::vector<std::pair<float, std::int32_t>> candidates;
};

/// RankedChoice::choose.
void choose_ranked(const RankedOrder& order, std::span<const std::uint64_t> words,
                   std::span<std::int32_t> active, RankedScratch& scratch);

}  // namespace skeleta::sampling
