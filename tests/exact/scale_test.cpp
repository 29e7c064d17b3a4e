#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <stdexcept>

#include "skeleta/exact/loss.h"
#include "skeleta/exact/low_skeletons.h"

// No target is a number in the units of the user: importances times c change the scale and nothing
// else, densities → 0 leave relative errors as they are.
namespace skeleta::exact {
namespace {

Autoencoder pentagon() {
  Autoencoder model{Matrix(2, 5), Vector::Constant(5, 0.05)};
  for (Index j = 0; j < 5; ++j) {
    const double angle = 2.0 * M_PI * static_cast<double>(j) / 5.0;
    model.W.col(j) << 1.1 * std::cos(angle), 1.1 * std::sin(angle);
  }
  model.b(2) = -0.02;
  return model;
}

Features features_of(double density, double importance) {
  Features features = Features::uniform(5, density, importance);
  features.importance(1) *= 0.3;
  features.density(4) *= 0.5;
  return features;
}

TEST(Scale, ImportancesTimesPowersOfTwoChangeNoOtherBit) {
  for (const auto control : {ErrorControl::rigorous, ErrorControl::estimated}) {
    Options options;
    options.error_control = control;
    const auto one = loss_and_gradient(pentagon(), features_of(0.1, 1.0), options);
    for (const int exponent : {-900, -100, -3, 5, 200, 1000}) {
      const double c = std::ldexp(1.0, exponent);
      const auto scaled = loss_and_gradient(pentagon(), features_of(0.1, c), options);
      EXPECT_EQ(scaled.loss.value, c * one.loss.value);
      EXPECT_EQ(scaled.loss.error_bound, c * one.loss.error_bound);
      EXPECT_EQ(scaled.loss.gradient_error, c * one.loss.gradient_error);
      EXPECT_EQ(scaled.loss.nodes, one.loss.nodes);
      EXPECT_EQ(scaled.loss.stop_reason, one.loss.stop_reason);
      EXPECT_EQ(scaled.dW, c * one.dW);
      EXPECT_EQ(scaled.db, c * one.db);
    }
  }
}

TEST(Scale, AbsoluteTargetsScaleWithTheImportances) {
  Options options;
  options.relative_target = 0.0;
  options.absolute_target = 1e-5;
  const Loss one = loss(pentagon(), features_of(0.1, 1.0), options);
  options.absolute_target = std::ldexp(1e-5, 300);
  const Loss scaled = loss(pentagon(), features_of(0.1, std::ldexp(1.0, 300)), options);
  EXPECT_EQ(scaled.nodes, one.nodes);
  EXPECT_EQ(scaled.error_bound, std::ldexp(one.error_bound, 300));
}

// As p → 0 all is on Q_1, which has a closed form; what is left is O(p) of it.
// Weights so large that rounding exceeds the loss, Σ v p/3 = .1: whoever says that the precision
// was reached has a bound that is as small as that.
TEST(Scale, NoPrecisionIsClaimedWhereRoundingExceedsTheLoss) {
  Autoencoder model{Matrix::Zero(1, 3), Vector::Zero(3)};
  for (const double w : {1e4, 1e6, 1e7, 1e8, 1e9}) {
    model.W(0, 0) = w;
    model.b(0) = w * w * (1.0 - 1e-15);
    Options options;
    options.refuse_unreachable = false;
    const Loss found = loss(model, Features::uniform(3, 0.1), options);
    EXPECT_TRUE(!found.met_target() || found.error_bound <= 1e-8 * found.value) << w;
    EXPECT_LE(std::abs(found.value - 0.1), found.error_bound + 1e-9) << w;
  }
}

TEST(Scale, RareFeaturesKeepTheirRelativeAccuracy) {
  Autoencoder model = pentagon();
  model.b = model.b.cwiseAbs();  // no constant, which would be O(1)
  for (const double p : {1e-3, 1e-6, 1e-9, 1e-13, 1e-30, 1e-100, 1e-200, 1e-300}) {
    SCOPED_TRACE(p);
    const Features features = features_of(p, 1.0);
    const double single = skeleton_part(model, features, 1).contribution;
    const double pairs = skeleton_part(model, features, 2).contribution;
    for (const auto control : {ErrorControl::rigorous, ErrorControl::estimated}) {
      Options options;
      options.error_control = control;
      const auto result = loss_and_gradient(model, features, options);
      EXPECT_TRUE(result.loss.met_target());
      EXPECT_LE(result.loss.error_bound, 1e-8 * result.loss.value);
      EXPECT_LE(result.loss.gradient_error, 1e-6 * result.loss.value);
      EXPECT_NEAR(result.loss.value, single + pairs, 10.0 * p * pairs + 1e-8 * single);
    }
  }
}

TEST(Scale, ImportancesFarApartAreAnsweredOrBounded) {
  // Output 1 is perfect: what is left is the tiny part of output 0, below what G's rounding allows.
  Matrix W = Matrix::Identity(2, 2);
  W(0, 0) = 1.03;
  Features features = Features::uniform(2, 0.1);
  features.importance << 1e-290, 1e250;
  const Loss far = loss({W, Vector::Zero(2)}, features);
  EXPECT_LE(std::abs(far.value - 1e-290 * 0.0609 * 0.0609 * 0.1 / 3.0), far.error_bound);
  EXPECT_LE(far.error_bound, 1e250 * 1e-28);

  Matrix row(1, 2);
  row << 1.0, 1e-3;
  features.importance << 1e-322, 1.0;
  const auto result = loss_and_gradient({row, Vector::Zero(2)}, features);
  features.importance << 0.0, 1.0;
  const auto without = loss_and_gradient({row, Vector::Zero(2)}, features);
  EXPECT_TRUE(result.loss.met_target());
  EXPECT_NEAR(result.loss.value, 0.033, 5e-4);
  EXPECT_NEAR(result.loss.value, without.loss.value, 1e-15);
  EXPECT_EQ(result.db(1), without.db(1));
}

TEST(Scale, HugeImportancesAreRefusedOrRight) {
  const auto model = pentagon();
  const double right = loss(model, features_of(0.1, 1.0)).value;
  EXPECT_NEAR(loss(model, features_of(0.1, 1e308)).value / 1e308, right, 1e-8 * right);
  EXPECT_THROW(loss({100.0 * model.W, model.b}, features_of(0.1, 1e308)), std::invalid_argument);
  // The loss is in range, its mean on Q_5, which is that of rare large values, is not.
  Options options;
  options.probability_floor = 0.0;
  EXPECT_THROW(skeleton_loss({4.0 * model.W, model.b}, features_of(1e-3, 1e308), options),
               std::invalid_argument);
}

TEST(Scale, LossesBelowTheNormalNumbersSayWhatTheyAre) {
  const auto model = pentagon();
  const double right = loss(model, features_of(0.1, 1.0)).value;
  const Loss normal = loss(model, features_of(0.1, 1e-300));
  EXPECT_TRUE(normal.met_target());
  EXPECT_NEAR(normal.value / 1e-300, right, 1e-8 * right);
  const double v = std::ldexp(1.0, -1060);  // 1e-319
  const Loss lost = loss(model, features_of(0.1, v));
  EXPECT_FALSE(lost.met_target());  // to 5e-324, not to 1e-8
  EXPECT_LE(std::abs(lost.value - right * v), lost.error_bound);
  EXPECT_LE(lost.error_bound, 4.0 * std::numeric_limits<double>::denorm_min());
}

// Found by tests/trust/numbers_test.py; right values by rational arithmetic (tests/oracle). Entries
// of 1e-9 beside one of 16 take all nodes there may be, most of which are below half an ulp of the
// sum.
TEST(Scale, LongSumsLoseNothing) {
  Autoencoder model{Matrix(1, 3), Vector(3)};
  model.W << -6.276164692742377e-10, 3.943001550062048, 4.891419147374861e-06;
  model.b << 0.0, -2.474692710341293e-09, 1.9286897206083535e-05;
  Features features = Features::uniform(3, 1.0);
  features.density(1) = 0.9999999999999863;
  constexpr double right = 71.20774334145962;
  const auto found = skeleton_loss(model, features);
  EXPECT_GT(loss(model, features).nodes, 100'000);
  EXPECT_LE(found.error_bound, 1e-12 * right);
  EXPECT_LE(std::abs(found.value - right), found.error_bound);
  EXPECT_LE(std::abs(found.skeletons.back().contribution - right), found.error_bound);
}

// (1e-296)² is no number of double, but neither is it 0.
TEST(Scale, SquaresBelowAllNumbersAreNotCalledZero) {
  Autoencoder model{Matrix::Constant(1, 1, -1e-142), Vector::Constant(1, -1e-296)};
  const Loss found = loss(model, Features::uniform(1, 0.0, 1e5));
  EXPECT_EQ(found.value, 0.0);
  EXPECT_GT(found.error_bound, 0.0);
  EXPECT_LT(found.error_bound, 1e-300);
  model.b(0) = 0.0;
  EXPECT_EQ(loss(model, Features::uniform(1, 0.0, 1e5)).error_bound, 0.0);
  const Autoencoder two{Matrix{{-1e-88, -4e-89}}, Vector{{-1e-183, 1e-176}}};
  EXPECT_GT(loss(two, {Vector::Zero(2), Vector{{1e-5, 1e3}}}).error_bound, 0.0);
}

// Neither is a third of the least number, nor p (1 − g)²/3, whatever importances make of it.
TEST(Scale, TheLeastDensitiesAreNotCalledNone) {
  const double least = std::numeric_limits<double>::denorm_min();
  const Autoencoder two{Matrix{{0.5, -0.25}}, Vector{{0.0, -0.1}}};
  const Autoencoder almost{Matrix{{1.0 - 1e-15, 0.0}}, Vector::Zero(2)};
  Options options;
  options.refuse_unreachable = false;
  for (const double p : {least, 3.6e-322, 1e-310, 1e-300}) {
    for (const double importance : {1.0, 1e20, 1e300}) {
      for (const Autoencoder& model : {two, almost}) {
        const Features rare{Vector{{p, 0.0}}, Vector::Constant(2, importance)};
        SCOPED_TRACE(fmt::format("{} {} {}", p, importance, model.W(0, 0)));
        options.error_control = ErrorControl::proven;
        const double proven = loss(model, rare, options).value;
        for (const ErrorControl control : {ErrorControl::rigorous, ErrorControl::estimated}) {
          options.error_control = control;
          const Loss found = loss(model, rare, options);
          EXPECT_GE(found.error_bound, std::abs(found.value - proven));
        }
      }
    }
  }
  const Autoencoder perfect{Matrix{{1.0, 0.0}}, Vector::Zero(2)};
  EXPECT_EQ(loss(perfect, {Vector{{least, 0.0}}, Vector::Ones(2)}).error_bound, 0.0);
}

// Tails are estimated from |F|², which is 0 where F is 1e-162: there bounds take their place.
TEST(Scale, TailsOfRareFeaturesAreNotEstimatedAsZero) {
  const Autoencoder model{
      Matrix{{-2.7413167667521465, -1.4330888037353581e-05}, {0.5281547720460275, 8.9e-05}},
      Vector{{0.0008919947955200641, 0.0016642376825768026}}};
  Options options, proven;
  options.error_control = ErrorControl::estimated;
  proven.error_control = ErrorControl::proven;
  for (const double p : {1e-40, 1e-100, 1e-160, 1e-240}) {
    const Features features{Vector::Constant(2, p), Vector{{1.0, 0.0}}};
    const Loss found = loss(model, features, options);
    const double right = loss(model, features, proven).value;
    EXPECT_LE(std::abs(found.value - right), found.error_bound) << p;
    EXPECT_LE(found.error_bound, 1e-8 * right) << p;
  }
}

// Rounding of what the law of small entries leaves over counts in gradients too, and so does the
// tail where only A² matters, of the size of 1e-96.
TEST(Scale, EstimatesBesideDerivativesKnowWhatIsRounded) {
  Options options, proven;
  options.error_control = ErrorControl::estimated;
  proven.error_control = ErrorControl::proven;
  const auto holds = [&](const Autoencoder& model, const Features& features) {
    const double right = loss(model, features, proven).value;
    const Loss found = loss_and_gradient(model, features, options).loss;
    EXPECT_LE(std::abs(found.value - right), found.error_bound) << right;
    EXPECT_LE(found.error_bound, 1e-8 * right);
  };
  holds({Matrix{{-5.6561140240267095e-05, -1.9469930947928464e-08, -2.961940496071628e-09},
                {-2.4862936837893276e-05, -2.0817626953458204e-09, 1.1124698830801007e-08}},
         Vector{{2.240059688780688e-09, 2.5653705272751377e-13, 8.387344071398384e-14}}},
        {Vector{{2.8223592637154895e-25, 0.0, 0.3}}, Vector{{0.47, 0.73, 0.0}}});
  holds({Matrix{{7.545878167735844e-48, -8.448609086770369e-49, 2.9614719384447583e-48,
                 -2.835333825780592e-48},
                {1.2738269653113164e-48, 3.289905619050876e-48, 3.7919523305806915e-49,
                 -2.7738113651210034e-48}},
         Vector::Zero(4)},
        {Vector{{0.3, 3e-35, 0.0, 0.3}}, Vector{{0.0, 0.0, 0.68, 0.0}}});
}

// With x, b, the jumps and the noise in another unit 2^e, L is 2^{2e} times as large, ∂L/∂W too,
// ∂L/∂b 2^e times: for each law of values, whether its losses are 1e-300 or 1e300.
TEST(Scale, NoUnitOfTheValuesIsSpecial) {
  const Vector density{{0.3, 0.2}}, ones = Vector::Ones(2);
  const Autoencoder relu{Matrix{{1.0, -0.5}}, Vector{{0.1, 0.0}}};
  Autoencoder noisy = relu, jumping = relu;
  noisy.noise = 0.25;
  jumping.activation = Activation::jumprelu;
  jumping.jump = Vector{{0.25, 0.5}};
  for (const ValueLaw& law :
       {ValueLaw::uniform(0, 2), ValueLaw::uniform(-1, 2), ValueLaw::constant(0.75),
        ValueLaw::exponential(1), ValueLaw::half_normal(1), ValueLaw::normal(0.25, 1)}) {
    for (const Autoencoder& model : {relu, noisy, jumping}) {
      if (law.has_atoms() && model.noise == 0.0) continue;  // no decay along the contour
      const LossAndGradient one =
          loss_and_gradient(model, Features::of(DataLaw::independent(density, law), ones));
      for (const int e : {-500, -399, -350, -300, -200, -101, 101, 200, 350, 500}) {
        Autoencoder scaled = model;
        for (Vector* x : {&scaled.b, &scaled.jump}) *x *= std::ldexp(1.0, e);
        scaled.noise = std::ldexp(model.noise, e);
        const LossAndGradient other = loss_and_gradient(
            scaled, Features::of(DataLaw::independent(density, law.scaled(e)), ones));
        SCOPED_TRACE(fmt::format("{} 2^{}, noise {}, jumps {}", to_string(law.kind()), e,
                                 model.noise, model.jump.size()));
        const auto unit = [&](double x) { return std::ldexp(x, -2 * e); };
        EXPECT_NEAR(unit(other.loss.value), one.loss.value,
                    one.loss.error_bound + unit(other.loss.error_bound));
        // The target for derivatives is one of the loss: those by b miss it where the unit is
        // small.
        EXPECT_LE(other.loss.error_bound, 1e-8 * other.loss.value);
        EXPECT_LE((std::ldexp(1.0, -e) * (std::ldexp(1.0, -e) * other.dW) - one.dW).norm(), 1e-5);
        EXPECT_LE((std::ldexp(1.0, -e) * other.db - one.db).norm(), 1e-5);
      }
    }
  }
}

// (1e-157)² is none of the normal numbers.
TEST(Scale, LossesOfTinyValuesSayWhatTheyAre) {
  const Autoencoder model{Matrix{{1.0, -0.5}}, Vector::Zero(2)};
  const auto at = [&](int e) {
    return loss(model, Features::of(DataLaw::independent(Vector{{0.3, 0.2}},
                                                         ValueLaw::half_normal(std::ldexp(1.0, e))),
                                    Vector::Ones(2)));
  };
  const double right = at(0).value;
  for (const int e : {-529, -532, -560}) {
    const Loss lost = at(e);
    EXPECT_FALSE(lost.met_target());
    EXPECT_LE(std::abs(lost.value - std::ldexp(right, 2 * e)), lost.error_bound);
    EXPECT_LE(lost.error_bound, 1e-315);
  }
}

// W_out W is the same to the last bit, and so is what its rounding may be off by, though squares of
// W vanish.
TEST(Scale, RoundingOfTinyColumnsIsCounted) {
  DataLaw law = DataLaw::independent(Vector::Constant(3, 0.3), ValueLaw::constant(1.0));
  law.values[0] = ValueLaw::constant(1e-9);
  const Features features = Features::of(law, Vector{{1.0, 0.0, 0.0}});
  const Matrix W{{0.7, 0.6, 0.9}, {0.7 + 1e-12, 0.6 - 1e-12, 0.9 - 2e-12}};
  const auto at = [&](int e) {
    Autoencoder model{std::ldexp(1.0, -e) * W, Vector::Zero(3)};
    model.W_out = Matrix::Zero(3, 2);
    model.W_out.row(0) << std::ldexp(1.0, e), -std::ldexp(1.0, e);
    return loss(model, features);
  };
  const Loss one = at(0);
  for (const int e : {300, 530, 560, 800}) {
    const Loss found = at(e);
    EXPECT_EQ(found.value, one.value) << e;
    EXPECT_NEAR(found.error_bound, one.error_bound, 1e-9 * one.error_bound) << e;
  }
}

// Outputs are noise of spread s alone: E(x − s₊)² with E s₊ = s/√(2π). σ² is no number, s² is.
TEST(Scale, HiddenNoiseWhoseSquareVanishesIsCounted) {
  constexpr double p = 0.3, x = 1e-20, s = 1e-20;
  Autoencoder model{Matrix::Zero(1, 2), Vector::Zero(2)};
  model.W_out = Matrix::Constant(2, 1, 1e150);
  model.noise = s / 1e150;
  const Loss found =
      loss(model, Features::of(DataLaw::independent(Vector::Constant(2, p), ValueLaw::constant(x)),
                               Vector::Ones(2)));
  const double right =
      2.0 * (p * x * x - 2.0 * p * x * s / std::sqrt(2.0 * std::numbers::pi) + 0.5 * s * s);
  EXPECT_NEAR(found.value, right, found.error_bound);
  EXPECT_LE(found.error_bound, 1e-8 * found.value);
}

// z of 2^-598 beside x of 2^-332: the square of a unit is below all numbers, the loss is not.
TEST(Scale, UnitsMayHaveNoSquare) {
  const double x = std::ldexp(1.0, -332), p = 0.3;
  const Autoencoder model{Matrix::Constant(1, 3, std::ldexp(1.0, -133)), Vector::Zero(3)};
  for (const ValueLaw& law : {ValueLaw::constant(x), ValueLaw::uniform(0.0, x)}) {
    const LossAndGradient found = loss_and_gradient(
        model, Features::of(DataLaw::independent(Vector::Constant(3, p), law), Vector::Ones(3)));
    EXPECT_NEAR(found.loss.value, 3.0 * p * law.moment(2), found.loss.error_bound);
    EXPECT_LE(found.loss.error_bound, 1e-8 * found.loss.value);
    for (const double slope : found.db) {
      EXPECT_NEAR(slope, 2.0 * p * law.moment(1), 1e-8 * x) << to_string(law.kind());
    }
  }
}

// x_0 of 1e-100 that moves an output of 1e90: g is 1e190, whose square is none of the numbers.
TEST(Scale, ValuesAndEntriesTooFarApartAreRefused) {
  Autoencoder model{Matrix{{1e95, 1e-90}}, Vector::Zero(2)};
  model.W_out = Matrix{{0.0}, {1e95}};
  const DataLaw law{ActivityTree::independent(Vector{{0.5, 0.5}}),
                    {ValueLaw::half_normal(1e-100), ValueLaw::half_normal(1e90)}};
  EXPECT_THROW(loss(model, Features::of(law, Vector::Ones(2))), std::invalid_argument);
}

TEST(Scale, IdentitiesSayWhatTheyCannotTell) {
  Autoencoder model{Matrix{{1e110, 1e-130}}, Vector::Zero(2)};
  model.activation = Activation::identity;
  model.W_out = Matrix{{1e-110}, {1e130}};
  const auto at = [&](double one, double other) {
    return Features::of({ActivityTree::independent(Vector{{0.5, 0.5}}),
                         {ValueLaw::half_normal(one), ValueLaw::half_normal(other)}},
                        Vector::Ones(2));
  };
  EXPECT_THROW(loss(model, at(1e-120, 1e120)), std::invalid_argument);
  Autoencoder half{Matrix{{0.5}}, Vector::Zero(1)};
  half.activation = Activation::identity;
  const Loss lost =
      loss(half, Features::of(DataLaw::independent(Vector{{1e-200}}, ValueLaw::half_normal(1e-150)),
                              Vector::Ones(1)));
  EXPECT_FALSE(lost.met_target());
  EXPECT_GT(lost.error_bound, 0.0);
  half.activation = Activation::relu;
  half.W.setZero();
  EXPECT_GT(
      loss(half, Features::of(DataLaw::independent(Vector{{1e-200}}, ValueLaw::half_normal(1e-120)),
                              Vector::Ones(1)))
          .error_bound,
      0.0);
  EXPECT_EQ(loss(half, Features::of(DataLaw::independent(Vector{{0.0}}, ValueLaw::half_normal(1)),
                                    Vector::Ones(1)))
                .error_bound,
            0.0);
}

// W = (1, w): output 1 is on whenever feature 0 is active, however small w is.
TEST(Scale, ColumnsThatAreNearlyDeadHaveTheirDerivatives) {
  for (const ValueLaw& law :
       {ValueLaw::exponential(1), ValueLaw::half_normal(1), ValueLaw::uniform(0, 2)}) {
    const auto at = [&](double w) {
      return loss_and_gradient(
          {Matrix{{1.0, w}}, Vector::Zero(2)},
          Features::of(DataLaw::independent(Vector{{0.3, 0.2}}, law), Vector::Ones(2)));
    };
    const double limit = at(1e-20).db(1);
    for (const double w : {1e-40, 1e-70, 1e-80, 1e-90}) {
      const LossAndGradient found = at(w);
      EXPECT_NEAR(found.db(1), limit, 1e-5) << w;
      EXPECT_LE(std::abs(found.db(1) - limit), found.loss.gradient_error) << w;
    }
    for (const double w : {1e-110, 1e-140, 1e-162}) EXPECT_THROW(at(w), std::invalid_argument) << w;
  }
}

// Derivatives by g, c and v are in other units each: a row of tiny entries makes none of them
// worse.
TEST(Scale, TinyColumnsMakeNoErrorOfDerivativesLarge) {
  const Features features = Features::of(
      DataLaw{ActivityTree::independent(Vector::Constant(3, 0.3)),
              {ValueLaw::uniform(0, 1), ValueLaw::uniform(0, 1), ValueLaw::uniform(0, 0.5)}},
      Vector::Ones(3));
  const auto at = [&](double s) {
    return loss_and_gradient({Matrix{{s, 0.3, -0.4}, {0.0, 0.5, 0.8}}, Vector{{0.0, 0.05, 0.02}}},
                             features);
  };
  const LossAndGradient limit = at(1e-12);
  for (const double s : {1e-20, 1e-30, 1e-45, 1e-60, 1e-90}) {
    const LossAndGradient found = at(s);
    const double error = found.loss.gradient_error + limit.loss.gradient_error;
    EXPECT_LE(found.loss.gradient_error, 1e-4 * found.loss.value) << s;
    EXPECT_LE((found.db - limit.db).norm(), error) << s;
    EXPECT_LE((found.dW - limit.dW).norm(), 4.0 * error) << s;
  }
}

// L is u² times what it is of values without their unit u, its derivatives by A, b and the
// variances are u², u and 1 times: so is what they may be off.
TEST(Scale, TargetsOfDerivativesAreInTheUnitOfTheValues) {
  for (const double noise : {0.0, 0.1}) {
    const auto at = [&](double u) {
      Autoencoder model{Matrix{{1.0, 0.3, -0.4}, {0.0, 0.5, 0.8}}, u * Vector{{0.01, 0.05, 0.02}}};
      model.noise = u * noise;
      return loss_and_gradient(model, Features::of(DataLaw::independent(Vector::Constant(3, 0.3),
                                                                        ValueLaw::uniform(0, u)),
                                                   Vector::Ones(3)));
    };
    const LossAndGradient one = at(1.0);
    EXPECT_TRUE(one.loss.met_target());
    for (const int exponent : {-170, -30, -7, 5, 33}) {
      const double u = std::ldexp(1.0, exponent);
      const LossAndGradient found = at(u);
      EXPECT_TRUE(found.loss.met_target()) << exponent;
      EXPECT_NEAR(found.loss.value, u * u * one.loss.value, 1e-12 * u * u) << exponent;
      EXPECT_NEAR((found.db - u * one.db).norm(), 0.0, 1e-7 * u) << exponent;
      EXPECT_NEAR((found.dW - u * u * one.dW).norm(), 0.0, 1e-7 * u * u) << exponent;
    }
  }
}

// Output 0 is on for feature 1 alone, whose entry is below 2^-60 of its own, and whose value all of
// the loss is: what is left out is E(g x)² = g² p/3, and so is its bound (mathematics.md, Theorem
// 3.7: 2√L δ + δ² with L = 0), a little more by what rounds it.
TEST(Scale, TheBoundOfWhatIsLeftOutIsAllOfIt) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> mantissa(1.0, 2.0);
  Options options;
  options.refuse_unreachable = false;
  for (int k = 0; k < 2000; ++k) {
    const double p = 0.5 * mantissa(random), w = 1e-9 * mantissa(random);
    const Autoencoder model{Matrix{{1e12 * mantissa(random), w}}, Vector::Zero(2)};
    const Features features{Vector{{1e-250, p}}, Vector{{1.0, 0.0}}};
    const Loss found = loss(model, features, options);
    const long double g = static_cast<long double>(model.W(0, 0)) * model.W(0, 1);
    const auto missing = static_cast<double>(g * g * p / 3.0L);
    ASSERT_LT(found.value, 1e-100);
    EXPECT_GE(found.error_bound, missing);
    EXPECT_LE(found.error_bound, missing * (1.0 + 1e-13));
  }
}

}  // namespace
}  // namespace skeleta::exact
