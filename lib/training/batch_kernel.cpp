#include "training/batch_kernel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace skeleta::training {
namespace {

template <class Scalar>
constexpr Index lanes = 64 / sizeof(Scalar);

template <class Scalar>
Index padded(Index size) {
  return (size + lanes<Scalar> - 1) / lanes<Scalar> * lanes<Scalar>;
}

// to += factor · from. Sizes are whole registers.
template <class Scalar>
void add_scaled(Scalar factor, const Scalar* from, Index size, Scalar* to) {
#pragma omp simd
  for (Index k = 0; k < size; ++k) to[k] += factor * from[k];
}

// Writes the places of the positive entries, a register of them at a time; returns how many.
template <class Scalar>
std::size_t find_positive(const Scalar* z, Index size, std::int32_t* places) {
  std::size_t count = 0;
  for (Index first = 0; first < size; first += lanes<Scalar>) {
    unsigned mask = 0;
#pragma omp simd reduction(| : mask)
    for (int k = 0; k < static_cast<int>(lanes<Scalar>); ++k) {
      mask |= (z[first + k] > Scalar{0} ? 1u : 0u) << k;
    }
    for (; mask != 0; mask &= mask - 1) {
      places[count++] = static_cast<std::int32_t>(first) + std::countr_zero(mask);
    }
  }
  return count;
}

}  // namespace

template <class Scalar>
BatchKernel<Scalar>::BatchKernel(const Vector& importance, Index hidden, bool tied)
    : features_(importance.size()),
      hidden_(hidden),
      tied_(tied),
      importance_(Column::Zero(padded<Scalar>(features_))),
      // Padding of z is never positive.
      b_(Column::Constant(padded<Scalar>(features_), std::numeric_limits<Scalar>::max())),
      W_(Dense::Zero(padded<Scalar>(hidden), features_)),
      gram_(Dense::Zero(b_.size(), features_)) {
  importance_.head(features_) = importance.cast<Scalar>();
  if (!tied) decoder_ = W_;
}

template <class Scalar>
typename BatchKernel<Scalar>::Sums BatchKernel<Scalar>::sums() const {
  Sums sums;
  sums.dW.setZero(W_.rows(), features_);
  sums.decoder.setZero(decoder_.rows(), decoder_.cols());
  for (Column* v : {&sums.db, &sums.input, &sums.z, &sums.delta}) v->setZero(b_.size());
  for (Column* v : {&sums.hidden, &sums.back}) v->setZero(W_.rows());
  sums.positive.resize(static_cast<std::size_t>(b_.size()));
  return sums;
}

template <class Scalar>
void BatchKernel<Scalar>::reset(Sums& sums) {
  sums.dW.setZero();
  sums.decoder.setZero();
  sums.db.setZero();
  sums.value = 0.0;
}

template <class Scalar>
void BatchKernel<Scalar>::read(const Vector& parameters) {
  const Index weights = hidden_ * features_;
  W_.topRows(hidden_) =
      parameters.head(weights).reshaped(hidden_, features_).template cast<Scalar>();
  if (!tied_) {
    decoder_.topRows(hidden_) = parameters.segment(weights, weights)
                                    .reshaped(features_, hidden_)
                                    .transpose()
                                    .template cast<Scalar>();
  }
  b_.head(features_) = parameters.tail(features_).template cast<Scalar>();
  gram_.topRows(features_).noalias() = decoder().transpose() * W_;
}

template <class Scalar>
void BatchKernel<Scalar>::add(const sampling::SparsePoint& point, Sums& sums) const {
  const Index rows = gram_.rows(), width = W_.rows();
  Scalar* const z = sums.z.data();
  Scalar* const h = sums.hidden.data();
  const Scalar* const back = sums.back.data();
  sums.z = -b_;
  sums.hidden.setZero();
  for (std::size_t n = 0; n < point.count(); ++n) {
    const Index j = point.active[n];
    const auto x = static_cast<Scalar>(point.value[n]);
    add_scaled(x, gram_.col(j).data(), rows, z);
    add_scaled(x, W_.col(j).data(), width, h);
    sums.input(j) = x;
  }
  const std::size_t count = find_positive(z, rows, sums.positive.data());
  Scalar value = errors_of_positive(sums);
  for (Index first = 0; first < width; first += lanes<Scalar>) {
    add_outer(sums, static_cast<Index>(count), first);
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

// Of the outputs with z > 0: δ, Σ δ, and v e² summed up. δ is 0 at the others.
template <class Scalar>
Scalar BatchKernel<Scalar>::errors_of_positive(Sums& sums) const {
  const Scalar *const z = sums.z.data(), *const x = sums.input.data(),
                      *const v = importance_.data();
  Scalar *const delta = sums.delta.data(), *const db = sums.db.data();
  Scalar value = 0;
#pragma omp simd reduction(+ : value)
  for (Index i = 0; i < b_.size(); ++i) {
    const Scalar error = z[i] > Scalar{0} ? z[i] - x[i] : Scalar{0}, weighted = v[i] * error;
    delta[i] = 2 * weighted;
    db[i] += 2 * weighted;
    value += weighted * error;
  }
  return value;
}

// One register of hidden dimensions: W_outᵀδ, and dW_outᵀ += (Wx) δᵀ.
template <class Scalar>
void BatchKernel<Scalar>::add_outer(Sums& sums, Index count, Index first) const {
  using Register = Eigen::Array<Scalar, lanes<Scalar>, 1>;
  using Map = Eigen::Map<Register, Eigen::Aligned64>;
  using ConstMap = Eigen::Map<const Register, Eigen::Aligned64>;
  const Scalar* const out = decoder().data();
  Scalar* const slopes = (tied_ ? sums.dW : sums.decoder).data();
  const Register h = ConstMap(sums.hidden.data() + first);
  Register back = Register::Zero();
  for (Index n = 0; n < count; ++n) {
    const Index i = sums.positive[static_cast<std::size_t>(n)], at = i * W_.rows() + first;
    const Scalar delta = sums.delta(i);
    back += delta * ConstMap(out + at);
    Map(slopes + at) += delta * h;
  }
  Map(sums.back.data() + first) = back;
}

template <class Scalar>
void BatchKernel<Scalar>::add_to(Vector& gradient, const Sums& sums) const {
  const Index weights = hidden_ * features_;
  gradient.head(weights).reshaped(hidden_, features_) +=
      sums.dW.topRows(hidden_).template cast<double>();
  if (!tied_) {
    gradient.segment(weights, weights).reshaped(features_, hidden_) +=
        sums.decoder.topRows(hidden_).transpose().template cast<double>();
  }
  gradient.tail(features_) -= sums.db.head(features_).template cast<double>();
}

template class BatchKernel<float>;
template class BatchKernel<double>;

}  // namespace skeleta::training
