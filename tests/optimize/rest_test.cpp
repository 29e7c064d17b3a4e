#include "skeleta/optimize/rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "skeleta/optimize/flow.h"

namespace skeleta::optimize {
namespace {

// f = Σ λ_i (x_i − i)²/2 with λ from 1e-3 to 1e6: an explicit method would take 10⁸ steps.
TEST(Rest, IsFoundWhereDirectionsAreSteepAndFlat) {
  const Vector lambda{{1e6, 1.0, 1e-3}}, minimum{{0.0, 1.0, 2.0}};
  const auto f = [&](const Vector& x, Vector& gradient) {
    gradient = lambda.cwiseProduct(x - minimum);
    return 0.5 * gradient.dot(x - minimum);
  };
  Vector x = Vector::Constant(3, 5.0);
  const RestSummary summary = flow_to_rest(f, x, {.gradient_tolerance = 1e-9});
  EXPECT_EQ(summary.stop_reason, RestStop::rest);
  EXPECT_LT(summary.steps, 2000);
  EXPECT_LE((x - minimum).cwiseProduct(lambda).norm(), 1e-9);
  EXPECT_GT(summary.time, 1e4);
}

// (u² − 1)²/4 + (v − u²)² w/2: two valleys that bend. The end is that of the explicit method.
TEST(Rest, IsWhereTheFlowEnds) {
  const auto f = [](const Vector& x, Vector& gradient) {
    const double u = x(0), v = x(1), bend = v - 0.7 * u * u - 0.3 * u;
    gradient = Vector{{u * (u * u - 1.0) - 5.0 * bend * (1.4 * u + 0.3), 5.0 * bend}};
    return 0.25 * (u * u - 1.0) * (u * u - 1.0) + 2.5 * bend * bend;
  };
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  int left = 0;
  for (int k = 0; k < 100; ++k) {
    Vector x{{normal(random), normal(random)}}, y = x;
    ASSERT_EQ(flow_to_rest(f, x).stop_reason, RestStop::rest);
    gradient_flow(f, y, {0.0, 200.0});
    EXPECT_LE((x - y).norm(), 1e-6) << k;
    left += x(0) < 0.0;
  }
  EXPECT_GT(left, 20);
  EXPECT_LT(left, 80);
}

// The gradient vanishes beside a saddle long before the flow leaves it.
TEST(Rest, IsNotAtASaddle) {
  const auto f = [](const Vector& x, Vector& gradient) {
    const double u = x(0);
    gradient = Vector{{u * (u * u - 1.0), x(1)}};
    return 0.25 * (u * u - 1.0) * (u * u - 1.0) + 0.5 * x(1) * x(1);
  };
  for (const double u : {1e-13, -1e-13}) {
    Vector x{{u, 0.5}};
    EXPECT_EQ(flow_to_rest(f, x).stop_reason, RestStop::rest);
    EXPECT_NEAR(x(0), std::copysign(1.0, u), 1e-7);
  }
  EXPECT_TRUE(curves_down(f, Vector{{0.0, 0.0}}));
  EXPECT_FALSE(curves_down(f, Vector{{1.0, 0.0}}));
  Vector saddle{{0.0, 0.5}};
  EXPECT_EQ(flow_to_rest(f, saddle, {.max_steps = 100}).stop_reason, RestStop::steps);
}

// Curvature 100 on one side of the minimum and .01 on the other, and a direction that is flatter.
TEST(Rest, IsFoundAtAKink) {
  const auto f = [](const Vector& x, Vector& gradient) {
    const double u = x(0), curvature = u < 0.0 ? 100.0 : 0.01, v = x(1) - 1.0;
    gradient = Vector{{curvature * u, 1e-3 * v}};
    return 0.5 * (curvature * u * u + 1e-3 * v * v);
  };
  for (const double u : {-3.0, 2.0}) {
    Vector x{{u, -1.0}};
    const RestSummary summary = flow_to_rest(f, x);
    EXPECT_EQ(summary.stop_reason, RestStop::rest);
    EXPECT_LT(summary.steps, 2000);
    EXPECT_NEAR(x(1), 1.0, 2e-5);
  }
}

// Curvature 100 beyond x + y = 0 and .01 before it: from there the flow comes to rest on that line,
// by the second derivatives of its side.
TEST(Rest, IsFoundAtASlantedKinkBySecondDerivatives) {
  const auto curvature = [](double u) { return u < 0.0 ? 100.0 : 0.01; };
  const auto f = [&](const Vector& x, Vector& gradient) {
    const double u = x(0) + x(1), v = x(0) - x(1) - 1.0;
    gradient = Vector{{curvature(u) * u + 1e-3 * v, curvature(u) * u - 1e-3 * v}};
    return 0.5 * (curvature(u) * u * u + 1e-3 * v * v);
  };
  const auto hessian = [&](const Vector& x, Matrix& H) {
    const double c = curvature(x(0) + x(1));
    H = Matrix{{c + 1e-3, c - 1e-3}, {c - 1e-3, c + 1e-3}};
  };
  for (const double side : {-3.0, 2.0}) {
    Vector x{{side, 1.0}};
    const RestSummary summary = flow_to_rest(f, hessian, x);
    EXPECT_EQ(summary.stop_reason, RestStop::rest);
    EXPECT_LT(summary.steps, 2000);
    EXPECT_LT(summary.evaluations, 3 * summary.steps + 10);
    EXPECT_NEAR(x(0), 0.5, 2e-5);
    EXPECT_NEAR(x(1), -0.5, 2e-5);
  }
}

TEST(Rest, TellsWhatIsNotFinite) {
  const auto f = [](const Vector& x, Vector& gradient) {
    gradient = Vector::Constant(1, -std::exp(x(0)));
    return -std::exp(x(0));
  };
  Vector x = Vector::Zero(1);
  EXPECT_NE(flow_to_rest(f, x, {.max_steps = 1000}).stop_reason, RestStop::rest);
}

TEST(Rest, RefusesOptionsThatMakeNoSense) {
  const auto f = [](const Vector&, Vector&) { return 0.0; };
  Vector x = Vector::Zero(1), none;
  EXPECT_THROW(flow_to_rest(f, none), std::invalid_argument);
  EXPECT_THROW(flow_to_rest(f, x, {.gradient_tolerance = 0.0}), std::invalid_argument);
  EXPECT_THROW(flow_to_rest(f, x, {.flow_tolerance = NAN}), std::invalid_argument);
  EXPECT_THROW(flow_to_rest(f, x, {.max_steps = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::optimize
