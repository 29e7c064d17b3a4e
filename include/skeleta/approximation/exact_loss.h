#pragma once

#include "skeleta/exact/loss.h"
#include "skeleta/measure/integral_by_skeleton.h"

namespace skeleta::approximation {

/// Features up to which C_2 comes from its closed form as a matter of course: D³ operations take
/// less than 50 ms there.
constexpr Index few_features = 200;

/// An exact loss with its one-sparse summary.
struct ExactLoss {
  IntegralBySkeleton loss;  ///< The whole loss, with its bound, and the skeletons.
  OneSparse one_sparse;     ///< What Q0 and Q1 say of it.
};

/// exact::skeleton_loss, with C_0 and C_1, and for D ≤ few_features C_2, from the closed forms (the
/// first two also if they are not listed) and the rest as what is left of the value, but at least
/// C_2 and at most its rigorous bound. Under other laws and of other ReLU models, up to 23
/// features, what is below a thousand of the contour's errors among C_0 … C_2 is summed support by
/// support, so that it keeps its digits; some .01 s each. In debug builds the result is checked
/// against the rigorous bounds. Throws what exact::skeleton_loss throws.
ExactLoss exact_loss(const Autoencoder& model, const Features& features,
                     const exact::Options& options);

/// Roughly how many seconds of one core exact_loss takes at a relative error of 1e-8, with the
/// skeletons that it lists. Of what is not a ReLU model without noise on plain features only sums
/// over the patterns of constant values are foreseen; else it is infinite: it depends on the law.
double foreseen_exact_seconds(const Autoencoder& model, const Features& features);

/// How far a sampled value lies from the exact one, in standard errors, after its rigorous
/// error_bound and the exact one's have been taken off the distance; 0 if nothing is left.
double z_score(const IntegralBySkeleton& sampled, const exact::Loss& exact);

}  // namespace skeleta::approximation
