#include "skeleta/linear/moment_law.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "core/decompositions.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/data_law.h"

namespace skeleta::linear {
namespace {

void check(std::uint64_t samples, double confidence) {
  if (samples < 1) throw std::invalid_argument("samples = 0 must be at least 1");
  if (!(confidence > 0.0 && confidence < 1.0)) {
    throw std::invalid_argument(fmt::format("confidence = {} must lie in (0, 1)", confidence));
  }
}

void check(Index features, double density) {
  if (features < 1) {
    throw std::invalid_argument(fmt::format("features = {} must be at least 1", features));
  }
  if (!(density > 0.0 && density <= 1.0)) {
    throw std::invalid_argument(fmt::format("density = {} must lie in (0, 1]", density));
  }
}

// ‖E |x|² xxᵀ‖₂, of the matrix a I + c 11ᵀ with
//   E |x|² x_j x_k = p²/4 + (D − 2)p³/12,  E |x|² x_j² = p/5 + (D − 1)p²/9.
double fourth_moment(double D, double p) {
  const double off = p * p / 4.0 + (D - 2.0) * p * p * p / 12.0;
  const double diagonal = p / 5.0 + (D - 1.0) * p * p / 9.0;
  return D > 1.0 ? diagonal + (D - 1.0) * off : diagonal;
}

// Of the T points: the least m that all of them have at most, but for probability `risk`.
Index most_active(const ActiveCount& law, double T, double risk) {
  Index m = law.features();
  while (m > 1 && T * law.at_least(m) <= risk) --m;
  return m;
}

// By matrix Bernstein, for points with |x|² ≤ R: exceeded with probability at most `risk`.
double bernstein(double D, double T, double R, double v, double risk) {
  const double L = std::log(2.0 * D / risk);
  return (L * R / 3.0 + std::sqrt(L * L * R * R / 9.0 + 2.0 * T * L * v)) / T;
}

void add_bound(MomentLaw& law, double confidence) {
  const ActiveCount count(Vector::Constant(law.features, law.density));
  const double D = static_cast<double>(law.features), T = static_cast<double>(law.samples);
  const double risk = 1.0 - confidence;
  law.confidence = confidence;
  law.most_active = most_active(count, T, 0.5 * risk);
  const double m = static_cast<double>(law.most_active);
  double left_out = 0.0;  // E[|x|²; N > m] = E[N; N > m]/3
  for (Index l = law.features; l > law.most_active; --l) {
    left_out += static_cast<double>(l) * count.probability(l) / 3.0;
  }
  law.noise_bound = bernstein(D, T, m, fourth_moment(D, law.density),
                              risk - T * count.at_least(law.most_active + 1)) +
                    left_out;
}

double beyond(const ValueLaw& value, double u) {  // P(|U| > u)
  return value.excess(0, u) + value.shortfall(0, -u);
}

// |U| is at most this, but for a probability of at most `risk`.
double largest(const ValueLaw& value, double risk) {
  const double end = std::max(std::abs(value.least()), std::abs(value.most()));
  if (std::isfinite(end)) return end;
  double low = 0.0, high = std::sqrt(value.moment(2));
  while (beyond(value, high) > risk) low = high, high *= 2.0;
  for (int step = 0; step < 20; ++step) {
    const double middle = 0.5 * (low + high);
    (beyond(value, middle) > risk ? low : high) = middle;
  }
  return high;
}

void add_bound(MomentLaw& law, const DataLaw& data, double confidence, double fourth) {
  const ActiveCount count(data.activity);
  const double D = static_cast<double>(law.features), T = static_cast<double>(law.samples);
  const double risk = 1.0 - confidence;
  law.confidence = confidence;
  law.most_active = most_active(count, T, 0.25 * risk);
  double left_out = count.at_least(law.most_active + 1);
  std::vector<double> squares;
  for (Index j = 0; j < law.features; ++j) {
    const double p = data.activity.density()(j);
    if (p == 0.0) continue;
    const ValueLaw& value = data.values[static_cast<std::size_t>(j)];
    const double u = largest(value, 0.25 * risk / (T * D));
    if (!std::isfinite(value.most()) || !std::isfinite(value.least())) {
      left_out += p * beyond(value, u);
    }
    squares.push_back(u * u);
  }
  std::sort(squares.begin(), squares.end(), std::greater<>());
  squares.resize(std::min(squares.size(), static_cast<std::size_t>(law.most_active)));
  const double R = std::accumulate(squares.begin(), squares.end(), 0.0);
  const double v = std::min(R * law.first_eigenvalue, fourth);
  law.noise_bound = bernstein(D, T, R, v, risk - T * left_out) + std::sqrt(fourth * left_out);
}

// E x_j² x_k², D × D.
Matrix squares_moment(const DataLaw& data) {
  Vector second(data.size()), fourth(data.size());
  for (Index j = 0; j < data.size(); ++j) {
    const ValueLaw& value = data.values[static_cast<std::size_t>(j)];
    second(j) = value.moment(2);
    fourth(j) = value.moment(4);
  }
  Matrix result = data.activity.pair_probabilities();
  result.array() *= (second * second.transpose()).array();
  result.diagonal() = data.activity.density().cwiseProduct(fourth);
  return result;
}

bool one_density(const Features& features) {
  return features.plain() && (features.density.array() == features.density(0)).all();
}

}  // namespace

MomentLaw moment_law(const Features& features, std::uint64_t samples, double confidence) {
  validate(features);
  if (one_density(features)) {
    return moment_law(features.size(), features.density(0), samples, confidence);
  }
  check(samples, confidence);
  const DataLaw data = features.data_law();
  const Matrix M = moment_matrix(data), squares = squares_moment(data);
  const double D = static_cast<double>(features.size()), T = static_cast<double>(samples);
  MomentLaw law{
      .features = features.size(), .density = features.density.mean(), .samples = samples};
  law.mean_square = M.trace() / D;
  if (!(law.mean_square > 0.0)) {
    throw std::invalid_argument("no feature is ever different from 0: there are no moments");
  }
  const Vector eigenvalues = symmetric_eigenvalues(M);
  law.first_eigenvalue = eigenvalues(law.features - 1);
  law.other_eigenvalue = eigenvalues(0);
  // Of x_j x_k over T: summed over the diagonal and over all else.
  const Matrix variance = (squares - M.cwiseAbs2()).cwiseMax(0.0) / T;
  const double diagonal = variance.trace(), off = std::max(variance.sum() - diagonal, 0.0);
  law.diagonal_spread = std::sqrt(diagonal / D) / law.mean_square;
  law.off_diagonal_spread = D > 1.0 ? std::sqrt(off / (D * (D - 1.0))) / law.mean_square : 0.0;
  law.noise = std::sqrt((diagonal + off) / D) / law.mean_square;
  const Matrix identity = Matrix::Identity(law.features, law.features);
  law.interaction = (M - law.mean_square * identity).norm() / std::sqrt(D) / law.mean_square;
  law.distance = std::hypot(law.interaction, law.noise);
  add_bound(law, data, confidence, squares.sum());
  law.distance_bound =
      (law.noise_bound + 0.5 * (law.first_eigenvalue - law.other_eigenvalue)) / law.mean_square;
  return law;
}

MomentLaw moment_law(Index features, double density, std::uint64_t samples, double confidence) {
  check(features, density);
  check(samples, confidence);
  MomentLaw law{.features = features, .density = density, .samples = samples};
  law.mean_square = density / 3.0;
  const double D = static_cast<double>(features), T = static_cast<double>(samples), p = density;
  law.other_eigenvalue = p / 3.0 - p * p / 4.0;
  law.first_eigenvalue = law.other_eigenvalue + D * p * p / 4.0;
  const double diagonal = (9.0 / (5.0 * p) - 1.0) / T, off = (1.0 - 9.0 * p * p / 16.0) / T;
  law.diagonal_spread = std::sqrt(diagonal);
  law.off_diagonal_spread = std::sqrt(off);
  law.interaction = std::sqrt(D - 1.0) * 0.75 * p;
  law.noise = std::sqrt(diagonal + (D - 1.0) * off);
  law.distance = std::hypot(law.interaction, law.noise);
  add_bound(law, confidence);
  law.distance_bound = law.noise_bound / (p / 3.0) + 3.0 * D * p / 8.0;
  return law;
}

Matrix expected_moment(const Vector& density) {
  const Vector mean = means(density);
  Matrix M = mean * mean.transpose();
  M.diagonal() = second_moments(density);
  return M;
}

Matrix expected_moment(const Features& features) {
  return features.plain() ? expected_moment(features.density) : moment_matrix(*features.law);
}

MeasuredMoment measure(const Matrix& Sigma, const MomentLaw& law) {
  return measure(Sigma, law, expected_moment(Vector::Constant(law.features, law.density)));
}

MeasuredMoment measure(const Matrix& Sigma, const MomentLaw& law, const Matrix& expected) {
  const Index D = law.features;
  if (Sigma.rows() != D || Sigma.cols() != D) {
    throw std::invalid_argument(fmt::format("Sigma is {} x {}, but the law has {} features",
                                            Sigma.rows(), Sigma.cols(), D));
  }
  const double scale = law.mean_square, root = std::sqrt(static_cast<double>(D));
  const Matrix mean = Sigma / static_cast<double>(law.samples);
  const Matrix noise = mean - expected;
  const auto eigenvalues = [](const Matrix& symmetric) {
    return Vector(symmetric_eigenvalues(symmetric).reverse());
  };
  MeasuredMoment result;
  result.eigenvalues = eigenvalues(mean);
  result.noise = noise.norm() / root / scale;
  result.distance = (mean - scale * Matrix::Identity(D, D)).norm() / root / scale;
  result.spectral_noise = eigenvalues(noise).cwiseAbs().maxCoeff() / scale;
  result.spectral_distance = 0.5 * (result.eigenvalues(0) - result.eigenvalues(D - 1)) / scale;
  return result;
}

}  // namespace skeleta::linear
