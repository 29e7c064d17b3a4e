#include "skeleta/sampling/point_sampler.h"

#include "sampling/philox.h"

namespace skeleta::sampling {

void PointSampler::draw(const CountSampler& counts, const StreamKey& key, std::uint64_t first,
                        std::size_t count, SparseBatch& batch, Scratch& scratch) const {
  // All first blocks at once: independent of each other, they fill the processor's pipeline.
  scratch.streams.clear();
  for (std::size_t i = 0; i < count; ++i) {
    scratch.streams.emplace_back(key, first + i, philox(key, first + i, 0));
  }
  scratch.counts.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Index l = counts.fixed() ? counts.range().first : counts(scratch.streams[i].word());
    scratch.counts[i] = static_cast<std::uint32_t>(l);
  }
  batch.reset(scratch.counts);
  for (const std::uint32_t i : batch.by_count()) {
    supports_.draw(scratch.streams[i], batch.active(i), batch.value(i), scratch.marks);
  }
}

}  // namespace skeleta::sampling
