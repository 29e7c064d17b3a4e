#include "skeleta/thomson/coordination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "geometry/configurations.h"
#include "skeleta/thomson/configurations.h"

namespace skeleta::thomson {
namespace {

using ::testing::Each;

std::vector<Index> of(const char* wanted) {
  for (const SporadicConfiguration& record : sporadic_configurations()) {
    if (std::string(record.name) == wanted) return coordination(record.make());
  }
  return {};
}

TEST(Coordination, OfPolyhedra) {
  EXPECT_THAT(coordination(simplex(4, 3)), Each(3));
  EXPECT_THAT(coordination(orthoplex(3)), Each(4));
  EXPECT_THAT(of("cube"), Each(3));
  EXPECT_THAT(of("icosahedron"), Each(5));
  EXPECT_THAT(of("cuboctahedron"), Each(4));
  EXPECT_THAT(of("dodecahedron"), Each(3));
  EXPECT_THAT(of("square antiprism"), Each(4));
  EXPECT_THAT(of("triangular bipyramid"), ::testing::ElementsAre(4, 4, 4, 3, 3));
}

TEST(Coordination, OfFlatConfigurations) {
  EXPECT_THAT(coordination(simplex(2, 3)), Each(1));
  EXPECT_THAT(coordination(simplex(3, 3)), Each(2));
  Matrix flat = Matrix::Zero(3, 7);
  flat.topRows(2) = polygon(7);
  EXPECT_THAT(coordination(flat), Each(2));
}

// Contact numbers of kissing configurations: 24-cell 8, 600-cell 12, E₈ 56.
TEST(Coordination, OfContactGraphs) {
  EXPECT_THAT(of("24-cell"), Each(8));
  EXPECT_THAT(of("600-cell"), Each(12));
  EXPECT_THAT(of("roots of E8"), Each(56));
  EXPECT_THAT(coordination(polygon(9)), Each(2));
  EXPECT_THAT(coordination(simplex(6, 5)), Each(5));
}

// Euler: a convex polyhedron whose faces are triangles has 3N − 6 edges.
TEST(Coordination, OfRandomPointsCountsTheEdgesOfTriangles) {
  std::mt19937_64 random(1);
  for (const Index n : {4, 9, 50, 200}) {
    Matrix X = geometry::random_matrix(3, n, random);
    X.colwise().normalize();
    const auto degrees = coordination(X);
    // Less than 3 only where all points are in a half-space: then the formula holds all the same.
    EXPECT_EQ(std::accumulate(degrees.begin(), degrees.end(), Index{0}), 2 * (3 * n - 6)) << n;
  }
}

TEST(Coordination, TurnsAndLabelsDoNotMatter) {
  std::mt19937_64 random(2);
  Matrix X = geometry::random_matrix(3, 30, random);
  X.colwise().normalize();
  auto first = coordination(X), second = coordination(geometry::disguised(X, random));
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  EXPECT_EQ(first, second);
}

TEST(Coordination, CoincidentPointsAreNoNeighbours) {
  Matrix X(3, 3);
  X << 1, 1, -1, 0, 0, 0, 0, 0, 0;
  EXPECT_THAT(coordination(X), Each(1));
  EXPECT_THAT(coordination(Matrix::Ones(1, 3)), Each(0));
}

TEST(Coordination, BadInput) {
  EXPECT_THROW(coordination(Matrix()), std::invalid_argument);
  EXPECT_THROW(coordination(2.0 * Matrix::Identity(3, 3)), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::thomson
