#pragma once

#include <functional>

#include "skeleta/bounds/loss_tail.h"
#include "skeleta/estimate/skeleton_loss.h"

namespace skeleta::approximation {

/// A sampled loss with all that is known about it.
struct SampledLoss {
  IntegralBySkeleton loss;  ///< The whole loss, with its interval, and the skeletons.
  OneSparse one_sparse;     ///< What Q0 and Q1 say of it.
  estimate::KernelPath path = estimate::KernelPath::gram;  ///< How pre-activations were formed.
  estimate::Method method = estimate::Method::stratified;  ///< The one used.
  SamplingState state;                                     ///< To be continued from.
  /// Method `automatic`: what the pilots foresaw, the best first, and what exact::loss would take,
  /// in seconds on one core (a rough count of operations).
  std::vector<estimate::Foreseen> foreseen;
  double exact_seconds = 0.0;  ///< What exact::loss would take, likewise.
};

/// Receives a result so far.
using SampledCheckpoint = std::function<void(const SampledLoss&)>;

/// The loss of a model, sampled with the best help that closed forms and bounds can give.
///
/// Any model under any law: all methods but plain take Q0 and, without noise, Q1 from closed forms,
/// of models with the identity all skeletons; all methods bound what lies beyond the sampled ones
/// (lib/approximation/law_tail.h), and count what their samples will have missed, supports and
/// values that are rare, as a part of the standard error (lib/approximation/law_survey.h). There
/// are no control variates: what follows is for tied ReLU models without noise and independent
/// features with values uniform on [0, 1].
///
/// All methods but plain: Q0 and Q1 come from closed forms, and Q2 too where the closed form of all
/// D²/2 pairs of inputs for D outputs is foreseen to be cheaper than the samples it saves. Control
/// variates of known means take off the loss that each active feature has alone (β = 1) and, fitted
/// on the pilot, how crowded the input is, Σ x_j, Σ_{j<k} x_j x_k and Σ_{j<k} x_j² x_k², and how
/// the active features get along, Σ_{j<k} t_jk x_j x_k with the interaction t_jk of the pair where
/// there is a table of these, else with G_jk. Outputs whose error has a part that the samples would
/// hardly ever meet (they fire in a corner of the cube, on a few supports, or for a rare feature;
/// lib/approximation/firing_survey.h) are not sampled: their loss comes from contour integrals
/// where these take less than two seconds, or is bounded and added to the interval. Plain sampling
/// bounds it, or draws the points that meet it. All methods bound what lies beyond the sampled
/// skeletons by bounds::LossTail. In debug builds every result is checked against those bounds
/// (std::logic_error if one is broken). `checkpoint`, if it is given, takes the place of
/// options.checkpoint. Throws what estimate::integrate_all throws.
SampledLoss sampled_loss(const Autoencoder& model, const Features& features,
                         const estimate::Options& options,
                         estimate::Precision precision = estimate::Precision::float64,
                         const SampledCheckpoint& checkpoint = {});

/// The one-sparse summary of a loss, sampled or exact; `rest_bound` bounds Σ_{l≥2} C_l.
OneSparse one_sparse(const IntegralBySkeleton& loss, const Features& features, double rest_bound);

/// Throws std::logic_error if for any l the part of `loss` on Q_l and beyond exceeds its rigorous
/// bound by more than six standard errors: then the code, not the luck of the draw, is wrong.
void check_against_bounds(const IntegralBySkeleton& loss, const bounds::LossTail& tail);

}  // namespace skeleta::approximation
