#include "skeleta/optimize/flow.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optimize/problems.h"

namespace skeleta::optimize {
namespace {

constexpr auto oscillator = [](double, const Vector& x, Vector& velocity) {
  velocity(0) = x(1);
  velocity(1) = -x(0);
};

// (cos t, −sin t), also at times between the steps; the error falls with the tolerance.
TEST(Flow, FollowsKnownSolutionsToTheTolerance) {
  std::vector<double> times;
  for (int k = 0; k <= 100; ++k) times.push_back(0.1 * k);
  double previous = 1.0;
  for (const double tolerance : {1e-6, 1e-9, 1e-12}) {
    double error = 0.0;
    Vector x = testing::vector({1.0, 0.0});
    const FlowSummary summary = flow(
        oscillator, x, times, {.absolute_tolerance = tolerance, .relative_tolerance = tolerance},
        [&](double t, const Vector& at) {
          error = std::max({error, std::abs(at(0) - std::cos(t)), std::abs(at(1) + std::sin(t))});
          return true;
        });
    EXPECT_EQ(summary.stop_reason, FlowStop::end);
    EXPECT_EQ(summary.time, 10.0);
    EXPECT_LE(error, 100.0 * tolerance);
    EXPECT_LT(error, 0.1 * previous);
    previous = error;
  }
}

// ẋ = 2t with x(3) = 9 is t².
TEST(Flow, TakesTheTimeFromTheFirstOne) {
  const auto rhs = [](double t, const Vector&, Vector& velocity) { velocity(0) = 2.0 * t; };
  Vector x = testing::vector({9.0});
  flow(rhs, x, {3.0, 4.0, 7.0});
  EXPECT_NEAR(x(0), 49.0, 1e-9);
}

TEST(Flow, TimesDoNotChangeTheSteps) {
  Vector few = testing::vector({1.0, 0.0}), many = few;
  const FlowSummary a = flow(oscillator, few, {0.0, 7.5});
  const FlowSummary b = flow(oscillator, many, {0.0, 0.3, 0.7, 2.0, 7.5});
  EXPECT_TRUE((few.array() == many.array()).all());
  EXPECT_EQ(a.steps, b.steps);
}

// The flow of ½ Σ λ x² is x e^{−λt}; f never rises along the flow of Rosenbrock's function.
TEST(Flow, OfAGradientGoesDownhill) {
  const auto quadratic = [](const Vector& x, Vector& gradient) {
    gradient = Vector::LinSpaced(3, 1.0, 3.0).cwiseProduct(x);
    return 0.5 * gradient.dot(x);
  };
  Vector x = Vector::Ones(3);
  gradient_flow(quadratic, x, {0.0, 1.0, 2.0});
  for (Index k = 0; k < 3; ++k) {
    EXPECT_NEAR(x(k), std::exp(-2.0 * static_cast<double>(k + 1)), 1e-9);
  }
  const auto rosenbrock = [](const Vector& at, Vector& gradient) {
    return testing::rosenbrock(at, gradient);
  };
  std::vector<double> times{0.0};
  while (times.back() < 20.0) times.push_back(times.back() + 0.05);
  double last = INFINITY;
  x = testing::vector({-1.2, 1.0});
  Vector gradient(2);
  gradient_flow(rosenbrock, x, times, {}, [&](double, const Vector& at) {
    const double value = testing::rosenbrock(at, gradient);
    EXPECT_LT(value, last);
    last = value;
    return true;
  });
  EXPECT_LT(last, 1e-3);
}

// ẋ = x² from 1 is 1/(1 − t).
TEST(Flow, SaysWhyItEndedEarly) {
  const auto square = [](double, const Vector& x, Vector& v) { v(0) = x(0) * x(0); };
  Vector x = testing::vector({1.0});
  const FlowSummary escaped = flow(square, x, {0.0, 0.5, 0.75, 2.0});
  EXPECT_TRUE(escaped.stop_reason == FlowStop::step_size ||
              escaped.stop_reason == FlowStop::non_finite);
  EXPECT_EQ(escaped.time, 0.75);
  EXPECT_NEAR(x(0), 4.0, 1e-8);

  const auto undefined = [](double t, const Vector&, Vector& v) { v(0) = std::sqrt(1.0 - t); };
  x(0) = 0.0;
  EXPECT_EQ(flow(undefined, x, {0.0, 5.0}).stop_reason, FlowStop::non_finite);

  Vector y = testing::vector({1.0, 0.0});
  EXPECT_EQ(flow(oscillator, y, {0.0, 100.0}, {.max_steps = 3}).stop_reason, FlowStop::steps);
  const FlowSummary stopped =
      flow(oscillator, y, {0.0, 1.0, 2.0}, {}, [](double t, const Vector&) { return t < 1.0; });
  EXPECT_EQ(stopped.stop_reason, FlowStop::interrupted);
  EXPECT_EQ(stopped.time, 1.0);
}

TEST(Flow, RefusesWhatItCannotIntegrate) {
  Vector x = testing::vector({1.0, 0.0}), empty;
  EXPECT_THROW(flow(oscillator, empty, {0.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(flow(oscillator, x, {}), std::invalid_argument);
  EXPECT_THROW(flow(oscillator, x, {0.0, 1.0, 1.0}), std::invalid_argument);
  EXPECT_THROW(flow(oscillator, x, {0.0, INFINITY}), std::invalid_argument);
  EXPECT_THROW(flow(oscillator, x, {0.0, 1.0}, {.absolute_tolerance = 0.0}), std::invalid_argument);
  EXPECT_THROW(flow(oscillator, x, {0.0, 1.0}, {.relative_tolerance = NAN}), std::invalid_argument);
  EXPECT_THROW(flow(oscillator, x, {0.0, 1.0}, {.first_step = -1.0}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::optimize
