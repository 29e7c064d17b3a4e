#include "skeleta/exact/closed_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/require.h"
#include "exact/support_moments.h"

namespace skeleta::exact {
namespace {

constexpr std::size_t most = ClosedLoss::most_features;

// Features as support_moments wants them: the output's own, then the largest entry.
struct Order {
  std::array<Index, most> feature{};
  std::array<double, most> entry{}, density{};
};

Order order_of(Index own, std::span<const double> row, const Vector& density) {
  const auto count = static_cast<std::size_t>(density.size());
  Order order;
  for (std::size_t n = 0; n < count; ++n) order.feature[n] = static_cast<Index>(n);
  std::swap(order.feature[0], order.feature[static_cast<std::size_t>(own)]);
  const auto size = [&](Index j) { return std::abs(row[static_cast<std::size_t>(j)]); };
  std::ranges::sort(std::span(order.feature).subspan(1, count - 1), std::greater(), size);
  for (std::size_t n = 0; n < count; ++n) {
    order.entry[n] = row[static_cast<std::size_t>(order.feature[n])];
    order.density[n] = density(order.feature[n]);
  }
  return order;
}

}  // namespace

ClosedLoss::ClosedLoss(Features features) : features_(std::move(features)) {
  validate(features_);
  require_plain(features_, "the closed loss");
  require(features_.size() <= most_features,
          fmt::format("{} features are more than the {} whose loss has a closed form here",
                      features_.size(), most_features));
}

double ClosedLoss::operator()(const Vector& x, Vector& gradient) {
  return evaluate(x, gradient, nullptr);
}

double ClosedLoss::operator()(const Vector& x, Vector& gradient, Matrix& hessian) {
  hessian.setZero(x.size(), x.size());
  return evaluate(x, gradient, &hessian);
}

double ClosedLoss::evaluate(const Vector& x, Vector& gradient, Matrix* hessian) {
  double value = 0.0;
  gradient.setZero(x.size());
  for (Index i = 0; i < features_.size(); ++i) {
    if (features_.importance(i) > 0.0) value += add_output(i, x, gradient, hessian);
  }
  return value;
}

// dA_ij = ⟨w_i, dw_j⟩ + ⟨w_j, dw_i⟩, and d²A_ij = 2⟨dw_i, dw_j⟩. Places in the moments: 0 is b (X
// there is (1, x)), n + 1 the n-th feature of the order.
double ClosedLoss::add_output(Index i, const Vector& x, Vector& gradient, Matrix* hessian) {
  const Index D = features_.size(), d = x.size() / D - 1, n = x.size();
  const auto column = [&](Index j) { return x.segment(j * d, d); };
  const double b = x(D * d + i), v = features_.importance(i);
  std::array<double, most> row{};
  for (Index j = 0; j < D; ++j) row[static_cast<std::size_t>(j)] = column(i).dot(column(j));
  const Order order =
      order_of(i, std::span(row).first(static_cast<std::size_t>(D)), features_.density);
  const auto first = [&](const auto& array) {
    return std::span(array).first(static_cast<std::size_t>(D));
  };
  const SupportMoments moments =
      support_moments(first(order.entry), first(order.density), b, hessian != nullptr);
  Eigen::Matrix<double, Eigen::Dynamic, 1, 0, most_supported + 1, 1> g(D + 1), miss(D + 1);
  g(0) = -b;
  for (Index k = 0; k < D; ++k) g(k + 1) = order.entry[static_cast<std::size_t>(k)];
  miss = g;
  miss(1) -= 1.0;  // z − b − x_i = miss·X
  const auto of_miss = (moments.step * miss).eval();
  const double square = features_.density(i) / 3.0;
  const double value = square - moments.step(1, 1) + miss.dot(of_miss);

  slopes_.setZero(D + 1, n);
  slopes_(0, D * d + i) = -1.0;
  for (Index k = 0; k < D; ++k) {
    const Index j = order.feature[static_cast<std::size_t>(k)];
    slopes_.row(k + 1).segment(j * d, d) += column(i).transpose();
    slopes_.row(k + 1).segment(i * d, d) += column(j).transpose();
  }
  gradient.noalias() += 2.0 * v * slopes_.transpose().lazyProduct(of_miss);
  if (hessian == nullptr) return v * value;
  const SmallMatrix K = 2.0 * v * (moments.step - moments.line);
  hessian->noalias() += slopes_.transpose().lazyProduct((K * slopes_).eval());
  for (Index k = 0; k < D; ++k) {
    const Index j = order.feature[static_cast<std::size_t>(k)];
    const double gamma = 2.0 * v * of_miss(k + 1);
    for (Index a = 0; a < d; ++a) {
      (*hessian)(i * d + a, j * d + a) += gamma;
      (*hessian)(j * d + a, i * d + a) += gamma;
    }
  }
  return v * value;
}

}  // namespace skeleta::exact
