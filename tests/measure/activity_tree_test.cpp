#include "skeleta/measure/activity_tree.h"

#include <gtest/gtest.h>

#include <bit>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <complex>
#include <random>

#include "measure/activity_oracle.h"
#include "measure/activity_sweep.h"
#include "measure/series.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/law_text.h"

namespace skeleta {
namespace {

using testing::ActivityCase;
using testing::Long;
using Complex = std::complex<double>;

std::vector<Complex> random_factors(Index count, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<Complex> phi;
  for (Index j = 0; j < count; ++j) phi.push_back({normal(random), normal(random)});
  return phi;
}

// Σ over patterns of P(pattern) Π φ_j over its features, those of `without` left out; only patterns
// that have all of `without`.
std::complex<Long> expectation(const std::vector<Long>& law, const std::vector<Complex>& phi,
                               std::uint32_t without = 0) {
  std::complex<Long> sum = 0.0L;
  for (std::uint32_t pattern = 0; pattern < law.size(); ++pattern) {
    if ((pattern & without) != without) continue;
    std::complex<Long> term = law[pattern];
    for (std::size_t j = 0; j < phi.size(); ++j) {
      if (((pattern & ~without) >> j) & 1u)
        term *= std::complex<Long>(phi[j].real(), phi[j].imag());
    }
    sum += term;
  }
  return sum;
}

void expect_near(Complex found, std::complex<Long> expected, double tolerance,
                 const std::string& what) {
  EXPECT_NEAR(found.real(), static_cast<double>(expected.real()), tolerance) << what;
  EXPECT_NEAR(found.imag(), static_cast<double>(expected.imag()), tolerance) << what;
}

TEST(ActivityTree, GeneratingFunctionAndItsDerivativesMatchEnumeration) {
  std::mt19937_64 random(1);
  for (const ActivityCase& test : testing::activity_cases()) {
    const ActivityTree tree = testing::to_tree(test.groups);
    const Index count = testing::count_features(test);
    ASSERT_EQ(tree.features(), count);
    const auto law = testing::enumerate(test.groups, count);
    const auto phi = random_factors(count, random);
    ActivitySweep<Series<Complex, 2>> sweep(tree);
    for (Index i = 0; i < count; ++i) {
      const auto whole = sweep.up([&](Index j) {
        return Series<Complex, 2>(
            std::array<Complex, 2>{phi[static_cast<std::size_t>(j)], j == i ? 1.0 : 0.0});
      });
      expect_near(whole.c[0], expectation(law, phi), 1e-14, test.name);
      expect_near(whole.c[1], expectation(law, phi, 1u << i), 1e-14, test.name);
      sweep.down([&](Index j, const Series<Complex, 2>& derivative) {
        expect_near(derivative.c[0], expectation(law, phi, 1u << j), 1e-14, test.name);
        const auto both =
            i == j ? std::complex<Long>(0.0L) : expectation(law, phi, 1u << i | 1u << j);
        expect_near(derivative.c[1], both, 1e-14, test.name);
        const Series<Complex, 2> alone = sweep.derivative(j);
        expect_near(alone.c[0] - derivative.c[0], 0.0L, 1e-15, test.name);
        expect_near(alone.c[1] - derivative.c[1], 0.0L, 1e-15, test.name);
      });
    }
  }
}

// In 50 digits, where differences of 10⁻²⁰ still have 30.
TEST(ActivityTree, DerivativesAreThoseOfFiniteDifferences) {
  using Fifty = boost::multiprecision::cpp_bin_float_50;
  const ActivityTree tree = testing::to_tree(testing::activity_cases().back().groups);
  ActivitySweep<Fifty> sweep(tree);
  const auto phi = [](Index j) { return Fifty(3 * j + 1) / Fifty(7 + j); };
  const Fifty step("1e-20"), value = sweep.up(phi);
  std::vector<Fifty> derivative(static_cast<std::size_t>(tree.features()));
  sweep.down([&](Index j, const Fifty& x) { derivative[static_cast<std::size_t>(j)] = x; });
  for (Index i = 0; i < tree.features(); ++i) {
    const Fifty moved =
        sweep.up([&](Index j) -> Fifty { return phi(j) + (j == i ? step : Fifty(0)); });
    const Fifty difference = (moved - value) / step;
    EXPECT_NEAR(
        static_cast<double>((difference - derivative[static_cast<std::size_t>(i)]) * Fifty("1e25")),
        0.0, 1.0);
  }
}

TEST(ActivityTree, LawOfTheNumberMatchesEnumeration) {
  for (const ActivityCase& test : testing::activity_cases()) {
    const Index count = testing::count_features(test);
    const auto law = testing::enumerate(test.groups, count);
    std::vector<Long> expected(static_cast<std::size_t>(count) + 1, 0.0L);
    Long mean = 0.0L, second = 0.0L;
    for (std::uint32_t pattern = 0; pattern < law.size(); ++pattern) {
      const int l = std::popcount(pattern);
      expected[static_cast<std::size_t>(l)] += law[pattern];
      mean += l * law[pattern];
      second += l * (l - 1) * law[pattern];
    }
    const ActiveCount number(testing::to_tree(test.groups));
    Long tail = 0.0L;
    for (Index l = count; l >= 0; --l) {
      const auto pi = static_cast<double>(expected[static_cast<std::size_t>(l)]);
      tail += expected[static_cast<std::size_t>(l)];
      // Enumeration may leave 1e-20 where exclusive probabilities add up to 1.
      EXPECT_NEAR(number.probability(l), pi, 1e-14 * pi + 1e-17) << test.name << " l = " << l;
      EXPECT_NEAR(number.at_least(l), static_cast<double>(tail),
                  1e-14 * static_cast<double>(tail) + 1e-17);
    }
    EXPECT_NEAR(number.factorial_moment(0), 1.0, 1e-15);
    EXPECT_NEAR(number.factorial_moment(1), static_cast<double>(mean),
                1e-14 * static_cast<double>(mean));
    EXPECT_NEAR(number.factorial_moment(2), static_cast<double>(second),
                1e-14 * static_cast<double>(second));
  }
}

TEST(ActivityTree, ProbabilitiesOfSetsMatchEnumeration) {
  for (const ActivityCase& test : testing::activity_cases()) {
    const ActivityTree tree = testing::to_tree(test.groups);
    const Index count = tree.features();
    const auto law = testing::enumerate(test.groups, count);
    const auto ones = std::vector<Complex>(static_cast<std::size_t>(count), 1.0);
    for (std::uint32_t set = 0; set < law.size(); ++set) {
      std::vector<Index> features;
      for (Index j = 0; j < count; ++j) {
        if ((set >> j) & 1u) features.insert(features.begin(), j);
      }
      const auto expected = static_cast<double>(expectation(law, ones, set).real());
      EXPECT_NEAR(tree.probability_of_all(features), expected, 1e-15) << test.name << " " << set;
    }
    const Matrix pairs = tree.pair_probabilities();
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < count; ++j) {
        const auto expected = expectation(law, ones, 1u << i | 1u << j).real();
        EXPECT_NEAR(pairs(i, j), static_cast<double>(expected), 1e-15) << test.name;
      }
      EXPECT_NEAR(tree.density()(i), pairs(i, i), 0.0);
    }
  }
}

// What changes nothing must change no bit.
TEST(ActivityTree, GroupsOfOneAreIndependentFeatures) {
  using namespace activity;
  const double p[] = {0.3, 1e-9, 0.7};
  const Index first[] = {0};
  const ActivityTree groups(join(
      {exclusive({feature(2, p[2])}), together(first, p[0]), independent({parent(1, p[1], {})})}));
  const ActivityTree plain = ActivityTree::independent(Vector{{p[0], p[1], p[2]}});
  EXPECT_TRUE(groups.independent());
  EXPECT_EQ(groups.density(), plain.density());
  EXPECT_EQ(groups.steps().size(), plain.steps().size());
  EXPECT_TRUE(
      ActivityTree(independent({feature(0, 0.5), independent({feature(1, 0.1), feature(2, 0.2)})}))
          .independent());
  for (const auto& test : testing::activity_cases()) {
    EXPECT_EQ(testing::to_tree(test.groups).independent(), test.name == "independent") << test.name;
  }
  const ActiveCount number(groups), expected(plain.density());
  for (Index l = 0; l <= 3; ++l) EXPECT_EQ(number.probability(l), expected.probability(l));
}

TEST(ActivityTree, AnExclusiveGroupThatIsFullHasNoRest) {
  std::vector<ActivityNodes> members;
  for (Index j = 0; j < 10; ++j) members.push_back(activity::feature(j, 0.1));
  const ActiveCount number{ActivityTree(activity::exclusive(members))};
  EXPECT_EQ(number.probability(0), 0.0);
  EXPECT_EQ(number.at_least(2), 0.0);
}

TEST(ActivityTree, TinyTailsKeepTheirDigits) {
  // Forty exclusive pairs of density 1e-6 each: P(N = l) = C(40, l) (2e-6)^l (1 − 2e-6)^(40−l).
  std::vector<ActivityNodes> pairs;
  for (Index j = 0; j < 40; ++j) {
    pairs.push_back(
        activity::exclusive({activity::feature(2 * j, 1e-6), activity::feature(2 * j + 1, 1e-6)}));
  }
  const ActiveCount number{ActivityTree(activity::join(pairs))},
      expected(Vector::Constant(40, 2e-6));
  for (Index l = 0; l <= 40; ++l) {
    EXPECT_NEAR(number.probability(l), expected.probability(l), 1e-12 * expected.probability(l));
  }
  EXPECT_EQ(number.probability(41), 0.0);
}

TEST(ActivityTree, IsSmallForManyFeatures) {
  const ActivityTree tree = ActivityTree::independent(Vector::LinSpaced(20'000, 1e-4, 1e-2));
  EXPECT_EQ(tree.steps().size(), 39'999u);
  ActivitySweep<double> sweep(tree);
  EXPECT_NEAR(sweep.up([](Index) { return 1.0; }), 1.0, 1e-11);
  double sum = 0.0;
  sweep.down([&](Index, double derivative) { sum += derivative; });
  EXPECT_NEAR(sum, tree.density().sum(), 1e-9);  // E N
}

TEST(ActivityTree, ArraysAndWordsGiveItBack) {
  for (const ActivityCase& test : testing::activity_cases()) {
    const ActivityTree tree = testing::to_tree(test.groups);
    EXPECT_EQ(from_arrays(to_arrays(tree)).nodes(), tree.nodes()) << test.name;
    const ActivityTree read = parse_groups(to_string(tree), tree.density());
    EXPECT_EQ(to_string(read), to_string(tree));
    const Index count = tree.features();
    const auto law = testing::enumerate(test.groups, count);
    const std::vector<Complex> phi(static_cast<std::size_t>(count), {0.3, 0.7});
    ActivitySweep<Complex> sweep(read);
    expect_near(sweep.up([&](Index j) { return phi[static_cast<std::size_t>(j)]; }),
                expectation(law, phi), 1e-15, test.name);
  }
}

std::string refusal(const std::function<void()>& make) {
  try {
    make();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ActivityTree, RefusesWhatIsNoLawInOneSentence) {
  using namespace activity;
  const auto of = [](ActivityNodes nodes) { return refusal([&] { ActivityTree{nodes}; }); };
  EXPECT_EQ(of(feature(0, 1.2)), "feature 0: its probability 1.2 must lie in [0, 1]");
  EXPECT_EQ(of(feature(0, std::nan(""))), "feature 0: its probability nan must lie in [0, 1]");
  EXPECT_EQ(
      of(exclusive({feature(0, 0.75), feature(1, 0.5)})),
      "exclusive group at node 0: the probabilities of its 2 members add up to 1.25, more than 1");
  EXPECT_EQ(of(join({feature(0, 0.5), exclusive({feature(0, 0.5), feature(1, 0.5)})})),
            "feature 0 has two places: it may be in one group only");
  EXPECT_EQ(of(join({feature(0, 0.5), feature(2, 0.5)})),
            "feature 2: 2 features are named, so they must be 0..1, each once");
  EXPECT_EQ(of(independent({})), "group at node 0 has no members");
  EXPECT_EQ(of(independent({}, -0.5)), "group at node 0: its probability -0.5 must lie in [0, 1]");
  EXPECT_EQ(of(parent(0, 1e-200, {feature(1, 1e-200)})),
            "feature 1: it is active with a probability of 1e-200 times 1e-200, below the range of "
            "double: let one of the two be 0");
  EXPECT_EQ(of({{.parent = 1, .feature = 0}, {.kind = ActivityKind::independent}}),
            "feature 0: its parent, node 1, must be an earlier node that is a group");
  EXPECT_EQ(of({{.feature = 0}, {.parent = 0, .feature = 1}}),
            "feature 1: its parent, node 0, must be an earlier node that is a group");
  EXPECT_EQ(of({{.kind = static_cast<ActivityKind>(7)}}),
            "node 0: kind 7 must be 0 (feature), 1 (independent) or 2 (exclusive)");
  EXPECT_EQ(refusal([] {
              from_arrays({{0, 0}, {-1, -1}, {0}, {0.5, 0.5}});
            }),
            "groups: kind has 2 entries, but feature has 1");
  const Index missing[] = {3};
  EXPECT_EQ(refusal([&] { ActivityTree(feature(0, 0.5)).probability_of_all(missing); }),
            "feature 3 must lie in 0..0");
}

}  // namespace
}  // namespace skeleta
