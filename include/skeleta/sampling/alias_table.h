#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Draws a number 0..n−1 with probability ∝ its weight from one word, in constant time: a cell of n
/// equal ones, then the cell's own number or its alias (Walker 1977; built as Vose 1991, O(n)).
/// Probabilities are exact to rounding.
class AliasTable {
 public:
  AliasTable() = default;
  /// Weights must be finite and not negative, with a positive sum.
  explicit AliasTable(const Vector& weight);

  /// The index that a random word stands for.
  std::int32_t draw(std::uint64_t word) const {
    const auto [i, x] = split(word, cells_.size());
    const Cell& cell = cells_[i];
    return x < cell.keep ? static_cast<std::int32_t>(i) : cell.alias;
  }

 private:
  struct Cell {
    double keep;
    std::int32_t alias;
  };
  std::vector<Cell> cells_;
};

}  // namespace skeleta::sampling
