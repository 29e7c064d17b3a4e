#include "sampling/sobol.h"

#include <gtest/gtest.h>

#include <boost/random/sobol.hpp>
#include <cmath>
#include <set>

#include "sampling/owen_scramble.h"
#include "support.h"

namespace skeleta::sampling {
namespace {

std::uint64_t coordinate(const SobolSequence& sobol, std::size_t dimension, std::uint64_t point) {
  std::uint64_t digits = 0;
  sobol.digits(dimension, point, {&digits, 1});
  return from_digits(digits);
}

// Points 0–7, 21 and 42 from PyTorch's SobolEngine(3667), which goes through them in Gray-code
// order: its g-th point is number g ^ (g >> 1) here.
TEST(SobolSequence, BeginsWithTheKnownPoints) {
  constexpr std::uint64_t points[] = {0, 1, 2, 3, 4, 5, 6, 7, 21, 42};
  const struct {
    std::size_t dimension;
    double x[10];
  } known[] = {
      // clang-format off
      {0, {0.0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875, 0.65625, 0.328125}},
      {1, {0.0, 0.5, 0.75, 0.25, 0.625, 0.125, 0.375, 0.875, 0.65625, 0.984375}},
      {2, {0.0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125, 0.03125, 0.046875}},
      {3, {0.0, 0.5, 0.75, 0.25, 0.125, 0.625, 0.875, 0.375, 0.34375, 0.890625}},
      {4, {0.0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875, 0.34375, 0.171875}},
      {9, {0.0, 0.5, 0.25, 0.75, 0.875, 0.375, 0.625, 0.125, 0.96875, 0.390625}},
      {99, {0.0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375, 0.46875, 0.015625}},
      {999, {0.0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625, 0.96875, 0.859375}},
      {3666, {0.0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125, 0.65625, 0.453125}},
      // clang-format on
  };
  const SobolSequence sobol(3667);
  for (const auto& row : known) {
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(std::ldexp(static_cast<double>(coordinate(sobol, row.dimension, points[i])), -64),
                row.x[i])
          << "dimension " << row.dimension << ", point " << points[i];
    }
  }
}

TEST(SobolSequence, IsTheSequenceOfBoostWithItsOrigin) {
  constexpr std::size_t dimensions = 3667;
  ASSERT_EQ(SobolSequence::most_dimensions, dimensions);
  const SobolSequence sobol(dimensions);
  boost::random::sobol_engine<std::uint64_t, 64> engine(dimensions);  // Gray-code order, from 1
  for (std::uint64_t g = 1; g < 40; ++g) {
    for (std::size_t c = 0; c < dimensions; ++c) {
      ASSERT_EQ(coordinate(sobol, c, g ^ (g >> 1)), engine()) << "dimension " << c;
    }
  }
  for (std::size_t c = 0; c < dimensions; ++c) ASSERT_EQ(coordinate(sobol, c, 0), 0u);
}

TEST(SobolSequence, APointDoesNotDependOnTheBlockItIsIn) {
  const SobolSequence sobol(5);
  for (const std::uint64_t first :
       {std::uint64_t{0}, std::uint64_t{1000003}, ~std::uint64_t{0} - 100}) {
    for (std::size_t c = 0; c < 5; ++c) {
      std::vector<std::uint64_t> whole(100);
      sobol.digits(c, first, whole);
      for (std::size_t i = 0; i < whole.size(); ++i) {
        ASSERT_EQ(from_digits(whole[i]), coordinate(sobol, c, first + i));
      }
    }
  }
}

// Whether points first … first + 2^m − 1 of the first two coordinates have one point in each
// elementary interval 2^−a × 2^−(m−a): a (0, m, 2)-net.
template <class Map>
bool is_net(const SobolSequence& sobol, std::uint64_t first, unsigned m, const Map& map) {
  for (unsigned a = 0; a <= m; ++a) {
    std::set<std::uint64_t> cells;
    for (std::uint64_t i = first; i < first + (std::uint64_t{1} << m); ++i) {
      const std::uint64_t x = map(0, coordinate(sobol, 0, i)), y = map(1, coordinate(sobol, 1, i));
      const std::uint64_t row = a == 0 ? 0 : x >> (64 - a), column = a == m ? 0 : y >> (64 - m + a);
      cells.insert((row << (m - a)) | column);
    }
    if (cells.size() != std::size_t{1} << m) return false;
  }
  return true;
}

TEST(SobolSequence, AlignedBlocksAreNetsBeforeAndAfterScrambling) {
  const SobolSequence sobol(2);
  const OwenScramble scrambles[] = {{{.seed = 3}, 0}, {{.seed = 3}, 1}};
  const auto plain = [](std::size_t, std::uint64_t x) { return x; };
  const auto scrambled = [&](std::size_t c, std::uint64_t x) {
    return from_digits(scrambles[c](from_digits(x)));
  };
  for (const unsigned m : {1u, 4u, 8u}) {
    for (const std::uint64_t block : {0, 1, 5}) {
      EXPECT_TRUE(is_net(sobol, block << m, m, plain)) << block << " of 2^" << m;
      EXPECT_TRUE(is_net(sobol, block << m, m, scrambled)) << block << " of 2^" << m;
    }
    EXPECT_FALSE(is_net(sobol, 1, m, plain)) << "without the origin";
  }
}

TEST(SobolSequence, RefusesMoreDimensionsThanTheTableHas) {
  EXPECT_THROW(SobolSequence(3668), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::sampling
