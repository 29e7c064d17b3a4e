#include "sampling/ranked_order.h"

#include <algorithm>
#include <utility>

namespace skeleta::sampling {
namespace {

constexpr float taken = RankedOrder::taken;

std::size_t below(std::uint64_t word, std::size_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Wide>(word) * n >> 64);
}

// Sixteen floats in the widest registers there are; arrays are not aligned. Never passed by value:
// how would depend on the processor.
constexpr std::size_t lanes = RankedOrder::lanes;
using Lanes [[gnu::vector_size(64)]] = float;
using LooseLanes [[gnu::vector_size(64), gnu::may_alias, gnu::aligned(4)]] = float;
using Counts [[gnu::vector_size(64)]] = std::int32_t;

// No reference to what is not aligned leaves this: clang takes any to be.
void load(const float* p, Lanes& v) {
  v = *reinterpret_cast<const LooseLanes*>(p);
}

std::size_t sum(const Counts& c) {
  std::int32_t total = 0;
  for (std::size_t i = 0; i < lanes; ++i) total += c[i];
  return static_cast<std::size_t>(total);
}

std::size_t count_below(std::span<const float> values, float limit) {
  Counts count{};
  for (std::size_t i = 0; i < values.size(); i += lanes) {
    Lanes v;
    load(&values[i], v);
    count -= v < limit;
  }
  return sum(count);
}

// Where the finite values lie.
std::pair<float, float> range(std::span<const float> values) {
  Lanes low = Lanes{} + taken, high = Lanes{} - taken;
  for (std::size_t i = 0; i < values.size(); i += lanes) {
    Lanes v;
    load(&values[i], v);
    low = v < low ? v : low;
    high = v > high && v < taken ? v : high;
  }
  std::pair<float, float> result{taken, -taken};
  for (std::size_t i = 0; i < lanes; ++i) {
    result = {std::min(result.first, low[i]), std::max(result.second, high[i])};
  }
  return result;
}

// Appends the values in [low, high] with their indices. Blocks without any are passed over quickly.
void collect(std::span<const float> values, float low, float high,
             std::vector<std::pair<float, std::int32_t>>& found) {
  for (std::size_t first = 0; first < values.size(); first += lanes) {
    Lanes v;
    load(&values[first], v);
    std::size_t count = sum(-(v >= low && v <= high));
    for (std::size_t i = first; count > 0; ++i) {
      if (values[i] >= low && values[i] <= high) {
        found.emplace_back(values[i], static_cast<std::int32_t>(i));
        --count;
      }
    }
  }
}

// The index of the value of that rank (from 0; ties by index), which is finite. Bisection leaves a
// few candidates, as a rule; that there may be more changes nothing but the time.
std::int32_t of_rank(std::span<const float> values, std::size_t rank,
                     std::vector<std::pair<float, std::int32_t>>& candidates) {
  auto [low, high] = range(values);
  std::size_t under_low = 0, under_high = values.size();
  for (int step = 0; step < 12 && under_high - under_low > 4; ++step) {
    const float middle = 0.5f * (low + high);
    const std::size_t count = count_below(values, middle);
    (count <= rank ? low : high) = middle;
    (count <= rank ? under_low : under_high) = count;
  }
  candidates.clear();
  collect(values, low, high, candidates);
  const auto found = candidates.begin() + static_cast<std::ptrdiff_t>(rank - under_low);
  std::nth_element(candidates.begin(), found, candidates.end());
  return found->second;
}

}  // namespace

void choose_ranked(const RankedOrder& order, std::span<const std::uint64_t> words,
                   std::span<std::int32_t> active, RankedScratch& scratch) {
  std::vector<float>& gain = scratch.gain;  // what a feature would add; `taken` if chosen
  gain = order.diagonal;
  for (std::size_t k = 0; k < active.size(); ++k) {
    const std::size_t rank = below(words[k], order.first.size() - k);
    active[k] = k == 0 ? order.first[rank] : of_rank(gain, rank, scratch.candidates);
    const float* const column = order.twice.col(active[k]).data();
    for (std::size_t i = 0; i < gain.size(); i += lanes) {
      Lanes v;
      load(column + i, v);
      *reinterpret_cast<LooseLanes*>(&gain[i]) += v;
    }
    gain[static_cast<std::size_t>(active[k])] = taken;
  }
}

}  // namespace skeleta::sampling
