#include "skeleta/approximation/sparse_share.h"

#include <cmath>

#include "skeleta/approximation/exact_loss.h"
#include "skeleta/approximation/skeleton_bound.h"
#include "skeleta/bounds/loss_tail.h"
#include "skeleta/exact/sparse_loss.h"

namespace skeleta::approximation {
namespace {

Vector as_vector(const Matrix& dW, const Vector& db) {
  Vector all(dW.size() + db.size());
  all << dW.reshaped(), db;
  return all;
}

}  // namespace

SparseShares sparse_shares(const Autoencoder& model, const Features& features, Index last,
                           const exact::Options& options) {
  const std::vector<double> sharp = tail_bounds(model, features, last, options.threads);
  const bounds::LossTail tail(model, features, options.threads);
  const ActiveCount count(features.density);
  SparseShares result{exact_loss(model, features, options).loss, {}};
  Vector contributions = Vector::Zero(features.size() + 1);
  for (const SkeletonPart& part : result.loss.skeletons) contributions(part.l) = part.contribution;
  double beyond = 0.0;
  for (Index l = features.size(); l > last; --l) beyond += contributions(l);
  result.shares.resize(static_cast<std::size_t>(last) + 1);
  for (Index k = last; k >= 0; --k) {
    const auto n = static_cast<std::size_t>(k);
    result.shares[n] = {
        k,      count.at_least(k + 1),      contributions(k), contributions.head(k + 1).sum(),
        beyond, beyond / result.loss.value, sharp[n],         tail.above(k)};
    beyond += contributions(k);
  }
  return result;
}

GradientAgreement compare_gradients(const Vector& part, const Vector& whole) {
  const double size = whole.norm();
  const Vector u = part / part.norm(), v = whole / size;
  return {part.norm() / size, (part - whole).norm() / size,
          2.0 * std::atan2((u - v).norm(), (u + v).norm())};
}

GradientAgreement gradient_agreement(const Autoencoder& model, const Features& features, Index k,
                                     const exact::Options& options) {
  Matrix dW;
  Vector db;
  exact::SparseLoss sparse(features, CountRange{0, k}, options.threads);
  sparse.loss_and_gradient(model, dW, db);
  const exact::LossAndGradient whole = exact::loss_and_gradient(model, features, options);
  return compare_gradients(as_vector(dW, db), as_vector(whole.dW, whole.db));
}

}  // namespace skeleta::approximation
