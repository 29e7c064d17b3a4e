#include "skeleta/optimize/lbfgs.h"

#include <gtest/gtest.h>
#include <nlopt.h>

#include <cmath>
#include <limits>

#include "allocations.h"
#include "optimize/problems.h"
#include "skeleta/optimize/descent.h"

namespace skeleta::optimize {
namespace {

using testing::Problem;

TEST(Lbfgs, ProblemsHaveTheGradientsThatTheyClaim) {
  for (const Problem& problem : testing::problems()) {
    Vector gradient(problem.start.size()), unused = gradient;
    const double value = problem(problem.start, gradient);
    for (Index k = 0; k < gradient.size(); ++k) {
      Vector left = problem.start, right = problem.start;
      left(k) -= 1e-5;
      right(k) += 1e-5;
      const double difference = (problem(right, unused) - problem(left, unused)) / 2e-5;
      EXPECT_NEAR(difference, gradient(k), 1e-9 * (value + std::abs(gradient(k)))) << problem.name;
    }
  }
}

// Rule: from the paper's start to the paper's minimum within 200 evaluations; ‖∇f‖ ≤ 1e-6, which
// leaves f 1e-8 above the minimum even where the Hessian is singular.
TEST(Lbfgs, SolvesStandardProblems) {
  for (const Problem& problem : testing::problems()) {
    Vector x = problem.start, gradient = x;
    Lbfgs lbfgs({.gradient_tolerance = 1e-6});
    const Summary summary = lbfgs.minimize(problem, x);
    EXPECT_EQ(summary.stop_reason, DescentStop::gradient) << problem.name;
    EXPECT_LE(summary.evaluations, 200u) << problem.name;
    EXPECT_EQ(summary.value, problem(x, gradient)) << problem.name;
    EXPECT_EQ(summary.gradient_norm, gradient.norm()) << problem.name;
    EXPECT_LE(summary.gradient_norm, 1e-6) << problem.name;
    EXPECT_NEAR(summary.value, problem.minimum, 1e-8 + 1e-13 * problem.minimum) << problem.name;
    for (std::size_t k = 0; k < problem.minimiser.size(); ++k) {
      EXPECT_NEAR(x(static_cast<Index>(k)), problem.minimiser[k], 1e-5) << problem.name;
    }
  }
}

struct NloptCall {
  const Problem& problem;
  unsigned evaluations = 0;

  static double function(unsigned n, const double* x, double* gradient, void* data) {
    auto& call = *static_cast<NloptCall*>(data);
    ++call.evaluations;
    const auto size = static_cast<Index>(n);
    Vector g(size);
    const double value = call.problem(Eigen::Map<const Vector>(x, size), g);
    if (gradient != nullptr) std::copy(g.begin(), g.end(), gradient);
    return value;
  }
};

// Minimises with one of NLopt's algorithms until f ≤ goal; returns the least value.
double minimum_of_nlopt(nlopt_algorithm algorithm, NloptCall& call, double goal) {
  Vector x = call.problem.start;
  nlopt_opt nlopt = nlopt_create(algorithm, static_cast<unsigned>(x.size()));
  nlopt_set_min_objective(nlopt, NloptCall::function, &call);
  nlopt_set_stopval(nlopt, goal);
  nlopt_set_maxeval(nlopt, 2000);
  double value = NAN;
  nlopt_optimize(nlopt, x.data(), &value);
  nlopt_destroy(nlopt);
  return value;
}

// Another's minimisers from the same start: LD_SLSQP for the minimum, LD_LBFGS (after Lukšan) for
// the evaluations until f is 1e-8 above it. Rule: ours takes at most twice as many in all, over the
// problems that the latter solves (it gives up on Brown & Dennis); single paths are luck (Wood: 114
// against 35; Rosenbrock: 44 against 53).
TEST(Lbfgs, AgreesWithNlopt) {
  std::uint64_t all_ours = 0, all_theirs = 0;
  for (const Problem& problem : testing::problems()) {
    const double scale = std::max(1.0, problem.minimum), goal = problem.minimum + 1e-8 * scale;
    Vector x = problem.start;
    const Summary ours =
        Lbfgs().minimize(problem, x, [&](const Step& step) { return step.value > goal; });
    NloptCall dense{problem}, limited{problem};
    EXPECT_NEAR(ours.value, minimum_of_nlopt(NLOPT_LD_SLSQP, dense, -INFINITY), 2e-8 * scale)
        << problem.name;
    if (minimum_of_nlopt(NLOPT_LD_LBFGS, limited, goal) > goal) continue;
    all_ours += ours.evaluations;
    all_theirs += limited.evaluations;
  }
  EXPECT_GT(all_theirs, 100u);
  EXPECT_LE(all_ours, 2 * all_theirs);
}

// A quadratic of n unknowns is solved in about n steps if the history holds them all: conjugate
// directions, but for the inexact line search.
TEST(Lbfgs, SolvesAQuadraticInAFewStepsMoreThanItsSize) {
  const Index n = 12;
  const Vector curvature = Vector::LinSpaced(n, 1.0, 100.0);
  const auto f = [&](const Vector& x, Vector& gradient) {
    gradient = curvature.cwiseProduct(x);
    return 0.5 * x.dot(gradient);
  };
  Vector x = Vector::Ones(n);
  LbfgsOptions options{.gradient_tolerance = 1e-10, .history = 20};
  options.curvature = 0.01;  // nearly exact
  const Summary summary = Lbfgs(options).minimize(f, x);
  EXPECT_EQ(summary.stop_reason, DescentStop::gradient);
  EXPECT_LE(summary.iterations, 2u * 12u);
  EXPECT_LE(x.norm(), 1e-10);
}

// Values with an error of 1e-10 that hides every fall of f below it (it grows with each call). Told
// of it, the slopes decide near the minimum; untold, the line search finds no step and says so.
TEST(Lbfgs, GoesOnWhereTheValuesAreAllNoise) {
  double error = 0.0;
  const auto f = [&](const Vector& x, Vector& gradient) {
    error += 1e-12;
    return 1.0 + testing::rosenbrock(x, gradient) + error;
  };
  Vector x = testing::vector({-1.2, 1.0});
  LbfgsOptions told{.gradient_tolerance = 1e-9};
  told.value_noise = 1e-10;
  EXPECT_EQ(Lbfgs(told).minimize(f, x).stop_reason, DescentStop::gradient);
  EXPECT_NEAR(x(0), 1.0, 1e-8);
  EXPECT_LT(error, 1e-10);
  x = testing::vector({-1.2, 1.0});
  const Summary summary = Lbfgs({.gradient_tolerance = 1e-9}).minimize(f, x);
  EXPECT_EQ(summary.stop_reason, DescentStop::line_search);
  EXPECT_LE(summary.gradient_norm, 1e-3);
}

TEST(Lbfgs, EndsWhereNothingIsLeftToGain) {
  for (const Problem& problem : testing::problems()) {
    Vector x = problem.start;
    const Summary summary = Lbfgs({.gradient_tolerance = 0.0}).minimize(problem, x);
    EXPECT_TRUE(summary.stop_reason == DescentStop::line_search ||
                summary.stop_reason == DescentStop::gradient)
        << problem.name << " " << to_string(summary.stop_reason) << " " << summary.iterations;
    EXPECT_NEAR(summary.value, problem.minimum, 1e-14 + 1e-13 * problem.minimum) << problem.name;
  }
}

TEST(Lbfgs, StopsByTheRuleThatHolds) {
  const Problem problem = testing::problems().front();
  const auto run = [&](const LbfgsOptions& options, const StepCallback& callback = {}) {
    Vector x = problem.start;
    return Lbfgs(options).minimize(problem, x, callback);
  };
  LbfgsOptions options;
  options.max_iterations = 5;
  EXPECT_EQ(run(options).stop_reason, DescentStop::iterations);
  EXPECT_EQ(run(options).iterations, 5u);
  options = {};
  options.max_evaluations = 7;
  EXPECT_EQ(run(options).stop_reason, DescentStop::evaluations);
  EXPECT_EQ(run(options).evaluations, 7u);
  double before = INFINITY, value = INFINITY;
  options = {.gradient_tolerance = 0.0, .value_tolerance = 0.2};
  EXPECT_EQ(run(options,
                [&](const Step& step) {
                  before = std::exchange(value, step.value);
                  return true;
                })
                .stop_reason,
            DescentStop::value);
  EXPECT_LE(before - value, 0.2 * value);
  std::uint64_t steps = 0;
  EXPECT_EQ(run({}, [&](const Step& step) { return (steps = step.iteration) < 3; }).stop_reason,
            DescentStop::interrupted);
  EXPECT_EQ(steps, 3u);
}

// −log x + x is NaN for x < 0, where the first step leads.
TEST(Lbfgs, StepsBackFromWhereTheFunctionIsNotDefined) {
  const auto f = [](const Vector& x, Vector& gradient) {
    gradient(0) = 1.0 - 1.0 / x(0);
    return x(0) - std::log(x(0));
  };
  Vector x = testing::vector({20.0});
  LbfgsOptions options{.gradient_tolerance = 1e-12};
  options.first_step = 100.0;
  EXPECT_EQ(Lbfgs(options).minimize(f, x).stop_reason, DescentStop::gradient);
  EXPECT_NEAR(x(0), 1.0, 1e-11);
  x(0) = -1.0;
  const Summary summary = Lbfgs().minimize(f, x);
  EXPECT_EQ(summary.stop_reason, DescentStop::non_finite);
  EXPECT_EQ(x(0), -1.0);
}

// Both kinds of optimizer, each after a first run.
TEST(Lbfgs, RepeatsItsBitsWithoutAllocating) {
  const Problem problem = testing::problems().back();
  Lbfgs lbfgs({.gradient_tolerance = 1e-6});
  Vector first = problem.start, second = problem.start;
  const Summary before = lbfgs.minimize(problem, first);
  const long count = allocations;
  EXPECT_GT(count, 0);  // they are counted
  const Summary after = lbfgs.minimize(problem, second);
  EXPECT_EQ(allocations - count, 0);
  EXPECT_TRUE((first.array() == second.array()).all());
  EXPECT_EQ(before.value, after.value);
  EXPECT_EQ(before.evaluations, after.evaluations);

  const auto noisy = [&](std::uint64_t, const Vector& x, Vector& gradient) {
    return problem(x, gradient);
  };
  Descent descent({.steps = 100});
  first = second = problem.start;
  descent.minimize(noisy, first);
  const long count_of_descent = allocations;
  descent.minimize(noisy, second);
  EXPECT_EQ(allocations - count_of_descent, 0);
  EXPECT_TRUE((first.array() == second.array()).all());
}

TEST(Lbfgs, RefusesOptionsThatBreakTheirRules) {
  const auto refused = [](auto change) {
    LbfgsOptions options;
    change(options);
    EXPECT_THROW(Lbfgs{options}, std::invalid_argument);
  };
  refused([](LbfgsOptions& o) { o.gradient_tolerance = -1.0; });
  refused([](LbfgsOptions& o) { o.value_tolerance = NAN; });
  refused([](LbfgsOptions& o) { o.value_noise = -1.0; });
  refused([](LbfgsOptions& o) { o.history = 0; });
  refused([](LbfgsOptions& o) { o.decrease = 0.95; });
  refused([](LbfgsOptions& o) { o.curvature = 1.0; });
  refused([](LbfgsOptions& o) { o.first_step = 0.0; });
  refused([](LbfgsOptions& o) { o.max_line_search = 0; });
  Vector empty;
  EXPECT_THROW(Lbfgs().minimize(testing::problems().front(), empty), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::optimize
