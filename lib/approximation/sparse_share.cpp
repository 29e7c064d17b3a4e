#include "skeleta/approximation/sparse_share.h"

#include <algorithm>
#include <cmath>

#include "approximation/law_tail.h"
#include "skeleta/approximation/exact_loss.h"
#include "skeleta/approximation/skeleton_bound.h"
#include "skeleta/exact/sparse_loss.h"
#include "skeleta/exact/support_sum.h"

namespace skeleta::approximation {
namespace {

Vector as_vector(const exact::Gradient& g) {
  Vector all(g.dW.size() + g.dW_out.size() + g.db.size());
  all << g.dW.reshaped(), g.dW_out.reshaped(), g.db;
  return all;
}

exact::Gradient sparse_gradient(const Autoencoder& model, const Features& features, Index k,
                                const exact::Options& options) {
  exact::Gradient gradient;
  if (features.plain() && model.tied_relu()) {
    exact::SparseLoss sparse(features, CountRange{0, k}, options.threads);
    sparse.loss_and_gradient(model, gradient.dW, gradient.db);
  } else {
    exact::SupportSum(features, CountRange{0, k}, options).loss_and_gradient(model, gradient);
  }
  return gradient;
}

}  // namespace

SparseShares sparse_shares(const Autoencoder& model, const Features& features, Index last,
                           const exact::Options& options) {
  const std::vector<double> sharp = tail_bounds(model, features, last, options.threads);
  const auto above = loss_above(model, features, options.threads);
  const ActiveCount count(features.data_law().activity);
  exact::Options listing = options;
  for (Index l = 0; l <= std::min(last + 1, features.size()); ++l) {
    const double probability = count.probability(l);
    if (probability > 0.0)
      listing.probability_floor = std::min(listing.probability_floor, probability);
  }
  SparseShares result{exact_loss(model, features, listing).loss, {}};
  Vector contributions = Vector::Zero(features.size() + 1);
  for (const SkeletonPart& part : result.loss.skeletons) contributions(part.l) = part.contribution;
  double beyond = 0.0;
  for (Index l = features.size(); l > last; --l) beyond += contributions(l);
  result.shares.resize(static_cast<std::size_t>(last) + 1);
  for (Index k = last; k >= 0; --k) {
    const auto n = static_cast<std::size_t>(k);
    beyond = std::clamp(beyond, 0.0, sharp[n]);  // the contour leaves its rounding there
    result.shares[n] = {
        k,      count.at_least(k + 1),      contributions(k), contributions.head(k + 1).sum(),
        beyond, beyond / result.loss.value, sharp[n],         above(k)};
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
  const exact::LossAndGradient whole = exact::loss_and_gradient(model, features, options);
  return compare_gradients(as_vector(sparse_gradient(model, features, k, options)),
                           as_vector(whole));
}

}  // namespace skeleta::approximation
