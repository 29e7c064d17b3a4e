#include "skeleta/thomson/configurations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "thomson/lattice_vectors.h"

namespace skeleta::thomson {
namespace {

constexpr double golden = std::numbers::phi;

Matrix direct_sum(const Matrix& A, const Matrix& B) {
  Matrix X = Matrix::Zero(A.rows() + B.rows(), A.cols() + B.cols());
  X.topLeftCorner(A.rows(), A.cols()) = A;
  X.bottomRightCorner(B.rows(), B.cols()) = B;
  return X;
}

// All vectors (±a, ±b, ±c), repeated ones once, after `before`.
Matrix with_signs(const Matrix& before, const Eigen::Vector3d& v) {
  std::vector<Eigen::Vector3d> found;
  for (int signs = 0; signs < 8; ++signs) {
    Eigen::Vector3d x = v;
    for (int i = 0; i < 3; ++i) {
      if ((signs >> i) % 2 == 1) x(i) = 0.0 - x(i);  // 0 stays +0
    }
    if (std::find(found.begin(), found.end(), x) == found.end()) found.push_back(x);
  }
  Matrix X(3, before.cols() + static_cast<Index>(found.size()));
  X.leftCols(before.cols()) = before;
  for (std::size_t k = 0; k < found.size(); ++k) {
    X.block<3, 1>(0, before.cols() + static_cast<Index>(k)) = found[k].normalized();
  }
  return X;
}

Matrix with_cyclic_signs(Matrix X, double a, double b, double c) {
  for (const Eigen::Vector3d& v : {Eigen::Vector3d{a, b, c}, {b, c, a}, {c, a, b}}) {
    X = with_signs(X, v);
  }
  return X;
}

Matrix triangular_bipyramid() {
  return direct_sum(polygon(3), Matrix{{1.0, -1.0}});
}

Matrix pentagonal_bipyramid() {
  return direct_sum(polygon(5), Matrix{{1.0, -1.0}});
}

Matrix cube() {
  return with_signs(Matrix(3, 0), {1.0, 1.0, 1.0});
}

// Heights ±1/√3 make it a tight frame.
Matrix square_antiprism() {
  Matrix X(3, 8);
  for (Index j = 0; j < 8; ++j) {
    const double angle = std::numbers::pi * static_cast<double>(j) / 4.0;
    X.col(j) << std::sqrt(2.0) * std::cos(angle), std::sqrt(2.0) * std::sin(angle),
        j % 2 == 0 ? 1.0 : -1.0;
  }
  return X / std::sqrt(3.0);
}

Matrix icosahedron() {
  return with_cyclic_signs(Matrix(3, 0), 0.0, 1.0, golden);
}

Matrix cuboctahedron() {
  return with_cyclic_signs(Matrix(3, 0), 0.0, 1.0, 1.0);
}

Matrix dodecahedron() {
  return with_cyclic_signs(cube(), 0.0, 1.0 / golden, golden);
}

// The 24 units (±1, 0, 0, 0), (±½)⁴ of Hurwitz and the 96 even permutations of (±φ, ±1, ±1/φ, 0)/2.
Matrix cell600() {
  Matrix X(4, 120);
  Index next = 0;
  for (Index i = 0; i < 4; ++i) {
    X.col(next++) = Vector::Unit(4, i);
    X.col(next++) = -Vector::Unit(4, i);
  }
  const auto sign = [](int signs, int bit) { return (signs >> bit) % 2 == 1 ? -0.5 : 0.5; };
  for (int signs = 0; signs < 16; ++signs, ++next) {
    for (int i = 0; i < 4; ++i) X(i, next) = sign(signs, i);
  }
  const double value[] = {golden, 1.0, 1.0 / golden, 0.0};
  int order[] = {0, 1, 2, 3};
  do {
    int inversions = 0;
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < i; ++j) inversions += order[j] > order[i];
    }
    if (inversions % 2 != 0) continue;
    for (int signs = 0; signs < 8; ++signs, ++next) {
      for (int i = 0; i < 4; ++i) {
        X(i, next) = order[i] == 3 ? 0.0 : sign(signs, order[i]) * value[order[i]];
      }
    }
  } while (std::next_permutation(std::begin(order), std::end(order)));
  return X;
}

Matrix e8_56() {
  return derived(roots_of_e8(), 1.0 / 2.0);
}

Matrix schlaefli() {
  return derived(e8_56(), 1.0 / 3.0);
}

Matrix clebsch() {
  return derived(schlaefli(), 1.0 / 4.0);
}

// Around a minimal vector, and around one of the next shell, (5, 1²³), of squared length 48.
Matrix leech_4600() {
  Eigen::Matrix<double, 24, 1> w = Eigen::Matrix<double, 24, 1>::Zero();
  w.head(2).setConstant(4.0);
  return leech_vectors_around(w, 16.0);
}

Matrix leech_552() {
  Eigen::Matrix<double, 24, 1> w = Eigen::Matrix<double, 24, 1>::Ones();
  w(0) = 5.0;
  return leech_vectors_around(w, 24.0);
}

Matrix leech_891() {
  return derived(leech_4600(), 1.0 / 3.0);
}

Matrix mclaughlin() {
  return derived(leech_552(), 1.0 / 5.0);
}

Matrix mclaughlin_162() {
  return derived(mclaughlin(), 1.0 / 6.0);
}

Matrix mclaughlin_112() {
  return derived(mclaughlin(), -1.0 / 4.0);
}

constexpr const char* sharp = "Cohn & Kumar, J. Amer. Math. Soc. 20 (2007), theorem 1.2";
constexpr const char* not_optimal = "not a minimum of all Riesz energies; a name only";

constexpr SporadicConfiguration sporadic[] = {
    {"triangular bipyramid", 5, 3, false, "of least energy for 0 <= s <= 15: Schwartz (2013, 2018)",
     triangular_bipyramid},
    {"pentagonal bipyramid", 7, 3, false, not_optimal, pentagonal_bipyramid},
    {"cube", 8, 3, false, not_optimal, cube},
    {"square antiprism", 8, 3, false, "the tight one, of heights 1/sqrt(3); a name only",
     square_antiprism},
    {"icosahedron", 12, 3, true, sharp, icosahedron},
    {"cuboctahedron", 12, 3, false, not_optimal, cuboctahedron},
    {"dodecahedron", 20, 3, false, not_optimal, dodecahedron},
    {"24-cell", 24, 4, false,
     "roots of D4, the kissing configuration; not universally optimal: Cohn, Conway, Elkies & "
     "Kumar, Exp. Math. 16 (2007)",
     roots_of_d4},
    {"600-cell", 120, 4, true, sharp, cell600},
    {"Clebsch configuration", 16, 5, true, sharp, clebsch},
    {"Schlaefli configuration", 27, 6, true, sharp, schlaefli},
    {"56 points of E8", 56, 7, true, sharp, e8_56},
    {"roots of E8", 240, 8, true, sharp, roots_of_e8},
    {"112 points of McLaughlin's graph", 112, 21, true, sharp, mclaughlin_112},
    {"162 points of McLaughlin's graph", 162, 21, true, sharp, mclaughlin_162},
    {"McLaughlin configuration", 275, 22, true, sharp, mclaughlin},
    {"891 points of the Leech lattice", 891, 22, true, sharp, leech_891},
    {"equiangular lines of the Leech lattice", 552, 23, true, sharp, leech_552},
    {"4600 points of the Leech lattice", 4600, 23, true, sharp, leech_4600},
};

std::string polygon_name(Index points) {
  constexpr const char* names[] = {"digon", "triangle", "square", "pentagon", "hexagon"};
  return points <= 6 ? names[points - 2] : fmt::format("{}-gon", points);
}

std::string simplex_name(Index points) {
  if (points <= 3) return polygon_name(points);
  return points == 4 ? "tetrahedron" : fmt::format("{}-simplex", points - 1);
}

std::string orthoplex_name(Index dimension) {
  return dimension == 3 ? "octahedron" : fmt::format("{}-orthoplex", dimension);
}

}  // namespace

Matrix polygon(Index points) {
  if (points < 2) {
    throw std::invalid_argument(fmt::format("a polygon needs at least 2 points, not {}", points));
  }
  Matrix X(2, points);
  for (Index j = 0; j < points; ++j) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(points);
    X.col(j) << std::cos(angle), std::sin(angle);
  }
  return X;
}

// Row by row, Cholesky's factor of the Gram matrix.
Matrix simplex(Index points, Index dimension) {
  if (points < 2 || points > dimension + 1) {
    throw std::invalid_argument(fmt::format("a simplex in R^{} has 2 to {} points, not {}",
                                            dimension, dimension + 1, points));
  }
  Matrix X = Matrix::Zero(dimension, points);
  const double cosine = -1.0 / static_cast<double>(points - 1);
  for (Index i = 0; i + 1 < points; ++i) {
    X(i, i) = std::sqrt(1.0 - X.col(i).head(i).squaredNorm());
    for (Index j = i + 1; j < points; ++j) {
      X(i, j) = (cosine - X.col(i).head(i).dot(X.col(j).head(i))) / X(i, i);
    }
  }
  return X;
}

Matrix orthoplex(Index dimension) {
  if (dimension < 1) {
    throw std::invalid_argument(
        fmt::format("an orthoplex needs at least 1 dimension, not {}", dimension));
  }
  Matrix X = Matrix::Zero(dimension, 2 * dimension);
  for (Index i = 0; i < dimension; ++i) {
    X(i, 2 * i) = 1.0;
    X(i, 2 * i + 1) = -1.0;
  }
  return X;
}

std::span<const SporadicConfiguration> sporadic_configurations() {
  return sporadic;
}

std::vector<NamedConfiguration> named_configurations(Index points, Index dimension) {
  std::vector<NamedConfiguration> result;
  if (points < 2 || dimension < 1) return result;
  if (points <= dimension + 1) {
    result.push_back({simplex_name(points), simplex(points, dimension), true, sharp});
  } else if (dimension == 2) {
    result.push_back({polygon_name(points), polygon(points), true, sharp});
  } else if (points == 2 * dimension) {
    result.push_back({orthoplex_name(dimension), orthoplex(dimension), true, sharp});
  }
  for (const SporadicConfiguration& record : sporadic) {
    if (record.points != points || record.dimension != dimension) continue;
    result.push_back({record.name, record.make(), record.universally_optimal, record.source});
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return a.universally_optimal > b.universally_optimal;
  });
  return result;
}

}  // namespace skeleta::thomson
