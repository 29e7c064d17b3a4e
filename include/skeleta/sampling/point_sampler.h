#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/sampling/sparse_batch.h"
#include "skeleta/sampling/support_sampler.h"
#include "skeleta/sampling/value_map.h"

namespace skeleta::sampling {

/// Draws points of a skeleton: supports and values by their law. Shared by all threads; never
/// builds a dense vector of D inputs.
///
/// Independent features of equal densities: each point of Q_l takes l words, those of point i at
/// the places i·l, i·l + 1, … of the family's one sequence, so that no word is wasted. Else each
/// point has a sequence of its own. A value is the quantile of a uniform number, one word each, for
/// every law.
class PointSampler {
 public:
  /// `most`: the largest number of active features that will be asked for.
  PointSampler(const Vector& density, Index most) : supports_(density, most) {}
  /// Likewise, of any law.
  PointSampler(const DataLaw& law, Index most)
      : supports_(law.activity, most), values_(law.values) {}

  /// Memory of one caller.
  struct Scratch {
    SupportSampler::Scratch supports;  ///< Of the supports.
    std::vector<std::uint64_t> words;  ///< Random words of some points.
  };
  /// Memory for calls of one thread.
  Scratch scratch() const { return {supports_.scratch(), {}}; }

  /// Replaces `batch` by the points first, …, first + count − 1 on Q_l of the family `key`.
  void draw(Index l, const StreamKey& key, std::uint64_t first, std::size_t count,
            SparseBatch& batch, Scratch& scratch) const;

 private:
  SupportSampler supports_;
  ValueMap values_;
};

}  // namespace skeleta::sampling
