#include "skeleta/estimate/skeleton_loss.h"

#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {

double loss_nanoseconds(const Autoencoder& model, const Features& features) {
  const auto count = static_cast<double>(model.features());
  const double active = 1.0 + features.density.sum();
  const bool gram = kernel_path(model, features) == KernelPath::gram;
  return 20.0 + (gram ? 0.2 * count * active
                      : 0.1 * static_cast<double>(model.hidden()) * (count + active));
}

IntegralBySkeleton skeleton_loss(const Autoencoder& model, const Features& features,
                                 const Options& options, const Known& known) {
  const KernelPath path = kernel_path(model, features);
  Known costed = known;
  costed.nanoseconds = loss_nanoseconds(model, features);
  return integrate(features, loss_integrand(model, features, path), options, costed);
}

}  // namespace skeleta::estimate
