#include "skeleta/estimate/loss_kernel.h"

#include <algorithm>

#include "estimate/loops.h"

namespace skeleta::estimate {
namespace {

bool never_negative(const Features& features) {
  return features.plain() || std::ranges::all_of(features.law->values, &ValueLaw::non_negative);
}

// The first two kernels are for ReLU models without noise; that of gram leaves out active rows by
// x·(−∞).
template <class Real>
Integrand kernel(const LossLoops<Real>& loops, const Autoencoder& model, const Features& features,
                 KernelPath path) {
  const bool plain_relu = model.activation == Activation::relu && model.noise == 0.0;
  const Vector scale = features.importance.cwiseSqrt();
  if (plain_relu && path == KernelPath::hidden) return loops.hidden(model, scale);
  if (plain_relu && never_negative(features)) return loops.gram(model, scale);
  return loops.general(model, features.importance, path);
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
  return precision == Precision::float32 ? kernel(loops().float32, model, features, path)
                                         : kernel(loops().float64, model, features, path);
}

}  // namespace skeleta::estimate
