#include "skeleta/sampling/support_sampler.h"

#include <algorithm>
#include <numeric>

namespace skeleta::sampling {

SupportSampler::SupportSampler(const Vector& density, Index most)
    : density_(density), most_(most), equal_((density.array() == density(0)).all()) {
  if (!equal_) build(0, density.size());
}

std::size_t SupportSampler::build(Index first, Index size) {
  const std::size_t me = blocks_.size();
  blocks_.push_back({first, size, 0, 0, {}});
  if (size == 1) {
    blocks_[me].probability = {1.0 - density_(first), density_(first)};
    return me;
  }
  const std::size_t left = build(first, size / 2);
  const std::size_t right = build(first + size / 2, size - size / 2);
  const std::vector<double>& a = blocks_[left].probability;
  const std::vector<double>& b = blocks_[right].probability;
  std::vector<double> sum(std::min(a.size() + b.size() - 1, static_cast<std::size_t>(most_) + 1),
                          0.0);
  for (std::size_t k = 0; k < std::min(a.size(), sum.size()); ++k) {
    for (std::size_t n = k; n < std::min(sum.size(), k + b.size()); ++n) sum[n] += a[k] * b[n - k];
  }
  blocks_[me].left = left;
  blocks_[me].right = right;
  blocks_[me].probability = std::move(sum);
  return me;
}

void SupportSampler::draw_in(const Block& block, PointStream& stream,
                             std::span<std::int32_t> active) const {
  const std::size_t n = active.size();
  if (n == 0) return;
  if (n == static_cast<std::size_t>(block.size)) {
    std::iota(active.begin(), active.end(), static_cast<std::int32_t>(block.first));
    return;
  }
  const Block& left = blocks_[block.left];
  const Block& right = blocks_[block.right];
  const auto left_size = static_cast<std::size_t>(left.size);
  const auto right_size = static_cast<std::size_t>(right.size);
  const std::size_t most = std::min(n, left_size);
  const auto weight = [&](std::size_t k) { return left.probability[k] * right.probability[n - k]; };
  double rest = stream.uniform() * block.probability[n];
  std::size_t chosen = n > right_size ? n - right_size : 0;
  for (std::size_t k = chosen; k <= most; ++k) {
    const double w = weight(k);
    if (w > 0.0) chosen = k;  // so that rounding never ends on an impossible split
    rest -= w;
    if (rest < 0.0) break;
  }
  draw_in(left, stream, active.first(chosen));
  draw_in(right, stream, active.subspan(chosen));
}

}  // namespace skeleta::sampling
