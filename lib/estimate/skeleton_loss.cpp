#include "skeleta/estimate/skeleton_loss.h"

#include <algorithm>

namespace skeleta::estimate {
namespace {

// A chunk should take about a millisecond, so that progress and Ctrl-C come through at any size.
Options with_chunk(Options options, const ReluAutoencoder& model, const Features& features) {
  const auto count = static_cast<double>(model.features());
  const double active = 1.0 + features.density.sum();
  const bool gram = kernel_path(model, features) == KernelPath::gram;
  const double operations =
      gram ? count * active : static_cast<double>(model.hidden()) * (count + active);
  constexpr double per_chunk = 4e6;
  while (options.chunk > 64 && static_cast<double>(options.chunk) * operations > per_chunk) {
    options.chunk /= 2;
  }
  return options;
}

}  // namespace

IntegralBySkeleton skeleton_loss(const ReluAutoencoder& model, const Features& features,
                                 const Options& options, const Known& known) {
  return integrate(features, loss_integrand(model, features, kernel_path(model, features)),
                   with_chunk(options, model, features), known);
}

std::vector<PlannedStratum> plan_skeleton_loss(const ReluAutoencoder& model,
                                               const Features& features, const Options& options,
                                               const Known& known) {
  return plan(features, loss_integrand(model, features, kernel_path(model, features)),
              with_chunk(options, model, features), known);
}

}  // namespace skeleta::estimate
