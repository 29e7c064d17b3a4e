#include "skeleta/estimate/integrate.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/core/parallel.h"

namespace skeleta::estimate {
void validate(const Options& options) {
  const auto check = [](bool good, const char* name, auto value, const char* rule) {
    if (!good) throw std::invalid_argument(fmt::format("{} = {} must be {}", name, value, rule));
  };
  const auto tolerance = [](double t) { return t >= 0.0 && std::isfinite(t); };
  check(tolerance(options.relative_tolerance), "relative tolerance", options.relative_tolerance,
        "finite and not negative");
  check(tolerance(options.absolute_tolerance), "absolute tolerance", options.absolute_tolerance,
        "finite and not negative");
  check(options.samples > 0 || options.relative_tolerance > 0.0 || options.absolute_tolerance > 0.0,
        "relative tolerance", options.relative_tolerance,
        "positive if neither samples nor an absolute tolerance is given");
  check(options.confidence > 0.0 && options.confidence < 1.0, "confidence", options.confidence,
        "between 0 and 1");
  check(options.max_samples > 0, "max_samples", options.max_samples, "at least 1");
  check(static_cast<bool>(options.clock), "clock", "empty", "a function");
  check(options.max_seconds > 0.0, "max_seconds", options.max_seconds, "positive");
  check(options.checkpoint_seconds >= 0.0, "checkpoint_seconds", options.checkpoint_seconds,
        "not negative");
  check(options.replicates >= 2 && options.replicates <= 4096, "replicates", options.replicates,
        "between 2 and 4096");
  resolve_threads(options.threads);
}

SampledIntegrals integrate_all(const Features& features, const Integrand& integrand,
                               const Options& options, const Known& known) {
  return Plan(features, integrand, options, known).sample();
}

IntegralBySkeleton integrate(const Features& features, const Integrand& integrand,
                             const Options& options, const Known& known) {
  if (integrand.outputs() != 1) {
    throw std::invalid_argument(
        fmt::format("integrate is for one output, not {}: use integrate_all", integrand.outputs()));
  }
  return integrate_all(features, integrand, options, known).outputs.front();
}

}  // namespace skeleta::estimate
