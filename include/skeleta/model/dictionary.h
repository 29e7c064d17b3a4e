#pragma once

#include "skeleta/core/types.h"

namespace skeleta {

/// A large autoencoder as dictionaries are kept, in single precision: a feature x_j that is active
/// writes x_j w_j, and output i reads z_i = ⟨o_i, Σ_j x_j w_j⟩; it is z_i − b_i where z_i − b_i >
/// jump_i, and 0 elsewhere. Of a sparse autoencoder w_j is row j of its decoder, o_i row i of its
/// encoder.
struct Dictionary {
  FloatMatrix W;        ///< d × D, column j is w_j.
  FloatMatrix W_out{};  ///< d × D, column i is o_i; empty: tied, o_i = w_i.
  Vector b;             ///< D thresholds, *subtracted* (a bias added by other code is −b).
  Vector jump{};        ///< D numbers ≥ 0 of a JumpReLU; empty: ReLU.

  /// D.
  Index features() const { return W.cols(); }
  /// d.
  Index hidden() const { return W.rows(); }
  /// Is each output read along its feature's own direction?
  bool tied() const { return W_out.size() == 0; }
  /// The o_i, column by column.
  const FloatMatrix& readers() const { return tied() ? W : W_out; }
};

/// Throws std::invalid_argument if W is empty, shapes disagree, an entry is not finite or a jump is
/// negative.
void validate(const Dictionary& dictionary);

}  // namespace skeleta
