#include "sampling/halving_order.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skeleta::sampling {
namespace {

class Halving {
 public:
  Halving(const std::vector<float>& points, std::size_t count,
          const std::vector<double>& probability)
      : points_(points), count_(count), probability_(probability), size_(points.size() / count) {
    order_.resize(size_);
    std::iota(order_.begin(), order_.end(), 0u);
    sorted_.resize(size_);
    moments_.resize(count_);
    halve(0, size_, 0.0, 0.0, 1.0);
  }

  const std::vector<std::uint32_t>& order() const { return order_; }

 private:
  struct Item {
    float key;
    std::uint32_t index;
    bool operator<(const Item& other) const {
      return key < other.key || (key == other.key && index < other.index);
    }
  };

  // Orders first … last − 1, which fill the interval [low, high) of the cumulative probability but
  // for rounding to whole items; they begin at `mass`.
  void halve(std::size_t first, std::size_t last, double mass, double low, double high) {
    if (last - first < 2 || high - low < 0x1p-20) return;
    const std::size_t component = widest(first, last);
    for (std::size_t i = first; i < last; ++i) {
      sorted_[i] = {points_[order_[i] * count_ + component], order_[i]};
    }
    const double middle = 0.5 * (low + high);
    const auto [cut, below] = cut_at(first, last, middle - mass);
    for (std::size_t i = first; i < last; ++i) order_[i] = sorted_[i].index;
    halve(first, cut, mass, low, middle);
    halve(cut, last, mass + below, middle, high);
  }

  // The component with the largest variance among the items first … last − 1.
  std::size_t widest(std::size_t first, std::size_t last) {
    const float* const origin = points_.data() + order_[first] * count_;
    std::fill(moments_.begin(), moments_.end(), std::pair{0.0, 0.0});
    for (std::size_t i = first; i < last; ++i) {
      const float* const row = points_.data() + order_[i] * count_;
      for (std::size_t k = 0; k < count_; ++k) {
        const double x = row[k] - origin[k];
        moments_[k].first += x;
        moments_[k].second += x * x;
      }
    }
    const auto n = static_cast<double>(last - first);
    const auto spread = [n](const auto& m) { return m.second - m.first * m.first / n; };
    const auto most = std::ranges::max_element(moments_, {}, spread);
    return static_cast<std::size_t>(most - moments_.begin());
  }

  // Parts the items, smaller keys first, so that the first part has the probability `target`, as
  // nearly as whole items allow. Returns where the second begins, and the first's probability.
  std::pair<std::size_t, double> cut_at(std::size_t first, std::size_t last, double target) {
    const auto size = static_cast<double>(size_);
    const auto at = [this](std::size_t i) {
      return sorted_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    if (probability_.empty()) {  // equally likely: the place is known
      const double count =
          std::clamp(std::round(target * size), 0.0, static_cast<double>(last - first));
      const std::size_t cut = first + static_cast<std::size_t>(count);
      if (cut < last) std::nth_element(at(first), at(cut), at(last));
      return {cut, count / size};
    }
    const double tolerance = 0.5 / size;  // half an item
    double below = 0.0;
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      std::nth_element(at(first), at(middle), at(last));
      double part = 0.0;
      for (std::size_t i = first; i <= middle; ++i) part += probability_[sorted_[i].index];
      if (below + part <= target + tolerance) {
        below += part;
        first = middle + 1;
      } else {
        last = middle;
      }
    }
    return {first, below};
  }

  const std::vector<float>& points_;
  std::size_t count_;
  const std::vector<double>& probability_;
  std::size_t size_;
  std::vector<std::uint32_t> order_;
  std::vector<Item> sorted_;
  std::vector<std::pair<double, double>> moments_;
};

}  // namespace

std::vector<std::uint32_t> halving_order(const std::vector<float>& items, std::size_t count,
                                         const std::vector<double>& probability) {
  return Halving(items, count, probability).order();
}

}  // namespace skeleta::sampling
