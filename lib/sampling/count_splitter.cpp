#include "skeleta/sampling/count_splitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/random/binomial_distribution.hpp>
#include <limits>
#include <stdexcept>

namespace skeleta::sampling {
namespace {

// The words of a point in the form that Boost.Random takes.
struct Words {
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return stream.word(); }

  PointStream stream;
};

}  // namespace

CountSplitter::CountSplitter(const ActiveCount& law, CountRange range)
    : range_(range), probability_(law.probability(range)) {
  if (!(probability_ > 0.0)) {
    throw std::invalid_argument(fmt::format(
        "skeletons {}..{} cannot be sampled: their probability is 0", range.first, range.last));
  }
  share_.resize(static_cast<std::size_t>(range.size()));
  double sum = 0.0;  // from the far end, so that small tails keep their digits
  for (std::size_t k = share_.size(); k-- > 0;) {
    const double probability = law.probability(range.first + static_cast<Index>(k));
    sum += probability;
    share_[k] = probability > 0.0 ? probability / sum : 0.0;
  }
}

void CountSplitter::draw(const StreamKey& key, std::uint64_t block, std::uint64_t n,
                         std::span<std::uint64_t> counts) const {
  Words words{PointStream(key, block)};
  std::fill(counts.begin(), counts.end(), 0);
  for (std::size_t k = 0; k < share_.size() && n > 0; ++k) {
    if (share_[k] >= 1.0) {
      counts[k] = n;  // the last skeleton of positive probability takes what is left
    } else if (share_[k] > 0.0) {
      boost::random::binomial_distribution<std::int64_t, double> law(static_cast<std::int64_t>(n),
                                                                     share_[k]);
      counts[k] = static_cast<std::uint64_t>(law(words));
    }
    n -= counts[k];
  }
}

}  // namespace skeleta::sampling
