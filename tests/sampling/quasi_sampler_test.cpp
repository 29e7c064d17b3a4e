#include "sampling/quasi_sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "skeleta/measure/active_count.h"
#include "support.h"

namespace skeleta::sampling {
namespace {

// Rule of the chi-square tests here: fixed seeds, p-value above 1e-4. Points of one replicate are
// too even for the test, so each comes from a replicate of its own.
constexpr double least_p_value = 1e-4;

struct Points {
  Index l;
  std::vector<std::int32_t> active;
  std::vector<double> value;

  std::size_t size() const { return active.size() / static_cast<std::size_t>(l); }
  std::span<const std::int32_t> support(std::size_t i) const {
    return std::span(active).subspan(i * static_cast<std::size_t>(l), static_cast<std::size_t>(l));
  }
};

Points draw(const QuasiSampler& sampler, Index l, const StreamKey& key, std::uint64_t first,
            std::size_t count) {
  Points points{l, {}, {}};
  points.active.resize(count * static_cast<std::size_t>(l));
  points.value.resize(points.active.size());
  auto scratch = sampler.scratch();
  sampler.draw(key, first, count, points.active, points.value, scratch);
  return points;
}

// The same point (by index) of many replicates.
Points draw_replicates(const QuasiSampler& sampler, Index l, std::uint64_t index,
                       std::size_t count) {
  Points points{l, {}, {}};
  const auto width = static_cast<std::size_t>(l);
  points.active.resize(count * width);
  points.value.resize(points.active.size());
  auto scratch = sampler.scratch();
  for (std::size_t r = 0; r < count; ++r) {
    sampler.draw({.seed = 2, .replicate = r}, index, 1,
                 std::span(points.active).subspan(r * width, width),
                 std::span(points.value).subspan(r * width, width), scratch);
  }
  return points;
}

Matrix random_gram(Index features, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const Matrix W = testing::random_model(features, 10, random).W;
  return W.transpose() * W;
}

Vector random_density(Index features, double most, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  return testing::random_features(features, most, random).density;
}

// Each kind of skeleton: the ways a point comes about.
struct Kind {
  const char* name;
  Vector density;
  Index l;
  bool listed;
};
std::vector<Kind> kinds() {
  return {{"listed", Vector::Constant(12, 0.2), 3, true},
          {"listed, unequal densities", random_density(12, 0.9, 1), 3, true},
          {"ranked", Vector::Constant(250, 0.02), 4, false},
          {"a coordinate for each feature", Vector::Constant(64, 0.05), 6, false},
          {"plain supports, ordered values", random_density(64, 0.2, 2), 6, false},
          {"plain supports", Vector::Constant(60, 0.2), 12, false}};
}

// P-value of how often each feature is active, against P(j active | N = l) ∝
// p_j P(N without j = l − 1): cells for each feature and value.
double inclusion_p_value(const Points& points, const Vector& density) {
  constexpr int cells = 4;
  std::vector<double> observed(static_cast<std::size_t>(density.size() * cells), 0.0), expected;
  for (std::size_t i = 0; i < points.active.size(); ++i) {
    const auto cell = static_cast<int>(points.value[i] * cells);
    ++observed[static_cast<std::size_t>(points.active[i] * cells + cell)];
  }
  const double all = ActiveCount(density).probability(points.l);
  for (Index j = 0; j < density.size(); ++j) {
    Vector others(density.size() - 1);
    others << density.head(j), density.tail(density.size() - 1 - j);
    const double active = density(j) * ActiveCount(others).probability(points.l - 1) / all;
    expected.insert(expected.end(), cells, active / cells * static_cast<double>(points.size()));
  }
  return testing::chi_square_p_value(observed, expected);
}

TEST(QuasiSampler, EachPointFollowsTheLaw) {
  for (const Kind& kind : kinds()) {
    const QuasiSampler sampler(kind.density, kind.l, random_gram(kind.density.size(), 3));
    EXPECT_EQ(sampler.listed(), kind.listed) << kind.name;
    const auto count = static_cast<std::size_t>(testing::scaled(60000, 30000));
    for (const std::uint64_t index : {0, 5}) {
      const Points points = draw_replicates(sampler, kind.l, index, count);
      EXPECT_GT(inclusion_p_value(points, kind.density), least_p_value) << kind.name;
    }
  }
}

TEST(QuasiSampler, TheChiSquareTestNoticesAWrongLaw) {
  Vector wrong = Vector::Constant(12, 0.2);
  wrong(4) = 0.22;
  const QuasiSampler sampler(Vector::Constant(12, 0.2), 3, Matrix());
  EXPECT_LT(inclusion_p_value(draw_replicates(sampler, 3, 0, 30000), wrong), least_p_value);
}

// How many of the features come from the first and the second third: hypergeometric, for equal
// densities. It would show features chosen dependently of each other.
TEST(QuasiSampler, FeaturesOfASupportFollowTheirJointLaw) {
  const Index third = 22, l = 6;
  const QuasiSampler sampler(Vector::Constant(3 * third, 0.05), l, random_gram(3 * third, 4));
  const auto count = static_cast<std::size_t>(testing::scaled(60000, 30000));
  const Points points = draw_replicates(sampler, l, 3, count);
  std::map<std::pair<int, int>, double> observed;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::set<std::int32_t> distinct;
    int part[3] = {0, 0, 0};
    for (const std::int32_t j : points.support(i)) {
      ++part[j / third];
      distinct.insert(j);
    }
    ASSERT_EQ(distinct.size(), static_cast<std::size_t>(l)) << "repeated";
    ++observed[{part[0], part[1]}];
  }
  const auto choose = [](Index n, int k) {
    double result = 1.0;
    for (int i = 0; i < k; ++i) result *= static_cast<double>(n - i) / (i + 1);
    return result;
  };
  std::vector<double> o, e;
  for (int a = 0; a <= l; ++a) {
    for (int b = 0; a + b <= l; ++b) {
      o.push_back(observed[{a, b}]);
      e.push_back(static_cast<double>(count) * choose(third, a) * choose(third, b) *
                  choose(third, static_cast<int>(l) - a - b) /
                  choose(3 * third, static_cast<int>(l)));
    }
  }
  EXPECT_GT(testing::chi_square_p_value(o, e), least_p_value);
}

TEST(QuasiSampler, APointIsAFunctionOfItsIndex) {
  std::vector<Kind> all = kinds();
  all.push_back({"more values than Sobol numbers", Vector::Constant(5000, 0.8), 4000, false});
  for (const Kind& kind : all) {
    const QuasiSampler sampler(kind.density, kind.l, random_gram(kind.density.size(), 5));
    const StreamKey key{.seed = 9, .replicate = 3};
    const std::size_t count = kind.l > 100 ? 20 : 600;
    const Points whole = draw(sampler, kind.l, key, 100, count);
    for (const std::size_t i : {std::size_t{0}, std::size_t{7}, count - 1}) {
      const Points one = draw(sampler, kind.l, key, 100 + i, 1);
      ASSERT_TRUE(std::ranges::equal(one.active, whole.support(i))) << kind.name;
      const auto width = static_cast<std::ptrdiff_t>(kind.l);
      ASSERT_TRUE(std::equal(one.value.begin(), one.value.end(),
                             whole.value.begin() + static_cast<std::ptrdiff_t>(i) * width))
          << kind.name;
    }
    for (const double x : whole.value) ASSERT_TRUE(x > 0.0 && x < 1.0);
    StreamKey other = key;
    other.replicate = 4;
    EXPECT_NE(draw(sampler, kind.l, other, 100, count).value, whole.value) << kind.name;
  }
}

// Of the 2^m points of a replicate, each coordinate falls once into each of 2^m equal parts; a
// listed support with probability P therefore P·2^m times, give or take 2.
TEST(QuasiSampler, ListedSupportsComeAsOftenAsTheyShould) {
  const Index D = 9, l = 2;
  const QuasiSampler sampler(Vector::Constant(D, 0.2), l, random_gram(D, 6));
  constexpr std::size_t count = 1024;
  const Points points = draw(sampler, l, {.seed = 4}, 0, count);
  std::map<std::set<std::int32_t>, int> hits;
  for (std::size_t i = 0; i < count; ++i) {
    const auto support = points.support(i);
    ++hits[{support.begin(), support.end()}];
  }
  EXPECT_EQ(hits.size(), 36u);
  for (const auto& [support, times] : hits) EXPECT_NEAR(times, count / 36.0, 2.0);
}

// f = (1 + Σ_k c_{j_k}) Π_k (½ + x_k): its mean is E(1 + Σ c) = 1 + l·mean(c), for equal densities.
double error(const QuasiSampler& sampler, Index l, const Vector& c, std::size_t count,
             std::uint64_t replicate) {
  const Points points = draw(sampler, l, {.seed = 8, .replicate = replicate}, 0, count);
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    double weight = 1.0, product = 1.0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(l); ++k) {
      const std::size_t at = i * static_cast<std::size_t>(l) + k;
      weight += c(points.active[at]);
      product *= 0.5 + points.value[at];
    }
    sum += weight * product;
  }
  return sum / static_cast<double>(count) - (1.0 + static_cast<double>(l) * c.mean());
}

struct Errors {
  double mean = 0.0, rms = 0.0;
};
Errors errors(const QuasiSampler& sampler, Index l, const Vector& c, std::size_t count,
              int replicates) {
  Errors result;
  for (int r = 0; r < replicates; ++r) {
    const double e = error(sampler, l, c, count, static_cast<std::uint64_t>(r));
    result.mean += e / replicates;
    result.rms += e * e / replicates;
  }
  result.rms = std::sqrt(result.rms);
  return result;
}

// Rule: the mean error of R replicates within five standard errors rms/√R of 0; the standard error
// is below 1 % of the mean.
TEST(QuasiSampler, FewPointsAreUnbiased) {
  const int replicates = testing::scaled(40000, 10000);
  for (const auto& [D, l] : {std::pair<Index, Index>{8, 3}, {64, 6}}) {
    const Vector c = random_density(D, 1.0, 7);
    const Matrix table = c.asDiagonal();
    const QuasiSampler sampler(Vector::Constant(D, 0.1), l, table);
    const Errors e = errors(sampler, l, c, 4, replicates);
    EXPECT_LT(std::abs(e.mean), 5.0 * e.rms / std::sqrt(replicates));
    EXPECT_LT(e.rms / std::sqrt(replicates), 0.01);
  }
}

// From 2⁶ to 2¹² points the error of plain points falls 8 times, by n⁻¹ 64 times, by n^(−3/2) 512
// times. The root mean square over 64 replicates is good to 10 %.
TEST(QuasiSampler, ErrorsFallFasterThanOneOverTheNumberOfPoints) {
  const Index D = 8, l = 2;  // 28 supports: not a power of two
  const Vector c = random_density(D, 1.0, 8);
  const Matrix table = c.asDiagonal();
  const QuasiSampler sampler(Vector::Constant(D, 0.1), l, table);
  const double few = errors(sampler, l, c, 64, 64).rms, many = errors(sampler, l, c, 4096, 64).rms;
  EXPECT_GT(few / many, 80.0);
}

// Large l: not worse than plain points, whose root mean square is σ/√n; σ² = E f² − (E f)² for
// f = Σ_k x_k is l/12. Rule: below 1.5 times it, where 64 replicates are good to 10 %.
TEST(QuasiSampler, ManyActiveFeaturesAreNoWorseThanPlainPoints) {
  const Index D = 500, l = 200;
  const QuasiSampler sampler(Vector::Constant(D, 0.4), l, random_gram(D, 9));
  const std::size_t n = 256;
  double squares = 0.0;
  for (std::uint64_t r = 0; r < 64; ++r) {
    const Points points = draw(sampler, l, {.replicate = r}, 0, n);
    double sum = 0.0;
    for (const double x : points.value) sum += x - 0.5;
    squares += sum / n * (sum / n) / 64;
  }
  EXPECT_LT(std::sqrt(squares), 1.5 * std::sqrt(l / 12.0 / n));
}

TEST(QuasiSampler, NoActiveFeatureIsLegal) {
  const QuasiSampler sampler(Vector::Constant(5, 0.1), 0, Matrix());
  EXPECT_TRUE(draw(sampler, 0, {}, 0, 0).active.empty());
}

TEST(QuasiSampler, RefusesAnImpossibleSkeleton) {
  EXPECT_THROW(QuasiSampler(Vector::Constant(5, 0.1), 6, Matrix()), std::invalid_argument);
  EXPECT_THROW(QuasiSampler(Vector::Constant(5, 0.1), 2, Matrix::Zero(3, 3)),
               std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::sampling
