#include "skeleta/sampling/point_sampler.h"

namespace skeleta::sampling {

void PointSampler::draw(const CountSampler& counts, const StreamKey& key, std::uint64_t first,
                        std::size_t count, SparseBatch& batch, SupportSampler::Marks& marks) const {
  batch.clear();
  for (std::uint64_t point = first; point < first + count; ++point) {
    PointStream stream(key, point);
    const Index l = counts.fixed() ? counts.range().first : counts(stream.word());
    const auto [active, value] = batch.append(static_cast<std::size_t>(l));
    supports_.draw(stream, active, marks);
    for (double& x : value) x = stream.uniform();
  }
}

}  // namespace skeleta::sampling
