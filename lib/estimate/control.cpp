#include "estimate/control.h"

namespace skeleta::estimate {

IntegrandFactory with_control(const IntegrandFactory& integrand, const Control& control,
                              std::vector<double> coefficients) {
  const auto corrected = [control, coefficients = std::move(coefficients)](
                             const BatchIntegrand& plain, const SparseBatch& batch,
                             std::span<double> values) {
    plain(batch, values);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const SparsePoint point = batch[i];
      const std::size_t l = point.count();
      if (l >= coefficients.size() || coefficients[l] == 0.0) continue;
      values[i] -= coefficients[l] * (control.value(point) - control.mean[l]);
    }
  };
  return [integrand, corrected]() -> BatchIntegrand {
    return [plain = integrand(), &corrected](const SparseBatch& batch, std::span<double> values) {
      corrected(plain, batch, values);
    };
  };
}

}  // namespace skeleta::estimate
