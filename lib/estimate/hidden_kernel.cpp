#include "estimate/hidden_kernel.h"

#include <algorithm>
#include <memory>

#include "estimate/kernel_matrices.h"

namespace skeleta::estimate {
namespace {

// What all threads share.
template <class Real>
struct HiddenTable {
  RealMatrix<Real> W;
  RealMatrix<Real> untied;      // the decoder's rows as columns, unless they are those of W
  RealVector<Real> scale;       // √v_i
  RealVector<Real> thresholds;  // √v_i b_i

  const RealMatrix<Real>& decoder() const { return untied.size() > 0 ? untied : W; }
};

template <class Real>
class HiddenKernel {
 public:
  explicit HiddenKernel(std::shared_ptr<const HiddenTable<Real>> table)
      : table_(std::move(table)) {}

  // Points are taken together, so that W is read from memory once for the whole batch.
  void operator()(const SparseBatch& batch, std::span<double> values) {
    const RealMatrix<Real>& W = table_->W;
    const auto count = static_cast<Index>(batch.size());
    hidden_.setZero(W.rows(), count);
    for (Index s = 0; s < count; ++s) {
      const SparsePoint point = batch[static_cast<std::size_t>(s)];
      for (std::size_t k = 0; k < point.count(); ++k) {
        hidden_.col(s) += static_cast<Real>(point.value[k]) * W.col(point.active[k]);
      }
    }
    norms_.setZero(count);
    constexpr Index block = 128;
    for (Index first = 0; first < W.cols(); first += block) {
      const Index rows = std::min(block, W.cols() - first);
      z_.noalias() = table_->decoder().middleCols(first, rows).transpose() * hidden_;
      z_.array().colwise() *= table_->scale.segment(first, rows).array();
      z_.colwise() -= table_->thresholds.segment(first, rows);
      z_ = z_.cwiseMax(Real{0});
      subtract_inputs(batch, first, rows);
      norms_ += z_.colwise().squaredNorm().transpose();
    }
    std::copy(norms_.begin(), norms_.end(), values.begin());
  }

 private:
  // From √v_i x̂_i to the error √v_i (x̂_i − x_i) in rows first, …, first + rows − 1.
  void subtract_inputs(const SparseBatch& batch, Index first, Index rows) {
    for (Index s = 0; s < z_.cols(); ++s) {
      const SparsePoint point = batch[static_cast<std::size_t>(s)];
      for (std::size_t k = 0; k < point.count(); ++k) {
        const Index row = point.active[k] - first;
        if (row < 0 || row >= rows) continue;
        z_(row, s) -= table_->scale(first + row) * static_cast<Real>(point.value[k]);
      }
    }
  }

  std::shared_ptr<const HiddenTable<Real>> table_;
  RealMatrix<Real> hidden_, z_;
  RealVector<Real> norms_;
};

template <class Real>
Integrand integrand_of(std::shared_ptr<const HiddenTable<Real>> table) {
  return Integrand::of_batches(1,
                               [table]() -> BatchIntegrand { return HiddenKernel<Real>(table); });
}

}  // namespace

template <class Real>
Integrand hidden_kernel(const Autoencoder& model, const Vector& scale) {
  return integrand_of(std::make_shared<const HiddenTable<Real>>(
      HiddenTable<Real>{model.W.cast<Real>(), model.W_out.transpose().cast<Real>(),
                        scale.cast<Real>(), scale.cwiseProduct(model.b).cast<Real>()}));
}

template Integrand hidden_kernel<float>(const Autoencoder&, const Vector&);
template Integrand hidden_kernel<double>(const Autoencoder&, const Vector&);

}  // namespace skeleta::estimate
