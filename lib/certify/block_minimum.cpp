#include "skeleta/certify/block_minimum.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "certify/interval.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::certify {
namespace {

using Block = std::vector<Index>;
using Split = std::vector<Block>;
// Density and importance of its features, in order: equal blocks have equal minima.
using BlockKind = std::vector<std::pair<double, double>>;

// All ways to split 0, …, count − 1 into `parts` blocks, none empty.
std::vector<Split> splits(Index count, Index parts) {
  std::vector<Split> all{Split{}};
  for (Index i = 0; i < count; ++i) {
    std::vector<Split> next;
    for (const Split& split : all) {
      for (std::size_t block = 0; block <= split.size(); ++block) {
        Split more = split;
        if (block == split.size()) more.emplace_back();
        more[block].push_back(i);
        if (static_cast<Index>(more.size()) <= parts) next.push_back(std::move(more));
      }
    }
    all = std::move(next);
  }
  std::erase_if(all, [&](const Split& s) { return static_cast<Index>(s.size()) != parts; });
  return all;
}

Features features_of(const Features& features, const Block& block) {
  Features some = Features::uniform(static_cast<Index>(block.size()), 0.0);
  for (std::size_t n = 0; n < block.size(); ++n) {
    some.density(static_cast<Index>(n)) = features.density(block[n]);
    some.importance(static_cast<Index>(n)) = features.importance(block[n]);
  }
  return some;
}

// The minima of blocks in one dimension, each proven once.
class Blocks {
 public:
  Blocks(const Features& features, const CertifyOptions& options, const CertifyCallback& callback)
      : features_(features), options_(options), callback_(callback) {}

  BlockKind kind(const Block& block) const {
    BlockKind kind;
    for (const Index i : block) kind.emplace_back(features_.density(i), features_.importance(i));
    std::sort(kind.begin(), kind.end());
    return kind;
  }

  // Features in the order of kind(block).
  const CertifiedMinimum& minimum(const Block& block) {
    const auto [place, is_new] = known_.try_emplace(kind(block));
    CertifiedMinimum& found = place->second;
    if (!is_new) return found;
    if (block.size() == 1) {
      found.model = {Matrix::Ones(1, 1), Vector::Zero(1)};
      return found;
    }
    found = certify_minimum(features_of(features_, ordered(block)), 1, options_, callback_);
    if (found.stop_reason == CertifyStop::interrupted) throw Interrupted();
    return found;
  }

  Block ordered(Block block) const {
    std::stable_sort(block.begin(), block.end(), [&](Index i, Index j) {
      return std::pair(features_.density(i), features_.importance(i)) <
             std::pair(features_.density(j), features_.importance(j));
    });
    return block;
  }

  std::uint64_t boxes() const {
    std::uint64_t sum = 0;
    for (const auto& [kind, found] : known_) sum += found.boxes;
    return sum;
  }
  CertifyStop stop_reason() const {
    CertifyStop worst = CertifyStop::gap;
    for (const auto& [kind, found] : known_) {
      if (found.stop_reason != CertifyStop::gap) worst = found.stop_reason;
    }
    return worst;
  }

 private:
  const Features& features_;
  const CertifyOptions& options_;
  const CertifyCallback& callback_;
  std::map<BlockKind, CertifiedMinimum> known_;
};

void validate_blocks(const Features& features, Index hidden, const CertifyOptions& options) {
  constexpr Index most = 4;
  if (features.size() > most) {
    throw std::invalid_argument(fmt::format(
        "features = {} is too many for one-sparse columns: at most {}", features.size(), most));
  }
  if (hidden < 1 || hidden > features.size()) {
    throw std::invalid_argument(
        fmt::format("hidden = {} must lie in 1..features = {}", hidden, features.size()));
  }
  if (options.skeletons) {
    throw std::invalid_argument(
        "skeletons must be absent: a loss on few active features is no sum over blocks");
  }
}

}  // namespace

BlockMinimum certify_blocks(const Features& features, Index hidden, const CertifyOptions& options,
                            const CertifyCallback& callback) {
  skeleta::validate(features);
  require_plain(features, "the proof of a minimum");
  validate_blocks(features, hidden, options);
  Blocks blocks(features, options, callback);
  struct Sum {
    Split split;
    std::vector<BlockKind> kinds;
    Interval loss;  // of its infimum
  };
  std::vector<Sum> sums;
  for (const Split& split : splits(features.size(), hidden)) {
    Sum sum{split, {}, 0.0};
    for (const Block& block : split) {
      const CertifiedMinimum& found = blocks.minimum(block);
      // The first summand is exact, and so is a 0.
      if (found.upper > 0.0) {
        const Interval bounds{found.lower, found.upper};
        sum.loss = sum.loss.hi == 0.0 ? bounds : sum.loss + bounds;
      }
      sum.kinds.push_back(blocks.kind(block));
    }
    std::sort(sum.kinds.begin(), sum.kinds.end());
    sums.push_back(std::move(sum));
  }
  const auto best = std::min_element(
      sums.begin(), sums.end(), [](const Sum& a, const Sum& b) { return a.loss.hi < b.loss.hi; });
  BlockMinimum result;
  result.upper = result.lower = best->loss.hi;
  result.split_proven = true;
  for (const Sum& sum : sums) {
    result.lower = std::min(result.lower, sum.loss.lo);
    if (sum.kinds != best->kinds && !(sum.loss.lo > best->loss.hi)) result.split_proven = false;
  }
  result.lower = std::max(result.lower, 0.0);
  result.blocks = best->split;
  result.boxes = blocks.boxes();
  result.stop_reason = blocks.stop_reason();
  result.model = {Matrix::Zero(hidden, features.size()), Vector::Zero(features.size())};
  for (std::size_t row = 0; row < best->split.size(); ++row) {
    const Block block = blocks.ordered(best->split[row]);
    const Autoencoder& part = blocks.minimum(block).model;
    for (std::size_t n = 0; n < block.size(); ++n) {
      result.model.W(static_cast<Index>(row), block[n]) = part.W(0, static_cast<Index>(n));
      result.model.b(block[n]) = part.b(static_cast<Index>(n));
    }
  }
  return result;
}

}  // namespace skeleta::certify
