#include "sampling/ranked_choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

namespace skeleta::sampling {
namespace {

Matrix random_table(Index features) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  Matrix table(features, features);
  for (Index j = 0; j < features; ++j) {
    for (Index k = 0; k <= j; ++k) table(j, k) = table(k, j) = normal(random);
  }
  return table;
}

// The middle of the words that give rank `rank` among n.
std::uint64_t word_of(std::size_t rank, std::size_t n) {
  return static_cast<std::uint64_t>(
      std::ldexp((static_cast<double>(rank) + 0.5) / static_cast<double>(n), 64));
}

std::vector<std::int32_t> choose(const RankedChoice& choice, std::vector<std::uint64_t> words) {
  std::vector<std::int32_t> active(words.size());
  RankedChoice::Scratch scratch;
  choice.choose(words, active, scratch);
  return active;
}

// Ranks are equally likely, so the law is right if each ordered choice comes from one combination
// of ranks.
void expect_each_choice_once(const Matrix& table) {
  const auto D = static_cast<std::size_t>(table.rows());
  const RankedChoice choice(table);
  std::map<std::vector<std::int32_t>, int> times;
  for (std::size_t a = 0; a < D; ++a) {
    for (std::size_t b = 0; b + 1 < D; ++b) {
      for (std::size_t c = 0; c + 2 < D; ++c) {
        const auto active = choose(choice, {word_of(a, D), word_of(b, D - 1), word_of(c, D - 2)});
        for (const std::int32_t j : active) ASSERT_TRUE(j >= 0 && j < static_cast<int>(D));
        ASSERT_TRUE(active[0] != active[1] && active[1] != active[2] && active[2] != active[0]);
        ++times[active];
      }
    }
  }
  EXPECT_EQ(times.size(), D * (D - 1) * (D - 2));
}

TEST(RankedChoice, EachChoiceHasOneCombinationOfRanks) {
  expect_each_choice_once(random_table(7));
  expect_each_choice_once(random_table(17));                  // more than one register
  expect_each_choice_once(Matrix::Zero(20, 20));              // nothing but ties
  expect_each_choice_once(Matrix::Identity(18, 18) * 1e300);  // far apart
  expect_each_choice_once((random_table(16).array() > 0).cast<double>().matrix());  // many ties
}

TEST(RankedChoice, FeaturesGoByWhatTheyAdd) {
  const Index D = 60;
  const Matrix table = random_table(D);
  const RankedChoice choice(table);
  double last = -1e300;
  for (std::size_t rank = 0; rank < 58; ++rank) {
    const auto active = choose(choice, {word_of(20, 60), word_of(31, 59), word_of(rank, 58)});
    const double gain = table(active[2], active[2]) +
                        2.0 * (table(active[0], active[2]) + table(active[1], active[2]));
    EXPECT_GE(gain, last - 1e-5);  // kept in single precision
    last = gain;
  }
}

}  // namespace
}  // namespace skeleta::sampling
