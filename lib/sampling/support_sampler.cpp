#include "skeleta/sampling/support_sampler.h"

#include <algorithm>
#include <numeric>

namespace skeleta::sampling {
namespace {

// sampling::split for n < 2³² with the same bits, in 64-bit arithmetic, which vector units have:
// the word is 2³² high + low.
std::pair<std::int32_t, double> split_narrow(std::uint64_t word, std::uint32_t n) {
  constexpr std::uint64_t mask = 0xffffffff;
  const std::uint64_t low = (word & mask) * n;
  const std::uint64_t upper = (word >> 32) * n + (low >> 32);  // n·word/2³²
  const auto fraction = static_cast<std::int64_t>((upper << 32 | (low & mask)) >> 11);
  return {static_cast<std::int32_t>(upper >> 32), (static_cast<double>(fraction) + 0.5) * 0x1p-53};
}

// Replaces a feature that is among the earlier ones of its point by `top`, which never is.
void resolve_by_comparison(std::int32_t* active, std::int32_t count, std::int32_t top) {
  for (std::int32_t k = 1; k < count; ++k) {
    bool taken = false;
    for (std::int32_t m = 0; m < k; ++m) taken |= active[m] == active[k];
    if (taken) active[k] = top + k;
  }
}

// The same in O(l).
void resolve_by_marks(std::int32_t* active, std::int32_t count, std::int32_t top,
                      std::uint8_t* taken) {
  for (std::int32_t k = 0; k < count; ++k) {
    if (taken[active[k]]) active[k] = top + k;
    taken[active[k]] = 1;
  }
  for (std::int32_t k = 0; k < count; ++k) taken[active[k]] = 0;
}

}  // namespace

SupportSampler::SupportSampler(const Vector& density, Index most)
    : density_(density), most_(most), equal_((density.array() == density(0)).all()) {
  if (equal_) return;
  build(0, density.size());
  prepare_independent();
}

// With the odds w_j and S = Σ w_j, a try of k features is good with probability k! e_k(w)/S^k,
// where e_k(w) = P(k)/P(0): P(k) is the law of the number of active features that are not certain.
// It falls with k.
void SupportSampler::prepare_independent() {
  constexpr double good_enough = 0.25;
  Vector odds = density_.array() / (1.0 - density_.array());
  for (Index j = 0; j < density_.size(); ++j) {
    if (density_(j) < 1.0) continue;
    odds(j) = 0.0;
    certain_.push_back(static_cast<std::int32_t>(j));
  }
  const double sum = odds.sum();
  if (!(sum > 0.0)) return;
  odds_ = AliasTable(odds);
  const std::vector<double>& law = blocks_[0].probability;
  double tries = certain_.size() < law.size() ? law[certain_.size()] : 0.0;  // P(0) S^k/k!
  for (std::size_t k = 1; certain_.size() + k < law.size() && tries > 0.0; ++k) {
    tries *= sum / static_cast<double>(k);
    if (law[certain_.size() + k] < good_enough * tries) break;
    independent_ = certain_.size() + k;
  }
}

void SupportSampler::draw(PointStream& stream, std::span<std::int32_t> active,
                          std::span<double> value) const {
  if (active.size() <= independent_) {
    draw_independently(stream, active);
  } else {
    draw_in(blocks_[0], stream, active);
  }
  for (double& x : value) x = stream.uniform();
}

void SupportSampler::draw_independently(PointStream& stream, std::span<std::int32_t> active) const {
  std::copy(certain_.begin(), certain_.end(), active.begin());
  const std::span<std::int32_t> others = active.subspan(certain_.size());
  bool repeated = true;
  while (repeated) {
    repeated = false;
    for (std::size_t k = 0; k < others.size() && !repeated; ++k) {
      others[k] = odds_.draw(stream.word());
      for (std::size_t m = 0; m < k; ++m) repeated |= others[m] == others[k];
    }
  }
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

void SupportSampler::draw_equal(const std::uint64_t* words, SparseBatch& batch,
                                Scratch& scratch) const {
  const std::size_t l = batch.active_count();
  const auto top = static_cast<std::uint32_t>(features() - l);
  // All features and values are drawn side by side, some points at a time, whose limits repeat.
  constexpr std::size_t points = 16;
  scratch.limits.resize(points * l);
  for (std::size_t i = 0; i < points * l; ++i) {
    scratch.limits[i] = top + 1 + static_cast<std::uint32_t>(i % l);
  }
  const std::uint32_t* const limits = scratch.limits.data();
  std::int32_t* active = batch.active().data();
  double* const value = batch.value().data();
  for (std::size_t first = 0; first < batch.size() * l; first += points * l) {
    const std::size_t count = std::min(points * l, batch.size() * l - first);
#pragma omp simd
    for (std::size_t i = 0; i < count; ++i) {
      const auto [feature, x] = split_narrow(words[first + i], limits[i]);
      active[first + i] = feature;
      value[first + i] = x;
    }
  }
  constexpr std::size_t few = 16;  // active features, which are faster to compare than to mark
  if (l < 2) return;
  for (std::size_t i = 0; i < batch.size(); ++i, active += l) {
    if (l <= few) {
      resolve_by_comparison(active, static_cast<std::int32_t>(l), static_cast<std::int32_t>(top));
    } else {
      resolve_by_marks(active, static_cast<std::int32_t>(l), static_cast<std::int32_t>(top),
                       scratch.taken.data());
    }
  }
}

}  // namespace skeleta::sampling
