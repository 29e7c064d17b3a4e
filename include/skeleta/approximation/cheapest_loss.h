#pragma once

#include "skeleta/approximation/exact_loss.h"
#include "skeleta/approximation/sampled_loss.h"

namespace skeleta::approximation {

/// A loss by the way that is foreseen to be the cheapest, of all samplers and the contour
/// integrals.
struct CheapestLoss {
  bool exact = false;   ///< Is it exact_loss's?
  SampledLoss sampled;  ///< Otherwise this; with `foreseen` wherever pilots were run.
  ExactLoss integral;   ///< If so.
};

/// Takes exact_loss where it is foreseen to take less time on one core than the pilots of the
/// samplers (5 ms) or, these run, than the best of them, and reaches its target; else the
/// best of them. Exact losses are only considered where foreseen_exact_seconds says what they take,
/// and not where `sampling.samples` asks for so many points. `sampling.method` counts as automatic,
/// but where `sampling.resume` goes on: then that method is what exact_loss is compared with.
/// Throws what both throw, but for losses that are too large or small for contour integrals: they
/// are sampled.
CheapestLoss cheapest_loss(const Autoencoder& model, const Features& features,
                           const estimate::Options& sampling, const exact::Options& integrals,
                           estimate::Precision precision = estimate::Precision::float64,
                           const SampledCheckpoint& checkpoint = {});

}  // namespace skeleta::approximation
