#include "thomson/lattice_vectors.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "skeleta/core/function_ref.h"

namespace skeleta::thomson {
namespace {

// The columns of X without their part along the unit vector `axis`, in coordinates of the
// complement: a reflection takes the axis to the last coordinate, which is dropped.
Matrix without(const Matrix& X, Vector axis) {
  const Index d = X.rows();
  if (axis(d - 1) > 0.0) axis = -axis;  // so that the mirror below is not a small difference
  const Vector mirror = (axis - Vector::Unit(d, d - 1)).normalized();
  Matrix result = (X - 2.0 * mirror * (mirror.transpose() * X)).topRows(d - 1);
  result.colwise().normalize();
  return result;
}

using Codeword = std::uint32_t;  // bit i is coordinate i

// The extended binary Golay code: the cyclic code of length 23 that x¹¹ + x¹⁰ + x⁶ + x⁵ + x⁴ + x² +
// 1 generates, and a parity bit.
std::vector<Codeword> golay_code() {
  constexpr Codeword generator = 0b110001110101;
  std::vector<Codeword> code{0};
  for (int shift = 0; shift < 12; ++shift) {
    Codeword row = generator << shift;
    row |= static_cast<Codeword>(std::popcount(row) % 2) << 23;
    const std::size_t half = code.size();
    for (std::size_t k = 0; k < half; ++k) code.push_back(code[k] ^ row);
  }
  return code;
}

using Vector24 = Eigen::Matrix<double, 24, 1>;
using Visit = FunctionRef<void(const Vector24&)>;

bool has(Codeword word, int bit) {
  return (word >> bit) % 2 == 1;
}

// (±2)⁸ on an octad, an even number of them negative.
void visit_octad(Codeword octad, Visit visit) {
  for (Codeword signs = 0; signs < 256; ++signs) {
    if (std::popcount(signs) % 2 != 0) continue;
    Vector24 x = Vector24::Zero();
    for (int i = 0, k = 0; i < 24; ++i) {
      if (has(octad, i)) x(i) = has(signs, k++) ? -2.0 : 2.0;
    }
    visit(x);
  }
}

// (−3, 1²³) in some order, negated on a codeword.
void visit_odd(Codeword word, Visit visit) {
  Vector24 ones;
  for (int i = 0; i < 24; ++i) ones(i) = has(word, i) ? -1.0 : 1.0;
  for (int i = 0; i < 24; ++i) {
    Vector24 x = ones;
    x(i) *= -3.0;
    visit(x);
  }
}

void visit_leech_vectors(Visit visit) {
  for (const Codeword word : golay_code()) {
    if (std::popcount(word) == 8) visit_octad(word, visit);
    visit_odd(word, visit);
  }
  for (int i = 0; i < 24; ++i) {
    for (int j = 0; j < i; ++j) {
      for (const double a : {4.0, -4.0}) {
        for (const double b : {4.0, -4.0}) {
          visit(a * Vector24::Unit(i) + b * Vector24::Unit(j));
        }
      }
    }
  }
}

// ±e_i ± e_j, i > j, in columns first, first + 1, … of X.
void add_pairs(Matrix& X, Index first) {
  const Index d = X.rows();
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < i; ++j) {
      for (const double a : {1.0, -1.0}) {
        for (const double b : {1.0, -1.0}) {
          X.col(first++) = a * Vector::Unit(d, i) + b * Vector::Unit(d, j);
        }
      }
    }
  }
}

}  // namespace

Matrix derived(const Matrix& X, double cosine) {
  const Vector axis = X.col(0);
  std::vector<Index> chosen;
  for (Index j = 1; j < X.cols(); ++j) {
    if (std::abs(X.col(j).dot(axis) - cosine) < 1e-9) chosen.push_back(j);
  }
  return without(X(Eigen::all, chosen), axis);
}

Matrix roots_of_d4() {
  Matrix X(4, 24);
  add_pairs(X, 0);
  return X / std::sqrt(2.0);
}

Matrix roots_of_e8() {
  Matrix X(8, 240);
  add_pairs(X, 0);
  Index next = 112;
  for (std::uint32_t signs = 0; signs < 256; ++signs) {
    if (std::popcount(signs) % 2 != 0) continue;
    for (int i = 0; i < 8; ++i) X(i, next) = has(signs, i) ? -0.5 : 0.5;
    ++next;
  }
  return X / std::sqrt(2.0);
}

Matrix leech_vectors_around(const Vector24& w, double product) {
  std::vector<Vector24> chosen;
  visit_leech_vectors([&](const Vector24& x) {
    if (x.dot(w) == product) chosen.push_back(x);  // integers, so exact
  });
  Matrix X(24, static_cast<Index>(chosen.size()));
  for (std::size_t k = 0; k < chosen.size(); ++k) X.col(static_cast<Index>(k)) = chosen[k];
  return without(X, w.normalized());
}

}  // namespace skeleta::thomson
