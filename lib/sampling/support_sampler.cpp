#include "skeleta/sampling/support_sampler.h"

#include <algorithm>

#include "measure/activity_sweep.h"
#include "measure/series.h"
#include "sampling/loops.h"

namespace skeleta::sampling {
namespace {

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
  prepare_parts(whole.coefficients());
}

// The parts whose product an operand is.
void SupportSampler::add_parts(const Operand& whole, std::vector<Operand>& parts) {
  const auto& step = tree_.steps()[static_cast<std::size_t>(whole.step)];
  if (step.operation == ActivityTree::Operation::product && whole.constant == 0.0 &&
      whole.slope == 1.0) {
    add_parts(step.left, parts);
    add_parts(step.right, parts);
  } else {
    parts.push_back(whole);
  }
}

// outside: what P(only j active in its part)/P(none) has besides what is below.
void SupportSampler::add_singles(const Operand& part, double outside, std::int32_t number,
                                 Vector& odds) {
  const auto& step = tree_.steps()[static_cast<std::size_t>(part.step)];
  if (step.operation == ActivityTree::Operation::leaf) {
    odds(step.feature) = outside * part.slope;
    part_[static_cast<std::size_t>(step.feature)] = number;
    return;
  }
  const bool product = step.operation == ActivityTree::Operation::product;
  const double left = product ? probability(step.left, 0) : 1.0;
  const double right = product ? probability(step.right, 0) : 1.0;
  add_singles(step.left, outside * part.slope * right, number, odds);
  add_singles(step.right, outside * part.slope * left, number, odds);
}

void SupportSampler::prepare_parts(const std::vector<double>& law) {
  std::vector<Operand> parts;
  add_parts(tree_.root(), parts);
  part_.resize(features());
  Vector odds = Vector::Zero(density_.size());
  std::vector<std::vector<double>> larger(law.size());  // odds of parts with n active features
  std::vector<std::vector<Index>> place(law.size());
  for (std::size_t number = 0; number < parts.size(); ++number) {
    const Operand& part = parts[number];
    const auto& step = tree_.steps()[static_cast<std::size_t>(part.step)];
    if (step.operation == ActivityTree::Operation::leaf) {
      const Index j = step.feature;
      const bool certain = density_(j) == 1.0;
      if (certain) certain_.push_back(static_cast<std::int32_t>(j));
      odds(j) = certain ? 0.0 : density_(j) / (1.0 - density_(j));
      part_[static_cast<std::size_t>(j)] = static_cast<std::int32_t>(number);
      continue;
    }
    const double none = probability(part, 0);
    if (!(none > 0.0)) return;
    add_singles(part, 1.0 / none, static_cast<std::int32_t>(number), odds);
    for (std::size_t n = 2; n < std::min(law.size(), leaves(part) + 1); ++n) {
      const double p = probability(part, n);
      if (!(p > 0.0)) continue;
      larger[n].push_back(p / none);
      place[n].push_back(part.step);
    }
  }
  std::ranges::sort(certain_);
  if (parts.size() == features()) part_.clear();
  std::vector<double> sums{0.0, odds.sum()};
  if (sums[1] > 0.0) singles_ = AliasTable(odds);
  for (std::size_t n = 2; n < larger.size(); ++n) {
    const Vector weight = Vector::Map(larger[n].data(), static_cast<Index>(larger[n].size()));
    sums.push_back(weight.sum());
    larger_.push_back({sums[n] > 0.0 ? AliasTable(weight) : AliasTable(), std::move(place[n])});
  }
  prepare_tries(sums, law);
}

// A try of k features is good with probability P(k)/(P(0) T_k), T_0 = 1: P(k) is the law of the
// number of active features that are not certain.
void SupportSampler::prepare_tries(const std::vector<double>& sums,
                                   const std::vector<double>& law) {
  constexpr double good_enough = 0.25;
  const std::size_t certain = certain_.size();
  if (certain >= law.size() || !(law[certain] > 0.0)) return;
  std::vector<double> tries{law[certain]};  // P(0) T_k
  next_.resize(1);
  for (std::size_t k = 1; certain + k < law.size(); ++k) {
    double sum = 0.0;
    std::vector<Next> next;
    for (std::size_t n = 1; n <= k && n < sums.size(); ++n) {
      const double weight =
          tries[k - n] * (static_cast<double>(n) * sums[n] / static_cast<double>(k));
      if (!(weight > 0.0)) continue;
      sum += weight;
      next.push_back({n, sum});
    }
    const double p = law[certain + k];
    if (p < good_enough * sum || (sum == 0.0 && p > 0.0)) return;
    if (sum > 0.0) by_parts_ = certain + k;
    tries.push_back(sum);
    next_.push_back(std::move(next));
  }
}

void SupportSampler::draw(PointStream& stream, std::span<std::int32_t> active,
                          std::span<double> value) const {
  if (active.size() <= by_parts_) {
    draw_parts(stream, active);
  } else {
    draw_in(tree_.root().step, stream, active);
  }
  for (double& x : value) x = stream.uniform();
}

std::size_t SupportSampler::next_size(PointStream& stream, std::size_t left) const {
  const std::vector<Next>& next = next_[left];
  if (next.size() == 1) return next[0].size;
  const double u = stream.uniform() * next.back().weight;
  std::size_t k = 0;
  while (k + 1 < next.size() && u >= next[k].weight) ++k;
  return next[k].size;
}

void SupportSampler::draw_parts(PointStream& stream, std::span<std::int32_t> active) const {
  std::copy(certain_.begin(), certain_.end(), active.begin());
  const std::span<std::int32_t> others = active.subspan(certain_.size());
  bool repeated = true;
  while (repeated) {
    repeated = false;
    for (std::size_t k = 0; k < others.size() && !repeated;) {
      const std::size_t n = next_size(stream, others.size() - k);
      if (n == 1) {
        others[k] = singles_.draw(stream.word());
      } else {
        const Parts& parts = larger_[n - 2];
        const auto chosen = static_cast<std::size_t>(parts.odds.draw(stream.word()));
        draw_in(parts.step[chosen], stream, others.subspan(k, n));
      }
      for (std::size_t m = 0; m < k; ++m) repeated |= part_of(others[m]) == part_of(others[k]);
      k += n;
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
  loops().equal_supports(words, features(), batch, scratch);
}

}  // namespace skeleta::sampling
