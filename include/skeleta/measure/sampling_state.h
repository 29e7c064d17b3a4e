#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta {

/// How far sampling is on some skeletons that are sampled together: what complete chunks gave, and
/// which function was sampled. Exact, so that whoever continues from here ends with the same bits.
struct StratumState {
  Index first = 0;                    ///< The first skeleton.
  Index last = 0;                     ///< The last one.
  std::vector<std::uint64_t> chunks;  ///< Complete ones, of each replicate.
  std::vector<std::uint64_t> end;     ///< Points of the incomplete chunk after them, drawn anew.
  std::uint64_t non_finite = 0;       ///< Points that were left out.
  std::vector<double> coefficients;   ///< Of the controls that were subtracted; more that tells f.
  std::vector<double> moments;        ///< Flat statistics, of each skeleton or replicate.
  /// The same numbers.
  bool operator==(const StratumState&) const = default;
};

/// A checkpoint of sampling.
struct SamplingState {
  double planned = 0.0;              ///< Points in all that the present round is going for.
  std::vector<StratumState> strata;  ///< By their first skeleton.
  /// The same numbers.
  bool operator==(const SamplingState&) const = default;
};

}  // namespace skeleta
