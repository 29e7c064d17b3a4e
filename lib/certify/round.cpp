#include "certify/round.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "skeleta/core/parallel.h"

namespace skeleta::certify {
namespace {

constexpr std::size_t round_size = 1024;
// A descent costs as much as some hundred boxes, and from a centre whose loss is far above the best
// one it hardly ever ends below it.
constexpr double promising = 1.5;

// Takes the open boxes with the lowest bounds off the list: a quarter of them, at least round_size.
// Ties go to the earlier one, so that the choice is unique.
std::vector<double> take_lowest(std::vector<double>& open, std::size_t width) {
  const std::size_t count = open.size() / width;
  if (count == 0) return {};
  const std::size_t taken = std::min(count, std::max(round_size, count / 4));
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(taken) - 1,
                   order.end(), [&](std::size_t a, std::size_t b) {
                     return std::pair(open[a * width], a) < std::pair(open[b * width], b);
                   });
  std::vector<char> is_taken(count, 0);
  for (std::size_t n = 0; n < taken; ++n) is_taken[order[n]] = 1;
  std::vector<double> lowest, rest;
  for (std::size_t n = 0; n < count; ++n) {
    const auto box = std::span(open).subspan(n * width, width);
    auto& list = is_taken[n] != 0 ? lowest : rest;
    list.insert(list.end(), box.begin(), box.end());
  }
  open = std::move(rest);
  return lowest;
}

// No model of the box has columns in the agreed order.
bool out_of_order(const Statement& statement, std::span<double> box) {
  const auto low = statement.layout().weight_low(box), high = statement.layout().weight_high(box);
  for (Index j = 0; j < statement.features().size(); ++j) {
    for (Index i = j - 1; i >= 0; --i) {
      if (!statement.alike(i, j)) continue;
      double longest = 0.0, shortest = 0.0;
      for (Index k = 0; k < statement.hidden(); ++k) {
        const auto a = static_cast<std::size_t>(i * statement.hidden() + k);
        const auto b = static_cast<std::size_t>(j * statement.hidden() + k);
        longest += std::max(low[a] * low[a], high[a] * high[a]);
        if (low[b] > 0.0 || high[b] < 0.0) {
          shortest += std::min(low[b] * low[b], high[b] * high[b]);
        }
      }
      if (longest < shortest * (1.0 - 1e-14)) return true;
      break;
    }
  }
  return false;
}

// Bounds one half of `parent`, cut across its widest side: bound, box, value, thresholds.
void bound_half(const Statement& statement, std::span<const double> parent, bool upper_half,
                double target, std::span<double> result) {
  const std::size_t size = statement.layout().size();
  const auto box = result.first(size);
  std::copy(parent.begin(), parent.end(), box.begin());
  const auto low = statement.layout().weight_low(box), high = statement.layout().weight_high(box);
  std::size_t widest = 0;
  for (std::size_t n = 0; n < low.size(); ++n) {
    if (high[n] - low[n] > high[widest] - low[widest]) widest = n;
  }
  (upper_half ? low : high)[widest] = 0.5 * (low[widest] + high[widest]);
  result[size] = std::numeric_limits<double>::infinity();
  if (out_of_order(statement, box)) {
    box[0] = std::numeric_limits<double>::infinity();
    return;
  }
  const LossBox::Result found = statement.box()(box, target);
  box[0] = std::max(box[0], found.bound);
  result[size] = found.value;
  std::copy_n(found.b.begin(), statement.features().size(),
              result.begin() + static_cast<std::ptrdiff_t>(size) + 1);
}

// What bound_half finds: the box with its bound, the loss at its centre, the thresholds there.
std::size_t result_size(const Statement& statement) {
  return statement.layout().size() + 1 + statement.layout().thresholds;
}

Autoencoder centre(const Statement& statement, std::span<const double> result) {
  std::vector<double> copy(result.begin(), result.end());
  const auto low = statement.layout().weight_low(copy), high = statement.layout().weight_high(copy);
  Autoencoder model{Matrix(statement.hidden(), statement.features().size()),
                    Vector(statement.features().size())};
  for (std::size_t n = 0; n < low.size(); ++n) {
    model.W.data()[n] = 0.5 * (low[n] + high[n]);
  }
  std::copy_n(copy.begin() + static_cast<std::ptrdiff_t>(statement.layout().size()) + 1,
              model.b.size(), model.b.begin());
  return model;
}

}  // namespace

void bound_round(const Statement& statement, CertifiedMinimum& state) {
  const std::size_t width = state.open_width;
  const double target = statement.target(state);
  const std::vector<double> parents = take_lowest(state.open, width);
  std::vector<double> best(result_size(statement));
  best[width] = std::numeric_limits<double>::infinity();
  const auto compute = [&](std::size_t n, std::span<double> result) {
    const auto parent = std::span(parents).subspan(n / 2 * width, width);
    bound_half(statement, parent, n % 2 == 1, target, result);
  };
  const auto merge = [&](std::size_t, std::span<const double> result) {
    const auto box = result.first(width);
    ++state.boxes;
    if (result[width] < best[width]) best.assign(result.begin(), result.end());
    if (box[0] < target) state.open.insert(state.open.end(), box.begin(), box.end());
    return true;
  };
  for_each_chunk(2 * parents.size() / width, result_size(statement), statement.options().threads,
                 compute, merge);
  if (best[width] < promising * state.upper) statement.improve(state, centre(statement, best));
  ++state.rounds;
}

}  // namespace skeleta::certify
