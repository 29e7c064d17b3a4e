#include "skeleta/sampling/support_sampler.h"

#include <algorithm>

#include "measure/activity_sweep.h"
#include "measure/series.h"

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

bool all_equal(const Vector& density) {
  return (density.array() == density(0)).all();
}

}  // namespace

SupportSampler::SupportSampler(const Vector& density, Index most)
    : density_(density), most_(most), equal_(all_equal(density)) {
  if (equal_) return;
  tree_ = ActivityTree::independent(density);
  prepare();
}

SupportSampler::SupportSampler(const ActivityTree& tree, Index most)
    : density_(tree.density()), most_(most), equal_(tree.independent() && all_equal(density_)) {
  if (equal_) return;
  tree_ = tree;
  prepare();
}

void SupportSampler::prepare() {
  ActivitySweep<Polynomial<double>> sweep(tree_);
  const auto most = static_cast<std::size_t>(most_);
  const auto whole = sweep.up([&](Index) { return Polynomial<double>::marked(1.0, most); });
  for (std::size_t k = 0; k < tree_.steps().size(); ++k) {
    law_.push_back(sweep.value({static_cast<Index>(k)}).coefficients());
  }
  if (tree_.independent()) prepare_independent(whole.coefficients());
}

// With the odds w_j and S = Σ w_j, a try of k features is good with probability k! e_k(w)/S^k,
// where e_k(w) = P(k)/P(0): P(k) is the law of the number of active features that are not certain.
// It falls with k.
void SupportSampler::prepare_independent(const std::vector<double>& law) {
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
    draw_in(tree_.root().step, stream, active);
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

double SupportSampler::probability(const Operand& part, std::size_t n) const {
  const std::vector<double>& law = law_[static_cast<std::size_t>(part.step)];
  const double inside = n < law.size() ? part.slope * law[n] : 0.0;
  return n == 0 ? part.constant + inside : inside;
}

// How many of n active features are in the left part of a product.
std::size_t SupportSampler::split(const ActivityTree::Step& step, PointStream& stream,
                                  std::size_t n, double whole) const {
  const std::size_t most = std::min(n, leaves(step.left)), right = leaves(step.right);
  double rest = stream.uniform() * whole;
  std::size_t chosen = n > right ? n - right : 0;
  for (std::size_t k = chosen; k <= most; ++k) {
    const double w = probability(step.left, k) * probability(step.right, n - k);
    if (w > 0.0) chosen = k;  // so that rounding never ends on an impossible split
    rest -= w;
    if (rest < 0.0) break;
  }
  return chosen;
}

void SupportSampler::draw_in(Index at, PointStream& stream, std::span<std::int32_t> active) const {
  const std::size_t n = active.size();
  if (n == 0) return;
  const ActivityTree::Step& step = tree_.steps()[static_cast<std::size_t>(at)];
  switch (step.operation) {
    case ActivityTree::Operation::leaf:
      active[0] = static_cast<std::int32_t>(step.feature);
      break;
    case ActivityTree::Operation::product: {
      const bool all = n == static_cast<std::size_t>(step.leaves);
      const std::size_t left =
          all ? leaves(step.left) : split(step, stream, n, law_[static_cast<std::size_t>(at)][n]);
      draw_in(step.left.step, stream, active.first(left));
      draw_in(step.right.step, stream, active.subspan(left));
      break;
    }
    case ActivityTree::Operation::sum: {
      const double left = probability(step.left, n), right = probability(step.right, n);
      const bool first = right == 0.0 || stream.uniform() * (left + right) < left;
      draw_in(first ? step.left.step : step.right.step, stream, active);
      break;
    }
  }
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
