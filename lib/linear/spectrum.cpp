#include "skeleta/linear/spectrum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/decompositions.h"
#include "core/products.h"
#include "linear/symmetric.h"

namespace skeleta::linear {
namespace {

std::vector<Index> groups_of(const Vector& eigenvalues, double equal) {
  std::vector<Index> groups{0};
  for (Index i = 1; i < eigenvalues.size(); ++i) {
    if (eigenvalues(i - 1) - eigenvalues(i) > equal * eigenvalues(0)) groups.push_back(i);
  }
  groups.push_back(eigenvalues.size());
  return groups;
}

constexpr double single_rounding = 0x1p-24;
constexpr double unremarkable = 1e-10;  // of double precision

// Losses are sums of up to all eigenvalues, and differences of a few of those.
void check_trace(double trace) {
  if (trace <= 0.01 * std::numeric_limits<double>::max()) return;
  throw std::invalid_argument(fmt::format(
      "the sum of the eigenvalues of Sigma, {:.3g}, is too near to the end of the range "
      "of double: divide Sigma by a number, which divides all losses",
      trace));
}

}  // namespace

double checked_asymmetry(const Matrix& Sigma, double tolerance) {
  if (Sigma.size() == 0 || Sigma.rows() != Sigma.cols() || !Sigma.allFinite()) {
    throw std::invalid_argument(
        fmt::format("Sigma ({} x {}) must be square and finite", Sigma.rows(), Sigma.cols()));
  }
  const double asymmetry = (Sigma - Sigma.transpose()).cwiseAbs().maxCoeff();
  if (asymmetry <= tolerance * Sigma.cwiseAbs().maxCoeff()) return asymmetry;
  throw std::invalid_argument(
      fmt::format("Sigma is not symmetric: it differs from its transpose by {:.3g}", asymmetry));
}

Spectrum spectrum(const Matrix& Sigma, double equal) {
  const double asymmetry = checked_asymmetry(Sigma, 4.0 * single_rounding);
  check_trace(Sigma.cwiseAbs().sum());
  const SymmetricEigen solved = symmetric_eigen(0.5 * Sigma + 0.5 * Sigma.transpose());
  Spectrum result;
  result.eigenvalues = solved.values.reverse();
  result.eigenvectors = solved.vectors.rowwise().reverse();
  const double least = result.eigenvalues(result.size() - 1);
  const double rounding = 2.0 * single_rounding * std::sqrt(static_cast<double>(result.size()));
  if (least < -rounding * std::max(result.eigenvalues(0), 0.0)) {
    throw std::invalid_argument(
        fmt::format("Sigma is not positive semi-definite: its least eigenvalue is {:.3g}", least));
  }
  if (least < -unremarkable * result.eigenvalues(0)) result.negative = least;
  if (asymmetry > unremarkable * Sigma.cwiseAbs().maxCoeff()) result.asymmetry = asymmetry;
  result.eigenvalues = result.eigenvalues.cwiseMax(0.0);
  result.groups = groups_of(result.eigenvalues, equal);
  return result;
}

Spectrum diagonal_spectrum(const Vector& eigenvalues, double equal) {
  if (eigenvalues.size() == 0) throw std::invalid_argument("eigenvalues: there are none");
  for (const double value : eigenvalues) {
    if (value >= 0.0 && std::isfinite(value)) continue;
    throw std::invalid_argument(
        fmt::format("eigenvalue {} must be finite and not negative", value));
  }
  check_trace(eigenvalues.sum());
  std::vector<Index> order(static_cast<std::size_t>(eigenvalues.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return eigenvalues(a) > eigenvalues(b); });
  Spectrum result;
  result.eigenvalues = eigenvalues(order);
  result.eigenvectors = Matrix::Identity(eigenvalues.size(), eigenvalues.size())(Eigen::all, order);
  result.groups = groups_of(result.eigenvalues, equal);
  result.sorted = std::is_sorted(order.begin(), order.end());
  return result;
}

Matrix data_matrix(const Spectrum& spectrum) {
  const Matrix& U = spectrum.eigenvectors;
  return product_transposed(U * spectrum.eigenvalues.asDiagonal(), U);
}

}  // namespace skeleta::linear
