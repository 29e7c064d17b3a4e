#include "sampling/support_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "sampling/halving_order.h"
#include "sampling/tree_supports.h"

namespace skeleta::sampling {
namespace {

// More would take longer to list than the points that profit from the list, most of the time.
constexpr double most_supports = 0x1p17, most_terms = 0x1p23;

// Features that are always active, and those that are sometimes.
struct Split {
  std::vector<std::int32_t> always, sometimes;
  std::size_t chosen = 0;  // how many of `sometimes` a support has
};

Split split(const Vector& density, Index l) {
  Split result;
  for (Index j = 0; j < density.size(); ++j) {
    if (density(j) == 1.0) result.always.push_back(static_cast<std::int32_t>(j));
    if (density(j) > 0.0 && density(j) < 1.0) {
      result.sometimes.push_back(static_cast<std::int32_t>(j));
    }
  }
  const auto always = static_cast<Index>(result.always.size());
  if (l < always || l > always + static_cast<Index>(result.sometimes.size())) {
    throw std::invalid_argument(
        fmt::format("l = {}: no support has so many active features; {} of {} have density 1", l,
                    always, density.size()));
  }
  result.chosen = static_cast<std::size_t>(l - always);
  return result;
}

// n over k, or +∞ once it is beyond `most_supports`.
double binomial(std::size_t n, std::size_t k) {
  double result = 1.0;
  for (std::size_t i = 1; i <= std::min(k, n - k); ++i) {
    result *= static_cast<double>(n - i + 1) / static_cast<double>(i);
    if (result > most_supports) return std::numeric_limits<double>::infinity();
  }
  return std::round(result);
}

// The next combination of `choice` (increasing, out of 0 … n − 1); false after the last.
bool advance(std::vector<std::size_t>& choice, std::size_t n) {
  const std::size_t k = choice.size();
  std::size_t i = k;
  while (i > 0 && choice[i - 1] == n - k + i - 1) --i;
  if (i == 0) return false;
  std::iota(choice.begin() + static_cast<std::ptrdiff_t>(i) - 1, choice.end(), choice[i - 1] + 1);
  return true;
}

// All supports, `count` features each, one after the other.
std::vector<std::int32_t> enumerate(const Split& features, std::size_t supports) {
  std::vector<std::int32_t> all;
  all.reserve(supports * (features.always.size() + features.chosen));
  std::vector<std::size_t> choice(features.chosen);
  std::iota(choice.begin(), choice.end(), std::size_t{0});
  do {
    all.insert(all.end(), features.always.begin(), features.always.end());
    for (const std::size_t i : choice) all.push_back(features.sometimes[i]);
  } while (advance(choice, features.sometimes.size()));
  return all;
}

// Sorts each support by I_k = Σ_j G_jk and returns the sorted I, one after the other.
std::vector<float> sort_within(std::vector<std::int32_t>& features, std::size_t count,
                               const Matrix& table) {
  std::vector<float> sums(features.size());
  std::vector<std::pair<double, std::int32_t>> support(count);
  for (std::size_t first = 0; first < features.size(); first += count) {
    for (std::size_t k = 0; k < count; ++k) {
      const std::int32_t feature = features[first + k];
      double sum = 0.0;
      for (std::size_t j = 0; j < count; ++j) sum += table(features[first + j], feature);
      support[k] = {sum, feature};
    }
    std::sort(support.begin(), support.end());
    for (std::size_t k = 0; k < count; ++k) {
      sums[first + k] = static_cast<float>(support[k].first);
      features[first + k] = support[k].second;
    }
  }
  return sums;
}

// P(support | N = l) ∝ Π p_j/(1 − p_j) over the features that are not always active. From
// logarithms relative to the largest, so that nothing under- or overflows.
std::vector<double> probabilities(const std::vector<std::int32_t>& features, std::size_t count,
                                  const Vector& density) {
  std::vector<double> result(features.size() / count, 0.0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    for (std::size_t k = 0; k < count; ++k) {
      const double p = density(features[i * count + k]);
      if (p < 1.0) result[i] += std::log(p) - std::log1p(-p);
    }
  }
  const double most = *std::max_element(result.begin(), result.end());
  double total = 0.0;
  for (double& p : result) total += p = std::exp(p - most);
  for (double& p : result) p /= total;
  return result;
}

// Brings blocks of `width` entries into the given order.
template <class T>
std::vector<T> in_order(const std::vector<T>& entries, std::size_t width,
                        const std::vector<std::uint32_t>& order) {
  std::vector<T> result;
  result.reserve(entries.size());
  for (const std::uint32_t i : order) {
    const auto first = entries.begin() + static_cast<std::ptrdiff_t>(i * width);
    result.insert(result.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  return result;
}

void validate(const Matrix& table, Index features) {
  if (table.size() != 0 && (table.rows() != features || table.cols() != features)) {
    throw std::invalid_argument(fmt::format("table is {} × {}, but there are {} features",
                                            table.rows(), table.cols(), features));
  }
  if (!table.allFinite()) throw std::invalid_argument("table has entries that are not finite");
}

bool too_long(double supports, Index l) {
  const auto width = static_cast<double>(l);
  return supports > most_supports || supports * width * width > most_terms;
}

}  // namespace

std::optional<SupportList> SupportList::make(const Vector& density, Index l, const Matrix& table) {
  validate(table, density.size());
  const Split parts = split(density, l);
  const double size = binomial(parts.sometimes.size(), parts.chosen);
  if (too_long(size, l)) return std::nullopt;
  const auto count = static_cast<std::size_t>(l);
  if (l == 0) return SupportList({}, {}, 0, table);
  std::vector<std::int32_t> features = enumerate(parts, static_cast<std::size_t>(size));
  std::vector<double> probability;  // empty: equally likely
  const auto differs = [&](std::int32_t j) { return density(j) != density(parts.sometimes[0]); };
  if (std::ranges::any_of(parts.sometimes, differs)) {
    probability = probabilities(features, count, density);
  }
  return SupportList(std::move(features), std::move(probability), count, table);
}

std::optional<SupportList> SupportList::make(const ActivityTree& tree, Index l,
                                             const Matrix& table) {
  if (tree.independent()) return make(tree.density(), l, table);
  validate(table, tree.features());
  const double size = count_supports(tree, l);
  if (size == 0.0) {
    throw std::invalid_argument(
        fmt::format("l = {}: the groups leave no support of so many active features", l));
  }
  if (too_long(size, l)) return std::nullopt;
  if (l == 0) return SupportList({}, {}, 0, table);
  TreeSupports all = list_supports(tree, l);
  double total = 0.0;
  for (const double p : all.probability) total += p;
  for (double& p : all.probability) p /= total;
  return SupportList(std::move(all.features), std::move(all.probability),
                     static_cast<std::size_t>(l), table);
}

SupportList::SupportList(std::vector<std::int32_t> features, std::vector<double> probability,
                         std::size_t count, const Matrix& table)
    : size_(count == 0 ? 1 : features.size() / count),
      count_(count),
      features_(std::move(features)) {
  if (count == 0) return;
  if (table.size() != 0) {
    const std::vector<float> sums = sort_within(features_, count_, table);
    const auto order = halving_order(sums, count_, probability);
    features_ = in_order(features_, count_, order);
    if (!probability.empty()) probability = in_order(probability, 1, order);
  }
  if (!probability.empty()) set_probabilities(probability);
}

void SupportList::set_probabilities(const std::vector<double>& probability) {
  double sum = 0.0;
  for (const double p : probability) {
    sum += p;
    cumulative_.push_back(sum < 1.0 ? static_cast<std::uint64_t>(std::ldexp(sum, 64))
                                    : std::numeric_limits<std::uint64_t>::max());
  }
  const int bits = static_cast<int>(std::bit_width(size_));  // one to two words for each support
  guide_shift_ = 64 - bits;
  std::uint32_t k = 0;
  for (std::uint64_t top = 0; top < (std::uint64_t{1} << bits); ++top) {
    while (k + 1 < size_ && top << guide_shift_ >= cumulative_[k]) ++k;
    start_.push_back(k);
  }
}

}  // namespace skeleta::sampling
