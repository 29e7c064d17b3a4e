#include "skeleta/approximation/cheapest_loss.h"

namespace skeleta::approximation {
namespace {

// What the pilots of the samplers take with their surveys: exact losses that take less are cheaper
// than to ask.
constexpr double pilot_seconds = 5e-3;

// Thrown out of the sampler's announcement, before its first round: the pilots are done with.
struct ExactIsCheaper {
  estimate::Foreseen sampling;
};

}  // namespace

CheapestLoss cheapest_loss(const Autoencoder& model, const Features& features,
                           const estimate::Options& sampling, const exact::Options& integrals,
                           estimate::Precision precision, const SampledCheckpoint& checkpoint) {
  CheapestLoss result;
  estimate::Options options = sampling;
  if (!sampling.resume) options.method = estimate::Method::automatic;
  const auto sample = [&] {
    result.sampled = sampled_loss(model, features, options, precision, checkpoint);
    return result;
  };
  const auto integrate = [&] {
    exact::Options quietly = integrals;
    quietly.refuse_unreachable = false;
    result.integral = exact_loss(model, features, quietly);
    result.exact = result.integral.loss.stop_reason == StopReason::exact;
    return result.exact;
  };
  if (sampling.samples > 0) return sample();
  const double exact_seconds = foreseen_exact_seconds(model, features);
  if (exact_seconds < pilot_seconds) {
    if (integrate()) return result;
    return sample();
  }
  options.announce = [&](const estimate::Foreseen& foreseen) {
    if (exact_seconds < foreseen.seconds) throw ExactIsCheaper{foreseen};
    if (sampling.announce) sampling.announce(foreseen);
  };
  try {
    return sample();
  } catch (const ExactIsCheaper& cheaper) {
    result.sampled.foreseen = {cheaper.sampling};
    result.sampled.exact_seconds = exact_seconds;
  }
  if (integrate()) return result;
  options.announce = sampling.announce;
  return sample();
}

}  // namespace skeleta::approximation
