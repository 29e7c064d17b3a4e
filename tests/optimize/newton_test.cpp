#include "skeleta/optimize/newton.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "problems.h"
#include "skeleta/optimize/lbfgs.h"

namespace skeleta::optimize {
namespace {

// A function and the products of its Hessian, by central differences at the last point.
template <class Function>
class WithProducts {
 public:
  explicit WithProducts(Function f) : f_(std::move(f)) {}

  double operator()(const Vector& x, Vector& gradient) {
    x_ = x;
    ++evaluations;
    return f_(x, gradient);
  }

  void times(const Vector& v, Vector& product) {
    const double step = 1e-5 * (1.0 + x_.norm()) / v.norm();
    Vector up(x_.size()), down(x_.size());
    f_(x_ + step * v, up);
    f_(x_ - step * v, down);
    product = (up - down) / (2.0 * step);
  }

  std::uint64_t evaluations = 0;

 private:
  Function f_;
  Vector x_;
};

template <class F>
NewtonSummary minimize(F& f, Vector& x, const NewtonOptions& options) {
  return newton(
      f, [&](const Vector& v, Vector& product) { f.times(v, product); }, x, options);
}

// The published minima, with fewer steps than L-BFGS takes.
TEST(Newton, SolvesStandardProblems) {
  for (const testing::Problem& problem : testing::problems()) {
    WithProducts f(problem);
    Vector x = problem.start;
    NewtonOptions options;
    options.gradient_tolerance = problem.minimum > 1.0 ? 1e-3 : 1e-9;
    const NewtonSummary summary = minimize(f, x, options);
    EXPECT_EQ(summary.stop_reason, DescentStop::gradient) << problem.name;
    EXPECT_NEAR(summary.value, problem.minimum, 1e-9 * (1.0 + problem.minimum)) << problem.name;
    for (std::size_t k = 0; k < problem.minimiser.size(); ++k) {
      EXPECT_NEAR(x(static_cast<Index>(k)), problem.minimiser[k], 1e-6) << problem.name;
    }
    EXPECT_EQ(summary.evaluations, f.evaluations);
    LbfgsOptions lbfgs;
    lbfgs.gradient_tolerance = options.gradient_tolerance;
    Vector y = problem.start;
    const Summary other =
        Lbfgs(lbfgs).minimize([&](const Vector& at, Vector& g) { return problem(at, g); }, y);
    EXPECT_LT(summary.iterations, other.iterations) << problem.name;
  }
}

// Conjugate gradients take as many products as there are distinct eigenvalues, and one step does.
TEST(Newton, SolvesAQuadraticAtOnce) {
  const Index n = 50;
  Vector curvature(n);
  for (Index k = 0; k < n; ++k) curvature(k) = 1.0 + static_cast<double>(k % 5);
  const auto f = [&](const Vector& x, Vector& gradient) {
    gradient = curvature.cwiseProduct(x);
    return 0.5 * x.dot(gradient);
  };
  const auto times = [&](const Vector& v, Vector& product) { product = curvature.cwiseProduct(v); };
  Vector x = Vector::LinSpaced(n, -1.0, 2.0);
  NewtonOptions options;
  options.first_radius = 100.0;
  options.forcing = 1e-12;
  const NewtonSummary summary = newton(f, times, x, options);
  EXPECT_EQ(summary.iterations, 1u);
  EXPECT_LE(summary.products, 6u);
  EXPECT_LT(x.norm(), 1e-10);
}

// x⁴/4 − x²/2 + y²/2 has a saddle at 0, towards which the y-axis leads.
TEST(Newton, LeavesSaddlesThatItDoesNotHit) {
  const auto f = [](const Vector& x, Vector& gradient) {
    gradient(0) = x(0) * x(0) * x(0) - x(0);
    gradient(1) = x(1);
    return 0.25 * std::pow(x(0), 4) - 0.5 * x(0) * x(0) + 0.5 * x(1) * x(1);
  };
  Vector here;
  const auto at = [&](const Vector& x, Vector& gradient) {
    here = x;
    return f(x, gradient);
  };
  const auto times = [&](const Vector& v, Vector& product) {
    product(0) = (3.0 * here(0) * here(0) - 1.0) * v(0);
    product(1) = v(1);
  };
  Vector x = testing::vector({1e-3, 1.0});
  const NewtonSummary summary = newton(at, times, x, {});
  EXPECT_EQ(summary.stop_reason, DescentStop::gradient);
  EXPECT_NEAR(x(0), 1.0, 1e-6);
  EXPECT_NEAR(summary.value, -0.25, 1e-12);
  // On the axis it ends at the saddle, and the curvature there says so.
  x = testing::vector({0.0, 1.0});
  EXPECT_NEAR(newton(at, times, x, {}).value, 0.0, 1e-12);
  const Curvature curvature = least_curvature(times, 2, Matrix(2, 0));
  EXPECT_NEAR(curvature.least, -1.0, 1e-12);
  EXPECT_NEAR(std::abs(curvature.direction(0)), 1.0, 1e-9);
}

// A step that is rejected is shortened along the path that is known: f at each trial, and products
// only where a step begins.
TEST(Newton, ShortensStepsWithoutProducts) {
  const testing::Problem problem = testing::problems().front();
  WithProducts f(problem);
  Vector x = problem.start, last;
  std::uint64_t steps = 0;
  NewtonOptions options;
  options.first_radius = 100.0;  // far too long
  bool at_start = true;
  const auto value = [&](const Vector& at, Vector& gradient) {
    at_start = steps == 0 && at == problem.start;
    return f(at, gradient);
  };
  const auto times = [&](const Vector& v, Vector& product) {
    EXPECT_TRUE(steps > 0 || at_start);
    f.times(v, product);
  };
  const NewtonSummary summary = newton(value, times, x, options, [&](const Step&) {
    ++steps;
    return true;
  });
  EXPECT_EQ(summary.stop_reason, DescentStop::gradient);
  EXPECT_GT(summary.evaluations, summary.iterations + 1);  // some were rejected
  EXPECT_LE(summary.products, 2 * summary.iterations);     // of two dimensions
}

TEST(Newton, FindsTheLeastCurvatureBesideKnownDirections) {
  const Index n = 300;
  Vector values = Vector::LinSpaced(n, 0.5, 20.0);
  values(7) = 0.0;
  values(11) = -0.3;
  const auto times = [&](const Vector& v, Vector& product) { product = values.cwiseProduct(v); };
  Matrix apart = Matrix::Zero(n, 2);
  apart(7, 0) = 1.0;
  const Curvature first = least_curvature(times, n, apart.leftCols(1), 150, 1e-8);
  EXPECT_NEAR(first.least, -0.3, 1e-6);
  EXPECT_LE(first.residual, 1e-8 * first.largest);
  apart(11, 1) = 1.0;
  EXPECT_NEAR(least_curvature(times, n, apart, 250, 1e-8).least, 0.5, 1e-3);
}

// From beside the top of x⁴/4 − x²/2 the gradient grows for a hundred short steps that the noise of
// the value hides; its own fall along them is real.
TEST(Newton, GoesOnWhereGradientsAloneTellOfTheFall) {
  WithProducts f([](const Vector& x, Vector& gradient) {
    gradient(0) = x(0) * (x(0) * x(0) - 1.0);
    return 10.0 + x(0) * x(0) * (x(0) * x(0) / 4.0 - 0.5);
  });
  NewtonOptions options;
  options.gradient_tolerance = 1e-9;
  options.value_noise = 1e-3;
  options.first_radius = options.largest_radius = 0.005;
  Vector x = Vector::Constant(1, 0.05);
  EXPECT_EQ(minimize(f, x, options).stop_reason, DescentStop::gradient);
  EXPECT_NEAR(x(0), 1.0, 1e-8);
}

// However small the tolerance: a run ends soon after rounding is all that is left.
TEST(Newton, EndsWhereRoundingIsAllThatIsLeft) {
  for (const testing::Problem& problem : testing::problems()) {
    if (problem.name == "13 Powell singular")
      continue;  // each step lowers its gradient by a factor
    WithProducts f([&](const Vector& x, Vector& gradient) { return 1.0 + problem(x, gradient); });
    Vector x = problem.start;
    NewtonOptions options;
    options.gradient_tolerance = 0.0;
    const NewtonSummary summary = minimize(f, x, options);
    EXPECT_LT(summary.evaluations, 600U) << problem.name;
    EXPECT_NEAR(summary.value, 1.0 + problem.minimum, 1e-9 * (1.0 + problem.minimum))
        << problem.name;
  }
}

TEST(Newton, StopsByTheRuleThatHolds) {
  const testing::Problem problem = testing::problems().front();
  WithProducts f(problem);
  Vector x = problem.start;
  NewtonOptions options;
  options.max_iterations = 3;
  EXPECT_EQ(minimize(f, x, options).stop_reason, DescentStop::iterations);
  options.max_iterations = 1000;
  options.max_evaluations = 2;
  EXPECT_EQ(minimize(f, x = problem.start, options).stop_reason, DescentStop::evaluations);
  const auto nowhere = [](const Vector&, Vector& gradient) {
    gradient.setZero();
    return NAN;
  };
  const auto times = [](const Vector&, Vector& product) { product.setZero(); };
  EXPECT_EQ(newton(nowhere, times, x, {}).stop_reason, DescentStop::non_finite);
}

TEST(Newton, RefusesOptionsThatBreakTheirRules) {
  EXPECT_THROW(validate(NewtonOptions{.gradient_tolerance = -1.0}), std::invalid_argument);
  EXPECT_THROW(validate(NewtonOptions{.first_radius = 0.0}), std::invalid_argument);
  EXPECT_THROW(validate(NewtonOptions{.forcing = 1.0}), std::invalid_argument);
  EXPECT_THROW(validate(NewtonOptions{.max_products = 0}), std::invalid_argument);
  const auto f = [](const Vector&, Vector&) { return 0.0; };
  const auto times = [](const Vector&, Vector&) {};
  Vector x;
  EXPECT_THROW(newton(f, times, x, {}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::optimize
