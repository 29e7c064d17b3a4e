#include "skeleta/estimate/loss_kernel.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace skeleta::estimate {
namespace {

// Eight doubles in the widest registers there are; the compiler splits them where needed.
using Lanes [[gnu::vector_size(64), gnu::may_alias]] = double;
constexpr Index lanes = 8;
constexpr Index fused = 8;  // columns that are added in one pass, without an accumulator in memory

Lanes load(const double* p) {
  return *reinterpret_cast<const Lanes*>(p);
}

Lanes positive_part(Lanes z) {
  return z > 0.0 ? z : Lanes{} + 0.0;
}

double sum(Lanes s) {
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

Index padded(Index rows) {
  return (rows + lanes - 1) / lanes * lanes;
}

// The parts of the kernel that all threads share. Rows are scaled by √v_i and padded with zeros to
// a multiple of `lanes`: a padded row has z = 0 and adds nothing.
struct Shared {
  Matrix rows;        // √v_i G_i (padded D × D), or W itself (d × D) on the hidden path
  Vector scale;       // √v_i, padded
  Vector thresholds;  // √v_i b_i, padded
};

// Σ_i (Σ_k x_k G_ij_k − b_i)₊² over all rows, for Count columns at a time.
template <Index Count>
double reconstruction_norm(const double* const* columns, const double* x, const double* b,
                           Index rows) {
  constexpr Index unrolled = 4;
  Lanes total[unrolled] = {};
  const auto add = [&](Index i, Lanes& part) {
    Lanes z = -load(b + i);
    for (Index k = 0; k < Count; ++k) z += x[k] * load(columns[k] + i);
    z = positive_part(z);
    part += z * z;
  };
  Index i = 0;
  for (; i + unrolled * lanes <= rows; i += unrolled * lanes) {
    for (Index u = 0; u < unrolled; ++u) add(i + u * lanes, total[u]);
  }
  for (; i < rows; i += lanes) add(i, total[0]);
  return sum((total[0] + total[1]) + (total[2] + total[3]));
}

using Norm = double (*)(const double* const*, const double*, const double*, Index);
constexpr std::array<Norm, fused + 1> norms{
    reconstruction_norm<0>, reconstruction_norm<1>, reconstruction_norm<2>,
    reconstruction_norm<3>, reconstruction_norm<4>, reconstruction_norm<5>,
    reconstruction_norm<6>, reconstruction_norm<7>, reconstruction_norm<8>};

class GramKernel {
 public:
  explicit GramKernel(std::shared_ptr<const Shared> shared)
      : shared_(std::move(shared)), accumulator_(shared_->rows.rows()) {}

  void operator()(const SparseBatch& batch, std::span<double> values) {
    for (const std::uint32_t i : batch.by_count()) values[i] = loss(batch[i]);
  }

 private:
  double loss(const SparsePoint& point) {
    const Index rows = shared_->rows.rows();
    columns_.clear();
    for (const std::int32_t j : point.active) columns_.push_back(shared_->rows.col(j).data());
    const double* b = shared_->thresholds.data();
    std::size_t first = 0;
    // More columns than fit: move all but the last few into the thresholds.
    const std::size_t count = point.count();
    if (count > fused) {
      b = fold(point, count - fused);
      first = count - fused;
    }
    double result =
        norms[count - first](columns_.data() + first, point.value.data() + first, b, rows);
    for (std::size_t k = 0; k < count; ++k) {
      const Index i = point.active[k];
      double z = -b[i];
      for (std::size_t m = first; m < count; ++m) z += point.value[m] * columns_[m][i];
      const double x = shared_->scale(i) * point.value[k];
      result += x * (x - 2.0 * std::max(z, 0.0));
    }
    return result;
  }

  // b − Σ_{k < count} x_k G_j_k.
  const double* fold(const SparsePoint& point, std::size_t count) {
    accumulator_ = shared_->thresholds;
    double* const sums = accumulator_.data();
    const Index rows = accumulator_.size();
    std::size_t k = 0;
    for (; k + 4 <= count; k += 4) {
      const double* const* c = columns_.data() + k;
      const double* x = point.value.data() + k;
      for (Index i = 0; i < rows; ++i) {
        sums[i] -= (x[0] * c[0][i] + x[1] * c[1][i]) + (x[2] * c[2][i] + x[3] * c[3][i]);
      }
    }
    for (; k < count; ++k) {
      for (Index i = 0; i < rows; ++i) sums[i] -= point.value[k] * columns_[k][i];
    }
    return sums;
  }

  std::shared_ptr<const Shared> shared_;
  Vector accumulator_;
  std::vector<const double*> columns_;
};

class HiddenKernel {
 public:
  explicit HiddenKernel(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}

  // Points are taken together, so that W is read from memory once for the whole batch.
  void operator()(const SparseBatch& batch, std::span<double> values) {
    const Matrix& W = shared_->rows;
    const auto count = static_cast<Index>(batch.size());
    hidden_.setZero(W.rows(), count);
    for (Index s = 0; s < count; ++s) {
      const SparsePoint point = batch[static_cast<std::size_t>(s)];
      for (std::size_t k = 0; k < point.count(); ++k) {
        hidden_.col(s) += point.value[k] * W.col(point.active[k]);
      }
    }
    norms_.setZero(count);
    constexpr Index block = 128;
    for (Index first = 0; first < W.cols(); first += block) {
      const Index rows = std::min(block, W.cols() - first);
      z_.noalias() = W.middleCols(first, rows).transpose() * hidden_;
      z_.array().colwise() *= shared_->scale.segment(first, rows).array();
      z_.colwise() -= shared_->thresholds.segment(first, rows);
      norms_ += z_.cwiseMax(0.0).colwise().squaredNorm().transpose();
    }
    for (Index s = 0; s < count; ++s) {
      const auto i = static_cast<std::size_t>(s);
      values[i] = norms_(s) + active_part(batch[i], hidden_.col(s));
    }
  }

 private:
  double active_part(const SparsePoint& point, const Eigen::Ref<const Vector>& hidden) const {
    double result = 0.0;
    for (std::size_t k = 0; k < point.count(); ++k) {
      const Index i = point.active[k];
      const double scale = shared_->scale(i), x = scale * point.value[k];
      const double z = scale * shared_->rows.col(i).dot(hidden) - shared_->thresholds(i);
      result += x * (x - 2.0 * std::max(z, 0.0));
    }
    return result;
  }

  std::shared_ptr<const Shared> shared_;
  Matrix hidden_, z_;
  Vector norms_;
};

Vector with_padding(const Vector& v) {
  Vector result = Vector::Zero(padded(v.size()));
  result.head(v.size()) = v;
  return result;
}

}  // namespace

std::string to_string(KernelPath path) {
  return path == KernelPath::gram ? "gram" : "hidden";
}

KernelPath kernel_path(Index features) {
  constexpr Index most = 2000;
  return features <= most ? KernelPath::gram : KernelPath::hidden;
}

IntegrandFactory loss_integrand(const ReluAutoencoder& model, const Features& features,
                                KernelPath path) {
  validate(model);
  validate(features, model.features());
  auto shared = std::make_shared<Shared>();
  const Vector scale = features.importance.cwiseSqrt();
  shared->scale = with_padding(scale);
  shared->thresholds = with_padding(scale.cwiseProduct(model.b));
  if (path == KernelPath::hidden) {
    shared->rows = model.W;
    return [shared]() -> BatchIntegrand { return HiddenKernel(shared); };
  }
  shared->rows = Matrix::Zero(padded(model.features()), model.features());
  shared->rows.topRows(model.features()) = scale.asDiagonal() * gram(model);
  return [shared]() -> BatchIntegrand { return GramKernel(shared); };
}

}  // namespace skeleta::estimate
