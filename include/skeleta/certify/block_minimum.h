#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/certify/certified_minimum.h"

namespace skeleta::certify {

/// Bounds of the infimum of the loss over the models each of whose columns has at most one non-zero
/// entry.
struct BlockMinimum {
  double lower = 0.0;                      ///< No such model has less.
  double upper = 0.0;                      ///< The loss of `model`, its rounding error included.
  Autoencoder model;                       ///< d × D.
  std::vector<std::vector<Index>> blocks;  ///< Its features by hidden dimension.
  /// Every other way to split the features over the dimensions has a larger infimum, but for
  /// exchanges of features of equal density and importance.
  bool split_proven = false;
  std::uint64_t boxes = 0;                     ///< Of all blocks.
  CertifyStop stop_reason = CertifyStop::gap;  ///< gap, if all blocks reached it; else the worst.
};

/// Certifies it, for at most four features (mathematics.md, Proposition 6.5).
///
/// A column with one non-zero entry belongs to one hidden dimension (one without, to any). Entries
/// of G between different dimensions are 0, so that the loss is a sum over the dimensions, each of
/// its own features in one dimension: the infimum is the least sum, over all ways to split the
/// features, of the minima that certify_minimum bounds. No dimension needs to be empty: a block B
/// that gives a feature i away loses no more, as min L_{B∖i} ≤ min L_B (given x_i, feature i only
/// moves the thresholds of the others), and i alone loses nothing (w_i = 1, b_i = 0).
///
/// Blocks of the same features are proven once; a block of two takes .02 s, of three some seconds,
/// of four (one dimension) minutes. `options.skeletons` must be absent: losses on few active
/// features are no such sums. `callback` hears of each block by itself.
///
/// Throws std::invalid_argument as certify_minimum, and if there are more than four features or
/// options.skeletons is given; Interrupted if the callback says stop.
BlockMinimum certify_blocks(const Features& features, Index hidden,
                            const CertifyOptions& options = {},
                            const CertifyCallback& callback = {});

}  // namespace skeleta::certify
