#include "skeleta/linear/critical_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <tuple>

#include "core/decompositions.h"
#include "core/products.h"

namespace skeleta::linear {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw std::invalid_argument(message);
}

void check_hidden(const Spectrum& spectrum, Index hidden) {
  if (hidden >= 1 && hidden <= spectrum.size()) return;
  refuse(fmt::format("hidden = {} must lie between 1 and the number of features, {}", hidden,
                     spectrum.size()));
}

void check_set(const Spectrum& spectrum, const std::vector<Index>& set, Index hidden) {
  check_hidden(spectrum, hidden);
  if (static_cast<Index>(set.size()) > hidden) {
    refuse(fmt::format("a set of {} eigenvectors does not fit into {} hidden dimensions",
                       set.size(), hidden));
  }
  for (std::size_t k = 0; k < set.size(); ++k) {
    const bool inside = set[k] >= 0 && set[k] < spectrum.size();
    if (inside && std::find(set.begin(), set.begin() + static_cast<std::ptrdiff_t>(k), set[k]) ==
                      set.begin() + static_cast<std::ptrdiff_t>(k)) {
      continue;
    }
    refuse(fmt::format("the set has the member {}: members must be distinct and from 0 to {}",
                       set[k], spectrum.size() - 1));
  }
}

bool contains(const std::vector<Index>& set, Index i) {
  return std::find(set.begin(), set.end(), i) != set.end();
}

// Number of the group of equal eigenvalues that i belongs to.
Index group_of(const Spectrum& spectrum, Index i) {
  return std::upper_bound(spectrum.groups.begin(), spectrum.groups.end(), i) -
         spectrum.groups.begin();
}

// C⁺, for C of full row rank.
Matrix right_inverse(const Matrix& C) {
  if (C.rows() == 0) return Matrix(C.cols(), 0);
  const auto [U, s, V] = svd(C);
  if (C.rows() > C.cols() || !C.allFinite() || !(s(C.rows() - 1) > 1e-12 * s(0))) {
    refuse(
        fmt::format("C ({} x {}) must have full row rank: its singular values reach from {:.3g} "
                    "to {:.3g}",
                    C.rows(), C.cols(), s(0), s(s.size() - 1)));
  }
  return product_transposed(V * s.cwiseInverse().asDiagonal(), U);
}

LinearAutoencoder from_frame(const Matrix& frame, const Matrix& C) {
  if (C.rows() != frame.cols()) {
    refuse(fmt::format("C has {} rows, but the set has {} members", C.rows(), frame.cols()));
  }
  return {product(frame, C), product_transposed(right_inverse(C), frame)};
}

// One eigenvector of AB's block in an eigenspace: how much of it AB keeps.
struct Kept {
  double share;
  Index place;  // in the spectrum
  Vector direction;
};

std::vector<Kept> kept_directions(const Matrix& AB, const Spectrum& spectrum) {
  std::vector<Kept> result;
  for (std::size_t g = 0; g + 1 < spectrum.groups.size(); ++g) {
    const Index first = spectrum.groups[g], count = spectrum.groups[g + 1] - first;
    const Matrix U = spectrum.eigenvectors.middleCols(first, count);
    const Matrix block = product(transposed_product(U, AB), U);
    const SymmetricEigen kept = symmetric_eigen(0.5 * (block + block.transpose()));
    for (Index k = count; k-- > 0;) {  // largest first
      result.push_back({kept.values(k), first + count - 1 - k, U * kept.vectors.col(k)});
    }
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const Kept& a, const Kept& b) { return a.share > b.share; });
  return result;
}

}  // namespace

Index negative_directions(const Spectrum& spectrum, const std::vector<Index>& set, Index hidden) {
  check_set(spectrum, set, hidden);
  Index count = 0;
  for (Index k = 0; k < spectrum.size(); ++k) {
    if (contains(set, k)) continue;
    if (spectrum.eigenvalues(k) > 0.0) count += hidden - static_cast<Index>(set.size());
    for (const Index j : set) count += group_of(spectrum, k) < group_of(spectrum, j);
  }
  return count;
}

CriticalPoint describe(const Spectrum& spectrum, std::vector<Index> set, Index hidden) {
  check_set(spectrum, set, hidden);
  std::sort(set.begin(), set.end());
  CriticalPoint result;
  result.negative_directions = negative_directions(spectrum, set, hidden);
  result.kind = result.negative_directions == 0 ? CriticalKind::minimum : CriticalKind::saddle;
  for (Index i = 0; i < spectrum.size(); ++i) {
    if (!contains(set, i)) result.loss += spectrum.eigenvalues(i);
  }
  result.set = std::move(set);
  return result;
}

std::vector<CriticalPoint> critical_points(const Spectrum& spectrum, Index hidden) {
  check_hidden(spectrum, hidden);
  if (spectrum.size() > 20) {
    refuse(fmt::format("{} features have more than a million critical sets: at most 20 are listed",
                       spectrum.size()));
  }
  std::vector<CriticalPoint> result;
  for (std::uint32_t bits = 0; bits < (std::uint32_t{1} << spectrum.size()); ++bits) {
    if (std::popcount(bits) > hidden) continue;
    std::vector<Index> set;
    for (Index i = 0; i < spectrum.size(); ++i) {
      if ((bits >> i) % 2 == 1) set.push_back(i);
    }
    result.push_back(describe(spectrum, std::move(set), hidden));
  }
  std::sort(result.begin(), result.end(), [](const CriticalPoint& a, const CriticalPoint& b) {
    return std::make_tuple(-a.rank(), a.loss, a.set) < std::make_tuple(-b.rank(), b.loss, b.set);
  });
  return result;
}

LinearAutoencoder critical_point(const Spectrum& spectrum, const std::vector<Index>& set,
                                 const Matrix& C) {
  check_set(spectrum, set, C.cols());
  return from_frame(spectrum.eigenvectors(Eigen::all, set), C);
}

LinearAutoencoder escape(const Spectrum& spectrum, const std::vector<Index>& set, const Matrix& C,
                         Index j, Index k, double epsilon) {
  check_set(spectrum, set, C.cols());
  const auto place = std::find(set.begin(), set.end(), j);
  if (place == set.end() || k < 0 || k >= spectrum.size() || contains(set, k)) {
    refuse(fmt::format("j = {} must be in the set and k = {} an eigenvector outside it", j, k));
  }
  Matrix frame = spectrum.eigenvectors(Eigen::all, set);
  const double norm = std::hypot(1.0, epsilon);
  frame.col(place - set.begin()) =
      (spectrum.eigenvectors.col(j) + epsilon * spectrum.eigenvectors.col(k)) / norm;
  return from_frame(frame, C);
}

Classification classify(const LinearAutoencoder& model, const Spectrum& spectrum) {
  const Matrix Sigma = data_matrix(spectrum);
  Classification result;
  result.loss = loss(model, Sigma);
  const LinearAutoencoder slope = gradient(model, Sigma);
  result.gradient_norm = std::hypot(slope.A.norm(), slope.B.norm());
  const Matrix AB = product(model.A, model.B);
  Matrix projection = Matrix::Zero(AB.rows(), AB.cols());
  std::vector<Index> set;
  for (const Kept& kept : kept_directions(AB, spectrum)) {
    if (kept.share <= 0.5 || static_cast<Index>(set.size()) == model.hidden()) break;
    set.push_back(kept.place);
    projection += kept.direction * kept.direction.transpose();
  }
  result.nearest = describe(spectrum, std::move(set), model.hidden());
  result.distance = (AB - projection).norm();
  return result;
}

}  // namespace skeleta::linear
