#include "skeleta/sampling/stream.h"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace skeleta::sampling {
namespace {

using Philox = r123::Philox4x64;

// Known answers of Random123 (tests/kat_vectors, "philox4x64 10"): zeros, ones, digits of pi.
TEST(Philox, GivesTheKnownAnswers) {
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  EXPECT_EQ(Philox()({{0, 0, 0, 0}}, {{0, 0}}),
            (Philox::ctr_type{
                {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}}));
  EXPECT_EQ(Philox()({{ones, ones, ones, ones}}, {{ones, ones}}),
            (Philox::ctr_type{
                {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}}));
  EXPECT_EQ(
      Philox()({{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}},
               {{0x452821e638d01377, 0xbe5466cf34e90c6c}}),
      (Philox::ctr_type{
          {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}}));
}

TEST(PointStream, IsPhiloxOfItsKeyAndCounter) {
  const StreamKey key{42, Purpose::pilot, 7, 3};
  PointStream stream(key, 12345);
  for (std::uint64_t block = 0; block < 3; ++block) {
    const auto expected = Philox()({{block, 12345, 3, 7}}, {{42, 2}});
    for (const std::uint64_t word : expected) EXPECT_EQ(stream.word(), word);
  }
}

TEST(PointStream, DiffersInEveryPartOfItsName) {
  std::set<std::uint64_t> first_words;
  for (std::uint64_t seed : {0, 1}) {
    for (const Purpose purpose : {Purpose::estimate, Purpose::pilot}) {
      for (std::uint64_t replicate : {0, 1}) {
        for (std::uint64_t stratum : {0, 1}) {
          for (std::uint64_t point : {0, 1}) {
            first_words.insert(PointStream({seed, purpose, replicate, stratum}, point).word());
          }
        }
      }
    }
  }
  EXPECT_EQ(first_words.size(), 32u);
}

TEST(PointStream, UniformIsNeverZeroAndOneOnlyForTheLastCell) {
  const std::uint64_t extremes[] = {0, ~std::uint64_t{0}, ~std::uint64_t{0} << 12};
  PointStream stream(extremes);
  EXPECT_EQ(stream.uniform(), 0x1p-54);
  EXPECT_EQ(stream.uniform(), 1.0);  // 1 − 2⁻⁵⁴ is no double: it is rounded to even
  EXPECT_LT(stream.uniform(), 1.0);
}

TEST(PointStream, BelowStaysBelow) {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  const std::uint64_t script[] = {0, most, most / 3, most / 3 + 1, most, most};
  PointStream stream(script);
  EXPECT_EQ(stream.below(3), 0u);
  EXPECT_EQ(stream.below(3), 2u);
  EXPECT_EQ(stream.below(3), 0u);  // 2⁶⁴/3 lies between these two words
  EXPECT_EQ(stream.below(3), 1u);
  EXPECT_EQ(stream.below(1), 0u);
  EXPECT_EQ(stream.below(most), most - 1);
}

TEST(PointStream, GivesTheWordsOfAScriptAndNoMore) {
  const std::uint64_t script[] = {7, 8, 9, 10, 11};
  PointStream stream(script);
  for (const std::uint64_t word : script) EXPECT_EQ(stream.word(), word);
  EXPECT_THROW(stream.word(), std::out_of_range);
}

}  // namespace
}  // namespace skeleta::sampling
