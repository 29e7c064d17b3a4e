#include "exact/main_entries.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "exact/row.h"
#include "exact/support_moments.h"

namespace skeleta::exact {
namespace {

constexpr std::size_t few = most_supported;

// A limit below which entries are apart.
double limit_of(std::span<const double> decreasing, double largest) {
  constexpr double small = 1e-3, tiny = 1e-6;
  const auto above = [&](double limit) {
    return static_cast<std::size_t>(
        std::ranges::count_if(decreasing, [&](double size) { return size > limit * largest; }));
  };
  if (above(negligible) < few) return negligible * largest;  // with feature i
  return (above(small) < few ? small : tiny) * largest;
}

using Weights = std::array<double, FineLaw::most>;

// Of E[x_k x_l …], k ≠ l, and of E[x_k² …], for features apart with entries g and densities p.
Weights weights_of_two(const FineLaw& law, double g, double p, double h, double q) {
  const double with_first = 0.5 * q * g * p * (1.0 / 3.0 - 0.25 * p);
  const double with_second = 0.5 * p * h * q * (1.0 / 3.0 - 0.25 * q);
  return law.weights_of(0.25 * p * q, with_first + with_second);
}
Weights weights_of_square(const FineLaw& law, double g, double p) {
  return law.weights_of(p / 3.0, g * p * (0.25 - p / 6.0));
}

}  // namespace

MainEntries main_entries(const double* row, Index own, const Vector& density) {
  MainEntries result;
  std::vector<Index> read;
  for (Index k = 0; k < density.size(); ++k) {
    if (k != own && density(k) > 0.0 && row[k] != 0.0) read.push_back(k);
  }
  const auto size = [&](Index k) { return std::abs(row[k]); };
  std::ranges::stable_sort(read, std::greater(), size);
  std::vector<double> decreasing;
  std::ranges::transform(read, std::back_inserter(decreasing), size);
  const double of_own = density(own) > 0.0 ? size(own) : 0.0;
  const double largest = std::max(of_own, decreasing.empty() ? 0.0 : decreasing.front());
  const double limit = limit_of(decreasing, largest);
  result.main.push_back(own);
  for (const Index k : read) {
    if (size(k) > limit) result.main.push_back(k);
  }
  result.closed = result.main.size() <= few;
  std::vector<double> g, p;
  for (Index k = 0; k < density.size(); ++k) {
    if (std::ranges::find(result.main, k) != result.main.end()) continue;
    result.apart.push_back(k);
    if (density(k) == 0.0 || row[k] == 0.0) continue;
    g.push_back(row[k]);
    p.push_back(density(k));
  }
  result.fine = FineLaw::of(g, p);
  return result;
}

// X there is (1, x), here (x, −1).
Matrix closed_curvature(const double* row, const MainEntries& entries, const Vector& density,
                        double threshold) {
  std::array<double, few> a{}, p{};
  for (std::size_t n = 0; n < entries.main.size(); ++n) {
    a[n] = row[entries.main[n]];
    p[n] = density(entries.main[n]);
  }
  const auto count = static_cast<Index>(entries.main.size());
  const auto first = [&](const auto& array) { return std::span(array).first(entries.main.size()); };
  const SupportMoments moments = support_moments(first(a), first(p), threshold, true);
  const SmallMatrix K = moments.step - moments.line;
  Matrix result(count + 1, count + 1);
  result.topLeftCorner(count, count) = K.bottomRightCorner(count, count);
  result.col(count).head(count) = -K.col(0).tail(count);
  result.row(count).head(count) = -K.row(0).tail(count);
  result(count, count) = K(0, 0);
  return result;
}

Matrix whole_curvature(const double* row, const MainEntries& entries, const Vector& density,
                       double threshold, MainCurvature curvature, double& error) {
  const FineLaw& law = entries.fine;
  const auto points = static_cast<std::size_t>(law.points);
  std::array<Matrix, FineLaw::most> K;
  for (std::size_t q = 0; q < points; ++q) K[q] = curvature(threshold - law.shift[q]);
  const Index D = density.size(), count = static_cast<Index>(entries.main.size());
  const auto put = [&](Matrix& whole, Index j, Index k, double value) {
    whole(j, k) = whole(k, j) = value;
  };
  const auto sum = [&](const Weights& weights, Index j, Index k) {
    double result = 0.0;
    for (std::size_t q = 0; q < points; ++q) result += weights[q] * K[q](j, k);
    return result;
  };
  const auto place = [&](Index n) {
    return n < count ? entries.main[static_cast<std::size_t>(n)] : D;
  };
  Matrix whole = Matrix::Zero(D + 1, D + 1);
  for (Index j = 0; j <= count; ++j) {
    for (Index k = 0; k <= j; ++k) put(whole, place(j), place(k), sum(law.weight, j, k));
  }
  for (std::size_t n = 0; n < entries.apart.size(); ++n) {
    const Index k = entries.apart[n];
    const double g = row[k], p = density(k);
    if (p == 0.0) continue;
    const Weights alone = law.weights_with(g, p);
    // K(·, −1) is −E[x_j …] of the main ones, and K(−1, −1) = E[…].
    for (Index j = 0; j <= count; ++j) {
      put(whole, place(j), k, -sum(alone, j, count));
    }
    for (std::size_t m = 0; m < n; ++m) {
      const Index l = entries.apart[m];
      put(whole, k, l, sum(weights_of_two(law, g, p, row[l], density(l)), count, count));
    }
    put(whole, k, k, sum(weights_of_square(law, g, p), count, count));
  }
  error = 0.0;
  if (points == FineLaw::most) {
    const double share = (law.shift[1] - law.shift[0]) / (law.shift[2] - law.shift[0]);
    error = (K[1] - (1.0 - share) * K[0] - share * K[2]).norm();
  }
  return whole;
}

}  // namespace skeleta::exact
