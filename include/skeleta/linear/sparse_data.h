#pragma once

#include <cstdint>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/progress.h"
#include "skeleta/core/types.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/features.h"
#include "skeleta/sampling/count_splitter.h"
#include "skeleta/sampling/point_sampler.h"

namespace skeleta::linear {

/// The data set {x_t} of T independent points of a law, unless more is said x_j =
/// Bernoulli(p_j)·Uniform[0, 1], as a stream of blocks: a function of (law, seed, T) alone, never
/// in memory as a whole. Within a block the points are ordered by their number of active features,
/// and those without any are only counted: as a multiset each block has the law of independent
/// points.
class SparseData {
 public:
  /// Throws std::invalid_argument if density is empty or has an entry outside [0, 1], or T = 0.
  SparseData(const Vector& density, std::uint64_t samples, std::uint64_t seed);
  /// Of any law; of plain features as above, to the bit. Throws if features are not valid, or T =
  /// 0.
  SparseData(const Features& features, std::uint64_t samples, std::uint64_t seed);

  /// D.
  Index features() const { return law_.features(); }
  /// T.
  std::uint64_t samples() const { return samples_; }
  /// In how many blocks the points come.
  std::size_t blocks() const;

  /// Receives the points of a block, batch by batch; what is missing of its size is 0.
  using Receiver = FunctionRef<void(const sampling::SparseBatch&)>;
  /// Gives the points of block k < blocks() to `receive`, on this thread.
  void block(std::size_t k, Receiver receive) const;

  /// All points as the columns of a D × T matrix, block after block, those equal to 0 last in each.
  /// Throws std::invalid_argument beyond 1e9 entries (8 GB).
  Matrix matrix() const;

 private:
  std::uint64_t block_size(std::size_t k) const;

  std::uint64_t samples_, seed_, block_;
  ActiveCount law_;
  sampling::CountSplitter splitter_;
  sampling::PointSampler sampler_;
};

/// Σ = Σ_t x_t x_tᵀ, D × D, summed block by block: the bits don't depend on the number of threads.
/// Cost ∝ Σ_t N_t²/2, not D² a point; memory D² for each block in flight. `callback` may stop it;
/// then the result is empty.
Matrix second_moment(const SparseData& data, int threads = 0,
                     const ProgressCallback& callback = {});

}  // namespace skeleta::linear
