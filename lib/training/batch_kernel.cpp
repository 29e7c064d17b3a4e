#include "training/batch_kernel.h"

#include <algorithm>
#include <limits>

namespace skeleta::training {
namespace {

template <class Scalar>
Index padded(Index size) {
  constexpr Index lanes = 64 / sizeof(Scalar);
  return (size + lanes - 1) / lanes * lanes;
}

// to += factor · from. Sizes are whole registers.
template <class Scalar>
void add_scaled(Scalar factor, const Scalar* from, Index size, Scalar* to) {
#pragma omp simd
  for (Index k = 0; k < size; ++k) to[k] += factor * from[k];
}

}  // namespace

template <class Scalar>
BatchKernel<Scalar>::BatchKernel(const Vector& importance, Index hidden)
    : features_(importance.size()),
      hidden_(hidden),
      importance_(importance.cast<Scalar>()),
      b_(Column::Constant(padded<Scalar>(features_), std::numeric_limits<Scalar>::max())),
      W_(Dense::Zero(padded<Scalar>(hidden), features_)),
      gram_(Dense::Zero(b_.size(), features_)) {}  // padding of z is never positive

template <class Scalar>
typename BatchKernel<Scalar>::Sums BatchKernel<Scalar>::sums() const {
  Sums sums;
  sums.dW.setZero(W_.rows(), features_);
  for (Column* v : {&sums.db, &sums.input}) v->setZero(features_);
  for (Column* v : {&sums.hidden, &sums.back}) v->setZero(W_.rows());
  sums.z.setZero(b_.size());
  sums.positive.resize(static_cast<std::size_t>(b_.size()));
  return sums;
}

template <class Scalar>
void BatchKernel<Scalar>::reset(Sums& sums) {
  sums.dW.setZero();
  sums.db.setZero();
  sums.value = 0.0;
}

template <class Scalar>
void BatchKernel<Scalar>::read(const Vector& parameters) {
  W_.topRows(hidden_) =
      parameters.head(hidden_ * features_).reshaped(hidden_, features_).template cast<Scalar>();
  b_.head(features_) = parameters.tail(features_).template cast<Scalar>();
  gram_.topRows(features_).noalias() = W_.transpose() * W_;
}

template <class Scalar>
void BatchKernel<Scalar>::add(const sampling::SparsePoint& point, Sums& sums) const {
  const Index rows = gram_.rows(), width = W_.rows();
  Scalar* const z = sums.z.data();
  Scalar* const h = sums.hidden.data();
  Scalar* const back = sums.back.data();
  sums.z = -b_;
  sums.hidden.setZero();
  sums.back.setZero();
  for (std::size_t n = 0; n < point.count(); ++n) {
    const Index j = point.active[n];
    const auto x = static_cast<Scalar>(point.value[n]);
    add_scaled(x, gram_.col(j).data(), rows, z);
    add_scaled(x, W_.col(j).data(), width, h);
    sums.input(j) = x;
  }
  std::size_t count = 0;
  for (Index i = 0; i < features_; ++i) {
    sums.positive[count] = static_cast<std::int32_t>(i);
    count += z[i] > Scalar{0};
  }
  Scalar value = 0;
  for (std::size_t n = 0; n < count; ++n) {
    const Index i = sums.positive[n];
    const Scalar error = z[i] - sums.input(i), v = importance_(i), delta = 2 * v * error;
    value += v * error * error;
    sums.db(i) += delta;
    add_scaled(delta, W_.col(i).data(), width, back);
    add_scaled(delta, h, width, sums.dW.col(i).data());
  }
  for (std::size_t n = 0; n < point.count(); ++n) {
    const Index j = point.active[n];
    const Scalar x = sums.input(j);
    if (!(z[j] > Scalar{0})) value += importance_(j) * x * x;
    add_scaled(x, back, width, sums.dW.col(j).data());
    sums.input(j) = 0;
  }
  sums.value += static_cast<double>(value);
}

template <class Scalar>
void BatchKernel<Scalar>::add_to(Vector& gradient, const Sums& sums) const {
  gradient.head(hidden_ * features_).reshaped(hidden_, features_) +=
      sums.dW.topRows(hidden_).template cast<double>();
  gradient.tail(features_) -= sums.db.template cast<double>();
}

template class BatchKernel<float>;
template class BatchKernel<double>;

}  // namespace skeleta::training
