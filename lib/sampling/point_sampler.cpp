#include "skeleta/sampling/point_sampler.h"

#include "sampling/philox.h"

namespace skeleta::sampling {

void PointSampler::draw(const CountSampler& counts, const StreamKey& key, std::uint64_t first,
                        std::size_t count, SparseBatch& batch, Scratch& scratch) const {
  // All first blocks at once: independent of each other, they fill the processor's pipeline.
  scratch.words.resize(count);
  for (std::size_t i = 0; i < count; ++i) scratch.words[i] = philox(key, first + i, 0);
  scratch.counts.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Index l = counts.fixed() ? counts.range().first : counts(scratch.words[i][0]);
    scratch.counts[i] = static_cast<std::uint32_t>(l);
  }
  batch.reset(scratch.counts);
  const std::size_t used = counts.fixed() ? 0 : 1;
  for (const std::uint32_t i : batch.by_count()) {
    PointStream stream(key, first + i, scratch.words[i], used);
    supports_.draw(stream, batch.active(i), batch.value(i), scratch.marks);
  }
}

}  // namespace skeleta::sampling
