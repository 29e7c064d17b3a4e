#include "skeleta/thomson/symmetry_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "geometry/configurations.h"
#include "skeleta/thomson/configurations.h"

namespace skeleta::thomson {
namespace {

double order_by_trying_all(const Matrix& X) {
  const Matrix G = X.transpose() * X;
  std::vector<Index> p(static_cast<std::size_t>(X.cols()));
  std::iota(p.begin(), p.end(), Index{0});
  double count = 0.0;
  do {
    count += (G(p, p) - G).cwiseAbs().maxCoeff() < 1e-6;
  } while (std::next_permutation(p.begin(), p.end()));
  return count;
}

// Coxeter's groups: A_d, B_d, H3, H4, F4 for the 24-cell's 1152, E8; 2·Sp(6,2) on 56, W(E6) on 27,
// W(D5) on 16 points. O'Nan–McLaughlin: 2·Co3 on the 552, McL:2 on the 275.
TEST(SymmetryGroup, KnownOrders) {
  const std::vector<std::pair<const char*, double>> known{{"triangular bipyramid", 12},
                                                          {"pentagonal bipyramid", 20},
                                                          {"cube", 48},
                                                          {"square antiprism", 16},
                                                          {"icosahedron", 120},
                                                          {"cuboctahedron", 48},
                                                          {"dodecahedron", 120},
                                                          {"24-cell", 1152},
                                                          {"600-cell", 14400},
                                                          {"Clebsch configuration", 1920},
                                                          {"Schlaefli configuration", 51840},
                                                          {"56 points of E8", 2903040},
                                                          {"roots of E8", 696729600},
                                                          {"McLaughlin configuration", 1796256000}};
  for (const auto& [name, order] : known) {
    const auto records = sporadic_configurations();
    const auto record =
        std::find_if(records.begin(), records.end(),
                     [&, name = name](const auto& r) { return std::string(r.name) == name; });
    ASSERT_NE(record, records.end()) << name;
    const SymmetryGroup group = symmetry_group(record->make());
    EXPECT_EQ(group.order, order) << name;
    EXPECT_TRUE(group.complete) << name;
  }
}

TEST(SymmetryGroup, OfFamilies) {
  for (const Index n : {3, 8, 100}) {
    EXPECT_EQ(symmetry_group(polygon(n)).order, 2.0 * static_cast<double>(n));
  }
  EXPECT_EQ(symmetry_group(simplex(2, 3)).order, 2);
  EXPECT_EQ(symmetry_group(simplex(13, 12)).order, 6227020800.0);      // 13!
  EXPECT_EQ(symmetry_group(orthoplex(10)).order, 1024.0 * 3628800.0);  // 2¹⁰ 10!
}

TEST(SymmetryGroup, AgreesWithTryingAll) {
  std::mt19937_64 random(1);
  Matrix mirrored = geometry::random_matrix(3, 6, random);
  mirrored.rightCols(3) = mirrored.leftCols(3);
  mirrored.row(0).tail(3) *= -1.0;
  Matrix doubled = polygon(6);
  doubled.col(3) = doubled.col(0);
  for (const Matrix& X :
       {geometry::random_matrix(3, 6, random), mirrored, doubled, polygon(7),
        Matrix(geometry::direct_sum(polygon(3), polygon(4))), Matrix(Matrix::Ones(2, 4)),
        Matrix(Matrix::Zero(2, 3)), Matrix(Matrix{{1, 2, 3, 3, -1}})}) {
    EXPECT_EQ(symmetry_group(X).order, order_by_trying_all(X)) << X;
  }
}

TEST(SymmetryGroup, GeneratorsAreSymmetriesAndGiveTheOrbits) {
  const Matrix X = geometry::direct_sum(polygon(5), geometry::direct_sum(polygon(5), polygon(3)));
  const Matrix G = X.transpose() * X;
  const SymmetryGroup group = symmetry_group(X);
  EXPECT_EQ(group.order, 10 * 10 * 2 * 6);
  for (const auto& p : group.generators) EXPECT_LT((G(p, p) - G).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_THAT(group.orbit, ::testing::ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 10));
}

TEST(SymmetryGroup, TurnsAndLabelsDoNotMatter) {
  std::mt19937_64 random(3);
  for (const Matrix& X : {geometry::polygon(30), Matrix(geometry::icosahedral_lines()),
                          Matrix(geometry::direct_sum(orthoplex(4), simplex(6, 5)))}) {
    const double order = symmetry_group(X).order;
    for (int k = 0; k < 3; ++k) {
      EXPECT_EQ(symmetry_group(geometry::disguised(X, random)).order, order);
    }
  }
}

TEST(SymmetryGroup, SeesADentOnlyAboveTheTolerance) {
  Matrix X = orthoplex(3);
  X.col(0) = Vector{{1.0, 1e-4, 0.0}}.normalized();
  EXPECT_EQ(symmetry_group(X, 1e-3).order, 48);
  EXPECT_EQ(symmetry_group(X, 1e-6).order, 2);  // the mirror that swaps ±e₃
}

TEST(SymmetryGroup, SaysWhenItWasCutShort) {
  const SymmetryGroup group = symmetry_group(orthoplex(6), 1e-6, 3);
  EXPECT_FALSE(group.complete);
  EXPECT_LT(group.order, 64 * 720);
}

TEST(SymmetryGroup, BadInput) {
  EXPECT_THROW(symmetry_group(Matrix()), std::invalid_argument);
  EXPECT_THROW(symmetry_group(Matrix::Constant(2, 2, NAN)), std::invalid_argument);
  EXPECT_THROW(symmetry_group(Matrix::Ones(2, 2), 0.0), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::thomson
