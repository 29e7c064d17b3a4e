#pragma once

#include <cstdint>
#include <span>

#include "sampling/ranked_order.h"
#include "skeleta/core/types.h"

namespace skeleta::sampling {

/// Chooses a support, all of its size being equally likely, feature by feature, so that supports
/// are ranked without being listed: number u_k picks among the features not yet chosen, in the
/// order of what each adds to Σ_{i,j∈A} G_ij, namely G_ff + 2 Σ_{j chosen} G_jf. A smooth function
/// of the sums of G over a support is then one of (u_1, …, u_l).
class RankedChoice {
 public:
  /// `table`: the symmetric D × D table G, its entries finite; D²·4 bytes are kept.
  explicit RankedChoice(const Matrix& table);

  /// Memory of one caller.
  using Scratch = RankedScratch;

  /// words[k]·2⁻⁶⁴ picks feature k, each with a probability off by less than 2⁻⁶⁴. Some D
  /// operations a feature, vectorised.
  void choose(std::span<const std::uint64_t> words, std::span<std::int32_t> active,
              Scratch& scratch) const;

 private:
  RankedOrder order_;
};

}  // namespace skeleta::sampling
