#include "skeleta/sampling/alias_table.h"

namespace skeleta::sampling {

AliasTable::AliasTable(const Vector& weight) {
  const auto n = static_cast<std::int32_t>(weight.size());
  const double scale = static_cast<double>(n) / weight.sum();
  std::vector<std::int32_t> poor, rich;  // cells that hold less than their share, and the others
  for (std::int32_t i = 0; i < n; ++i) {
    cells_.push_back({scale * weight(i), i});
    (cells_.back().keep < 1.0 ? poor : rich).push_back(i);
  }
  const auto cell = [&](std::int32_t i) -> Cell& { return cells_[static_cast<std::size_t>(i)]; };
  // A rich number fills up a poor one's cell, and may be poor itself after that. What is left over
  // by rounding keeps its own cell: its alias is itself.
  while (!poor.empty() && !rich.empty()) {
    const std::int32_t i = poor.back(), j = rich.back();
    poor.pop_back();
    cell(i).alias = j;
    cell(j).keep -= 1.0 - cell(i).keep;
    if (cell(j).keep < 1.0) {
      rich.pop_back();
      poor.push_back(j);
    }
  }
}

}  // namespace skeleta::sampling
