#include "skeleta/thomson/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "geometry/configurations.h"
#include "skeleta/thomson/configurations.h"
#include "skeleta/thomson/sphere_energy.h"

namespace skeleta::thomson {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double close = 1e-12;

TEST(Match, OfThePentagon) {
  std::mt19937_64 random(1);
  const Matrix W = 1.17 * geometry::disguised(polygon(5), random);
  const ModelMatch seen = match(W, {.energies = {coulomb, logarithmic}});
  EXPECT_THAT(seen.columns, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(seen.excluded, IsEmpty());
  ASSERT_EQ(seen.energies.size(), 2u);
  for (const EnergyMatch& one : seen.energies) {
    EXPECT_NEAR(one.energy_ratio, 1.0, close);
    EXPECT_LT(one.match.rms, close);
    EXPECT_EQ(one.reference.name, "pentagon");
    EXPECT_TRUE(one.reference.constructed);
    EXPECT_EQ(one.reference.status, ProofStatus::proven);
  }
  EXPECT_NEAR(seen.energies[1].energy, -2.5 * std::log(5.0), close);
  // Five vectors of the plane: |cos 144°| is the largest; Welch √(3/8), orthoplex 1/√2.
  EXPECT_NEAR(seen.coherence.absolute, -std::cos(0.8 * std::numbers::pi), close);
  EXPECT_NEAR(seen.coherence.signed_max, std::cos(0.4 * std::numbers::pi), close);
  EXPECT_NEAR(seen.welch_bound, std::sqrt(3.0 / 8.0), close);
  EXPECT_NEAR(seen.orthoplex_bound, std::sqrt(0.5), close);
  EXPECT_EQ(seen.simplex_bound, 0.0);
  ASSERT_EQ(seen.nearest.size(), 5u);
  for (const auto& nearest : seen.nearest) {
    EXPECT_EQ(nearest.name, "pentagon");
    EXPECT_LT(nearest.distance, close);
  }
  ASSERT_EQ(seen.parts.size(), 1u);
  EXPECT_EQ(seen.parts[0].nearest, "pentagon");
  EXPECT_EQ(seen.parts[0].dimension, 2);
  EXPECT_LT(seen.parts[0].distance, close);
  EXPECT_THAT(seen.opposite_pairs, IsEmpty());
}

// Tegum products of a triangle, a digon and a pentagon with a dead and a weak feature in between.
TEST(Match, FindsOrthogonalPartsAndLeavesOutShortColumns) {
  std::mt19937_64 random(2);
  const Matrix product =
      geometry::direct_sum(polygon(3), geometry::direct_sum(simplex(2, 1), polygon(5)));
  Matrix W = Matrix::Zero(5, 12);
  W(Eigen::all, std::vector<Index>{0, 2, 3, 4, 5, 7, 8, 9, 10, 11}) =
      geometry::random_orthogonal(5, random) * product;
  W.col(6) = Vector::Constant(5, 0.01);
  const ModelMatch seen = match(W, {.energies = {}});
  EXPECT_THAT(seen.excluded, ElementsAre(1, 6));
  ASSERT_EQ(seen.parts.size(), 3u);
  EXPECT_THAT(seen.parts[0].columns, ElementsAre(0, 2, 3));
  EXPECT_THAT(seen.parts[1].columns, ElementsAre(4, 5));
  EXPECT_THAT(seen.parts[2].columns, ElementsAre(7, 8, 9, 10, 11));
  EXPECT_EQ(seen.parts[0].nearest, "triangle");
  EXPECT_EQ(seen.parts[1].nearest, "digon");
  EXPECT_EQ(seen.parts[2].nearest, "pentagon");
  for (const Part& part : seen.parts) EXPECT_LT(part.distance, close);
  EXPECT_EQ(seen.parts[1].dimension, 1);
  EXPECT_LT(seen.interference, close);
  ASSERT_EQ(seen.opposite_pairs.size(), 1u);
  EXPECT_EQ(seen.opposite_pairs[0].first, 4);
  EXPECT_EQ(seen.opposite_pairs[0].second, 5);
  EXPECT_EQ(seen.dimensionality(1), 0.0);
  EXPECT_EQ(seen.nearest[2].name, "triangle");
}

// Noise of 1 % moves the distances by about that, and no label disappears.
TEST(Match, DistancesMeasureTheNoise) {
  std::mt19937_64 random(3);
  const Matrix product = geometry::direct_sum(simplex(4, 3), simplex(2, 1));
  const Matrix W = product + 0.01 * geometry::random_matrix(4, 6, random);
  const ModelMatch seen = match(W, {.energies = {}});
  ASSERT_EQ(seen.parts.size(), 2u);
  EXPECT_EQ(seen.parts[0].nearest, "tetrahedron");
  EXPECT_GT(seen.parts[0].distance, 1e-3);
  EXPECT_LT(seen.parts[0].distance, 3e-2);
  EXPECT_GT(seen.interference, 1e-3);
  ASSERT_EQ(seen.opposite_pairs.size(), 1u);
  EXPECT_GT(seen.opposite_pairs[0].distance, 1e-3);
}

// A reference from random starts has the table's energy; a cube is worse than the Coulomb
// antiprism.
TEST(Match, WithASolvedReference) {
  Matrix cube(3, 8);
  for (Index j = 0; j < 8; ++j) {
    cube.col(j) << (j & 1 ? 1.0 : -1.0), (j & 2 ? 1.0 : -1.0), (j & 4 ? 1.0 : -1.0);
  }
  const ModelMatch seen = match(cube, {.solve = {.starts = 10}});
  ASSERT_EQ(seen.energies.size(), 1u);
  const EnergyMatch& coulombs = seen.energies[0];
  EXPECT_FALSE(coulombs.reference.constructed);
  EXPECT_LT(std::abs(coulombs.reference.difference), 1e-9);
  // Edges 2/√3, face diagonals √8/√3, diagonals 2.
  const double energy = 12 * std::sqrt(3.0) / 2 + 12 * std::sqrt(3.0 / 8.0) + 2.0;
  EXPECT_NEAR(coulombs.energy, energy, close);
  EXPECT_NEAR(coulombs.energy_ratio, energy / 19.675287861233, 1e-10);
  EXPECT_GT(coulombs.match.rms, 0.1);
  EXPECT_EQ(seen.opposite_pairs.size(), 4u);
}

TEST(Match, DoesNotDependOnTurnsLabelsAndLengths) {
  std::mt19937_64 random(4);
  const Matrix W = geometry::random_matrix(3, 6, random);
  Matrix other = geometry::disguised(W, random);
  for (Index j = 0; j < 6; ++j) other.col(j) *= 0.9 + 0.02 * static_cast<double>(j);
  const ModelMatch a = match(W), b = match(other);
  EXPECT_NEAR(a.energies[0].energy_ratio, b.energies[0].energy_ratio, 1e-11);
  EXPECT_NEAR(a.energies[0].match.rms, b.energies[0].match.rms, 1e-11);
  EXPECT_NEAR(a.coherence.absolute, b.coherence.absolute, 1e-13);
}

TEST(Match, OfCoincidentColumns) {
  Matrix W = polygon(4);
  W.col(1) = W.col(0);
  const ModelMatch seen = match(W, {.energies = {coulomb, {Potential::relu, 0.0}}});
  EXPECT_EQ(seen.energies[0].energy, INFINITY);
  EXPECT_NEAR(seen.energies[1].energy, 1.0 / 3.0, close);
  EXPECT_EQ(seen.energies[1].reference.energy, 0.0);
  EXPECT_TRUE(std::isnan(seen.energies[1].energy_ratio));  // nothing to compare with
}

TEST(Match, OfOneColumnHasNoEnergies) {
  Matrix W = Matrix::Zero(2, 3);
  W(0, 1) = 1.0;
  const ModelMatch seen = match(W);
  EXPECT_THAT(seen.columns, ElementsAre(1));
  EXPECT_THAT(seen.excluded, ElementsAre(0, 2));
  EXPECT_THAT(seen.energies, IsEmpty());
  EXPECT_TRUE(std::isnan(seen.welch_bound));
  ASSERT_EQ(seen.parts.size(), 1u);
  EXPECT_EQ(seen.parts[0].nearest, "point");
  EXPECT_THAT(match(Matrix::Zero(2, 3)).columns, IsEmpty());
}

TEST(Match, BadInput) {
  EXPECT_THROW(match(Matrix()), std::invalid_argument);
  EXPECT_THROW(match(Matrix::Constant(2, 2, NAN)), std::invalid_argument);
  EXPECT_THROW(match(polygon(3), {.shortest = 1.5}), std::invalid_argument);
  EXPECT_THROW(match(polygon(3), {.orthogonal = -0.1}), std::invalid_argument);
  EXPECT_THROW(match(polygon(3), {.opposite = 1.5}), std::invalid_argument);
  EXPECT_THROW(match(polygon(3), {.energies = {{Potential::relu, 2.0}}}), std::invalid_argument);
  EXPECT_THROW(match_energy(coulomb, polygon(5), reference(coulomb, 6, 3)), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::thomson
