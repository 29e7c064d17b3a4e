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

// Σ_i (Σ_k x_k G_ij_k − b_i)₊² over all rows, for Count columns in one pass.
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

class GramKernel {
 public:
  explicit GramKernel(std::shared_ptr<const Shared> shared)
      : shared_(std::move(shared)), thresholds_(shared_->thresholds) {}

  void operator()(const SparseBatch& batch, std::span<double> values) {
    const Pass pass = passes[std::min<std::size_t>(batch.active_count(), fused)];
    for (std::size_t i = 0; i < batch.size(); ++i) values[i] = (this->*pass)(batch[i]);
  }

 private:
  // The loss of a point whose last Count columns are added in one pass; all earlier ones, if there
  // are any, are folded into the thresholds first.
  template <Index Count>
  double loss(const SparsePoint& point) {
    const std::size_t folded = point.count() - Count;
    if (Count == fused && folded > 0) fold(point, folded);
    const std::int32_t* const active = point.active.data() + folded;
    const double* const x = point.value.data() + folded;
    const double* columns[Count + 1];
    for (Index k = 0; k < Count; ++k) columns[k] = column(active[k]);
    // The active rows add v_i (x_i − x̂_i)² here; infinite thresholds keep them out of the pass.
    double errors = 0.0;
    const auto add_error = [&](Index i, double value) {
      double z = -thresholds_(i);
      for (Index m = 0; m < Count; ++m) z += x[m] * columns[m][i];
      const double error = shared_->scale(i) * value - std::max(z, 0.0);
      errors += error * error;
    };
    for (Index k = 0; k < Count; ++k) add_error(active[k], x[k]);
    if (Count == fused) {
      for (std::size_t k = 0; k < folded; ++k) add_error(point.active[k], point.value[k]);
    }
    for (const std::int32_t i : point.active) {
      thresholds_(i) = std::numeric_limits<double>::infinity();
    }
    errors += reconstruction_norm<Count>(columns, x, thresholds_.data(), thresholds_.size());
    restore(point, folded);
    return errors;
  }

  const double* column(std::int32_t j) const { return shared_->rows.col(j).data(); }

  // b ← b − Σ_{k < count} x_k G_j_k.
  void fold(const SparsePoint& point, std::size_t count) {
    double* const b = thresholds_.data();
    const Index rows = thresholds_.size();
    const std::int32_t* const j = point.active.data();
    const double* const x = point.value.data();
    std::size_t k = 0;
    for (; k + 4 <= count; k += 4) {
      const double *c0 = column(j[k]), *c1 = column(j[k + 1]), *c2 = column(j[k + 2]),
                   *c3 = column(j[k + 3]);
#pragma omp simd
      for (Index i = 0; i < rows; ++i) {
        b[i] -= (x[k] * c0[i] + x[k + 1] * c1[i]) + (x[k + 2] * c2[i] + x[k + 3] * c3[i]);
      }
    }
    for (; k < count; ++k) {
      const double* const c = column(j[k]);
#pragma omp simd
      for (Index i = 0; i < rows; ++i) b[i] -= x[k] * c[i];
    }
  }

  void restore(const SparsePoint& point, std::size_t folded) {
    if (folded > 0) {
      thresholds_ = shared_->thresholds;
    } else {
      for (const std::int32_t i : point.active) thresholds_(i) = shared_->thresholds(i);
    }
  }

  using Pass = double (GramKernel::*)(const SparsePoint&);
  static constexpr std::array<Pass, fused + 1> passes{
      &GramKernel::loss<0>, &GramKernel::loss<1>, &GramKernel::loss<2>,
      &GramKernel::loss<3>, &GramKernel::loss<4>, &GramKernel::loss<5>,
      &GramKernel::loss<6>, &GramKernel::loss<7>, &GramKernel::loss<8>};

  std::shared_ptr<const Shared> shared_;
  Vector thresholds_;  // of the point at hand; those of the model between points
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

std::string to_string(Precision precision) {
  return precision == Precision::float64 ? "float64" : "float32";
}

KernelPath kernel_path(const ReluAutoencoder& model, const Features& features) {
  constexpr Index most = 2000;
  constexpr double faster = 4.0;  // operations of a blocked matrix product per one of a column sum
  const auto count = static_cast<double>(model.features());
  const double active = features.density.sum();
  const double through_hidden = static_cast<double>(model.hidden()) * (count + active) / faster;
  const bool gram =
      model.features() <= most && count * (1.0 + active) < 16.0 * count + through_hidden;
  return gram ? KernelPath::gram : KernelPath::hidden;
}

Integrand loss_integrand(const ReluAutoencoder& model, const Features& features, KernelPath path,
                         Precision /*precision*/) {
  validate(model);
  validate(features, model.features());
  auto shared = std::make_shared<Shared>();
  const Vector scale = features.importance.cwiseSqrt();
  shared->scale = with_padding(scale);
  shared->thresholds = with_padding(scale.cwiseProduct(model.b));
  if (path == KernelPath::hidden) {
    shared->rows = model.W;
    return Integrand::of_batches(1, [shared]() -> BatchIntegrand { return HiddenKernel(shared); });
  }
  shared->rows = Matrix::Zero(padded(model.features()), model.features());
  shared->rows.topRows(model.features()) = scale.asDiagonal() * gram(model);
  return Integrand::of_batches(1, [shared]() -> BatchIntegrand { return GramKernel(shared); });
}

}  // namespace skeleta::estimate
