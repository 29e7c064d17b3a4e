#include "skeleta/sampling/sparse_batch.h"

#include <algorithm>

namespace skeleta::sampling {

void SparseBatch::reset(std::span<const std::uint32_t> counts) {
  end_.resize(counts.size() + 1);
  for (std::size_t i = 0; i < counts.size(); ++i) end_[i + 1] = end_[i] + counts[i];
  if (active_.size() < end_.back()) {
    active_.resize(end_.back());
    value_.resize(end_.back());
  }
  // Counting sort; all long supports share the last bucket.
  constexpr std::uint32_t buckets = 32;
  bucket_.assign(buckets + 1, 0);
  for (const std::uint32_t l : counts) ++bucket_[std::min(l, buckets - 1) + 1];
  for (std::uint32_t k = 0; k < buckets; ++k) bucket_[k + 1] += bucket_[k];
  order_.resize(counts.size());
  for (std::uint32_t i = 0; i < counts.size(); ++i) {
    order_[bucket_[std::min(counts[i], buckets - 1)]++] = i;
  }
}

}  // namespace skeleta::sampling
