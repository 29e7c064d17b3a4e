#include "skeleta/optimize/multi_start.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optimize/problems.h"
#include "skeleta/optimize/lbfgs.h"

namespace skeleta::optimize {
namespace {

// (x² − 1)² + x/4 has minima near −1 (the lower one) and near 1; the maximum between is at .0635.
constexpr auto double_well = [](const Vector& x, Vector& gradient) {
  const double a = x(0) * x(0) - 1.0;
  gradient(0) = 4.0 * x(0) * a + 0.25;
  return a * a + 0.25 * x(0);
};

constexpr auto run = [](sampling::PointStream& random, Start& start) {
  start.x = testing::vector({4.0 * random.uniform() - 2.0});
  LbfgsOptions options;
  options.first_step = 0.01;
  start.summary = Lbfgs(options).minimize(double_well, start.x);
};

void expect_same(const std::vector<Start>& a, const std::vector<Start>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].index, b[k].index);
    EXPECT_EQ(a[k].x(0), b[k].x(0));
    EXPECT_EQ(a[k].summary.evaluations, b[k].summary.evaluations);
  }
}

// From −1.95, −1.85, …: those left of .0635 descend to the lower minimum.
TEST(MultiStart, FindsTheLowerOfTwoMinima) {
  const auto from_a_grid = [](sampling::PointStream&, Start& start) {
    start.x = testing::vector({0.1 * static_cast<double>(start.index) - 1.95});
    start.summary = Lbfgs({.first_step = 0.01}).minimize(double_well, start.x);
  };
  const auto starts = multi_start({.starts = 40, .threads = 1}, from_a_grid);
  ASSERT_EQ(starts.size(), 40u);
  const Start* least = best(starts);
  ASSERT_NE(least, nullptr);
  for (const Start& start : starts) {
    EXPECT_EQ(start.summary.stop_reason, DescentStop::gradient);
    EXPECT_EQ(start.x(0) < 0.0, start.index <= 20) << start.index;
  }
  EXPECT_NEAR(least->x(0), -1.02989598505, 1e-10);  // the root of 4x³ − 4x + ¼ there
}

TEST(MultiStart, HasTheSameBitsForAnyNumberOfThreadsAndInParts) {
  const auto one = multi_start({.starts = 50, .threads = 1}, run);
  expect_same(one, multi_start({.starts = 50, .threads = 3}, run));
  auto parts = multi_start({.starts = 20, .threads = 2}, run);
  const auto more = multi_start({.starts = 30, .first = 20, .threads = 2}, run);
  parts.insert(parts.end(), more.begin(), more.end());
  expect_same(one, parts);
  for (std::uint64_t k = 0; k < 3; ++k) {  // every third
    for (const Start& start : multi_start({.starts = 16, .first = k, .stride = 3}, run)) {
      EXPECT_EQ(start.x, one[start.index].x);
      EXPECT_EQ(start.index % 3, k);
    }
  }
  EXPECT_NE(one[0].x(0), multi_start({.starts = 1, .seed = 2}, run)[0].x(0));
}

TEST(MultiStart, StopsWhenTheCallbackSaysSo) {
  std::vector<std::uint64_t> seen;
  const auto starts = multi_start({.starts = 50, .threads = 4}, run, [&](const Start& start) {
    seen.push_back(start.index);
    return start.index < 6;
  });
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(starts.size(), 7u);
}

TEST(MultiStart, BestIgnoresWhatIsNotFinite) {
  std::vector<Start> starts(4);
  EXPECT_EQ(best({}), nullptr);
  starts[0].summary.value = NAN;
  starts[1].summary.value = 3.0;
  starts[2].summary.value = -INFINITY;
  starts[3].summary.value = 3.0;
  EXPECT_EQ(best(starts), &starts[1]);
  starts.resize(1);
  EXPECT_EQ(best(starts), nullptr);
}

}  // namespace
}  // namespace skeleta::optimize
