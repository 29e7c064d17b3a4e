#include "skeleta/linear/moment_law.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "core/decompositions.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/value_law.h"

namespace skeleta::linear {
namespace {

void check(Index features, double density, std::uint64_t samples, double confidence) {
  if (features < 1) {
    throw std::invalid_argument(fmt::format("features = {} must be at least 1", features));
  }
  if (!(density > 0.0 && density <= 1.0)) {
    throw std::invalid_argument(fmt::format("density = {} must lie in (0, 1]", density));
  }
  if (samples < 1) throw std::invalid_argument("samples = 0 must be at least 1");
  if (!(confidence > 0.0 && confidence < 1.0)) {
    throw std::invalid_argument(fmt::format("confidence = {} must lie in (0, 1)", confidence));
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
  const double v = fourth_moment(D, law.density);
  const double L = std::log(2.0 * D / (risk - T * count.at_least(law.most_active + 1)));
  law.noise_bound = (L * m / 3.0 + std::sqrt(L * L * m * m / 9.0 + 2.0 * T * L * v)) / T + left_out;
}

}  // namespace

MomentLaw moment_law(Index features, double density, std::uint64_t samples, double confidence) {
  check(features, density, samples, confidence);
  MomentLaw law{.features = features, .density = density, .samples = samples};
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

MeasuredMoment measure(const Matrix& Sigma, const MomentLaw& law) {
  const Index D = law.features;
  if (Sigma.rows() != D || Sigma.cols() != D) {
    throw std::invalid_argument(fmt::format("Sigma is {} x {}, but the law has {} features",
                                            Sigma.rows(), Sigma.cols(), D));
  }
  const double scale = law.density / 3.0, root = std::sqrt(static_cast<double>(D));
  const Matrix mean = Sigma / static_cast<double>(law.samples);
  const Matrix noise = mean - expected_moment(Vector::Constant(D, law.density));
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
