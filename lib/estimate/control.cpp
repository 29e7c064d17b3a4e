#include "estimate/control.h"

#include <algorithm>
#include <memory>

namespace skeleta::estimate {
namespace {

// The controls of one chunk of work, with memory for their values at a batch.
class Batched {
 public:
  explicit Batched(const std::vector<Control>& controls) {
    for (const Control& control : controls) functions_.push_back(control.value());
  }

  // c(x) − μ_l at each point; 0 on skeletons for which no mean is known.
  std::span<const double> deviations(const std::vector<Control>& controls, std::size_t c,
                                     const SparseBatch& batch) {
    const std::vector<double>& mean = controls[c].mean;
    values_.resize(batch.size());
    if (batch.active_count() >= mean.size()) {
      std::fill(values_.begin(), values_.end(), 0.0);
      return values_;
    }
    functions_[c](batch, values_);
    for (double& value : values_) value -= mean[batch.active_count()];
    return values_;
  }

 private:
  std::vector<BatchIntegrand> functions_;
  std::vector<double> values_;
};

}  // namespace

Integrand minus_controls(const Integrand& integrand, const std::vector<Control>& controls,
                         const Coefficients& coefficients) {
  if (controls.empty()) return integrand;
  // Shared: a control may hold a table of D² numbers, and there is an integrand for each chunk.
  const auto shared = std::make_shared<const std::vector<Control>>(controls);
  const auto betas = std::make_shared<const Coefficients>(coefficients);
  return Integrand::of_batches(1, [integrand, shared, betas]() -> BatchIntegrand {
    return [plain = integrand(), shared, betas, batched = Batched(*shared)](
               const SparseBatch& batch, std::span<double> values) mutable {
      plain(batch, values);
      if (batch.active_count() >= betas->size()) return;
      const std::vector<double>& beta = (*betas)[batch.active_count()];
      for (std::size_t c = 0; c < shared->size(); ++c) {
        if (beta[c] == 0.0) continue;
        const std::span<const double> deviation = batched.deviations(*shared, c, batch);
        for (std::size_t i = 0; i < batch.size(); ++i) values[i] -= beta[c] * deviation[i];
      }
    };
  });
}

Integrand with_controls(const Integrand& integrand, const std::vector<Control>& controls) {
  const auto shared = std::make_shared<const std::vector<Control>>(controls);
  std::size_t outputs = 2;
  for (const Control& control : controls) outputs += control.coefficient ? 0 : 1;
  return Integrand::of_batches(outputs, [integrand, shared, outputs]() -> BatchIntegrand {
    return [plain = integrand(), shared, outputs, batched = Batched(*shared),
            f = std::vector<double>()](const SparseBatch& batch, std::span<double> values) mutable {
      f.resize(batch.size());
      plain(batch, f);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        values[i * outputs] = values[(i + 1) * outputs - 1] = f[i];
      }
      std::size_t free = 1;
      for (std::size_t c = 0; c < shared->size(); ++c) {
        const std::span<const double> deviation = batched.deviations(*shared, c, batch);
        const std::optional<double>& known = (*shared)[c].coefficient;
        for (std::size_t i = 0; i < batch.size(); ++i) {
          double* const row = values.data() + i * outputs;
          if (known) {
            row[0] -= *known * deviation[i];
          } else {
            row[free] = deviation[i];
          }
        }
        if (!known) ++free;
      }
    };
  });
}

}  // namespace skeleta::estimate
