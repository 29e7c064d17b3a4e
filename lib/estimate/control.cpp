#include "estimate/control.h"

#include <memory>

namespace skeleta::estimate {
namespace {

struct Correction {
  Control control;
  std::vector<double> coefficients;

  void apply(const SparseBatch& batch, std::span<double> values) const {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const SparsePoint point = batch[i];
      const std::size_t l = point.count();
      if (l >= coefficients.size() || coefficients[l] == 0.0) continue;
      values[i] -= coefficients[l] * (control.value(point) - control.mean[l]);
    }
  }
};

}  // namespace

IntegrandFactory with_control(const IntegrandFactory& integrand, const Control& control,
                              std::vector<double> coefficients) {
  // Shared: a control may hold a table of D² numbers, and there is an integrand for each chunk.
  const auto correction =
      std::make_shared<const Correction>(Correction{control, std::move(coefficients)});
  return [integrand, correction]() -> BatchIntegrand {
    return [plain = integrand(), correction](const SparseBatch& batch, std::span<double> values) {
      plain(batch, values);
      correction->apply(batch, values);
    };
  };
}

}  // namespace skeleta::estimate
