#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"

namespace skeleta {

/// What follows on the pre-activation z = Ax + ε − b of an output. The numbers are those in files.
enum class Activation : std::uint8_t {
  relu = 0,      ///< max(z, 0)
  identity = 1,  ///< z
  jumprelu = 2   ///< z where z > jump, else 0
};

/// Names of the enumeration, in its order.
constexpr auto names_of(Activation) {
  return std::to_array<std::string_view>({"relu", "identity", "jumprelu"});
}

/// The autoencoder x ↦ act(A x + W_out η − b) with D features and d hidden dimensions, A = W_out W,
/// η ~ N(0, noise²) in each hidden dimension. As it is unless more is said, the toy model
/// x ↦ ReLU(WᵀWx − b).
struct Autoencoder {
  Matrix W;  ///< d × D, the encoder: column j is the embedding of feature j.
  Vector b;  ///< D thresholds, *subtracted* before the ReLU (PyTorch code stores −b as its bias).
  Matrix W_out{};                            ///< D × d, the decoder; empty: tied, Wᵀ.
  Activation activation = Activation::relu;  ///< Of every output.
  Vector jump{};       ///< JumpReLU: D numbers ≥ 0, below which an output is 0; empty otherwise.
  double noise = 0.0;  ///< Standard deviation, ≥ 0, of the noise in each hidden dimension.

  /// D.
  Index features() const { return W.cols(); }
  /// d.
  Index hidden() const { return W.rows(); }
  /// Is the decoder the encoder's transpose?
  bool tied() const { return W_out.size() == 0; }
  /// Is it x ↦ ReLU(WᵀWx − b)?
  bool tied_relu() const { return tied() && activation == Activation::relu && noise == 0.0; }
};

/// Throws std::invalid_argument if W is empty, shapes disagree, an entry is not finite, or `jump`
/// or `noise` is negative or given where it has no meaning.
void validate(const Autoencoder& model);

/// Throws std::invalid_argument, "WHAT knows only …", unless the model is a tied ReLU.
void require_tied_relu(const Autoencoder& model, std::string_view what);

/// Columns [first, first + count) of the Gram matrix G = WᵀW, D × count. Cost d·D·count.
Matrix gram_columns(const Autoencoder& model, Index first, Index count);

/// The whole Gram matrix G = WᵀW, D × D. Cost d·D², memory D².
Matrix gram(const Autoencoder& model);

/// Rows [first, first + count) of A as columns, D × count: of a tied model gram_columns, to the
/// bit.
Matrix output_weights(const Autoencoder& model, Index first, Index count);

/// The variance of the noise in output i: noise² ‖row i of the decoder‖².
double output_noise(const Autoencoder& model, Index i);

/// x̂ = act(Ax − b) for a dense input x of D entries, by definition, without noise: the slow
/// reference.
Vector reconstruct(const Autoencoder& model, const Vector& x);

/// Σ_i v_i (x_i − x̂_i)² for a dense input x and importances v (D entries each), without noise: the
/// slow reference.
double pointwise_loss(const Autoencoder& model, const Vector& importance, const Vector& x);

}  // namespace skeleta
