#pragma once

#include <string>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/exact/hessian.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "skeleta/training/landscape.h"
#include "skeleta/training/penalty.h"
#include "skeleta/training/train.h"

namespace skeleta::training {

/// Of which objective, and what counts as 0.
struct SpectrumOptions {
  ObjectiveKind objective = ObjectiveKind::exact;  ///< exact, one_sparse or k_sparse.
  Index k = 2;                                     ///< Of k_sparse, at most 5.
  Penalty penalty;                                 ///< Added to the objective.
  double zero = 1e-7;  ///< Eigenvalues up to this times the largest |eigenvalue| are 0.
  /// The gradient vanishes if its norm is at most this times the objective of the zero model.
  double slope = 1e-4;
  double kink = 1e-5;  ///< Tolerance of exact::kinks.
  int threads = 1;     ///< 0: all cores.
};

/// The eigenvalues of a Hessian and what they say.
struct Spectrum {
  double value = 0.0;          ///< The objective.
  double gradient_norm = 0.0;  ///< ‖∇‖₂ of it.
  Vector eigenvalues;          ///< Increasing.
  double error = 0.0;          ///< Estimate of how far each may be off.
  /// Eigenvalues up to this size count as 0: the larger of SpectrumOptions::zero, ten times the
  /// error, and what a gradient that does not quite vanish makes of the rotations.
  double zero = 0.0;
  Index rank = 0;             ///< Eigenvalues that do not count as 0,
  Index negative = 0;         ///< those below: the Morse index,
  Index zeros = 0;            ///< and all others, of which
  Index orbit_dimension = 0;  ///< so many are W → QW, Q orthogonal (untied: (MW, W_out M⁻¹)),
  /// so many are of single features whose outputs never fire or count for nothing,
  Index dropped = 0;
  Index unexplained = 0;         ///< and so many have no known reason.
  double condition = 0.0;        ///< Largest over smallest of |eigenvalues| that are not 0.
  double log_determinant = 0.0;  ///< Σ log λ of the positive ones.
  /// Half the rank, where the minima are a manifold of the flat directions' dimension (minimally
  /// singular: Watanabe's λ, real log canonical threshold; mathematics.md, Proposition 10.5); NaN
  /// elsewhere.
  double learning_coefficient = 0.0;
  Landscape landscape = Landscape::minimum;  ///< What it is.
  std::string reason;                        ///< Why there is no learning coefficient; "" if one.
  std::vector<exact::Kink> kinks;            ///< Outputs at which there are no second derivatives.
  Vector downhill;  ///< Unit eigenvector of the smallest eigenvalue, if it is negative.
};

/// The spectrum of an objective at a model, in the order of its parameters (parameters.h). Cost:
/// exact::hessian and n³. Throws std::invalid_argument as exact::hessian does, or for another
/// objective.
Spectrum spectrum(const Autoencoder& model, const Features& features,
                  const SpectrumOptions& options = {});

/// The largest n with n·Δloss = Δcoefficient · log n + constant, at which two minima have the same
/// free energy F = n L + λ log n + c (Watanabe): Δloss = L_b − L_a > 0 of the worse minimum b,
/// Δcoefficient = λ_a − λ_b of what the better one costs more, constant = c_a − c_b. Beyond it the
/// better minimum is preferred. 1 if it always is; NaN if an argument is, or Δloss ≤ 0.
/// mathematics.md, Proposition 10.6.
double free_energy_crossing(double loss_difference, double coefficient_difference,
                            double constant = 0.0);

}  // namespace skeleta::training
