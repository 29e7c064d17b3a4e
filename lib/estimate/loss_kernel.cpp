#include "skeleta/estimate/loss_kernel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

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
      : shared_(std::move(shared)), thresholds_(shared_->thresholds) {}

  void operator()(const SparseBatch& batch, std::span<double> values) {
    for (const std::uint32_t i : batch.by_count()) values[i] = loss(batch[i]);
  }

 private:
  double loss(const SparsePoint& point) {
    columns_.clear();
    for (const std::int32_t j : point.active) columns_.push_back(shared_->rows.col(j).data());
    const std::size_t count = point.count();
    const std::size_t folded = count > fused ? count - fused : 0;
    if (folded > 0) fold(point, folded);
    const double active = active_part(point, folded);
    const double others =
        norms[count - folded](columns_.data() + folded, point.value.data() + folded,
                              thresholds_.data(), thresholds_.size());
    restore(point, folded);
    return active + others;
  }

  // More columns than fit into one pass: the first ones move into the thresholds.
  void fold(const SparsePoint& point, std::size_t count) {
    double* const b = thresholds_.data();
    const Index rows = thresholds_.size();
    std::size_t k = 0;
    for (; k + 4 <= count; k += 4) {
      const double* const* c = columns_.data() + k;
      const double* x = point.value.data() + k;
      for (Index i = 0; i < rows; ++i) {
        b[i] -= (x[0] * c[0][i] + x[1] * c[1][i]) + (x[2] * c[2][i] + x[3] * c[3][i]);
      }
    }
    for (; k < count; ++k) {
      for (Index i = 0; i < rows; ++i) b[i] -= point.value[k] * columns_[k][i];
    }
  }

  // Σ over active i of v_i (x_i − x̂_i)². Their thresholds become infinite, so that they add nothing
  // to the sum over the other rows.
  double active_part(const SparsePoint& point, std::size_t first) {
    double sum = 0.0;
    for (std::size_t k = 0; k < point.count(); ++k) {
      const Index i = point.active[k];
      double z = -thresholds_(i);
      for (std::size_t m = first; m < point.count(); ++m) z += point.value[m] * columns_[m][i];
      const double error = shared_->scale(i) * point.value[k] - std::max(z, 0.0);
      sum += error * error;
    }
    for (const std::int32_t i : point.active) {
      thresholds_(i) = std::numeric_limits<double>::infinity();
    }
    return sum;
  }

  void restore(const SparsePoint& point, std::size_t folded) {
    if (folded > 0) {
      thresholds_ = shared_->thresholds;
    } else {
      for (const std::int32_t i : point.active) thresholds_(i) = shared_->thresholds(i);
    }
  }

  std::shared_ptr<const Shared> shared_;
  Vector thresholds_;  // of the point at hand; those of the model between points
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
      z_ = z_.cwiseMax(0.0);
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
        if (row >= 0 && row < rows) z_(row, s) -= shared_->scale(first + row) * point.value[k];
      }
    }
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
