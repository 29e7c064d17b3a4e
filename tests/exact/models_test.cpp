#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>

#include "measure/activity_oracle.h"
#include "skeleta/exact/hessian.h"
#include "skeleta/exact/loss.h"
#include "support.h"

// Every model under laws of uniform values, against a loss by definition: all patterns of active
// features, each in closed form in extended precision, and its finite differences.
namespace skeleta::exact {
namespace {

using testing::Long;
using LongMatrix = Eigen::Matrix<Long, Eigen::Dynamic, Eigen::Dynamic>;
using LongVector = Eigen::Matrix<Long, Eigen::Dynamic, 1>;

// A model in extended precision.
struct LongModel {
  LongMatrix W, W_out;
  LongVector b, jump;
  Long noise;
  Activation activation;
  bool tied;

  explicit LongModel(const Autoencoder& model)
      : W(model.W.cast<Long>()),
        W_out(model.tied() ? LongMatrix(model.W.transpose().cast<Long>())
                           : LongMatrix(model.W_out.cast<Long>())),
        b(model.b.cast<Long>()),
        jump(model.activation == Activation::jumprelu ? LongVector(model.jump.cast<Long>())
                                                      : LongVector::Zero(model.b.size())),
        noise(model.noise),
        activation(model.activation),
        tied(model.tied()) {}
};

// E(u + σ normal)₊ᵏ: m_k = u m_{k−1} + (k − 1)σ² m_{k−2}.
Long ramp_power(Long u, Long deviation, int k) {
  if (deviation == 0.0L) return u <= 0.0L ? 0.0L : std::pow(u, static_cast<Long>(k));
  const Long z = u / deviation;
  Long before = std::erfc(-z / std::numbers::sqrt2_v<Long>) / 2;
  if (k == 0) return before;
  Long present =
      u * before + deviation * std::exp(-z * z / 2) / std::sqrt(2.0L * std::numbers::pi_v<Long>);
  for (int n = 2; n <= k; ++n) {
    const Long next = u * present + (n - 1) * deviation * deviation * before;
    before = present;
    present = next;
  }
  return present;
}

// E(Σ a_j t_j + σ normal − c)₊ⁿ over the unit cube: n!/((n+l)! Π a) Σ_v (−1)^{l−|v|} of the same
// power n + l at the corners v.
Long cube_moment(const std::vector<Long>& a, Long c, Long deviation, int n) {
  const auto l = static_cast<int>(a.size());
  Long sum = 0.0L, product = 1.0L;
  for (std::uint32_t v = 0; v < (1u << l); ++v) {
    Long u = -c;
    for (int j = 0; j < l; ++j) u += (v >> j) & 1u ? a[static_cast<std::size_t>(j)] : 0.0L;
    sum += ((l - std::popcount(v)) % 2 == 0 ? 1.0L : -1.0L) * ramp_power(u, deviation, n + l);
  }
  for (const Long x : a) product *= x;
  for (int k = 1; k <= l; ++k) product *= n + k;
  return sum / product;
}

// E y² − 2 E x_i y, y = (z − c)₊ + θ 1{z > c}, while the features of a pattern are active; by parts
// in t_i: E t_i (z − c)₊ⁿ = [E(a_i + z' − c)₊ⁿ⁺¹ − E(z − c)₊ⁿ⁺¹]/((n + 1) a_i).
Long response(const DataLaw& law, const LongVector& g, Long c, Long jump, Long deviation,
              std::uint32_t pattern, Index own) {
  std::vector<Long> a, others;
  Long threshold = c, own_slope = 0.0L;
  for (Index j = 0; j < law.size(); ++j) {
    if (!((pattern >> j) & 1u)) continue;
    const ValueLaw& value = law.values[static_cast<std::size_t>(j)];
    const Long slope = g(j) * (static_cast<Long>(value.second()) - value.first());
    threshold -= g(j) * value.first();
    a.push_back(slope);
    if (j == own) own_slope = slope;
    if (j != own) others.push_back(slope);
  }
  const std::array<Long, 4> m{cube_moment(a, threshold, deviation, 0),
                              cube_moment(a, threshold, deviation, 1),
                              cube_moment(a, threshold, deviation, 2), 0.0L};
  Long result = m[2] + 2.0L * jump * m[1] + jump * jump * m[0];
  if (!((pattern >> own) & 1u)) return result;
  const ValueLaw& value = law.values[static_cast<std::size_t>(own)];
  const Long low = value.first(), width = static_cast<Long>(value.second()) - value.first();
  for (const int n : {0, 1}) {
    const auto at = static_cast<std::size_t>(n);
    const Long weighted =
        (cube_moment(others, threshold - own_slope, deviation, n + 1) - m[at + 1]) /
        ((n + 1) * own_slope);
    result -= 2.0L * (n == 0 ? jump : 1.0L) * (low * m[at] + width * weighted);
  }
  return result;
}

struct Case {
  DataLaw law;
  Vector importance;
  std::vector<Long> patterns;
};

// `count` < 0: all skeletons.
Long mean_response(const Case& test, const LongVector& g, Long c, Long jump, Long deviation,
                   Index own, int count) {
  Long sum = 0.0L;
  for (std::uint32_t pattern = 0; pattern < test.patterns.size(); ++pattern) {
    if (test.patterns[pattern] == 0.0L || (count >= 0 && std::popcount(pattern) != count)) continue;
    sum += test.patterns[pattern] * response(test.law, g, c, jump, deviation, pattern, own);
  }
  return sum;
}

// E(x_i − z + b)² of the identity, from the moments of each pattern.
Long linear_error(const Case& test, const LongVector& g, Long b, Index own, int count) {
  Long sum = 0.0L;
  for (std::uint32_t pattern = 0; pattern < test.patterns.size(); ++pattern) {
    if (count >= 0 && std::popcount(pattern) != count) continue;
    Long mean = b, variance = 0.0L;
    for (Index j = 0; j < test.law.size(); ++j) {
      if (!((pattern >> j) & 1u)) continue;
      const ValueLaw& value = test.law.values[static_cast<std::size_t>(j)];
      const Long low = value.first(), high = value.second();
      const Long slope = (j == own ? 1.0L : 0.0L) - g(j);
      mean += slope * (low + high) / 2;
      variance += slope * slope * (high - low) * (high - low) / 12;
    }
    sum += test.patterns[pattern] * (mean * mean + variance);
  }
  return sum;
}

// The loss by definition; of Q_count only if count ≥ 0.
Long definition(const Case& test, const LongModel& model, int count = -1) {
  Long total = 0.0L;
  for (Index i = 0; i < test.law.size(); ++i) {
    const LongVector o = model.tied ? LongVector(model.W.col(i)) : LongVector(model.W_out.row(i));
    const LongVector g = model.W.transpose() * o;
    const Long v = test.importance(i), deviation = model.noise * o.norm();
    Long square = 0.0L, mass = 0.0L;
    for (std::uint32_t pattern = 0; pattern < test.patterns.size(); ++pattern) {
      if (count >= 0 && std::popcount(pattern) != count) continue;
      mass += test.patterns[pattern];
      if ((pattern >> i) & 1u) square += test.patterns[pattern];
    }
    if (model.activation == Activation::identity) {
      total += v * (linear_error(test, g, model.b(i), i, count) + deviation * deviation * mass);
      continue;
    }
    const ValueLaw& value = test.law.values[static_cast<std::size_t>(i)];
    const Long low = value.first(), high = value.second();
    total += v * square * (low * low + low * high + high * high) / 3;
    total +=
        v * mean_response(test, g, model.b(i) + model.jump(i), model.jump(i), deviation, i, count);
  }
  return total;
}

// dL/dx by central differences, extrapolated.
Long difference(Long& x, const std::function<Long()>& loss) {
  const Long at = x;
  const auto slope = [&](Long h) {
    x = at + h;
    const Long right = loss();
    x = at - h;
    const Long left = loss();
    x = at;
    return (right - left) / (2 * h);
  };
  constexpr Long h = 2e-4L;
  return (4.0L * slope(h / 2) - slope(h)) / 3.0L;
}

Gradient differences(const Case& test, LongModel model) {
  const auto loss = [&] { return definition(test, model); };
  const auto all = [&](auto& matrix) {
    Matrix result(matrix.rows(), matrix.cols());
    for (Index j = 0; j < matrix.cols(); ++j) {
      for (Index k = 0; k < matrix.rows(); ++k) {
        result(k, j) = static_cast<double>(difference(matrix(k, j), loss));
      }
    }
    return result;
  };
  Gradient result;
  result.dW = all(model.W);
  result.db = all(model.b).col(0);
  if (!model.tied) result.dW_out = all(model.W_out);
  return result;
}

std::vector<testing::ActivityCase> small_cases() {
  std::vector<testing::ActivityCase> result;
  for (const auto& test : testing::activity_cases()) {
    if (testing::count_features(test) <= 5) result.push_back(test);
  }
  return result;
}

Case case_of(const testing::ActivityCase& test) {
  const std::vector<ValueLaw> values{ValueLaw::uniform(-1, 1), ValueLaw::uniform(0.2, 2),
                                     ValueLaw::uniform(0, 1)};
  Case result{{testing::to_tree(test.groups), {}}, {}, {}};
  for (Index j = 0; j < result.law.size(); ++j) {
    result.law.values.push_back(values[static_cast<std::size_t>(j) % values.size()]);
  }
  result.importance = Vector::LinSpaced(result.law.size(), 0.5, 1.5);
  result.patterns = testing::enumerate(test.groups, result.law.size());
  return result;
}

Autoencoder dense_model(Index features, bool tied, Activation activation, double noise,
                        std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(2, features), Vector(features)};
  for (double& w : model.W.reshaped()) w = 0.7 * normal(random);
  for (double& b : model.b) b = 0.3 * normal(random);
  if (!tied) {
    model.W_out.resize(features, 2);
    for (double& w : model.W_out.reshaped()) w = 0.7 * normal(random);
  }
  model.activation = activation;
  if (activation == Activation::jumprelu) model.jump = Vector::LinSpaced(features, 0.0, 0.4);
  model.noise = noise;
  return model;
}

Options to(double relative_target, double gradient_target = 1e-6) {
  Options options;
  options.relative_target = relative_target;
  options.gradient_target = gradient_target;
  return options;
}

struct Kind {
  bool tied;
  Activation activation;
  double noise;
};
const std::vector<Kind> kinds{{true, Activation::relu, 0.0},     {false, Activation::relu, 0.0},
                              {true, Activation::identity, 0.0}, {false, Activation::identity, 0.3},
                              {true, Activation::relu, 0.3},     {false, Activation::relu, 0.3},
                              {true, Activation::jumprelu, 0.0}, {false, Activation::jumprelu, 0.0},
                              {false, Activation::jumprelu, 0.3}};

double distance(const Gradient& a, const Gradient& b) {
  return std::sqrt((a.dW - b.dW).squaredNorm() + (a.db - b.db).squaredNorm() +
                   (a.dW_out - b.dW_out).squaredNorm());
}

TEST(Models, LossesMatchEnumeration) {
  std::mt19937_64 random(1);
  for (const auto& activity : small_cases()) {
    const Case test = case_of(activity);
    for (const Kind& kind : kinds) {
      const Autoencoder model =
          dense_model(test.law.size(), kind.tied, kind.activation, kind.noise, random);
      // A jump decays more slowly.
      const double target =
          kind.activation == Activation::jumprelu && kind.noise == 0.0 ? 1e-7 : 1e-10;
      const Loss found = loss(model, Features::of(test.law, test.importance), to(target));
      const auto expected = static_cast<double>(definition(test, LongModel(model)));
      EXPECT_TRUE(found.met_target()) << activity.name << " " << found.error_bound / found.value;
      EXPECT_NEAR(found.value, expected, found.error_bound + 1e-13 * expected) << activity.name;
    }
  }
}

TEST(Models, GradientsMatchFiniteDifferencesOfTheEnumeration) {
  std::mt19937_64 random(2);
  for (const auto& activity : small_cases()) {
    const Case test = case_of(activity);
    if (test.law.size() > 4) continue;
    for (const Kind& kind : kinds) {
      const Autoencoder model =
          dense_model(test.law.size(), kind.tied, kind.activation, kind.noise, random);
      const bool jump = kind.activation == Activation::jumprelu && kind.noise == 0.0;
      const LossAndGradient found =
          loss_and_gradient(model, Features::of(test.law, test.importance),
                            to(jump ? 1e-6 : 1e-9, jump ? 1e-4 : 3e-8));
      const Gradient expected = differences(test, LongModel(model));
      const double size = std::sqrt(expected.dW.squaredNorm() + expected.db.squaredNorm() +
                                    expected.dW_out.squaredNorm());
      const double error = distance(found, expected);
      EXPECT_LE(error, (jump ? 1e-5 : 1e-8) * size)
          << activity.name << " " << to_string(kind.activation) << kind.tied << kind.noise << " "
          << found.loss.gradient_error / size;
      const double norms = model.W.norm() + model.W_out.norm();
      EXPECT_LE(error, 2.0 * (1.0 + norms) * found.loss.gradient_error + 1e-9 * size)
          << activity.name;
      EXPECT_EQ(found.dW_out.size(), model.W_out.size());
    }
  }
}

LongModel moved(LongModel model, const Autoencoder& direction, Long by) {
  model.W += by * direction.W.cast<Long>();
  model.W_out += by * (model.tied ? LongMatrix(direction.W.transpose().cast<Long>())
                                  : LongMatrix(direction.W_out.cast<Long>()));
  model.b += by * direction.b.cast<Long>();
  return model;
}

// d²L/dt² along a direction, of order 4.
double second_difference(const Case& test, const LongModel& model, const Autoencoder& direction) {
  constexpr Long h = 1e-4L;
  const auto at = [&](int k) { return definition(test, moved(model, direction, k * h)); };
  return static_cast<double>((16 * (at(1) + at(-1)) - at(2) - at(-2) - 30 * at(0)) / (12 * h * h));
}

Vector parameters(const Autoencoder& model) {
  Vector x(model.W.size() + model.W_out.size() + model.b.size());
  x << model.W.reshaped(), model.W_out.reshaped(), model.b;
  return x;
}

// How far c is from the nearest place where the density of z on some support is not smooth, at the
// least of all outputs.
double distance_to_corners(const Case& test, const Autoencoder& model) {
  double least = INFINITY;
  for (Index i = 0; i < model.features(); ++i) {
    const Matrix g = output_weights(model, i, 1);
    std::vector<double> corners{0.0};
    for (Index j = 0; j < model.features(); ++j) {
      const ValueLaw& value = test.law.values[static_cast<std::size_t>(j)];
      for (const double corner : std::vector<double>(corners)) {
        corners.push_back(corner + g(j) * value.first());
        corners.push_back(corner + g(j) * value.second());
      }
    }
    const double c = model.b(i) + (model.activation == Activation::jumprelu ? model.jump(i) : 0.0);
    for (const double corner : corners) least = std::min(least, std::abs(corner - c));
  }
  return least;
}

// Directions of all parameters, and of thresholds alone.
TEST(Models, HessiansMatchSecondDifferencesOfTheEnumeration) {
  std::mt19937_64 random(6);
  for (const auto& activity : small_cases()) {
    const Case test = case_of(activity);
    if (test.law.size() > 4) continue;
    for (const Kind& kind : kinds) {
      Autoencoder model;
      do {
        model = dense_model(test.law.size(), kind.tied, kind.activation, kind.noise, random);
      } while (kind.noise == 0.0 && distance_to_corners(test, model) < 2e-3);
      const Features features = Features::of(test.law, test.importance);
      Options options = to(1e-6, 1e-6);
      options.maximum_nodes = Index{1} << 15;
      const Hessian found = hessian(model, features, options, 1e-8);
      const double size = found.matrix.norm();
      EXPECT_EQ(found.gradient.size(), parameters(model).size());
      for (int trial = 0; trial < 8; ++trial) {
        Autoencoder direction =
            dense_model(test.law.size(), kind.tied, Activation::relu, 0.0, random);
        if (trial == 0) direction.W.setZero();
        if (trial == 0) direction.W_out.setZero();
        const Vector v = parameters(direction);
        const double expected = second_difference(test, LongModel(model), direction);
        const double error = std::abs(v.dot(found.matrix * v) - expected) / v.squaredNorm();
        EXPECT_LE(error, 1e-7 * size)
            << activity.name << " " << to_string(kind.activation) << kind.tied << kind.noise << " "
            << trial << ": " << error / size << " " << found.error / size << " " << expected;
      }
    }
  }
}

TEST(Models, SkeletonsMatchEnumerationAndAddUp) {
  std::mt19937_64 random(3);
  for (const auto& activity : small_cases()) {
    const Case test = case_of(activity);
    for (const Kind& kind : kinds) {
      const Autoencoder model =
          dense_model(test.law.size(), kind.tied, kind.activation, kind.noise, random);
      const auto found = skeleton_loss(model, Features::of(test.law, test.importance), to(1e-6));
      double sum = 0.0;
      for (const auto& part : found.skeletons) {
        const auto expected =
            static_cast<double>(definition(test, LongModel(model), static_cast<int>(part.l)));
        EXPECT_NEAR(part.contribution, expected, found.error_bound + 1e-13)
            << activity.name << part.l;
        sum += part.contribution;
      }
      EXPECT_NEAR(sum, found.value, 1e-11 * found.value) << activity.name;
    }
  }
}

TEST(Models, UntiedWeightsThatAreTiedHaveTheTiedBits) {
  std::mt19937_64 random(4);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const Features features = testing::random_features(7, 0.5, random);
    const Autoencoder tied = testing::random_model(7, 3, random);
    Autoencoder untied = tied;
    untied.W_out = tied.W.transpose();
    for (const ErrorControl control : {ErrorControl::rigorous, ErrorControl::estimated}) {
      Options options;
      options.error_control = control;
      const LossAndGradient one = loss_and_gradient(tied, features, options);
      const LossAndGradient two = loss_and_gradient(untied, features, options);
      EXPECT_EQ(one.loss.value, two.loss.value);
      EXPECT_EQ(one.loss.error_bound, two.loss.error_bound);
      EXPECT_EQ(one.db, two.db);
      EXPECT_LE((one.dW - two.dW - two.dW_out.transpose()).norm(), 1e-14 * one.dW.norm());
    }
  }
}

// The plain law of an untied model: the fast path against its own differences.
TEST(Models, UntiedPlainGradientsMatchDifferences) {
  std::mt19937_64 random(5);
  const Features features = testing::random_features(4, 0.6, random);
  const Autoencoder model = dense_model(4, false, Activation::relu, 0.0, random);
  testing::ActivityCase independent;
  for (Index j = 0; j < 4; ++j) independent.groups.push_back(testing::leaf(j, features.density(j)));
  const Case test{DataLaw::independent(features.density), features.importance,
                  testing::enumerate(independent.groups, 4)};
  const LossAndGradient found = loss_and_gradient(model, features, to(1e-9, 1e-8));
  const auto expected = static_cast<double>(definition(test, LongModel(model)));
  EXPECT_NEAR(found.loss.value, expected, found.loss.error_bound);
  const Gradient slopes = differences(test, LongModel(model));
  EXPECT_LE(distance(found, slopes), 1e-8 * (slopes.dW.norm() + slopes.dW_out.norm()));
}

// Plain features and a ReLU, the general path against the fast one: a jump of 0.
TEST(Models, AJumpOfZeroIsTheReLU) {
  std::mt19937_64 random(6);
  for (const Index count : {3, 9}) {
    const Features features = testing::random_features(count, 0.4, random);
    Autoencoder model = dense_model(count, true, Activation::relu, 0.0, random);
    const LossAndGradient fast = loss_and_gradient(model, features, to(1e-9, 1e-7));
    model.activation = Activation::jumprelu;
    model.jump = Vector::Zero(count);
    const LossAndGradient general = loss_and_gradient(model, features, to(1e-9, 1e-7));
    EXPECT_NEAR(general.loss.value, fast.loss.value,
                general.loss.error_bound + fast.loss.error_bound);
    EXPECT_LE(distance(general, fast), 1e-6 * fast.dW.norm());
    EXPECT_LE(
        distance(general, fast),
        2.0 * (1.0 + model.W.norm()) * (general.loss.gradient_error + fast.loss.gradient_error));
  }
}

// The loss is smooth in the noise's variance: half the noise, a quarter of the change.
TEST(Models, LittleNoiseChangesLittle) {
  std::mt19937_64 random(7);
  const Features features = testing::random_features(4, 0.6, random);
  Autoencoder model = dense_model(4, true, Activation::relu, 0.0, random);
  const double none = loss(model, features, to(1e-10)).value;
  const auto change = [&](double noise) {
    model.noise = noise;
    return loss(model, features, to(1e-10)).value - none;
  };
  const double one = change(0.02), half = change(0.01);
  EXPECT_GT(std::abs(one), 1e-6 * none);
  EXPECT_NEAR(one / half, 4.0, 0.1);
}

TEST(Models, ADeadModelAnswersItsThreshold) {
  std::mt19937_64 random(8);
  for (const double density : {0.0, 1e-9, 1.0}) {
    const DataLaw law = DataLaw::independent(Vector::Constant(3, density), ValueLaw::uniform(1, 2));
    Autoencoder model{Matrix::Zero(2, 3), Vector{{-0.5, 0.5, 100.0}}};
    const double square = density * 7.0 / 3.0;
    // (x + 0.5 − …)²: the first output answers 0.5, the others 0.
    const double expected = square - 2.0 * 0.5 * density * 1.5 + 0.25 + 2.0 * square;
    const LossAndGradient found = loss_and_gradient(model, Features::of(law, Vector::Ones(3)));
    EXPECT_NEAR(found.loss.value, expected, 1e-13);
    EXPECT_NEAR(found.db(0), -2.0 * (0.5 - density * 1.5), 1e-13);
    EXPECT_EQ(found.dW.norm(), 0.0);
  }
}

// W → tW, b → tb and a smaller unit of the values: the same loss; thresholds far away on both
// sides.
TEST(Models, ScalesAndFarThresholds) {
  std::mt19937_64 random(9);
  for (const double scale : {1e-6, 1e6}) {
    const Index pair[] = {0, 1};
    const ActivityTree tree(
        activity::join({activity::together(pair, 0.3), activity::feature(2, 0.4)}));
    Autoencoder model = dense_model(3, true, Activation::relu, 0.0, random);
    const auto loss_at = [&](double unit, const Autoencoder& m) {
      return loss(m, Features::of({tree, std::vector<ValueLaw>(3, ValueLaw::uniform(0, unit))},
                                  Vector::Ones(3)));
    };
    const Loss one = loss_at(1.0, model);
    Autoencoder scaled = model;
    scaled.b *= scale;
    const Loss other = loss_at(scale, scaled);
    EXPECT_NEAR(other.value / (scale * scale), one.value, 1e-8 * one.value);
    // Output 0 off, output 1 linear.
    model.b = Vector{{50.0, -50.0, 0.0}};
    const Loss far = loss_at(1.0, model);
    EXPECT_TRUE(far.met_target());
    EXPECT_LE(far.error_bound, 1e-8 * far.value);
  }
}

// Uniform[0, c] is the plain law with b/c, which the fast path evaluates: dead and equal columns,
// features that are never, always and hardly ever active.
TEST(Models, CornersAgreeWithTheFastPathByRescaling) {
  std::mt19937_64 random(10);
  Autoencoder model = dense_model(6, true, Activation::relu, 0.0, random);
  model.W.col(1).setZero();
  model.W.col(3) = model.W.col(2);
  model.W.col(4) *= 1e-9;
  const Vector density{{0.3, 0.4, 0.0, 1.0, 0.2, 1e-9}}, ones = Vector::Ones(6);
  const double c = 2.0;
  for (const double scale : {1e-6, 1.0, 1e6}) {
    Autoencoder scaled = model;
    scaled.W *= std::sqrt(scale);
    scaled.b *= c * scale;
    const LossAndGradient general = loss_and_gradient(
        scaled, Features::of(DataLaw::independent(density, ValueLaw::uniform(0, c)), ones));
    scaled.b /= c;
    const LossAndGradient plain = loss_and_gradient(scaled, {density, ones}, to(1e-9));
    EXPECT_NEAR(general.loss.value, c * c * plain.loss.value,
                general.loss.error_bound + c * c * plain.loss.error_bound);
    EXPECT_LE(general.loss.error_bound, 1e-7 * general.loss.value) << scale;
    const double size = c * c * plain.dW.norm();
    EXPECT_LE((general.dW - c * c * plain.dW).norm(),
              1e-5 * size + 2.0 * scaled.W.norm() *
                                (general.loss.gradient_error + c * c * plain.loss.gradient_error))
        << scale;
  }
}

// Noise makes atoms decay: constant values are as exact as any, and the limit of narrow ones.
TEST(Models, ConstantValuesWithNoiseMatchEnumeration) {
  std::mt19937_64 random(11);
  for (const auto& activity : small_cases()) {
    const ActivityTree tree = testing::to_tree(activity.groups);
    const auto count = static_cast<std::size_t>(tree.features());
    const auto patterns = testing::enumerate(activity.groups, tree.features());
    const Autoencoder model = dense_model(tree.features(), true, Activation::relu, 0.2, random);
    const Vector ones = Vector::Ones(tree.features());
    constexpr double value = 0.8;
    Long expected = 0.0L;
    for (Index i = 0; i < tree.features(); ++i) {
      const Vector g = model.W.transpose() * model.W.col(i);
      const Long deviation = model.noise * model.W.col(i).norm();
      for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
        Long u = -model.b(i);
        for (Index j = 0; j < tree.features(); ++j) u += (pattern >> j) & 1u ? value * g(j) : 0.0;
        const Long x = (pattern >> i) & 1u ? value : 0.0;
        expected += patterns[pattern] *
                    (x * x - 2 * x * ramp_power(u, deviation, 1) + ramp_power(u, deviation, 2));
      }
    }
    const std::vector<ValueLaw> constant(count, ValueLaw::constant(value)),
        narrow(count, ValueLaw::normal(value, 1e-7));
    const Loss found = loss(model, Features::of({tree, constant}, ones), to(1e-10));
    EXPECT_TRUE(found.met_target()) << activity.name;
    EXPECT_NEAR(found.value, static_cast<double>(expected), found.error_bound) << activity.name;
    EXPECT_NEAR(loss(model, Features::of({tree, narrow}, ones), to(1e-10)).value, found.value,
                1e-9 * found.value);
  }
}

}  // namespace
}  // namespace skeleta::exact
