#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "estimate/joint_moments.h"
#include "skeleta/core/function_ref.h"
#include "skeleta/estimate/integrand.h"
#include "skeleta/measure/sampling_state.h"
#include "skeleta/sampling/count_splitter.h"

namespace skeleta::estimate {

/// Draws the points first, …, first + count − 1 of a family on Q_l into a batch.
using Draw = std::function<void(Index l, const sampling::StreamKey& key, std::uint64_t first,
                                std::size_t count, SparseBatch& batch)>;

/// Makes one for each chunk of work, so that each has scratch memory of its own.
using DrawFactory = std::function<Draw()>;

/// Some skeletons in a row, sampled together: one skeleton in stratified sampling, all of them in
/// plain sampling. Its points come in chunks of a fixed size and perhaps an incomplete one at the
/// end, which is kept apart and drawn anew when more points are wanted. What a stratum holds is
/// therefore a function of its number of points, whichever way it came there.
class Stratum {
 public:
  /// `replicates`: 0 for independent points; else so many independent randomisations of one point
  /// set, on one skeleton.
  Stratum(const ActiveCount& law, CountRange range, std::size_t outputs,
          std::size_t replicates = 0);

  CountRange range() const { return splitter_.range(); }
  /// P(N ∈ range).
  double probability() const { return splitter_.probability(); }
  /// Has Q_l, l in the range, a positive probability?
  bool possible(Index l) const { return splitter_.possible(l); }
  /// True for a single skeleton.
  bool fixed() const { return splitter_.fixed(); }
  std::size_t outputs() const { return outputs_; }
  std::size_t replicates() const { return replicates_; }

  /// Points drawn in all, of these `non_finite` were left out.
  std::uint64_t points() const;
  std::uint64_t non_finite() const;

  /// Statistics of the independent values whose mean estimates E[f | N ∈ range]: the points, or the
  /// mean of each replicate.
  JointMoments values() const;
  /// Statistics of the points on Q_l, or of the means of replicates.
  JointMoments on_skeleton(Index l) const;
  /// Part of the variance of the whole mean: π² s²/n; infinite before the second value.
  double variance_of_mean(std::size_t output = 0) const;

  /// What the complete chunks gave.
  StratumState state(std::vector<double> coefficients) const;
  /// Continues from there. Returns false, and changes nothing, if it is of another stratum or
  /// another function.
  bool adopt(const StratumState& state, const std::vector<double>& coefficients,
             std::uint64_t chunk_size);

 private:
  friend class StrataLoop;

  std::size_t lanes() const { return chunks_.size(); }
  JointMoments cell(std::size_t k) const;

  sampling::CountSplitter splitter_;
  std::size_t outputs_, replicates_;
  std::vector<JointMoments> cells_, end_cells_;  // by skeleton, or by replicate
  // By replicate: complete chunks, and points of the incomplete one.
  std::vector<std::uint64_t> chunks_, end_points_, end_non_finite_;
  std::uint64_t chunk_size_ = 0, non_finite_ = 0;
};

/// The Monte Carlo loop of all methods: draws points on strata, evaluates an integrand in parallel
/// chunks, and merges their statistics in the order of the chunks, so that the result has the same
/// bits for any number of threads.
class StrataLoop {
 public:
  StrataLoop(DrawFactory draw, Integrand integrand, std::uint64_t seed, sampling::Purpose purpose,
             std::size_t chunk, int threads)
      : draw_(std::move(draw)),
        integrand_(std::move(integrand)),
        seed_(seed),
        purpose_(purpose),
        chunk_(chunk),
        threads_(threads) {}

  /// Brings strata[k] to points[k] points, of each replicate; never takes any away. `go_on` is
  /// asked now and then on the caller's thread; false stops the loop early, with all strata about
  /// equally complete. Returns whether it ran to the end.
  bool extend(std::span<Stratum> strata, std::span<const std::uint64_t> points,
              FunctionRef<bool()> go_on) const;

  std::uint64_t chunk_size() const { return chunk_; }

  /// The points of each replicate that a state stands for; the most of them, if they differ.
  std::uint64_t points_of(const StratumState& state) const;

 private:
  struct Piece;  // a chunk: some points of one stratum
  struct Need;

  std::vector<Need> needs(std::span<const Stratum> strata,
                          std::span<const std::uint64_t> points) const;
  bool extend_by_pieces(std::span<Stratum> strata, std::vector<Piece> pieces,
                        FunctionRef<bool()> go_on) const;
  void evaluate(const Stratum& stratum, const Piece& piece, std::span<double> result) const;
  void merge(Stratum& stratum, const Piece& piece, std::span<const double> result) const;

  DrawFactory draw_;
  Integrand integrand_;
  std::uint64_t seed_;
  sampling::Purpose purpose_;
  std::size_t chunk_;
  int threads_;
};

}  // namespace skeleta::estimate
