#include "bounds/truncated_loss.h"

#include <algorithm>
#include <cmath>

#include "core/products.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/value_law.h"

namespace skeleta::bounds {
namespace {

Vector without(const Vector& density, Index i) {
  Vector rest(density.size() - 1);
  rest << density.head(i), density.tail(rest.size() - i);
  return rest;
}

}  // namespace

bool minimum_is_zero(const Features& features, Index hidden, Index most) {
  const auto counts = features.density.array() > 0.0 && features.importance.array() > 0.0;
  for (Index j = 0; j < features.size() && !features.plain(); ++j) {
    if (counts(j) && !features.law->values[static_cast<std::size_t>(j)].non_negative()) {
      return most == 0;  // no ReLU answers below 0
    }
  }
  return most == 0 || counts.count() <= (most == 1 ? 2 : 1) * hidden;
}

TruncatedLoss::TruncatedLoss(const Features& features, Index most)
    : features_(features),
      positive_part_(features.density, most),
      own_probability_(features.density) {
  const ActiveCount count(features.density);
  none_ = count.probability(0) * PositivePart::rounding(1);
  some_ = 0.0;
  for (Index l = 1; l <= most; ++l) some_ += count.probability(l) * PositivePart::rounding(l);
  for (Index i = 0; i < features.size(); ++i) {
    own_probability_(i) *= ActiveCount(without(features.density, i)).at_most(most - 1);
  }
}

OutputLoss TruncatedLoss::output(const PositivePartMoments& moments, Index i) const {
  const auto own = static_cast<std::size_t>(i);
  const double v = features_.importance(i);
  OutputLoss result;
  result.value =
      v * (second_moments(own_probability_)(i) + moments.square - 2.0 * moments.times[own]);
  result.by_threshold = 2.0 * v * (moments.above - moments.mean);
  for (std::size_t j = 0; j < moments.times.size(); ++j) {
    result.by_entry[j] = 2.0 * v * (moments.times[j] - moments.product[j]);
  }
  return result;
}

double TruncatedLoss::corner(const PositivePartMoments& low, const PositivePartMoments& high,
                             Index i) const {
  const auto own = static_cast<std::size_t>(i);
  return features_.importance(i) *
         (second_moments(own_probability_)(i) + low.square - 2.0 * high.times[own]);
}

double TruncatedLoss::rounding(Index i, double size, double threshold_low,
                               double threshold_high) const {
  const double s = 1.0 + size + std::max(std::abs(threshold_low), std::abs(threshold_high));
  const double on_q0 = std::max(-threshold_low, 0.0);
  return 4.0 * features_.importance(i) * (some_ * s * s + none_ * on_q0 * on_q0);
}

double TruncatedLoss::value(const Autoencoder& model) const {
  const Matrix g = gram(model);
  double sum = 0.0;
  for (Index i = 0; i < features(); ++i) {
    const std::span row(g.col(i).data(), static_cast<std::size_t>(features()));
    sum += output(moments(row, model.b(i), i), i).value;
  }
  return sum;
}

double TruncatedLoss::value_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db) const {
  const Matrix g = gram(model);
  Matrix by_entry(features(), features());
  db.resize(features());
  double sum = 0.0;
  for (Index i = 0; i < features(); ++i) {
    const std::span row(g.col(i).data(), static_cast<std::size_t>(features()));
    const OutputLoss loss = output(moments(row, model.b(i), i), i);
    sum += loss.value;
    db(i) = loss.by_threshold;
    by_entry.row(i) = Eigen::Map<const Vector>(loss.by_entry.data(), features()).transpose();
  }
  dW = product(model.W, by_entry + by_entry.transpose());
  return sum;
}

}  // namespace skeleta::bounds
