#include "certify/search_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skeleta/core/cancellation.h"

namespace skeleta::certify {
namespace {

using ::testing::HasSubstr;

// x² + y² > 0.01 for all points of a square but those of a corner.
class AwayFromZero : public Problem {
 public:
  explicit AwayFromZero(double corner = 0.0) : corner_(corner) {}
  std::vector<Sides> roots() const override {
    return {{{-1.0, 0.0}, {-1.0, 1.0}}, {{0.0, 1.0}, {corner_, 1.0}}};
  }
  Verdict judge(const Sides& box) const override {
    const std::size_t side = box[0].width() > box[1].width() ? 0 : 1;
    return {holds(box, 'f') ? 'f' : (holds(box, 'n') ? 'n' : '\0'), side};
  }
  bool holds(const Sides& box, char reason) const override {
    const Interval sum = square(box[0]) + square(box[1]);
    return reason == 'f' ? sum.lo > 0.01 : reason == 'n' && sum.hi < 0.04;
  }

 private:
  double corner_;
};

TEST(SearchTree, IsTheSameForAnyNumberOfThreads) {
  const AwayFromZero problem;
  const std::string tree = grow(problem, 1);
  EXPECT_EQ(grow(problem, 2), tree);
  EXPECT_EQ(grow(problem, 7), tree);
  EXPECT_EQ(tree.find(open_leaf), std::string::npos);
  EXPECT_FALSE(flaw(problem, tree, 2).has_value());
  EXPECT_GT(tree.size(), 30u);
}

TEST(SearchTree, EveryChangeOfATreeIsAFlaw) {
  const AwayFromZero problem;
  const std::string tree = grow(problem, 1);
  for (std::size_t n = 0; n < tree.size(); ++n) {
    std::string less = tree, other = tree;
    less.erase(n, 1);
    EXPECT_TRUE(flaw(problem, less, 1).has_value()) << n;
    other[n] = tree[n] == 'f' ? 'n' : (tree[n] == 'n' ? 'f' : '7');
    const auto found = flaw(problem, other, 1);
    // Some boxes are proven for both reasons.
    if (found) {
      EXPECT_EQ(found->place, n);
    }
    if (tree[n] < 'a') {
      EXPECT_TRUE(found.has_value()) << n;
    }
  }
  EXPECT_THAT(flaw(problem, tree + "f", 1)->cause, HasSubstr("goes on"));
  EXPECT_THAT(flaw(problem, tree.substr(0, tree.size() - 1), 1)->cause, HasSubstr("ends before"));
  EXPECT_THAT(flaw(problem, "2", 1)->cause, HasSubstr("no side 2"));
  EXPECT_THAT(flaw(problem, "ff", 1)->cause, HasSubstr("is not proven by 'f'"));
}

// x > 0 is not to be proven of a box that touches 0.
class Impossible : public Problem {
 public:
  std::vector<Sides> roots() const override { return {{{0.0, 1.0}}}; }
  Verdict judge(const Sides& box) const override { return {holds(box, 'p') ? 'p' : '\0', 0}; }
  bool holds(const Sides& box, char reason) const override {
    return reason == 'p' && box[0].lo > 0.0;
  }
};

TEST(SearchTree, LeavesOpenWhatCannotBeProven) {
  const std::string tree = grow(Impossible(), 1);
  EXPECT_EQ(tree, std::string(most_cuts, '0') + open_leaf + std::string(most_cuts, 'p'));
  EXPECT_EQ(flaw(Impossible(), tree, 1)->place, static_cast<std::size_t>(most_cuts));
}

TEST(SearchTree, CanBeCalledOff) {
  EXPECT_THROW(grow(AwayFromZero(), 1, [](std::uint64_t) { return false; }), Interrupted);
}

}  // namespace
}  // namespace skeleta::certify
