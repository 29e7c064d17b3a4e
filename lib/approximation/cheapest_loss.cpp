#include "skeleta/approximation/cheapest_loss.h"

namespace skeleta::approximation {
namespace {

// Thrown out of the sampler's announcement, before its first round: the pilots are done with.
struct ExactIsCheaper {
  estimate::Foreseen sampling;
};

}  // namespace

CheapestLoss cheapest_loss(const Autoencoder& model, const Features& features,
                           const estimate::Options& sampling, const exact::Options& integrals,
                           estimate::Precision precision, const SampledCheckpoint& checkpoint) {
  const double exact_seconds = foreseen_exact_seconds(model, features);
  CheapestLoss result;
  estimate::Options options = sampling;
  options.method = estimate::Method::automatic;
  if (sampling.samples == 0) {
    options.announce = [&](const estimate::Foreseen& foreseen) {
      if (exact_seconds < foreseen.seconds) throw ExactIsCheaper{foreseen};
      if (sampling.announce) sampling.announce(foreseen);
    };
    try {
      result.sampled = sampled_loss(model, features, options, precision, checkpoint);
      return result;
    } catch (const ExactIsCheaper& cheaper) {
      result.sampled.foreseen = {cheaper.sampling};
      result.sampled.exact_seconds = exact_seconds;
    }
    exact::Options quietly = integrals;
    quietly.refuse_unreachable = false;
    result.integral = exact_loss(model, features, quietly);
    result.exact = result.integral.loss.stop_reason == StopReason::exact;
    if (result.exact) return result;
    options.announce = sampling.announce;
  }
  result.sampled = sampled_loss(model, features, options, precision, checkpoint);
  return result;
}

}  // namespace skeleta::approximation
