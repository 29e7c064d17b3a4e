#pragma once

#include <cstdint>

#include "skeleta/measure/features.h"
#include "skeleta/sampling/count_sampler.h"
#include "skeleta/sampling/sparse_batch.h"
#include "skeleta/sampling/support_sampler.h"

namespace skeleta::sampling {

/// Draws points of the sparse cube, given that the number of active features lies in a range.
/// The words of a point are used in this order: N (unless fixed), then support and values.
/// Shared by all threads; never builds a dense vector of D inputs.
class PointSampler {
 public:
  /// `most`: the largest number of active features that will be asked for.
  PointSampler(const Features& features, Index most) : supports_(features.density, most) {}

  /// Memory of one caller.
  struct Scratch {
    SupportSampler::Marks marks;
    std::vector<std::array<std::uint64_t, 4>> words;
    std::vector<std::uint32_t> counts;
  };
  Scratch scratch() const { return {supports_.marks(), {}, {}}; }

  /// Replaces `batch` by the points first, …, first + count − 1 of the family `key`.
  void draw(const CountSampler& counts, const StreamKey& key, std::uint64_t first,
            std::size_t count, SparseBatch& batch, Scratch& scratch) const;

 private:
  SupportSampler supports_;
};

}  // namespace skeleta::sampling
