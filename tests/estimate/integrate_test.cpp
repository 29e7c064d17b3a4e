#include "skeleta/estimate/integrate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "oracle_table.h"
#include "skeleta/bounds/loss_tail.h"
#include "skeleta/estimate/skeleton_loss.h"
#include "support.h"

namespace skeleta::estimate {
namespace {

// Everything that another module would compute exactly, taken from the oracle.
Known known_from(const testing::OracleCase& c, const bounds::LossTail& tail) {
  Known known;
  for (Index l = 0; l <= std::min<Index>(1, c.features.size()); ++l) {
    const double contribution = c.contributions(l), pi = c.probability(l);
    known.parts.push_back({l, pi, contribution / pi, contribution, 0.0, 0});
  }
  known.bound_outside = [&tail](CountRange range) { return tail.outside(range); };
  return known;
}

// Plain sampling knows nothing of events that happen once in more points than it draws.
bool has_rare_events(const Vector& density) {
  return std::any_of(density.begin(), density.end(),
                     [](double p) { return (p > 0.0 && p < 0.003) || (p < 1.0 && p > 0.997); });
}

// Sixteen replicates give Student's t with at least 15 degrees of freedom: the normal deviate of
// the same probability.
double as_normal(double t) {
  const double tail = boost::math::cdf(boost::math::complement(boost::math::students_t(15.0), t));
  return tail > 0.0 ? boost::math::quantile(boost::math::complement(boost::math::normal(), tail))
                    : std::numeric_limits<double>::infinity();
}

// Rule: over all models of the oracle with D ≤ 4 and a positive loss, |z| < 5 for each; Σ z² over
// them has a chi-square p-value above 1e-4; and each standard error is below 5 % of the loss, so
// that a wrong value can be seen.
void expect_agreement_with_oracle(Method method) {
  double chi_square = 0.0;
  int models = 0, rows = 0;
  for (const testing::OracleCase& c : testing::oracle_table()) {
    if (c.features.size() > 4 || c.loss == 0.0) continue;
    if (method == Method::plain && has_rare_events(c.features.density)) continue;
    const bounds::LossTail tail(c.model, c.features);
    Options options;
    options.method = method;
    options.relative_tolerance = 0.01;
    options.max_samples = 2'000'000;
    options.threads = 1;
    const IntegralBySkeleton result =
        skeleton_loss(c.model, c.features, options, known_from(c, tail));
    ASSERT_LE(result.standard_error, 0.05 * c.loss) << c.name;
    ASSERT_TRUE(result.usable());
    // What the closed parts round off, and what was left out.
    const double slack = 1e-12 * c.loss + result.error_bound;
    const double difference = std::max(std::abs(result.value - c.loss) - slack, 0.0);
    if (result.standard_error == 0.0) {
      EXPECT_EQ(difference, 0.0) << c.name;
      continue;
    }
    double z = difference / result.standard_error;
    if (method == Method::quasi) z = as_normal(z);
    EXPECT_LT(z, 5.0) << c.name << ": " << result.value << " for " << c.loss;
    chi_square += z * z;
    ++models;
    for (const SkeletonPart& part : result.skeletons) {
      if (part.samples > 0 && part.samples < 50) continue;  // its own standard error is a guess
      const double expected = c.contributions(part.l);
      EXPECT_NEAR(part.contribution, expected,
                  (method == Method::quasi ? 10.0 : 6.0) * part.standard_error + 1e-12 * c.loss)
          << c.name << ", l = " << part.l;
      rows += part.samples > 0;
    }
  }
  EXPECT_GE(models, 100);
  EXPECT_GE(rows, 200);
  const boost::math::chi_squared_distribution<double> law(models);
  EXPECT_GT(boost::math::cdf(boost::math::complement(law, chi_square)), 1e-4) << chi_square;
}

class EachMethod : public ::testing::TestWithParam<Method> {};

// All of the table: a new method is tested without being named.
std::vector<Method> each_method() {
  std::vector<Method> all;
  for (const MethodInfo& info : methods()) {
    if (info.method != Method::automatic) all.push_back(info.method);
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Methods, EachMethod, ::testing::ValuesIn(each_method()),
                         [](const auto& info) { return to_string(info.param); });

TEST(Methods, AreFoundByTheirNames) {
  for (const MethodInfo& info : methods()) {
    EXPECT_EQ(method_named(info.name), info.method);
    EXPECT_EQ(to_string(info.method), info.name);
    EXPECT_FALSE(info.words.empty()) << info.name;
  }
  EXPECT_EQ(methods().back().method, Method::automatic);
  EXPECT_EQ(method_named("exact"), std::nullopt);
}

TEST_P(EachMethod, AgreesWithTheOracle) {
  expect_agreement_with_oracle(GetParam());
}

// E Σ_j x_j = Σ p_j/2 and E (Σ_j x_j)² = Σ (p_j/3 − p_j²/4) + (Σ p_j/2)², with nothing known.
TEST(Integrate, GivesTheMomentsOfTheMeasureForAnyIntegrand) {
  std::mt19937_64 random(5);
  Features features = testing::random_features(12, 0.6, random);
  features.density(3) = 1.0;
  features.density(4) = 0.0;
  const auto sum = [](const SparsePoint& point) {
    double total = 0.0;
    for (const double x : point.value) total += x;
    return total;
  };
  const auto square = [sum](const SparsePoint& point) { return sum(point) * sum(point); };
  const Vector& p = features.density;
  const double mean = p.sum() / 2;
  const double second = (p.array() / 3 - p.array().square() / 4).sum() + mean * mean;
  for (const Method method :
       {Method::plain, Method::stratified, Method::quasi, Method::importance, Method::automatic}) {
    Options options;
    options.method = method;
    const IntegralBySkeleton first = integrate(features, sum, options);
    EXPECT_NEAR(first.value, mean, 6 * first.standard_error);
    const IntegralBySkeleton other = integrate(features, square, options);
    EXPECT_NEAR(other.value, second, 6 * other.standard_error);
    EXPECT_LE(first.standard_error, 1e-3 * first.value);
    EXPECT_EQ(first.stop_reason, StopReason::precision);
  }
}

void expect_same_bits(const IntegralBySkeleton& a, const IntegralBySkeleton& b) {
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.standard_error, b.standard_error);
  EXPECT_EQ(a.high, b.high);
  EXPECT_EQ(a.samples, b.samples);
  EXPECT_EQ(a.rest_standard_error, b.rest_standard_error);
  ASSERT_EQ(a.skeletons.size(), b.skeletons.size());
  for (std::size_t k = 0; k < a.skeletons.size(); ++k) {
    EXPECT_EQ(a.skeletons[k].contribution, b.skeletons[k].contribution);
    EXPECT_EQ(a.skeletons[k].standard_error, b.skeletons[k].standard_error);
    EXPECT_EQ(a.skeletons[k].samples, b.skeletons[k].samples);
  }
}

TEST(SkeletonLoss, HasTheSameBitsForAnyNumberOfThreads) {
  std::mt19937_64 random(6);
  const Autoencoder model = testing::random_model(40, 8, random);
  const bounds::LossTail tail(model, Features::uniform(40, 0.05));
  Known bounded;
  bounded.bound_outside = [&](CountRange range) { return tail.outside(range); };
  for (const Features& features :
       {Features::uniform(40, 0.05), testing::random_features(40, 0.1, random)}) {
    for (const Method method :
         {Method::plain, Method::stratified, Method::quasi, Method::importance}) {
      for (const std::uint64_t samples : {std::uint64_t{0}, std::uint64_t{300'001}}) {
        Options options;
        options.method = method;
        options.samples = samples;
        options.threads = 1;
        const Known known = features.density(0) == 0.05 ? bounded : Known{};
        const IntegralBySkeleton serial = skeleton_loss(model, features, options, known);
        for (const int threads : {2, 3, 8}) {
          options.threads = threads;
          expect_same_bits(serial, skeleton_loss(model, features, options, known));
        }
      }
    }
  }
}

TEST(SkeletonLoss, SeedsGiveIndependentResults) {
  std::mt19937_64 random(8);
  const Autoencoder model = testing::random_model(10, 3, random);
  const Features features = Features::uniform(10, 0.2);
  Options options;
  options.samples = 20000;
  options.seed = 0;
  const double zero = skeleton_loss(model, features, options).value;
  options.seed = 1;
  EXPECT_NE(skeleton_loss(model, features, options).value, zero);
}

// f = (Σ x)² with the control c = Σ x, whose mean on Q_l is l/2.
TEST(Integrate, AControlSavesSamplesAndMovesNothing) {
  const Features features = Features::uniform(8, 0.4);
  const auto sum = [](const SparsePoint& point) {
    double total = 0.0;
    for (const double x : point.value) total += x;
    return total;
  };
  const auto square = [sum](const SparsePoint& point) { return sum(point) * sum(point); };
  Known known;
  known.controls = {sum, Vector::LinSpaced(9, 0.0, 4.0), {std::nullopt}};
  const IntegralBySkeleton without = integrate(features, square, {});
  const IntegralBySkeleton with = integrate(features, square, {}, known);
  const double mean = 8 * (0.4 / 3 - 0.04) + 1.6 * 1.6;
  EXPECT_NEAR(with.value, mean, 5 * with.standard_error);
  EXPECT_LE(with.standard_error, 1e-3 * mean);
  EXPECT_LT(5 * with.samples, without.samples);

  // A control that knows everything leaves nothing to be wrong about.
  const IntegralBySkeleton all = integrate(features, sum, {}, known);
  EXPECT_NEAR(all.value, 8 * 0.2, 1e-12);
  EXPECT_LT(all.standard_error, 1e-12);

  // One that has nothing to do with the integrand is left alone.
  known.controls->value = [](const SparsePoint& point) {
    return point.value.empty() ? 0.0 : std::fmod(1e6 * point.value[0], 1.0);
  };
  known.controls->mean.setConstant(0.5);
  known.controls->mean(0, 0) = 0.0;
  EXPECT_EQ(integrate(features, square, {}, known).value, without.value);
}

// f = 2 Σ x − 3 Σ x² + 1 lies in the span of two controls of means l/2 and l/3: nothing is left to
// be wrong about, whether both coefficients come from the pilot or one is given.
TEST(Integrate, FindsTheCoefficientsOfSeveralControls) {
  const Features features = Features::uniform(8, 0.4);
  const auto sums = [](const SparsePoint& point, std::span<double> c) {
    c[0] = c[1] = 0.0;
    for (const double x : point.value) {
      c[0] += x;
      c[1] += x * x;
    }
  };
  const auto f = [sums](const SparsePoint& point) {
    std::array<double, 2> c;
    sums(point, c);
    return 2.0 * c[0] - 3.0 * c[1] + 1.0;
  };
  Matrix mean(9, 2);
  for (int l = 0; l <= 8; ++l) mean.row(l) << l / 2.0, l / 3.0;
  for (const std::optional<double> given : {std::optional<double>(), std::optional<double>(2.0)}) {
    Known known;
    known.controls = {Integrand(2, sums), mean, {given, std::nullopt}};
    const IntegralBySkeleton result = integrate(features, f, {}, known);
    EXPECT_NEAR(result.value, 1.0, 1e-12);  // E Σ x = 8·0.2, E Σ x² = 8·0.4/3
    EXPECT_LT(result.standard_error, 1e-10);
  }
}

TEST(Integrate, RefusesControlsOfDifferentSizes) {
  const auto sum = [](const SparsePoint& point) {
    return point.count() > 0 ? point.value[0] : 0.0;
  };
  Known known;
  known.controls = {sum, Matrix::Zero(5, 2), {std::nullopt}};
  EXPECT_THROW(integrate(Features::uniform(4, 0.5), sum, {}, known), std::invalid_argument);
  known.controls = {sum, Matrix::Zero(5, 1), {}};
  EXPECT_THROW(integrate(Features::uniform(4, 0.5), sum, {}, known), std::invalid_argument);
}

TEST(Integrate, CountsValuesThatAreNotFiniteAndSaysSo) {
  const Features features = Features::uniform(4, 0.5);
  const auto integrand = [](const SparsePoint& point) {
    if (point.count() == 2 && point.active[0] == 1) return std::nan("");
    if (point.count() == 3 && point.value[0] > 0.9) return std::numeric_limits<double>::infinity();
    return 1.0;
  };
  for (const Method method : {Method::plain, Method::stratified}) {
    Options options;
    options.method = method;
    const IntegralBySkeleton result = integrate(features, integrand, options);
    EXPECT_GT(result.non_finite, 0u);
    EXPECT_FALSE(result.usable());
    EXPECT_NEAR(result.value, 1.0, 1e-12);  // of the finite ones
    options.relative_tolerance = 1e-9;      // never reached: but a broken integrand stops the work
    const auto noisy = [&](const SparsePoint& p) {
      return integrand(p) + static_cast<double>(p.count());
    };
    EXPECT_EQ(integrate(features, noisy, options).stop_reason, StopReason::non_finite);
  }
}

TEST(Integrate, StopsAtTheLimitOfSamplesAndSaysSo) {
  const Features features = Features::uniform(4, 0.5);
  Options options;
  options.relative_tolerance = 1e-9;
  options.max_samples = 50'000;
  const auto count = [](const SparsePoint& p) { return p.value.empty() ? 0.0 : p.value[0]; };
  const IntegralBySkeleton result = integrate(features, count, options);
  EXPECT_EQ(result.stop_reason, StopReason::max_samples);
  EXPECT_GT(result.standard_error, 1e-9 * result.value);
}

TEST(Integrate, StopsWhenTheCallbackSaysSo) {
  const Features features = Features::uniform(4, 0.5);
  const auto count = [](const SparsePoint& p) { return p.value.empty() ? 0.0 : p.value[0]; };
  Options options;
  options.relative_tolerance = 1e-6;
  int calls = 0;
  options.progress = [&](const Progress& progress) {
    return progress.planned == 0 || ++calls < 200;
  };
  const IntegralBySkeleton result = integrate(features, count, options);
  EXPECT_EQ(result.stop_reason, StopReason::interrupted);
  EXPECT_NEAR(result.value, 0.5 * (1 - std::pow(0.5, 4)), 5 * result.standard_error);
  options.progress = [](const Progress&) { return false; };
  EXPECT_THROW(integrate(features, count, options), Interrupted);
}

TEST(Integrate, ExceptionsOfTheIntegrandReachTheCaller) {
  const auto broken = [](const SparsePoint&) -> double { throw std::runtime_error("no"); };
  Options options;
  options.threads = 2;
  EXPECT_THROW(integrate(Features::uniform(3, 0.5), broken, options), std::runtime_error);
}

TEST(Integrate, ConstantsAreExact) {
  // p = 0, p = 1, and between: E 1 = 1.
  const auto one = [](const SparsePoint&) { return 1.0; };
  for (const double p : {0.0, 1e-12, 0.3, 1.0}) {
    for (const Method method : {Method::plain, Method::stratified}) {
      Options options;
      options.method = method;
      const IntegralBySkeleton result = integrate(Features::uniform(6, p), one, options);
      EXPECT_NEAR(result.value, 1.0, 1e-14) << "p = " << p;
      EXPECT_EQ(result.standard_error, 0.0);
    }
  }
}

TEST(Options, AreCheckedOneByOne) {
  const Features features = Features::uniform(3, 0.5);
  const auto expect_refused = [&](auto change) {
    Options options;
    change(options);
    EXPECT_THROW(integrate(
                     features, [](const SparsePoint&) { return 1.0; }, options),
                 std::invalid_argument);
  };
  expect_refused([](Options& o) { o.relative_tolerance = -1e-3; });
  expect_refused([](Options& o) { o.relative_tolerance = std::nan(""); });
  expect_refused([](Options& o) { o.relative_tolerance = 0.0; });
  expect_refused([](Options& o) { o.absolute_tolerance = -1.0; });
  expect_refused([](Options& o) { o.confidence = 1.0; });
  expect_refused([](Options& o) { o.threads = -1; });
  expect_refused([](Options& o) { o.max_seconds = 0.0; });
  expect_refused([](Options& o) { o.replicates = 1; });
  expect_refused([](Options& o) { o.checkpoint_seconds = -1.0; });
  expect_refused([](Options& o) { o.max_samples = 0; });
}

// Without error_bound, 95 % intervals must cover the evaluated part at least 93 % of the time
// (fewer than a thousand replicates: 95 % less 4 standard deviations of a binomial count), and not
// more than 95 % and 4 deviations; with it they must cover the whole loss at least as often.
TEST(SkeletonLoss, IntervalsCoverAsOftenAsTheySay) {
  const auto table = testing::oracle_table();
  const auto found = std::find_if(table.begin(), table.end(), [](const auto& c) {
    return c.name.rfind("plain", 0) == 0 && c.features.size() == 5;
  });
  ASSERT_NE(found, table.end());
  const testing::OracleCase& c = *found;
  const bounds::LossTail tail(c.model, c.features);
  const int replicates = testing::scaled(1000, 100);
  for (const Method method :
       {Method::plain, Method::stratified, Method::quasi, Method::importance}) {
    for (const std::uint64_t samples : {std::uint64_t{3000}, std::uint64_t{0}}) {
      Options options;
      options.method = method;
      options.samples = samples;
      options.relative_tolerance = 0.01;
      options.threads = 1;
      int covered = 0, covered_part = 0;
      for (int k = 0; k < replicates; ++k) {
        options.seed = static_cast<std::uint64_t>(k);
        const auto result = skeleton_loss(c.model, c.features, options, known_from(c, tail));
        double part = 0.0;
        for (const SkeletonPart& row : result.skeletons) part += c.contributions(row.l);
        covered += result.low <= c.loss && c.loss <= result.high;
        covered_part += result.low <= part && part <= result.high - result.error_bound;
      }
      const double spread = std::sqrt(0.95 * 0.05 / replicates);
      // Satterthwaite's t is on the safe side for replicates, of which there are only sixteen.
      const double most = method == Method::quasi ? 1.0 : 0.95 + 4 * spread;
      EXPECT_GE(covered_part / static_cast<double>(replicates),
                0.95 - std::max(4 * spread * (replicates < 1000), 0.02))
          << to_string(method) << ", samples " << samples;
      EXPECT_LE(covered_part / static_cast<double>(replicates), most)
          << to_string(method) << ", samples " << samples;
      EXPECT_GE(covered / static_cast<double>(replicates), 0.95 - 4 * spread)
          << to_string(method) << ", samples " << samples;
    }
  }
}

}  // namespace
}  // namespace skeleta::estimate
