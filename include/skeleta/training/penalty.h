#pragma once

#include "skeleta/core/types.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::training {

/// What an objective charges for weights, in the unit of the loss:
///   interference · Σ_{i≠j} ⟨w_i, w_j⟩² + decay · (‖W‖_F² + ‖W_out‖_F²),
/// w_i the columns of W.
struct Penalty {
  double interference = 0.0;  ///< ≥ 0.
  double decay = 0.0;         ///< ≥ 0.

  /// Does it charge anything?
  bool active() const { return interference > 0.0 || decay > 0.0; }
};

/// Throws std::invalid_argument if one is negative or not finite.
void validate(const Penalty& penalty);

/// The penalty of a model, whose gradient is added to that of its parameters (parameters.h). With
/// C = WWᵀ: Σ_{i≠j} ⟨w_i, w_j⟩² = ‖C‖_F² − Σ |w_i|⁴, gradient 4(CW − W diag |w_i|²)
/// (mathematics.md, Proposition 11.5). Cost 2 d²D.
double add_penalty(const Penalty& penalty, const Autoencoder& model, Vector& gradient);

/// Adds the penalty's Hessian at a model times a direction, both in the order of its parameters.
/// Cost 6 d²D.
void add_penalty_times(const Penalty& penalty, const Autoencoder& model, const Vector& direction,
                       Vector& product);

/// Adds the penalty's whole Hessian at a model, in the order of its parameters. Cost 2 d²D².
void add_penalty_hessian(const Penalty& penalty, const Autoencoder& model, Matrix& hessian);

}  // namespace skeleta::training
