#include "skeleta/thomson/configurations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "skeleta/thomson/sphere_energy.h"

namespace skeleta::thomson {
namespace {

// Inner products of column 0 with the others, and how often.
std::map<double, Index> distances(const Matrix& X, Index from) {
  std::map<double, Index> result;
  for (Index j = 0; j < X.cols(); ++j) {
    if (j != from) ++result[std::round(1e9 * X.col(from).dot(X.col(j))) / 1e9];
  }
  return result;
}

const SporadicConfiguration& find(const std::string& name) {
  for (const auto& record : sporadic_configurations()) {
    if (record.name == name) return record;
  }
  throw std::out_of_range(name);
}

TEST(Configurations, AreUnitColumnsOfTheirSizeAndTight) {
  for (const SporadicConfiguration& record : sporadic_configurations()) {
    const Matrix X = record.make();
    ASSERT_EQ(X.rows(), record.dimension) << record.name;
    ASSERT_EQ(X.cols(), record.points) << record.name;
    EXPECT_LT((X.colwise().norm().array() - 1.0).abs().maxCoeff(), 1e-14) << record.name;
    if (!record.universally_optimal) continue;
    // They are spherical 3-designs at least: ΣxᵢXᵢᵀ = (N/d) I and Σxᵢ = 0.
    const auto n = static_cast<double>(record.points), d = static_cast<double>(record.dimension);
    EXPECT_LT((X * X.transpose() - n / d * Matrix::Identity(X.rows(), X.rows())).norm(), 1e-10 * n)
        << record.name;
    EXPECT_LT(X.rowwise().sum().norm(), 1e-10 * n) << record.name;
  }
}

// The inner products in table 1 of Cohn & Kumar (2007); how often each occurs follows from the
// strength of the design, and is the same seen from every point.
TEST(Configurations, SharpOnesHaveThePublishedInnerProducts) {
  const double r5 = 1.0 / std::sqrt(5.0);
  const std::map<std::string, std::vector<double>> published{
      {"icosahedron", {-1.0, -r5, r5}},
      {"Clebsch configuration", {-3.0 / 5, 1.0 / 5}},
      {"Schlaefli configuration", {-1.0 / 2, 1.0 / 4}},
      {"56 points of E8", {-1.0, -1.0 / 3, 1.0 / 3}},
      {"roots of E8", {-1.0, -1.0 / 2, 0.0, 1.0 / 2}},
      {"112 points of McLaughlin's graph", {-1.0 / 3, 1.0 / 9}},
      {"162 points of McLaughlin's graph", {-2.0 / 7, 1.0 / 7}},
      {"McLaughlin configuration", {-1.0 / 4, 1.0 / 6}},
      {"891 points of the Leech lattice", {-1.0 / 2, -1.0 / 8, 1.0 / 4}},
      {"equiangular lines of the Leech lattice", {-1.0, -1.0 / 5, 1.0 / 5}},
      {"4600 points of the Leech lattice", {-1.0, -1.0 / 3, 0.0, 1.0 / 3}}};
  for (const auto& [name, cosines] : published) {
    const Matrix X = find(name).make();
    const auto seen = distances(X, 0);
    ASSERT_EQ(seen.size(), cosines.size()) << name;
    std::size_t k = 0;
    for (const auto& [cosine, count] : seen) EXPECT_NEAR(cosine, cosines[k++], 1e-9) << name;
    for (const Index from : {X.cols() / 2, X.cols() - 1}) EXPECT_EQ(distances(X, from), seen);
  }
}

TEST(Configurations, DistancesOf24CellAnd600Cell) {
  EXPECT_EQ(distances(find("24-cell").make(), 5),
            (std::map<double, Index>{{-1, 1}, {-.5, 8}, {0, 6}, {.5, 8}}));
  std::vector<Index> counts;
  for (const auto& [cosine, count] : distances(find("600-cell").make(), 77)) {
    counts.push_back(count);
  }
  EXPECT_THAT(counts, ::testing::ElementsAre(1, 12, 20, 12, 30, 12, 20, 12));
}

TEST(Configurations, EnergiesInClosedForm) {
  // Polygon: −log of the product of all distances, N^(N/2).
  for (const Index n : {2, 3, 7, 50}) {
    const auto N = static_cast<double>(n);
    EXPECT_NEAR(sphere_energy(logarithmic, polygon(n)), -N / 2 * std::log(N), 1e-12 * N * N);
  }
  // Simplex: all distances √(2N/(N − 1)).
  for (const Index n : {2, 4, 9}) {
    const auto N = static_cast<double>(n);
    EXPECT_NEAR(sphere_energy(coulomb, simplex(n, 8)),
                N * (N - 1) / 2 * std::sqrt((N - 1) / (2 * N)), 1e-12);
  }
  // Orthoplex: d pairs at 2, 2d(d − 1) at √2.
  EXPECT_NEAR(sphere_energy(coulomb, orthoplex(6)), 3.0 + 60.0 / std::sqrt(2.0), 1e-12);
  // E₈: 240/2 · (56/1 + 126/√2 + 56/√3 + 1/2).
  EXPECT_NEAR(sphere_energy(coulomb, find("roots of E8").make()),
              120 * (56 + 126 / std::sqrt(2.0) + 56 / std::sqrt(3.0) + 0.5), 1e-9);
}

TEST(Configurations, AreFoundByTheirSize) {
  const auto names = [](Index n, Index d) {
    std::vector<std::string> result;
    for (const auto& c : named_configurations(n, d)) result.push_back(c.name);
    return result;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(names(2, 1), ElementsAre("digon"));
  EXPECT_THAT(names(5, 2), ElementsAre("pentagon"));
  EXPECT_THAT(names(4, 2), ElementsAre("square"));
  EXPECT_THAT(names(4, 3), ElementsAre("tetrahedron"));
  EXPECT_THAT(names(4, 5), ElementsAre("tetrahedron"));
  EXPECT_THAT(names(6, 3), ElementsAre("octahedron"));
  EXPECT_THAT(names(12, 3), ElementsAre("icosahedron", "cuboctahedron"));
  EXPECT_THAT(names(9, 8), ElementsAre("8-simplex"));
  EXPECT_THAT(names(16, 8), ElementsAre("8-orthoplex"));
  EXPECT_THAT(names(11, 3), ElementsAre());
  EXPECT_THAT(names(1, 3), ElementsAre());
  EXPECT_THAT(names(3, 1), ElementsAre());
}

TEST(Configurations, BadInput) {
  EXPECT_THROW(polygon(1), std::invalid_argument);
  EXPECT_THROW(simplex(5, 3), std::invalid_argument);
  EXPECT_THROW(simplex(1, 3), std::invalid_argument);
  EXPECT_THROW(orthoplex(0), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::thomson
