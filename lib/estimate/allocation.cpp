#include "estimate/allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace skeleta::estimate {
namespace {

constexpr double least_points = 128.0;  // fewer would make a stratum's s² meaningless
constexpr double least_total = 1024.0;
constexpr double margin = 1.1;  // the pilot's s_s are estimates

[[noreturn]] void refuse(double total, std::size_t strata, double each) {
  throw std::invalid_argument(
      fmt::format("{} samples are too few: {} strata need at least {} each", total, strata, each));
}

}  // namespace

NeymanAllocation::NeymanAllocation(std::vector<double> weights)
    : weights_(std::move(weights)), sum_(std::accumulate(weights_.begin(), weights_.end(), 0.0)) {}

double NeymanAllocation::least() const {
  return std::max(least_total, 2.0 * least_points * static_cast<double>(weights_.size()));
}

double NeymanAllocation::for_target() const {
  const double wanted = margin * sum_ * sum_;
  return std::isfinite(wanted) ? std::max(wanted, least()) : least();
}

// A target of 0 says nothing.
double NeymanAllocation::wanted() const {
  return std::isfinite(sum_) ? std::max(margin * sum_ * sum_, least()) : least();
}

std::vector<std::uint64_t> NeymanAllocation::share(double total) const {
  const auto count = static_cast<double>(weights_.size());
  if (total < 2.0 * count) refuse(total, weights_.size(), 2.0);
  const double floor = std::clamp(std::floor(total / (2.0 * count)), 2.0, least_points);
  const double free = total - floor * count;
  // Rounding the running sum, not each share, makes the total exact.
  std::vector<std::uint64_t> points;
  double running = 0.0, before = 0.0;
  for (const double weight : weights_) {
    running += sum_ > 0.0 && std::isfinite(sum_) ? weight / sum_ : 1.0 / count;
    const double until = std::round(std::min(running, 1.0) * free);
    points.push_back(static_cast<std::uint64_t>(floor + until - before));
    before = until;
  }
  points.back() += static_cast<std::uint64_t>(free - before);
  return points;
}

namespace {

constexpr std::uint64_t fewest = 16, most = std::uint64_t{1} << 31;
constexpr double too_many = 1e15;

}  // namespace

DoublingAllocation::DoublingAllocation(std::vector<double> errors, std::vector<double> rates,
                                       std::uint64_t points, std::size_t replicates)
    : errors_(std::move(errors)),
      rates_(std::move(rates)),
      points_(points),
      replicates_(static_cast<double>(replicates)) {
  // A target of 0 says nothing of what is worth more.
  known_ = std::all_of(errors_.begin(), errors_.end(), [](double e) { return std::isfinite(e); });
  if (!known_) std::fill(errors_.begin(), errors_.end(), 1.0);
}

template <class Enough>
std::vector<std::uint64_t> DoublingAllocation::double_until(Enough enough) const {
  std::vector<std::uint64_t> points(errors_.size(), fewest);
  const auto squared_error = [&](std::size_t s) {
    const double ratio = static_cast<double>(points_) / static_cast<double>(points[s]);
    return errors_[s] * errors_[s] * std::pow(ratio, rates_[s]);
  };
  double total = replicates_ * static_cast<double>(fewest) * static_cast<double>(points.size());
  double error = 0.0;
  for (std::size_t s = 0; s < points.size(); ++s) error += squared_error(s);
  while (true) {
    std::size_t best = points.size();
    double most_gain = -1.0;
    for (std::size_t s = 0; s < points.size(); ++s) {
      const double gain = squared_error(s) / static_cast<double>(points[s]);
      if (points[s] < most && gain > most_gain) {
        most_gain = gain;
        best = s;
      }
    }
    if (best == points.size()) return points;
    const double more = replicates_ * static_cast<double>(points[best]);
    if (enough(total, total + more, error)) return points;
    error -= squared_error(best);
    points[best] *= 2;
    error += squared_error(best);
    total += more;
  }
}

double DoublingAllocation::least() const {
  return replicates_ * static_cast<double>(fewest) * static_cast<double>(errors_.size());
}

double DoublingAllocation::for_target() const {
  if (!known_) return least();
  const auto points = double_until(
      [](double total, double, double error) { return margin * error <= 1.0 || total > too_many; });
  return replicates_ * std::accumulate(points.begin(), points.end(), 0.0);
}

double DoublingAllocation::wanted() const {
  if (!known_) return least();
  bool met = false;
  const auto points = double_until([&](double total, double, double error) {
    met = margin * error <= 1.0;
    return met || total > too_many;
  });
  if (!met) return std::numeric_limits<double>::infinity();
  return replicates_ * std::accumulate(points.begin(), points.end(), 0.0);
}

double DoublingAllocation::growth(double shrink) const {
  // The largest errors that are left are those which fall the slowest.
  return std::max(std::pow(shrink, 2.0 / std::ranges::min(rates_)), 2.0);
}

std::vector<std::uint64_t> DoublingAllocation::share(double total) const {
  if (total < least()) {
    refuse(total, errors_.size(), replicates_ * static_cast<double>(fewest));
  }
  return double_until([&](double, double next, double) { return next > total; });
}

}  // namespace skeleta::estimate
