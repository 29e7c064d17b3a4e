#include "skeleta/sampling/point_sampler.h"

#include "sampling/loops.h"

namespace skeleta::sampling {
namespace {

// The words first, …, first + count − 1 of the sequence of the family; returns where they begin in
// `words`.
std::size_t fill(const StreamKey& key, std::uint64_t first, std::size_t count,
                 std::vector<std::uint64_t>& words) {
  const std::uint64_t begin = first / 4, end = (first + count + 3) / 4;
  words.resize(4 * static_cast<std::size_t>(end - begin));
  loops().blocks(key, begin, words);
  return static_cast<std::size_t>(first - 4 * begin);
}

}  // namespace

void PointSampler::draw(Index l, const StreamKey& key, std::uint64_t first, std::size_t count,
                        SparseBatch& batch, Scratch& scratch) const {
  const auto active = static_cast<std::size_t>(l);
  batch.reset(active, count);
  if (!supports_.equal()) {
    for (std::size_t i = 0; i < count; ++i) {
      PointStream stream(key, first + i);
      supports_.draw(stream, batch.active(i), batch.value(i));
    }
    values_.apply(batch.active(), batch.value());
    return;
  }
  const std::size_t begin = fill(key, first * active, count * active, scratch.words);
  supports_.draw_equal(scratch.words.data() + begin, batch, scratch.supports);
  values_.apply(batch.active(), batch.value());
}

}  // namespace skeleta::sampling
