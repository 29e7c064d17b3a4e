#include "skeleta/thomson/known_minimum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "skeleta/thomson/sphere_energy.h"

namespace skeleta::thomson {
namespace {

// Every line of the file, and beyond it nothing. Where a configuration can be constructed its
// energy is computed, and so checks the table.
TEST(KnownMinimum, IsTheTableOfCoulombEnergies) {
  std::ifstream file(SKELETA_SOURCE_DIR "/data/thomson.csv");
  std::string line;
  std::getline(file, line);
  Index last = 1;
  while (std::getline(file, line)) {
    const std::size_t comma = line.find(',');
    const Index points = std::stol(line.substr(0, comma));
    ASSERT_EQ(points, ++last);
    const auto known = known_minimum(coulomb, points, 3);
    ASSERT_TRUE(known) << points;
    EXPECT_NEAR(known->energy, std::stod(line.substr(comma + 1)), 1e-12) << points;
    const bool proven = points <= 6 || points == 12;
    EXPECT_EQ(known->status == ProofStatus::proven, proven) << points;
  }
  EXPECT_EQ(last, 100);
  EXPECT_FALSE(known_minimum(coulomb, 101, 3));
}

TEST(KnownMinimum, PointsHaveTheEnergy) {
  for (const PairEnergy& energy : {coulomb, logarithmic, PairEnergy{Potential::riesz, 4.0},
                                   PairEnergy{Potential::relu, 0.5}}) {
    for (const auto& [n, d] : {std::pair{2, 1}, {9, 2}, {5, 3}, {12, 3}, {7, 9}, {240, 8}}) {
      const auto known = known_minimum(energy, n, d);
      if (energy.potential == Potential::relu && d == 2) continue;
      ASSERT_TRUE(known) << name(energy) << ' ' << n << ' ' << d;
      EXPECT_EQ(known->points.cols(), n);
      EXPECT_EQ(known->points.rows(), d);
      EXPECT_EQ(known->energy, sphere_energy(energy, known->points));
      EXPECT_EQ(known->status, ProofStatus::proven);
      EXPECT_FALSE(known->source.empty());
    }
  }
}

TEST(KnownMinimum, DoesNotClaimMoreThanIsProven) {
  EXPECT_FALSE(known_minimum(coulomb, 24, 4));     // D₄ is not universally optimal
  EXPECT_FALSE(known_minimum(logarithmic, 7, 3));  // the table is Coulomb's
  EXPECT_FALSE(
      known_minimum({Potential::riesz, 16.0}, 5, 3));  // another one wins from s = 15.05 on
  EXPECT_FALSE(known_minimum(coulomb, 3, 1));          // three points on two places
}

TEST(KnownMinimum, OfTheReluEnergyIsZeroOrUnknown) {
  for (const Index n : {2, 4, 5, 6}) {
    const auto known = known_minimum({Potential::relu, 0.0}, n, 3);
    ASSERT_TRUE(known) << n;
    EXPECT_EQ(known->energy, 0.0);
  }
  EXPECT_FALSE(known_minimum({Potential::relu, 0.0}, 7, 3));
  EXPECT_FALSE(known_minimum({Potential::relu, 0.44}, 12, 3));
  EXPECT_TRUE(known_minimum({Potential::relu, 0.45}, 12, 3));  // 1/√5 = .447
}

TEST(KnownMinimum, BadInput) {
  EXPECT_THROW(known_minimum(coulomb, 1, 3), std::invalid_argument);
  EXPECT_THROW(known_minimum(coulomb, 4, 0), std::invalid_argument);
  EXPECT_THROW(known_minimum({Potential::relu, 1.0}, 4, 3), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::thomson
