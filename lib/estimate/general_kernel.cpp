#include "estimate/general_kernel.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include "estimate/kernel_matrices.h"

namespace skeleta::estimate {
namespace {

// The outputs' errors E (x − act(z + ε))², ε normal of the output's deviation.

template <class Real>
struct Linear {
  RealVector<Real> variance;

  Real operator()(Index i, Real x, Real z) const { return (x - z) * (x - z) + variance[i]; }
};

// y = z where z > θ, else 0; θ = 0 is the ReLU.
template <class Real>
struct Jump {
  RealVector<Real> jump;

  Real operator()(Index i, Real x, Real z) const {
    const Real error = z > jump[i] ? x - z : x;
    return error * error;
  }
};

// With t = (z − θ)/s, E[(z + ε − x)²; z + ε > θ] = ((z − x)² + s²) Φ(t) + s (z + θ − 2x) φ(t), and
// x² with probability Φ(−t).
template <class Real>
struct NoisyJump {
  Jump<Real> sharp;
  RealVector<Real> deviation;

  Real operator()(Index i, Real x, Real z) const {
    const Real s = deviation[i], threshold = sharp.jump[i];
    if (s == 0) return sharp(i, x, z);
    const Real t = (z - threshold) / s;
    const Real far = std::erfc(std::abs(t) / std::numbers::sqrt2_v<Real>) / 2;
    const Real off = t > 0 ? far : 1 - far, on = t > 0 ? 1 - far : far;
    const Real bell =
        std::exp(-t * t / 2) * std::numbers::inv_sqrtpi_v<Real> / std::numbers::sqrt2_v<Real>;
    return ((z - x) * (z - x) + s * s) * on + s * (z + threshold - 2 * x) * bell + x * x * off;
  }
};

// What all threads share.
template <class Real, class Error>
struct Table {
  RealMatrix<Real> encoder;  // W; empty: columns of A are taken
  RealMatrix<Real> outputs;  // A, or the decoder's rows as columns
  RealVector<Real> thresholds, importance;
  Error error;
};

template <class Real, class Error>
class GeneralKernel {
 public:
  explicit GeneralKernel(std::shared_ptr<const Table<Real, Error>> table)
      : table_(std::move(table)) {}

  void operator()(const SparseBatch& batch, std::span<double> values) {
    const auto count = static_cast<Index>(batch.size());
    if (through_hidden()) add_columns(table_->encoder, 0, table_->encoder.rows(), batch, hidden_);
    sums_.setZero(count);
    constexpr Index block = 128;
    for (Index first = 0; first < table_->thresholds.size(); first += block) {
      const Index rows = std::min(block, table_->thresholds.size() - first);
      if (through_hidden()) {
        z_.noalias() = table_->outputs.middleCols(first, rows).transpose() * hidden_;
      } else {
        add_columns(table_->outputs, first, rows, batch, z_);
      }
      z_.colwise() -= table_->thresholds.segment(first, rows);
      take_inputs(batch, first, rows);
      add_errors(first);
    }
    std::copy(sums_.begin(), sums_.end(), values.begin());
  }

 private:
  bool through_hidden() const { return table_->encoder.size() > 0; }

  // Σ_k x_k times column j_k, some rows of it, for each point.
  static void add_columns(const RealMatrix<Real>& matrix, Index first, Index rows,
                          const SparseBatch& batch, RealMatrix<Real>& sums) {
    sums.setZero(rows, static_cast<Index>(batch.size()));
    for (std::size_t s = 0; s < batch.size(); ++s) {
      const SparsePoint point = batch[s];
      for (std::size_t k = 0; k < point.count(); ++k) {
        sums.col(static_cast<Index>(s)) +=
            static_cast<Real>(point.value[k]) * matrix.col(point.active[k]).segment(first, rows);
      }
    }
  }

  void take_inputs(const SparseBatch& batch, Index first, Index rows) {
    x_.setZero(rows, z_.cols());
    for (std::size_t s = 0; s < batch.size(); ++s) {
      const SparsePoint point = batch[s];
      for (std::size_t k = 0; k < point.count(); ++k) {
        const Index row = point.active[k] - first;
        if (row < 0 || row >= rows) continue;
        x_(row, static_cast<Index>(s)) = static_cast<Real>(point.value[k]);
      }
    }
  }

  void add_errors(Index first) {
    const Real* const importance = table_->importance.data() + first;
    for (Index s = 0; s < z_.cols(); ++s) {
      const Real *const x = x_.col(s).data(), *const z = z_.col(s).data();
      Real sum = 0;
#pragma omp simd reduction(+ : sum)
      for (Index i = 0; i < z_.rows(); ++i) {
        sum += importance[i] * table_->error(first + i, x[i], z[i]);
      }
      sums_(s) += sum;
    }
  }

  std::shared_ptr<const Table<Real, Error>> table_;
  RealMatrix<Real> hidden_, z_, x_;
  RealVector<Real> sums_;
};

template <class Real, class Error>
Integrand integrand_of(const Autoencoder& model, const Vector& importance, KernelPath path,
                       Error error) {
  auto table = std::make_shared<Table<Real, Error>>();
  if (path == KernelPath::hidden) {
    table->encoder = model.W.cast<Real>();
    table->outputs = decoder(model).template cast<Real>();
  } else {
    table->outputs = pre_activation_weights(model).template cast<Real>();
  }
  table->thresholds = model.b.cast<Real>();
  table->importance = importance.cast<Real>();
  table->error = std::move(error);
  const std::shared_ptr<const Table<Real, Error>> shared = std::move(table);
  return Integrand::of_batches(
      1, [shared]() -> BatchIntegrand { return GeneralKernel<Real, Error>(shared); });
}

}  // namespace

template <class Real>
Integrand general_kernel(const Autoencoder& model, const Vector& importance, KernelPath path) {
  const Index features = model.features();
  Vector variance(features);
  for (Index i = 0; i < features; ++i) variance(i) = output_noise(model, i);
  if (model.activation == Activation::identity) {
    return integrand_of<Real>(model, importance, path, Linear<Real>{variance.cast<Real>()});
  }
  Jump<Real> sharp{model.jump.size() > 0 ? RealVector<Real>(model.jump.cast<Real>())
                                         : RealVector<Real>::Zero(features).eval()};
  if (model.noise == 0.0) return integrand_of<Real>(model, importance, path, std::move(sharp));
  return integrand_of<Real>(model, importance, path,
                            NoisyJump<Real>{std::move(sharp), variance.cwiseSqrt().cast<Real>()});
}

template Integrand general_kernel<float>(const Autoencoder&, const Vector&, KernelPath);
template Integrand general_kernel<double>(const Autoencoder&, const Vector&, KernelPath);

}  // namespace skeleta::estimate
