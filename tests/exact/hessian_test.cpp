#include "skeleta/exact/hessian.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "oracle_table.h"
#include "skeleta/exact/sparse_loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

Options tight() {
  Options options;
  options.error_control = ErrorControl::estimated;
  options.relative_target = 1e-11;
  options.gradient_target = 1e-10;
  return options;
}

Vector parameters(const Autoencoder& model) {
  Vector x(model.W.size() + model.W_out.size() + model.b.size());
  x << model.W.reshaped(), model.W_out.reshaped(), model.b;
  return x;
}

Vector parameters(const Gradient& gradient) {
  Vector x(gradient.dW.size() + gradient.dW_out.size() + gradient.db.size());
  x << gradient.dW.reshaped(), gradient.dW_out.reshaped(), gradient.db;
  return x;
}

Autoencoder with_parameters(const Vector& x, Autoencoder model) {
  const Index w = model.W.size(), out = model.W_out.size();
  model.W.reshaped() = x.head(w);
  model.W_out.reshaped() = x.segment(w, out);
  model.b = x.tail(model.b.size());
  return model;
}

Gradient direction(const Vector& x, const Autoencoder& form) {
  const Autoencoder moved = with_parameters(x, form);
  return {moved.W, moved.b, moved.W_out};
}

// Central differences of order 4 of a gradient: error some 1e-13/step + step⁴.
template <class GradientAt>
Matrix differences(const Autoencoder& model, GradientAt gradient_at) {
  constexpr double step = 2e-3;
  const Vector x = parameters(model);
  Matrix result(x.size(), x.size());
  for (Index k = 0; k < x.size(); ++k) {
    const auto moved = [&](double by) {
      Vector y = x;
      y(k) += by;
      return gradient_at(with_parameters(y, model));
    };
    const Vector near = moved(step) - moved(-step), far = moved(2.0 * step) - moved(-2.0 * step);
    result.col(k) = (8.0 * near - far) / (12.0 * step);
  }
  return result;
}

Autoencoder generic(Index count, Index hidden, bool untied, std::mt19937_64& random) {
  std::normal_distribution<> normal;
  Autoencoder model{Matrix(hidden, count), Vector(count)};
  if (untied) model.W_out.resize(count, hidden);
  for (double& w : model.W.reshaped()) w = 0.8 * normal(random);
  for (double& w : model.W_out.reshaped()) w = 0.8 * normal(random);
  for (double& b : model.b) b = 0.3 * normal(random);
  return model;
}

// Third derivatives jump where b_i passes 0, an entry of A or the sum of two: models where a
// difference crosses such a place are as far from it as the steps are long.
bool smooth_nearby(const Autoencoder& model, double far = 0.05) {
  const Matrix A = output_weights(model, 0, model.features());  // column i is row i
  for (Index i = 0; i < model.features(); ++i) {
    if (std::abs(model.b(i)) < far || std::abs(model.b(i) - A(i, i)) < far) return false;
    for (Index j = 0; j < model.features(); ++j) {
      if (std::abs(A(j, i)) < far || std::abs(A(j, i) - model.b(i)) < far) return false;
      for (Index k = 0; k < j; ++k) {
        if (std::abs(A(j, i) + A(k, i) - model.b(i)) < far) return false;
      }
    }
  }
  return true;
}

TEST(Hessian, OfFewActiveFeaturesIsTheSlopeOfTheGradient) {
  std::mt19937_64 random(1);
  int done = 0;
  while (done < testing::scaled(40, 12)) {
    const Index count = 2 + done % 3;
    const Autoencoder model = generic(count, 2, false, random);
    if (!smooth_nearby(model)) continue;
    const Features features = testing::random_features(count, 0.9, random);
    for (const CountRange skeletons : {CountRange{0, 0}, {1, 1}, {0, 1}, {2, 2}, {0, 2}}) {
      SparseLoss loss(features, skeletons);
      const Matrix expected = differences(model, [&](const Autoencoder& at) {
        Gradient gradient;
        loss.loss_and_gradient(at, gradient.dW, gradient.db);
        return parameters(gradient);
      });
      const Hessian hessian = exact::hessian(model, features, skeletons);
      EXPECT_LT((hessian.matrix - expected).norm(), 2e-7 * (1e-3 + expected.norm()))
          << done << ": " << skeletons.first << ".." << skeletons.last;
      EXPECT_LT((hessian.matrix - hessian.matrix.transpose()).norm(), 1e-13);
    }
    ++done;
  }
}

// Two features have no other skeletons than Q_0, Q_1, Q_2: closed forms against contours.
TEST(Hessian, OfTwoFeaturesIsThatOfTheClosedForms) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < testing::scaled(40, 12); ++trial) {
    const Autoencoder model = generic(2, 1 + trial % 2, false, random);
    const Features features = testing::random_features(2, 0.9, random);
    const Hessian whole = hessian(model, features, tight(), 1e-8);
    const Hessian closed = hessian(model, features, CountRange{0, 2});
    const double size = closed.matrix.norm();
    EXPECT_LE((whole.matrix - closed.matrix).norm(), std::max(whole.error, 1e-10 * size)) << trial;
    EXPECT_LE((whole.matrix - closed.matrix).norm(), 1e-6 * size) << trial;
  }
}

TEST(Hessian, OfTheWholeLossIsTheSlopeOfTheGradient) {
  std::mt19937_64 random(3);
  int done = 0;
  while (done < testing::scaled(24, 8)) {
    const Index count = 3 + done % 4;
    const Autoencoder model = generic(count, 2, done % 2 == 1, random);
    if (!smooth_nearby(model, count < 6 ? 0.05 : 0.02)) continue;  // six are hardly ever further
    Features features = testing::random_features(count, 0.8, random);
    if (done % 5 == 3) features.density(0) = 1.0;
    Evaluator evaluator(features, tight());
    const Matrix expected = differences(model, [&](const Autoencoder& at) {
      Gradient gradient;
      evaluator.loss_and_gradient(at, gradient);
      return parameters(gradient);
    });
    const Hessian hessian = exact::hessian(model, features, tight(), 1e-8);
    EXPECT_LT((hessian.matrix - expected).norm(), 2e-6 * expected.norm()) << done;
    ++done;
  }
}

// Rational numbers, rounded once: antipodal pairs as training leaves them, thresholds beside
// corners, features all but dropped. Where a threshold is 1e-9 from a corner, the rounding of A
// shows.
TEST(Hessian, NearKinksIsThatOfTheRationalNumbers) {
  const auto table = testing::oracle_table("hessian_table.json");
  ASSERT_EQ(table.size(), 32u);
  for (const testing::OracleCase& c : table) {
    const Hessian found = hessian(c.model, c.features, tight(), 1e-8);
    const double size = c.hessian.norm();
    const bool few = c.features.size() <= 5;
    EXPECT_LE((found.matrix - c.hessian).norm(), found.error + 1e-10 * size) << c.name;
    EXPECT_LE(found.error, few ? 0.0 : 1e-5 * size) << c.name;
    // Of few features too row by row, with Γ from contours: beside corners to some 1e-9, which the
    // gradient's estimated error does not tell.
    Evaluator evaluator(c.features, tight());
    Gradient gradient;
    evaluator.loss_and_gradient(c.model, gradient);
    double error = 0.0;
    EXPECT_LE((evaluator.hessian(1e-8, error) - c.hessian).norm(), error + 1e-8 * size) << c.name;
    EXPECT_LE(error, 1e-5 * size) << c.name;
  }
}

// All skeletons of few features, support by support.
TEST(Hessian, OfAllSkeletonsIsThatOfTheWhole) {
  for (const testing::OracleCase& c : testing::oracle_table("hessian_table.json")) {
    const Index count = c.features.size();
    if (count < 3 || count > 5) continue;
    const Hessian found = hessian(c.model, c.features, CountRange{0, count});
    EXPECT_LE((found.matrix - c.hessian).norm(), 1e-9 * c.hessian.norm()) << c.name;
    EXPECT_NEAR(found.value, c.loss, 1e-14) << c.name;
    EXPECT_LE((found.gradient - parameters(Gradient{c.gradient_W, c.gradient_b, {}})).norm(), 1e-14)
        << c.name;
  }
  std::mt19937_64 random(9);
  const Autoencoder untied = generic(5, 2, true, random);
  const Features features = testing::random_features(5, 0.5, random);
  const Hessian whole = hessian(untied, features, tight(), 1e-9);
  const Hessian low = hessian(untied, features, CountRange{0, 2}, 2.0);
  const Hessian high = hessian(untied, features, CountRange{3, 5}, 2.0);
  EXPECT_LE((low.matrix + high.matrix - 2.0 * whole.matrix).norm(), 1e-8 * whole.matrix.norm());
  EXPECT_NEAR(low.value + high.value, 2.0 * whole.value, 1e-10);
  EXPECT_THROW(hessian(untied, features, CountRange{0, 6}), std::invalid_argument);
  EXPECT_THROW(hessian(generic(60, 2, false, random), Features::uniform(60, 0.1), CountRange{0, 5}),
               std::invalid_argument);
}

TEST(Hessian, TimesAVectorIsTheProduct) {
  std::mt19937_64 random(4);
  std::normal_distribution<> normal;
  for (const bool untied : {false, true}) {
    const Autoencoder model = generic(7, 3, untied, random);
    const Features features = testing::random_features(7, 0.5, random);
    Evaluator evaluator(features, tight());
    Gradient gradient, product;
    evaluator.loss_and_gradient(model, gradient);
    Vector v(parameters(model).size());
    for (double& x : v) x = normal(random);
    const double error = evaluator.hessian_times(direction(v, model), product, 8.0);
    const Hessian whole = hessian(model, features, tight(), 1e-8);
    const Vector expected = whole.matrix * v;
    EXPECT_LT((parameters(product) - expected).norm(), 1e-7 * expected.norm());
    EXPECT_LT(error, 1e-5 * expected.norm());
  }
}

// W → RW leaves the loss as it is: H (SW, 0) = (S ∂L/∂W, 0) for skew S. The left side is mostly the
// second derivatives of A times Γ.
TEST(Hessian, KnowsRotations) {
  std::mt19937_64 random(5);
  const Autoencoder model = generic(12, 2, false, random);
  const Features features = testing::random_features(12, 0.2, random);
  const Matrix S = (Matrix(2, 2) << 0, 1, -1, 0).finished();
  for (const bool sparse : {false, true}) {
    const Hessian whole = sparse ? hessian(model, features, CountRange{1, 2})
                                 : hessian(model, features, tight(), 1e-9);
    const Gradient gradient = direction(whole.gradient, model);
    const Vector turned = parameters(Gradient{S * model.W, Vector::Zero(12), {}});
    const Vector expected = parameters(Gradient{S * gradient.dW, Vector::Zero(12), {}});
    EXPECT_LT((whole.matrix * turned - expected).norm(), 1e-7 * whole.matrix.norm());
    EXPECT_GT(expected.norm(), 1e-2 * whole.matrix.norm());
  }
}

// Columns at right angles, columns of 0, features that are never active: entries of A that are 0 or
// nearly so.
TEST(Hessian, KnowsFeaturesThatAreLeftOut) {
  std::mt19937_64 random(6);
  Autoencoder model = generic(4, 2, false, random);
  model.W << 1.1, -0.9, 1e-13, 0.0, 0.0, 0.0, 1.2, 0.0;
  model.b << 0.1, -0.05, 0.07, -0.2;
  Features features = Features::uniform(4, 0.3);
  for (const double last : {0.3, 0.0}) {
    features.density(3) = last;
    Evaluator evaluator(features, tight());
    const Hessian hessian = exact::hessian(model, features, tight(), 1e-8);
    // By components that a step cannot bring over a kink: those of b, and of lengths.
    const Vector x = parameters(model);
    for (const Index k : {0, 2, 5, 8, 9, 10, 11}) {
      const auto moved = [&](double by) {
        Vector y = x;
        y(k) += by;
        Gradient gradient;
        evaluator.loss_and_gradient(with_parameters(y, model), gradient);
        return parameters(gradient);
      };
      const Vector expected = (moved(1e-4) - moved(-1e-4)) / 2e-4;
      EXPECT_LT((hessian.matrix.col(k) - expected).norm(), 1e-5) << k;
    }
  }
}

TEST(Hessian, SaysWhereItDoesNotExist) {
  Autoencoder model{Matrix(2, 3), Vector(3)};
  model.W << 1.0, -0.5, -0.5, 0.0, 0.9, -0.9;
  model.b << 0.1, 0.0, 1.0;
  const Features features = Features::uniform(3, 0.1);
  auto found = kinks(model, features);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].output, 1);
  EXPECT_NE(found[0].reason.find("output 1"), std::string::npos);
  EXPECT_TRUE(kinks(model, features, CountRange{1, 1}).empty());  // all entries of row 1 are not 0
  model.b(0) = 1.0;                                               // = A_00
  found = kinks(model, features, CountRange{1, 1});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].output, 0);
  model.W << 1.0, 0.0, -1.0, 0.0, 1.0, 0.0;
  model.b.setZero();
  EXPECT_EQ(kinks(model, features, CountRange{1, 1}).size(), 3u);
  EXPECT_EQ(kinks(model, features, CountRange{3, 3}).size(), 0u);
}

// The slope of the density of x_0 + x_1/2 jumps where both are 1, and a jump of the output is
// there: ∂²L/∂b_0² has two sides (mathematics.md, Proposition 10.3).
TEST(Hessian, DoesNotExistWhereTwoFeaturesJustReachAJump) {
  Autoencoder model{Matrix{{1.0, 0.5}, {0.0, 0.5}}, Vector{{1.25, 0.1}}};
  model.activation = Activation::jumprelu;
  model.jump = Vector{{0.25, 0.25}};
  const Features features = Features::uniform(2, 0.3);
  const auto found = kinks(model, features);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].output, 0);
  EXPECT_NE(found[0].reason.find("features 0 and 1 are 1 and 1"), std::string::npos)
      << found[0].reason;
  EXPECT_TRUE(kinks(model, features, CountRange{0, 1}).empty());
  for (const double shift : {-1e-3, 1e-3}) {
    Autoencoder moved = model;
    moved.b(0) += shift;
    EXPECT_TRUE(kinks(moved, features).empty());
  }
  model.activation = Activation::relu;
  model.jump.resize(0);
  model.b(0) = 1.5;
  EXPECT_TRUE(kinks(model, features).empty());
}

// b = 0 and a feature that is always active: nothing rests at the threshold, but the values of what
// is read begin there.
TEST(Hessian, DoesNotExistWhereValuesBeginAtTheThreshold) {
  Autoencoder jump{Matrix{{0.9}}, Vector{{-0.3}}};
  jump.activation = Activation::jumprelu;
  jump.jump = Vector{{0.3}};
  EXPECT_EQ(kinks(jump, Features::uniform(1, 1.0)).size(), 1u);
  jump.b(0) = -0.29;
  EXPECT_TRUE(kinks(jump, Features::uniform(1, 1.0)).empty());
  Autoencoder untied{Matrix::Identity(2, 2), Vector{{0.0, 0.1}}};
  untied.W_out = Matrix{{0.0, 1.2}, {0.5, 0.7}};
  const auto found = kinks(untied, {Vector{{0.3, 1.0}}, Vector::Ones(2)});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].output, 0);
  untied.W_out(0, 0) = 0.4;  // reads its own feature, which is 0 there
  EXPECT_TRUE(kinks(untied, {Vector{{0.3, 1.0}}, Vector::Ones(2)}).empty());
}

// Output 0 reads feature 1 alone, which just reaches its threshold: with feature 0 active the
// second derivative by A_01 jumps where A_01 passes b_0 (mathematics.md, Proposition 10.3).
TEST(Hessian, DoesNotExistWhereAnotherFeatureJustReachesTheThreshold) {
  Autoencoder model{Matrix{{0.0, 1.0, 0.0}}, Vector{{0.8, 0.1, 0.1}}};
  model.W_out = Matrix{{0.8}, {0.5}, {-0.5}};
  const Features features = Features::uniform(3, 0.1);
  const auto found = kinks(model, features);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].output, 0);
  EXPECT_NE(found[0].reason.find("where feature 1 is 1"), std::string::npos) << found[0].reason;
  EXPECT_TRUE(kinks(model, features, CountRange{0, 1}).empty());  // both have to be active
  EXPECT_EQ(kinks(model, features, CountRange{2, 2}).size(), 1u);
  const auto second = [&](double shift) {
    Autoencoder moved = model;
    moved.W_out(0, 0) += shift;
    return hessian(moved, features, CountRange{2, 2}).matrix.norm();
  };
  EXPECT_GT(std::abs(second(1e-6) - second(-1e-6)), 1e-3);
  model.W_out(0, 0) = 0.7;  // below its threshold
  EXPECT_TRUE(kinks(model, features).empty());
  model.W_out(0, 0) = 0.8;
  model.W(0, 0) = 0.1;  // reads its own feature
  EXPECT_TRUE(kinks(model, features).empty());
}

// Products of a kept Hessian are those of the contour's recurrences on the same nodes, to single
// precision: tied, untied, with features left out, and always active ones.
TEST(Hessian, KeepsWhatProductsNeed) {
  std::mt19937_64 random(12);
  std::normal_distribution<> normal;
  for (int trial = 0; trial < testing::scaled(24, 8); ++trial) {
    const Index count = 6 + 5 * (trial % 4);
    const Autoencoder model = generic(count, 3, trial % 3 == 2, random);
    Features features = testing::random_features(count, trial % 2 == 0 ? 0.2 : 0.9, random);
    if (trial % 4 == 1) features.density(1) = 0.0;
    if (trial % 4 == 2) features.density(2) = 1.0;
    if (trial % 5 == 3) features.importance(0) = 0.0;
    Options coarse;
    coarse.error_control = ErrorControl::estimated;
    coarse.relative_target = coarse.gradient_target = 0.5;
    coarse.maximum_nodes = 64;  // as few as a kept Hessian has
    Evaluator evaluator(features, coarse);
    Gradient gradient, direction = {Matrix(3, count), Vector(count), model.W_out}, kept, whole;
    for (double& x : direction.dW.reshaped()) x = normal(random);
    for (double& x : direction.dW_out.reshaped()) x = normal(random);
    for (double& x : direction.db) x = normal(random);
    evaluator.loss_and_gradient(model, gradient);
    evaluator.hessian_times(direction, whole);
    for (const double length : {1.0, 1e-30}) {
      Gradient scaled = direction;
      for (Matrix* x : {&scaled.dW, &scaled.dW_out}) *x *= length;
      scaled.db *= length;
      evaluator.hessian_times(scaled, kept, 1e-3);
      const Vector expected = length * parameters(whole), got = parameters(kept);
      EXPECT_LT((got - expected).norm(), 3e-6 * expected.norm()) << trial << " " << length;
    }
  }
}

// Features of every kind of law: two that exclude each other, two together, a parent and its child,
// and one by itself.
Features grouped(const std::vector<ValueLaw>& values) {
  const Index pair[] = {2, 3};
  const ActivityTree tree(activity::join(
      {activity::exclusive({activity::feature(0, 0.3), activity::feature(1, 0.2)}),
       activity::together(pair, 0.2), activity::parent(4, 0.4, {activity::feature(5, 0.5)}),
       activity::feature(6, 0.3)}));
  DataLaw law{tree, {}};
  for (std::size_t j = 0; j < 7; ++j) law.values.push_back(values[j % values.size()]);
  return Features::of(law, Vector::LinSpaced(7, 0.5, 1.5));
}

Options resolved() {
  Options options = tight();
  options.gradient_target = 1e-8;
  options.maximum_nodes = Index{1} << 13;
  return options;
}

const std::vector<std::vector<ValueLaw>> other_values{
    {ValueLaw::half_normal(0.7)},
    {ValueLaw::exponential(0.4), ValueLaw::uniform(0.2, 1.0)},
    {ValueLaw::normal(0.5, 0.4), ValueLaw::half_normal(0.5), ValueLaw()}};

TEST(Hessian, OfOtherLawsIsTheSlopeOfTheGradient) {
  std::mt19937_64 random(21);
  for (std::size_t k = 0; k < other_values.size(); ++k) {
    const Features features = grouped(other_values[k]);
    for (const double noise : {0.0, 0.2}) {
      Autoencoder model = generic(7, 2, k == 1, random);
      model.noise = noise;
      Evaluator evaluator(features, resolved());
      const Matrix expected = differences(model, [&](const Autoencoder& at) {
        Gradient gradient;
        evaluator.loss_and_gradient(at, gradient);
        return parameters(gradient);
      });
      const Hessian found = hessian(model, features, resolved(), 1e-8);
      EXPECT_LT((found.matrix - expected).norm(), 2e-5 * expected.norm()) << k << " " << noise;
      EXPECT_LT(found.error, 1e-3 * expected.norm()) << k << " " << noise;
      EXPECT_LT((found.matrix - found.matrix.transpose()).norm(), 1e-13 * expected.norm());
    }
  }
}

// Values uniform on [0, c]: L(W, b; c) = c² L(W, b/c; 1).
TEST(Hessian, OfScaledValuesIsThatOfPlainOnes) {
  std::mt19937_64 random(22);
  constexpr double scale = 3.0;
  for (const bool untied : {false, true}) {
    const Autoencoder model = generic(6, 2, untied, random);
    const Features plain = testing::random_features(6, 0.6, random);
    const Features scaled = Features::of(
        DataLaw::independent(plain.density, ValueLaw::uniform(0.0, scale)), plain.importance);
    Autoencoder wide = model;
    wide.b *= scale;
    const Hessian expected = hessian(model, plain, tight(), 1e-9);
    const Hessian found = hessian(wide, scaled, resolved(), 1e-9);
    Vector unit = Vector::Constant(parameters(model).size(), scale);
    unit.tail(6).setOnes();
    const Matrix in_units = unit.asDiagonal() * expected.matrix * unit.asDiagonal();
    const double size = in_units.norm(), error = (found.matrix - in_units).norm();
    EXPECT_LE(error, 1e-6 * size);
    EXPECT_LE(error, found.error + scale * scale * expected.error + 1e-9 * size);
  }
}

// H (SW, 0) = (S ∂L/∂W, 0), whatever the law is, and with noise on the hidden layer; products are
// those of the matrix.
TEST(Hessian, OfOtherLawsKnowsRotationsAndProducts) {
  std::mt19937_64 random(23);
  for (std::size_t k = 0; k < other_values.size(); ++k) {
    Autoencoder model = generic(7, 3, false, random);
    model.noise = k == 0 ? 0.0 : 0.15;
    Evaluator evaluator(grouped(other_values[k]), resolved());
    Gradient gradient, product, few;
    evaluator.loss_and_gradient(model, gradient);
    Matrix skew = Matrix::Random(3, 3);
    skew = (skew - skew.transpose()).eval();
    const Gradient turn{skew * model.W, Vector::Zero(7), {}};
    const Gradient turned{skew * gradient.dW, Vector::Zero(7), {}};
    const double found = evaluator.hessian_times(turn, product, 8.0);
    const double size = parameters(turned).norm();
    EXPECT_LT((parameters(product) - parameters(turned)).norm(), 1e-6 * size) << k;
    EXPECT_LT(found, 1e-5 * size) << k;
    double error = 0.0;
    const Matrix H = evaluator.hessian(1e-8, error);
    EXPECT_LT((H * parameters(turn) - parameters(product)).norm(), 1e-6 * size) << k;
    const Gradient any{Matrix::Random(3, 7), Vector::Random(7), {}};
    evaluator.hessian_times(any, few, 1e-3);
    const Vector expected = H * parameters(any);
    EXPECT_LT((parameters(few) - expected).norm(), 1e-4 * expected.norm()) << k;
  }
}

// Values of 1: 2 Σ P(pattern) X Xᵀ over the patterns that fire, as far from all of them as here.
TEST(Hessian, OfConstantValuesIsTheSumOverThePatternsThatFire) {
  const Autoencoder model{Matrix{{0.9, -0.4, 0.0}, {0.0, 0.8, -0.7}}, Vector{{0.2, 0.1, -0.2}}};
  const Vector p{{0.3, 0.4, 0.2}};
  const Features features =
      Features::of(DataLaw::independent(p, ValueLaw::constant(1.0)), Vector::Ones(3));
  Evaluator evaluator(features, resolved());
  Gradient gradient;
  evaluator.loss_and_gradient(model, gradient);
  const Matrix A = output_weights(model, 0, 3);
  const Gradient by_threshold{Matrix::Zero(2, 3), Vector::Ones(3), {}};
  Gradient product;
  evaluator.hessian_times(by_threshold, product, 8.0);
  for (Index i = 0; i < 3; ++i) {
    double fires = 0.0;
    for (unsigned pattern = 0; pattern < 8; ++pattern) {
      double probability = 1.0, z = -model.b(i);
      for (Index j = 0; j < 3; ++j) {
        const bool on = (pattern >> j) & 1u;
        probability *= on ? p(j) : 1.0 - p(j);
        if (on) z += A(j, i);
      }
      if (z > 0.0) fires += probability;
    }
    EXPECT_NEAR(product.db(i), 2.0 * fires, 1e-5) << i;
  }
}

TEST(Hessian, OfOtherLawsSaysWhereItDoesNotExist) {
  Autoencoder model{Matrix{{1.0, -0.5, -0.5}, {0.0, 0.9, -0.9}}, Vector{{2.0, 0.1, 0.1}}};
  const auto found = [&](const ValueLaw& value, double noise = 0.0) {
    Autoencoder noisy = model;
    noisy.noise = noise;
    return kinks(noisy, Features::of(DataLaw::independent(Vector::Constant(3, 0.2), value),
                                     Vector::Ones(3)));
  };
  EXPECT_TRUE(found(ValueLaw::half_normal(1.0)).empty());
  ASSERT_EQ(found(ValueLaw::uniform(0.0, 2.0)).size(), 1u);  // A_00 · 2 = b_0
  EXPECT_NE(found(ValueLaw::uniform(0.0, 2.0))[0].reason.find("own feature is 2"),
            std::string::npos);
  EXPECT_TRUE(found(ValueLaw::uniform(0.0, 2.0), 0.1).empty());
  model.b(0) = -1.0;  // constants reach it from anywhere: A_01 · 2
  EXPECT_TRUE(found(ValueLaw::uniform(0.0, 2.0)).empty());
  ASSERT_EQ(found(ValueLaw::constant(2.0)).size(), 1u);
  model.b(0) = 0.0;
  EXPECT_EQ(found(ValueLaw::half_normal(1.0)).size(), 1u);  // nobody active
  // One feature is always active, and all entries of its column move the outputs.
  const ActivityTree one(activity::exclusive(
      {activity::feature(0, 0.5), activity::feature(1, 0.25), activity::feature(2, 0.25)}));
  EXPECT_TRUE(kinks(model, Features::of({one, std::vector<ValueLaw>(3)}, Vector::Ones(3))).empty());
}

// The same where thresholds and entries are negative: z ≤ 0 touches b from above.
TEST(Hessian, DoesNotExistWhereANegativeEntryJustReachesTheThreshold) {
  Autoencoder model{Matrix{{0.8, 0.5, -0.3}}, Vector{{-0.64, 0.1, 0.1}}};
  model.W_out = Matrix{{-0.8}, {0.5}, {-0.5}};
  const Features features = Features::uniform(3, 0.1);
  ASSERT_EQ(kinks(model, features).size(), 1u);
  const auto second = [&](double shift) {
    Autoencoder moved = model;
    moved.b(0) += shift;
    return hessian(moved, features, CountRange{1, 1}).matrix.norm();
  };
  EXPECT_GT(std::abs(second(1e-6) - second(-1e-6)), 1e-3);
}

TEST(Hessian, RefusesWhatHasNone) {
  std::mt19937_64 random(7);
  Autoencoder model = generic(3, 2, false, random);
  const Features features = Features::uniform(3, 0.1);
  Evaluator evaluator(features, {});
  Gradient product;
  EXPECT_THROW(evaluator.hessian_times(product, product), std::invalid_argument);
  evaluator.loss(model);
  EXPECT_THROW(evaluator.hessian_times(product, product), std::invalid_argument);
  EXPECT_THROW(
      hessian(model, features.importance.size() > 2 ? Features::uniform(2, 0.1) : features),
      std::invalid_argument);
  const Autoencoder large{Matrix::Zero(20, 300), Vector::Zero(300)};
  EXPECT_THROW(hessian(large, Features::uniform(300, 0.1), CountRange{1, 1}),
               std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::exact
