#include "skeleta/estimate/loss_kernel.h"

#include "estimate/loops.h"

namespace skeleta::estimate {
namespace {

template <class Real>
Integrand kernel(const LossLoops<Real>& loops, const Autoencoder& model, const Vector& scale,
                 KernelPath path) {
  return path == KernelPath::gram ? loops.gram(model, scale) : loops.hidden(model, scale);
}

}  // namespace

KernelPath kernel_path(const Autoencoder& model, const Features& features) {
  constexpr Index most = 2000;
  constexpr double faster = 4.0;  // operations of a blocked matrix product per one of a column sum
  const auto count = static_cast<double>(model.features());
  const double active = features.density.sum();
  const double through_hidden = static_cast<double>(model.hidden()) * (count + active) / faster;
  const bool gram =
      model.features() <= most && count * (1.0 + active) < 16.0 * count + through_hidden;
  return gram ? KernelPath::gram : KernelPath::hidden;
}

Integrand loss_integrand(const Autoencoder& model, const Features& features, KernelPath path,
                         Precision precision) {
  validate(model);
  validate(features, model.features());
  require_tied_relu(model, "the sampled loss");
  const Vector scale = features.importance.cwiseSqrt();
  return precision == Precision::float32 ? kernel(loops().float32, model, scale, path)
                                         : kernel(loops().float64, model, scale, path);
}

}  // namespace skeleta::estimate
