#include "estimate/control.h"

#include <algorithm>
#include <memory>

namespace skeleta::estimate {
namespace {

// The controls of one chunk of work, with memory for their values at a batch.
class Batched {
 public:
  explicit Batched(const Controls& controls)
      : value_(controls.value()), outputs_(controls.value.outputs()) {}

  // c(x): a row for each point, a column for each control.
  std::span<const double> operator()(const SparseBatch& batch) {
    values_.resize(batch.size() * outputs_);
    value_(batch, values_);
    return values_;
  }

 private:
  BatchIntegrand value_;
  std::size_t outputs_;
  std::vector<double> values_;
};

}  // namespace

Integrand minus_controls(const Integrand& integrand, const Controls& controls,
                         const Coefficients& coefficients) {
  // Shared: controls may hold a table of D² numbers, and there is an integrand for each chunk.
  const auto shared = std::make_shared<const Controls>(controls);
  const auto betas = std::make_shared<const Coefficients>(coefficients);
  return Integrand::of_batches(
      1,
      [integrand, shared, betas]() -> BatchIntegrand {
        return [plain = integrand(), shared, betas, batched = Batched(*shared)](
                   const SparseBatch& batch, std::span<double> values) mutable {
          plain(batch, values);
          const std::size_t l = batch.active_count();
          if (l >= betas->size()) return;
          const std::vector<double>& beta = (*betas)[l];
          const std::size_t count = beta.size();
          if (std::count(beta.begin(), beta.end(), 0.0) == static_cast<std::ptrdiff_t>(count))
            return;
          double mean = 0.0;
          for (std::size_t k = 0; k < count; ++k) {
            mean += beta[k] * shared->mean(static_cast<Index>(l), static_cast<Index>(k));
          }
          const double* c = batched(batch).data();
          for (std::size_t i = 0; i < batch.size(); ++i, c += count) {
            double sum = 0.0;
            for (std::size_t k = 0; k < count; ++k) sum += beta[k] * c[k];
            values[i] -= sum - mean;
          }
        };
      },
      integrand.most_points());
}

Integrand with_controls(const Integrand& integrand, const Controls& controls) {
  const auto shared = std::make_shared<const Controls>(controls);
  const auto free = static_cast<std::size_t>(
      std::count(controls.coefficient.begin(), controls.coefficient.end(), std::nullopt));
  const std::size_t outputs = 2 + free;
  return Integrand::of_batches(
      outputs,
      [integrand, shared, outputs]() -> BatchIntegrand {
        return [plain = integrand(), shared, outputs, batched = Batched(*shared),
                f = std::vector<double>()](const SparseBatch& batch,
                                           std::span<double> values) mutable {
          f.resize(batch.size());
          plain(batch, f);
          const auto l = static_cast<Index>(batch.active_count());
          const bool known_means = l < shared->mean.rows();
          const double* c = known_means ? batched(batch).data() : nullptr;
          for (std::size_t i = 0; i < batch.size(); ++i) {
            double* const row = values.data() + i * outputs;
            std::fill_n(row, outputs, 0.0);
            row[0] = row[outputs - 1] = f[i];
            if (!known_means) continue;
            double* free_value = row + 1;
            for (Index k = 0; k < shared->mean.cols(); ++k, ++c) {
              const double deviation = *c - shared->mean(l, k);
              const std::optional<double>& given = shared->coefficient[static_cast<std::size_t>(k)];
              if (given) {
                row[0] -= *given * deviation;
              } else {
                *free_value++ = deviation;
              }
            }
          }
        };
      },
      integrand.most_points());
}

}  // namespace skeleta::estimate
