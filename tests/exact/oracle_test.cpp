#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <stdexcept>

#include "oracle_table.h"
#include "skeleta/exact/loss.h"

// The engine against the exact results of some 300 small models: densities from 1e-6 to 1, columns
// of length 1e-3 to 10, thresholds of both signs, zero, repeated and nearly orthogonal columns,
// entries down to the denormal numbers.
namespace skeleta::exact {
namespace {

Options options_for(ErrorControl control, double target) {
  Options options;
  options.error_control = control;
  options.relative_target = target;
  return options;
}

// Empty if the target is refused: two models are so nearly perfect that rounding is above 1e-10 of
// their loss.
std::optional<Loss> try_loss(const testing::OracleCase& c, const Options& options) {
  try {
    return loss(c.model, c.features, options);
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

void expect_loss(const testing::OracleCase& c, const Loss& result, double target) {
  const double error = std::abs(result.value - c.loss);
  EXPECT_TRUE(result.met_target());
  EXPECT_LE(error, c.loss > 0.0 ? target * c.loss : 1e-30);
  EXPECT_LE(error, result.error_bound);
}

TEST(Oracle, RigorousBoundsHoldAndTargetsAreMet) {
  const auto table = testing::oracle_table();
  ASSERT_GE(table.size(), 200u);
  for (const double target : {1e-4, 1e-6, 1e-8, 1e-10}) {
    int refused = 0;
    for (const testing::OracleCase& c : table) {
      SCOPED_TRACE(::testing::Message() << c.name << ", target " << target);
      const auto result = try_loss(c, options_for(ErrorControl::rigorous, target));
      refused += !result;
      if (result) expect_loss(c, *result, target);
    }
    EXPECT_LE(refused, target < 1e-9 ? 2 : target < 1e-7 ? 1 : 0);
  }
}

TEST(Oracle, EstimatedErrorsAreHonest) {
  for (const double target : {1e-4, 1e-6, 1e-8, 1e-10}) {
    int refused = 0, missed = 0, above = 0;
    for (const testing::OracleCase& c : testing::oracle_table()) {
      SCOPED_TRACE(::testing::Message() << c.name << ", target " << target);
      const auto result = try_loss(c, options_for(ErrorControl::estimated, target));
      refused += !result;
      if (!result || c.loss == 0.0) continue;
      missed += !result->met_target();
      EXPECT_LE(std::abs(result->value - c.loss), target * c.loss);
      above += std::abs(result->value - c.loss) > result->error_bound;
    }
    EXPECT_LE(above, 1);  // an estimate, not a bound: once in 300 it may be a little low
    // W = 1 + 1e-3·noise: its terms decay slowly, and its loss is 1e-5 of that of W = 0.
    EXPECT_LE(missed, target < 1e-9 ? 1 : 0);
    EXPECT_LE(refused, target < 1e-9 ? 1 : 0);
  }
}

TEST(Oracle, EverySkeletonIsWithinTheBound) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    SCOPED_TRACE(c.name);
    Options options = options_for(ErrorControl::rigorous, 1e-7);
    options.probability_floor = 0.0;
    const IntegralBySkeleton result = skeleton_loss(c.model, c.features, options);
    ASSERT_EQ(result.skeletons.size(), static_cast<std::size_t>(c.contributions.size()));
    double sum = 0.0;
    for (const SkeletonPart& part : result.skeletons) {
      EXPECT_NEAR(part.probability, c.probability(part.l), 1e-14 * c.probability(part.l));
      EXPECT_LE(std::abs(part.contribution - c.contributions(part.l)), result.error_bound)
          << "l = " << part.l;
      sum += part.contribution;
    }
    const double of_zero_model = c.features.importance.dot(c.features.density) / 3.0;
    EXPECT_NEAR(sum, result.value, 1e-12 * result.value + 1e-14 * of_zero_model);
  }
}

double norm(const Matrix& dW, const Vector& db) {
  return std::sqrt(dW.squaredNorm() + db.squaredNorm());
}

// Where the ReLU has entries next to zero the terms decay slowly; then the result says so.
TEST(Oracle, GradientsMeetTheirTargetOrSayNot) {
  int missed = 0;
  for (const testing::OracleCase& c : testing::oracle_table()) {
    SCOPED_TRACE(c.name);
    Options options = options_for(ErrorControl::estimated, 1e-8);
    options.gradient_target = 1e-9;
    options.maximum_nodes = 1 << 14;
    const LossAndGradient result = loss_and_gradient(c.model, c.features, options);
    const double error = norm(result.dW - c.gradient_W, result.db - c.gradient_b);
    if (result.loss.met_target()) {
      EXPECT_LE(error, 1e-8 * norm(c.gradient_W, c.gradient_b));
    } else {
      ++missed;
      EXPECT_LE(error, (2.0 * c.model.W.norm() + 1.0) * result.loss.gradient_error);
    }
  }
  EXPECT_LE(missed, 30);
}

}  // namespace
}  // namespace skeleta::exact
