#include "skeleta/measure/law_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace skeleta {
namespace {

std::string refusal(const std::function<void()>& read) {
  try {
    read();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Density, IsReadAsNumberListOrZipf) {
  EXPECT_EQ(parse_density("0.25", 3), Vector::Constant(3, 0.25));
  EXPECT_EQ(parse_density("0.1,0.2,1", 3), (Vector{{0.1, 0.2, 1.0}}));
  const Vector zipf = parse_density("zipf:1.5:0.5", 100);
  EXPECT_EQ(zipf(0), 0.5);
  EXPECT_NEAR(zipf(99), 0.5 * std::pow(100.0, -1.5), 1e-18);
  EXPECT_EQ(parse_density("zipf:1", 4), (Vector{{1.0, 0.5, std::pow(3.0, -1), 0.25}}));
}

TEST(Density, IsRefusedInOneSentence) {
  const auto of = [](const char* text) { return refusal([&] { parse_density(text, 3); }); };
  EXPECT_EQ(of("0.1,0.2"), "'0.1,0.2': 2 densities for 3 features: give one, or one for each");
  EXPECT_EQ(of("1.5"), "'1.5': density[0] = 1.5 must lie in [0, 1]");
  EXPECT_EQ(of("zipf:-1"), "'zipf:-1': density[1] = 2 must lie in [0, 1]");
  EXPECT_EQ(of("zipf:1:2:3"), "'zipf:1:2:3': write zipf:EXPONENT or zipf:EXPONENT:FIRST");
  EXPECT_EQ(of("zipf:"), "'zipf:': '' is not a number");
  EXPECT_EQ(of("nan"), "'nan': density[0] = nan must lie in [0, 1]");
}

TEST(Groups, AreReadWithTheDensitiesAsDefaults) {
  const Vector density{{0.1, 0.1, 0.3, 0.4, 0.2, 0.5, 0.05}};
  const ActivityTree tree = parse_groups(" together(0,1), exclusive(2-3) ,parent(4,5)", density);
  EXPECT_EQ(to_string(tree), "together:0.1(0,1),exclusive:1(2:0.3,3:0.4),parent:0.2(4,5:0.5)");
  EXPECT_EQ(tree.density()(5), 0.2 * 0.5);
  EXPECT_EQ(tree.density()(6), 0.05);
  const Index together[] = {0, 1}, exclusive[] = {2, 3};
  EXPECT_EQ(tree.probability_of_all(together), 0.1);
  EXPECT_EQ(tree.probability_of_all(exclusive), 0.0);
  EXPECT_EQ(to_string(parse_groups("exclusive:0.5(together:0.2(0,1),parent(2,3:0.25),4)", density)),
            "exclusive:0.5(together:0.2(0,1),parent:0.3(2,3:0.25),4:0.2)");
  EXPECT_TRUE(parse_groups("", density).independent());
  EXPECT_EQ(to_string(parse_groups("", density)), "");
}

TEST(Groups, AreRefusedInOneSentence) {
  const Vector density{{0.6, 0.7, 0.6, 0.4}};
  const auto of = [&](const char* text) { return refusal([&] { parse_groups(text, density); }); };
  EXPECT_EQ(of("exclusive(0,1)"),
            "exclusive group at node 0: the probabilities of its 2 members add up to "
            "1.2999999999999998, more than 1");
  EXPECT_EQ(of("together(0,2),exclusive(2,3)"),
            "groups 'together(0,2),exclusive(2,3)': feature 2 has two places: it may be in one "
            "group only");
  EXPECT_EQ(of("together(0,1)"),
            "groups 'together(0,1)': features 0 and 1 have the densities 0.6 and 0.7: active "
            "together, they need the same one");
  EXPECT_EQ(
      of("parent(together(0,2),1)"),
      "groups 'parent(together(0,2),1)': a parent group must begin with its parent, a feature");
  EXPECT_EQ(of("parent()"), "groups 'parent()': 'parent' has no members");
  EXPECT_EQ(of("together(0,9)"), "groups 'together(0,9)': feature 9 does not exist: there are 4");
  EXPECT_EQ(of("apart(0,1)"),
            "groups 'apart(0,1)': 'apart' is no group: they are together, exclusive, parent, "
            "independent");
  EXPECT_EQ(of("exclusive(0,independent(1,2))"),
            "groups 'exclusive(0,independent(1,2))': a group within an exclusive one needs its "
            "probability");
  EXPECT_EQ(of("together:2(0,1)"), "group at node 0: its probability 2 must lie in [0, 1]");
  EXPECT_EQ(of("together(0:0.5,2)"),
            "groups 'together(0:0.5,2)': feature 0 is on with its group: write the probability at "
            "the group");
  EXPECT_EQ(of("together(0,2"), "groups 'together(0,2': a ')' is missing at ''");
  EXPECT_EQ(of("together(0,2))"), "groups 'together(0,2))': a ')' has no '('");
  EXPECT_EQ(of("together(3-1)"), "groups 'together(3-1)': the range 3-1 is empty");
  EXPECT_EQ(of("together(0,)"), "groups 'together(0,)': a feature's number is missing before ')'");
  EXPECT_EQ(of("exclusive(0:x)"), "groups 'exclusive(0:x)': '' is not a probability");
}

}  // namespace
}  // namespace skeleta
