#include "sampling/ranked_choice.h"

#include <algorithm>
#include <numeric>

#include "sampling/loops.h"

namespace skeleta::sampling {
namespace {

constexpr std::size_t padded(std::size_t features) {
  constexpr std::size_t lanes = RankedOrder::lanes;
  return (features + lanes - 1) / lanes * lanes;
}

}  // namespace

RankedChoice::RankedChoice(const Matrix& table) {
  const Index features = table.rows();
  auto& [first, diagonal, twice] = order_;
  first.resize(static_cast<std::size_t>(features));
  diagonal.assign(padded(first.size()), RankedOrder::taken);
  // The order does not depend on the scale, but single precision must not overflow.
  const double most = table.size() == 0 ? 0.0 : table.cwiseAbs().maxCoeff();
  const Matrix scaled = most > 0.0 ? Matrix(table / most) : table;
  twice.setZero(static_cast<Index>(diagonal.size()), features);
  twice.topRows(features) = 2.0f * scaled.cast<float>();
  for (Index j = 0; j < features; ++j) {
    diagonal[static_cast<std::size_t>(j)] = static_cast<float>(scaled(j, j));
  }
  std::iota(first.begin(), first.end(), 0);
  std::ranges::stable_sort(first, {}, [&](std::int32_t j) { return table(j, j); });
}

void RankedChoice::choose(std::span<const std::uint64_t> words, std::span<std::int32_t> active,
                          Scratch& scratch) const {
  loops().choose_ranked(order_, words, active, scratch);
}

}  // namespace skeleta::sampling
