#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/estimate/integrand.h"
#include "skeleta/estimate/moments.h"
#include "skeleta/sampling/point_sampler.h"

namespace skeleta::estimate {

/// Some skeletons in a row, sampled together: one skeleton in stratified sampling, all of them in
/// plain sampling.
class Stratum {
 public:
  Stratum(const ActiveCount& law, CountRange range)
      : counts(law, range), by_count(static_cast<std::size_t>(counts.range().size())) {}

  /// Statistics over all skeletons of the stratum.
  Moments pooled() const;
  /// Part of the variance of the whole mean: π² s²/n; infinite before the second point.
  double variance_of_mean() const;

  sampling::CountSampler counts;
  std::vector<Moments> by_count;  ///< One for each skeleton of the range.
  std::uint64_t points = 0;       ///< Drawn so far, of these `non_finite` were left out.
  std::uint64_t non_finite = 0;
};

/// The one Monte Carlo loop: draws points on strata, evaluates an integrand in parallel chunks, and
/// merges their statistics in the order of the chunks, so that the result has the same bits for any
/// number of threads.
class StrataLoop {
 public:
  /// `most`: largest number of active features of any stratum. `chunk`: points a chunk.
  StrataLoop(const Features& features, Index most, IntegrandFactory integrand, std::uint64_t seed,
             sampling::Purpose purpose, std::size_t chunk, int threads);

  /// Draws extra[k] further points of strata[k]. `go_on` is asked after each chunk on the caller's
  /// thread; false stops the loop early, with all strata about equally complete.
  /// Returns whether it ran to the end.
  bool extend(std::span<Stratum> strata, std::span<const std::uint64_t> extra,
              FunctionRef<bool()> go_on) const;

 private:
  struct Piece;  // what a chunk is: some points of one stratum

  void evaluate(const Stratum& stratum, const Piece& piece, std::span<double> result) const;

  sampling::PointSampler points_;
  IntegrandFactory integrand_;
  std::uint64_t seed_;
  sampling::Purpose purpose_;
  std::size_t chunk_;
  int threads_;
};

}  // namespace skeleta::estimate
