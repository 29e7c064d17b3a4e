#include "estimate/control.h"

#include <memory>

namespace skeleta::estimate {
namespace {

// c(x) − μ_l; 0 on skeletons for which no mean is known.
double deviation(const Control& control, const SparsePoint& point) {
  const std::size_t l = point.count();
  return l < control.mean.size() ? control.value(point) - control.mean[l] : 0.0;
}

}  // namespace

Integrand minus_controls(const Integrand& integrand, const std::vector<Control>& controls,
                         const Coefficients& coefficients) {
  if (controls.empty()) return integrand;
  // Shared: a control may hold a table of D² numbers, and there is an integrand for each chunk.
  const auto shared = std::make_shared<const std::vector<Control>>(controls);
  return Integrand::of_batches(1, [integrand, shared, coefficients]() -> BatchIntegrand {
    return [plain = integrand(), shared, coefficients](const SparseBatch& batch,
                                                       std::span<double> values) {
      plain(batch, values);
      if (batch.active_count() >= coefficients.size()) return;
      const std::vector<double>& beta = coefficients[batch.active_count()];
      for (std::size_t c = 0; c < shared->size(); ++c) {
        if (beta[c] == 0.0) continue;
        for (std::size_t i = 0; i < batch.size(); ++i) {
          values[i] -= beta[c] * deviation((*shared)[c], batch[i]);
        }
      }
    };
  });
}

Integrand with_controls(const Integrand& integrand, const std::vector<Control>& controls) {
  const auto shared = std::make_shared<const std::vector<Control>>(controls);
  std::size_t outputs = 2;
  for (const Control& control : controls) outputs += control.coefficient ? 0 : 1;
  return Integrand::of_batches(outputs, [integrand, shared, outputs]() -> BatchIntegrand {
    return [plain = integrand(), shared, outputs, f = std::vector<double>()](
               const SparseBatch& batch, std::span<double> values) mutable {
      f.resize(batch.size());
      plain(batch, f);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        double* const row = values.data() + i * outputs;
        row[0] = row[outputs - 1] = f[i];
        std::size_t free = 1;
        for (const Control& control : *shared) {
          const double c = deviation(control, batch[i]);
          if (control.coefficient) {
            row[0] -= *control.coefficient * c;
          } else {
            row[free++] = c;
          }
        }
      }
    };
  });
}

}  // namespace skeleta::estimate
