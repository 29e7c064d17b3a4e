#include "skeleta/optimize/descent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "optimize/problems.h"

namespace skeleta::optimize {
namespace {

constexpr auto rosenbrock = [](std::uint64_t, const Vector& x, Vector& gradient) {
  return testing::rosenbrock(x, gradient);
};

// The numbers are those of PyTorch 1.13 (torch.optim.AdamW and SGD, float64) after 50 steps.
TEST(Descent, TakesTheStepsOfPyTorch) {
  DescentOptions adam;
  adam.learning_rate = 0.01;
  adam.weight_decay = 0.1;
  adam.steps = 50;
  Vector x = testing::vector({-1.2, 1.0});
  const Summary summary = Descent(adam).minimize(rosenbrock, x);
  EXPECT_NEAR(x(0), -1.0264977153941173, 1e-13);
  EXPECT_NEAR(x(1), 1.0399295567826887, 1e-13);
  EXPECT_EQ(summary.stop_reason, DescentStop::iterations);
  EXPECT_EQ(summary.iterations, 50u);

  DescentOptions sgd;
  sgd.rule = UpdateRule::sgd;
  sgd.learning_rate = 1e-4;
  sgd.steps = 50;
  x = testing::vector({-1.2, 1.0});
  Descent(sgd).minimize(rosenbrock, x);
  EXPECT_NEAR(x(0), -0.9591420501984881, 1e-13);
  EXPECT_NEAR(x(1), 0.9570616783258719, 1e-13);
}

// With η_k = 1/(1 + k) and f_k = ½(x − ξ_k)², x is the mean of the ξ so far.
TEST(Descent, WithInverseStepsIsTheRunningMean) {
  const auto number = [](std::uint64_t k) { return std::sin(static_cast<double>(k * k)); };
  const auto f = [&](std::uint64_t step, const Vector& x, Vector& gradient) {
    gradient(0) = x(0) - number(step);
    return 0.5 * gradient(0) * gradient(0);
  };
  DescentOptions options;
  options.rule = UpdateRule::sgd;
  options.schedule = Schedule::inverse;
  options.learning_rate = options.half_life = 1.0;
  options.momentum = 0.0;
  options.steps = 1000;
  Vector x = testing::vector({17.0});
  Descent(options).minimize(f, x);
  double mean = 0.0;
  for (std::uint64_t k = 0; k < 1000; ++k) mean += number(k) / 1000.0;
  EXPECT_NEAR(x(0), mean, 1e-13);
}

TEST(Descent, SchedulesAreTheirFormulas) {
  DescentOptions options;
  options.learning_rate = 0.3;
  options.steps = 80;
  options.half_life = 20.0;
  EXPECT_EQ(step_size(options, 79), 0.3);
  options.schedule = Schedule::cosine;
  EXPECT_EQ(step_size(options, 0), 0.3);
  EXPECT_NEAR(step_size(options, 20), 0.15 * (1.0 + std::numbers::sqrt2 / 2.0), 1e-15);
  EXPECT_NEAR(step_size(options, 40), 0.15, 1e-15);
  options.schedule = Schedule::inverse;
  EXPECT_NEAR(step_size(options, 20), 0.15, 1e-15);
}

TEST(Descent, ContinuesWithTheSameBits) {
  DescentOptions options;
  options.schedule = Schedule::cosine;
  options.learning_rate = 0.01;
  options.steps = 50;
  Vector whole = testing::vector({-1.2, 1.0}), parts = whole;
  Descent(options).minimize(rosenbrock, whole);
  DescentState state;
  const Summary first = Descent(options).minimize(
      rosenbrock, parts, state, [](const Step& step) { return step.iteration < 20; });
  EXPECT_EQ(first.stop_reason, DescentStop::interrupted);
  EXPECT_EQ(state.step, 20u);
  DescentState saved = state;
  const Summary second = Descent(options).minimize(rosenbrock, parts, saved);
  EXPECT_EQ(second.iterations, 30u);
  EXPECT_TRUE((whole.array() == parts.array()).all());
}

TEST(Descent, SolvesARosenbrockWithBothRules) {
  for (const UpdateRule rule : {UpdateRule::sgd, UpdateRule::adam}) {
    DescentOptions options;
    options.rule = rule;
    options.learning_rate = rule == UpdateRule::sgd ? 1e-3 : 1e-2;
    options.steps = 100'000;
    options.gradient_tolerance = 1e-6;
    Vector x = testing::vector({-1.2, 1.0});
    const Summary summary = Descent(options).minimize(rosenbrock, x);
    EXPECT_EQ(summary.stop_reason, DescentStop::gradient) << to_string(rule);
    EXPECT_NEAR(x(0), 1.0, 1e-5) << to_string(rule);
  }
}

TEST(Descent, SaysThatItDiverged) {
  const auto quartic = [](std::uint64_t, const Vector& x, Vector& gradient) {
    gradient = 4.0 * x.array().cube();
    return x.array().square().square().sum();
  };
  DescentOptions options;
  options.rule = UpdateRule::sgd;
  options.learning_rate = 10.0;
  Vector x = testing::vector({1.0, -2.0});
  const Summary summary = Descent(options).minimize(quartic, x);
  EXPECT_EQ(summary.stop_reason, DescentStop::non_finite);
  EXPECT_LT(summary.iterations, 20u);
}

TEST(Descent, RefusesOptionsThatBreakTheirRules) {
  const auto refused = [](auto change) {
    DescentOptions options;
    change(options);
    EXPECT_THROW(Descent{options}, std::invalid_argument);
  };
  refused([](DescentOptions& o) { o.learning_rate = 0.0; });
  refused([](DescentOptions& o) { o.half_life = -1.0; });
  refused([](DescentOptions& o) { o.epsilon = 0.0; });
  refused([](DescentOptions& o) { o.momentum = 1.0; });
  refused([](DescentOptions& o) { o.beta1 = -0.1; });
  refused([](DescentOptions& o) { o.beta2 = NAN; });
  refused([](DescentOptions& o) { o.weight_decay = 1e4; });
  refused([](DescentOptions& o) { o.gradient_tolerance = -1.0; });
  Vector x = testing::vector({1.0, 2.0});
  DescentState other{.step = 3, .first = Vector::Zero(5), .second = Vector::Zero(5)};
  EXPECT_THROW(Descent().minimize(rosenbrock, x, other), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::optimize
