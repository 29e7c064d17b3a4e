#include "skeleta/measure/histogram.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace skeleta {
namespace {

constexpr double wide = 10.0, least_part = 1e-12;

bool ranges_widely(const std::vector<double>& sorted) {
  const double last = static_cast<double>(sorted.size() - 1);
  const double low = sorted[static_cast<std::size_t>(0.05 * last)];
  const double high = sorted[static_cast<std::size_t>(std::ceil(0.95 * last))];
  return low > 0.0 && sorted.front() >= 0.0 && high > wide * low;
}

}  // namespace

Bins bins_of(std::span<const double> values, std::size_t count) {
  if (count == 0) throw std::invalid_argument("a histogram needs a bin");
  std::vector<double> sorted;
  std::ranges::copy_if(values, std::back_inserter(sorted),
                       [](double x) { return std::isfinite(x); });
  std::ranges::sort(sorted);
  Bins bins;
  double low = sorted.empty() ? 0.0 : sorted.front(), high = sorted.empty() ? 1.0 : sorted.back();
  if (!(high > low)) {
    const double room = low != 0.0 ? 0.05 * std::abs(low) : 0.5;
    low -= room;
    high += room;
  }
  bins.logarithmic = !sorted.empty() && ranges_widely(sorted);
  const bool small = bins.logarithmic && low < least_part * high;
  if (small) low = *std::ranges::lower_bound(sorted, least_part * high);
  const double steps = static_cast<double>(count - (small ? 1 : 0));
  if (small) bins.edges.push_back(0.0);
  for (double k = 0.0; k < steps; ++k) {
    const double part = k / steps;
    bins.edges.push_back(bins.logarithmic ? low * std::pow(high / low, part)
                                          : low + (high - low) * part);
  }
  bins.edges.push_back(high);
  return bins;
}

std::vector<double> histogram(const Bins& bins, std::span<const double> values,
                              std::span<const double> weights) {
  const std::vector<double>& edges = bins.edges;
  std::vector<double> sums(edges.size() - 1, 0.0);
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!(values[k] >= edges.front() && values[k] <= edges.back())) continue;
    const auto above = std::ranges::upper_bound(edges, values[k]) - edges.begin();
    const std::size_t bin = std::min(static_cast<std::size_t>(above), sums.size()) - 1;
    sums[bin] += weights.empty() ? 1.0 : weights[k];
  }
  return sums;
}

}  // namespace skeleta
