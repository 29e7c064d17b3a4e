#include "certify/loss_box.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support.h"

namespace skeleta::certify {
namespace {

using bounds::TruncatedLoss;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> box_around(const LossBox& bounder, const Matrix& centre, double radius) {
  std::vector<double> box(bounder.layout().size());
  for (std::size_t n = 0; n < bounder.layout().weights; ++n) {
    bounder.layout().weight_low(box)[n] = centre.data()[n] - radius;
    bounder.layout().weight_high(box)[n] = centre.data()[n] + radius;
  }
  for (std::size_t n = 0; n < bounder.layout().thresholds; ++n) {
    bounder.layout().threshold_low(box)[n] = -std::numeric_limits<double>::max();
    bounder.layout().threshold_high(box)[n] = std::numeric_limits<double>::max();
  }
  return box;
}

// A point of the box: corners as often as inner ones.
Matrix point_of(const LossBox& bounder, std::span<double> box, Index hidden,
                std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  Matrix W(hidden, static_cast<Index>(bounder.layout().thresholds));
  const bool at_corner = uniform(random) < 0.5;
  for (std::size_t n = 0; n < bounder.layout().weights; ++n) {
    const double t = at_corner ? std::round(uniform(random)) : uniform(random);
    W.data()[n] =
        (1 - t) * bounder.layout().weight_low(box)[n] + t * bounder.layout().weight_high(box)[n];
  }
  return W;
}

// Thresholds near the best ones: descent of each output's own loss by a shrinking random walk.
Vector good_thresholds(const TruncatedLoss& loss, const Matrix& W, Vector b,
                       std::mt19937_64& random) {
  const Matrix g = W.transpose() * W;
  std::normal_distribution<double> normal;
  for (Index i = 0; i < b.size(); ++i) {
    const std::span row(g.col(i).data(), static_cast<std::size_t>(b.size()));
    const auto value = [&](double c) { return loss.output(loss.moments(row, c, i), i).value; };
    double best = value(b(i));
    for (double width = 0.5; width > 1e-6; width *= 0.8) {
      const double c = b(i) + width * normal(random);
      if (const double here = value(c); here < best) best = here, b(i) = c;
    }
  }
  return b;
}

// For many models: the loss, its bounder, a centre, a radius between 1e-4 and 1.
template <class Check>
void for_random_boxes(int count, std::uint64_t seed, Check check) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform;
  for (int repeat = 0; repeat < count; ++repeat) {
    const Index features = 1 + repeat % 3, hidden = 1 + (repeat / 3) % std::min<Index>(features, 2);
    const Features data = testing::random_features(features, 1.0, random);
    const TruncatedLoss loss(data, 1 + (repeat / 6) % features);
    const LossBox bounder(loss, hidden);
    Matrix centre = testing::random_model(features, hidden, random).W;
    // Half of them near a minimum, where derivatives by W cancel between outputs.
    if (repeat % 4 < 2) {
      for (Index j = 0; j < features; ++j) centre.col(j) = std::pow(-1.0, j) * centre.col(0);
      centre /= std::max(centre.col(0).norm(), 1e-3);
    }
    const double radius = std::pow(10.0, -4.0 * uniform(random));
    check(loss, bounder, centre, radius, random);
  }
}

// Each formula of the bound is at stake here: a wrong sign, weight or corner lifts it above a
// point.
TEST(LossBox, IsBelowEveryPointOfTheBox) {
  double sharpest = infinity;
  for_random_boxes(testing::scaled(600, 60), 11,
                   [&](const TruncatedLoss& loss, const LossBox& bounder, const Matrix& centre,
                       double radius, std::mt19937_64& random) {
                     std::vector<double> box = box_around(bounder, centre, radius);
                     const auto whole = box;
                     const LossBox::Result result = bounder(box, infinity);
                     Vector b = Eigen::Map<const Vector>(result.b.data(), centre.cols());
                     EXPECT_NEAR(loss.value({centre, b}), result.value, 1e-13 * (1 + result.value));
                     box = whole;
                     for (int n = 0; n < 12; ++n) {
                       const Matrix W = point_of(bounder, box, centre.rows(), random);
                       const double value = loss.value({W, good_thresholds(loss, W, b, random)});
                       EXPECT_GE(value, result.bound) << "radius " << radius;
                       sharpest = std::min(sharpest, (value - result.bound) / (radius * value));
                     }
                   });
  EXPECT_LT(sharpest, 0.05);  // some point comes near its bound: the test can fail
}

// With given thresholds, between 0 and the largest z, instead of the best ones: then the
// derivatives do not vanish, and outputs that are hardly ever active make the second-order terms
// count.
TEST(LossBox, IsBelowEveryPointOfTheBoxWithGivenThresholds) {
  double sharpest = infinity;
  const auto check = [&](const TruncatedLoss& loss, const LossBox& bounder, const Matrix& centre,
                         double radius, std::mt19937_64& random) {
    std::uniform_real_distribution<double> uniform;
    std::vector<double> box = box_around(bounder, centre, radius);
    const double width = radius * uniform(random);
    const Matrix g = centre.transpose() * centre;
    Vector b(centre.cols());
    for (Index i = 0; i < b.size(); ++i) {
      const auto n = static_cast<std::size_t>(i);
      b(i) = (1.0 - std::pow(uniform(random), 2)) * g.col(i).cwiseMax(0.0).sum() - width;
      bounder.layout().threshold_low(box)[n] = b(i) - width;
      bounder.layout().threshold_high(box)[n] = b(i) + width;
    }
    const auto whole = box;
    const LossBox::Result result = bounder(box, infinity);
    if (result.bound == infinity) return;  // all of these thresholds are above the largest z
    box = whole;
    for (int n = 0; n < 100; ++n) {
      const Matrix W = point_of(bounder, box, centre.rows(), random);
      const Vector shift =
          width *
          (2.0 *
               Vector::NullaryExpr(b.size(), [&] { return std::round(uniform(random)); }).array() -
           1.0);
      const double value = loss.value({W, b + shift});
      // The smallest z in the box less 1 may cut a range; these thresholds are no better.
      EXPECT_GE(value, result.bound) << "radius " << radius;
      sharpest = std::min(sharpest, (value - result.bound) / (radius * value));
    }
  };
  for_random_boxes(testing::scaled(3000, 600), 13, check);
  EXPECT_LT(sharpest, 1e-3);
}

// A threshold that was given up is no better than the target.
TEST(LossBox, KeepsEveryThresholdThatIsBetterThanTheTarget) {
  int shrunk = 0, better = 0;
  for_random_boxes(testing::scaled(300, 60), 12,
                   [&](const TruncatedLoss& loss, const LossBox& bounder, const Matrix& centre,
                       double radius, std::mt19937_64& random) {
                     std::vector<double> box = box_around(bounder, centre, radius);
                     const auto whole = box;
                     const double target = 1.02 * bounder(box, infinity).value;
                     box = whole;
                     const LossBox::Result result = bounder(box, target);
                     const auto low = bounder.layout().threshold_low(box),
                                high = bounder.layout().threshold_high(box);
                     std::vector<double> range = whole;
                     std::uniform_real_distribution<double> uniform;
                     for (int n = 0; n < 30; ++n) {
                       const Matrix W = point_of(bounder, range, centre.rows(), random);
                       const Matrix g = W.transpose() * W;
                       Vector b = Eigen::Map<const Vector>(result.b.data(), centre.cols());
                       if (n % 2 == 0) b = good_thresholds(loss, W, b, random);
                       // Move one of them a little.
                       const Index i = n % b.size();
                       b(i) += 0.3 * (uniform(random) - 0.5);
                       if (b(i) > g.col(i).cwiseMax(0.0).sum())
                         continue;  // as good as at the largest z
                       if (loss.value({W, b}) >= target) continue;
                       ++better;
                       EXPECT_LT(result.bound, target);
                       EXPECT_GE(b(i), low[static_cast<std::size_t>(i)]);
                       EXPECT_LE(b(i), high[static_cast<std::size_t>(i)]);
                     }
                     shrunk += high[0] - low[0] < 0.5;
                   });
  EXPECT_GT(better, 100);
  EXPECT_GT(shrunk, 20);
}

// Near a minimum the bound is of second order: a quarter of the radius costs a sixteenth.
TEST(LossBox, IsOfSecondOrderAtAMinimum) {
  const TruncatedLoss loss(Features::uniform(2, 0.5), 2);
  const LossBox bounder(loss, 1);
  const Matrix centre = (Matrix(1, 2) << 0.96897, -0.96897).finished();  // found by descent
  std::vector<double> given_away;
  for (const double radius : {1e-2, 2.5e-3}) {
    std::vector<double> box = box_around(bounder, centre, radius);
    const LossBox::Result result = bounder(box, infinity);
    given_away.push_back(result.value - result.bound);
  }
  EXPECT_GT(given_away[0] / given_away[1], 10.0);
  EXPECT_LT(given_away[0], 5e-3);
}

TEST(OwnErrorFloor, IsTheLeastErrorOverAllThresholds) {
  const TruncatedLoss one(Features::uniform(1, 1.0), 1);
  for (const double g : {0.0, 0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 3.0, 20.0}) {
    double least = infinity;
    for (double c = -0.6; c <= g; c += 1e-4 * (1.0 + g)) {
      least = std::min(least, one.output(one.moments(std::span(&g, 1), c, 0), 0).value);
    }
    EXPECT_GE(least, own_error_floor(g) - 1e-14) << g;
    EXPECT_LE(least, own_error_floor(g) + 1e-6) << g;
  }
}

}  // namespace
}  // namespace skeleta::certify
