#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/exact/loss.h"
#include "support.h"

// Sampled intervals against the exact engine, on models made so that samples see little of what
// matters: outputs that fire in a corner of the cube or on one triple of features only, weights of
// all sizes, rare and important features.
namespace skeleta::approximation {
namespace {

using estimate::Method;

struct Case {
  Autoencoder model;
  Features features;
};

double uniform(std::mt19937_64& random, double low, double high) {
  return std::uniform_real_distribution<>(low, high)(random);
}

double log_uniform(std::mt19937_64& random, double low, double high) {
  return std::exp(uniform(random, std::log(low), std::log(high)));
}

template <class T>
T one_of(std::mt19937_64& random, std::initializer_list<T> choices) {
  return std::data(choices)[random() % choices.size()];
}

// Columns of weight c share a direction, and their outputs fire only where Σ x > k (1 − fraction).
void add_corner(Case& c, std::mt19937_64& random, Index k) {
  const double weight = log_uniform(random, 1.0, 100.0), fraction = log_uniform(random, 0.01, 0.3);
  c.model.W.leftCols(k).setZero();
  c.model.W.row(0).setZero();
  c.model.W.row(0).head(k).setConstant(weight);
  c.model.b.head(k).setConstant(weight * weight * static_cast<double>(k) * (1.0 - fraction));
}

// Only features 1 … 3 are there, dense or not.
Case corner(std::mt19937_64& random) {
  const Index k = one_of<Index>(random, {2, 3, 4, 5});
  Case c{{Matrix::Zero(1, k), Vector::Zero(k)},
         Features::uniform(k, one_of(random, {0.1, 0.3, 0.7, 1.0}))};
  add_corner(c, random, k);
  return c;
}

Case among_others(std::mt19937_64& random, Index count, Index hidden) {
  Case c{testing::random_model(count, hidden, random),
         Features::uniform(count, log_uniform(random, 0.02, 0.2))};
  c.model.b = c.model.b.cwiseAbs();
  return c;
}

// A triple among others that behave.
Case triple(std::mt19937_64& random) {
  Case c = among_others(random, 10, 4);
  add_corner(c, random, 3);
  return c;
}

Case large_triple(std::mt19937_64& random) {
  Case c = among_others(random, 60, 20);
  c.features = Features::uniform(60, log_uniform(random, 0.01, 0.1));
  add_corner(c, random, one_of<Index>(random, {2, 3, 3, 4}));
  return c;
}

Case any_weights(std::mt19937_64& random) {
  const Index count = 3 + static_cast<Index>(random() % 6);
  Case c = among_others(random, count, 1 + static_cast<Index>(random() % 3));
  for (Index j = 0; j < count; ++j) c.model.W.col(j) *= log_uniform(random, 1.0, 100.0);
  const Matrix G = gram(c.model);
  for (Index i = 0; i < count; ++i) {
    const double reach = G.col(i).cwiseMax(0.0).sum();
    c.model.b(i) = one_of(random, {0.0, 0.1, 0.5, 0.9, 0.97, 1.1}) * reach;
  }
  for (double& p : c.features.density) p = log_uniform(random, 0.01, 1.0);
  return c;
}

Case rare_and_important(std::mt19937_64& random) {
  const Index count = 4 + static_cast<Index>(random() % 5);
  Case c = among_others(random, count, 3);
  for (double& w : c.model.W.reshaped()) w = std::round(w * 2.0);
  const double p = log_uniform(random, 1e-5, 1e-1);
  c.features.density(0) = p;
  c.features.importance(0) = one_of(random, {1.0, 0.1 / p, 1.0 / p});
  c.model.b(0) = uniform(random, 0.0, 1.2) * c.model.W.col(0).squaredNorm();
  return c;
}

struct Family {
  const char* name;
  Case (*make)(std::mt19937_64&);
};

struct Count {
  int runs = 0, covered = 0, flagged = 0;
};

// Rule: of all runs, and of those of each family and of each method, at least 93 % less three
// standard deviations of such a count either cover the exact loss or say that they may not; over
// all families the plain statement, without slack, holds. At most half of them may say so.
TEST(Coverage, HoldsOrIsDisclaimedOnModelsThatHideTheirLoss) {
  const Family families[] = {{"corner", corner},
                             {"triple", triple},
                             {"large triple", large_triple},
                             {"any weights", any_weights},
                             {"rare and important", rare_and_important}};
  const Method methods[] = {Method::plain, Method::stratified, Method::quasi, Method::importance,
                            Method::automatic};
  std::map<std::string, Count> counts;
  std::mt19937_64 random(1);
  const int replicates = testing::scaled(200, 20);
  for (int k = 0; k < replicates; ++k) {
    for (const Family& family : families) {
      const Case c = family.make(random);
      exact::Options oracle;
      oracle.relative_target = 1e-5;  // rounding of large thresholds allows no more
      const exact::Loss reference = exact::loss(c.model, c.features, oracle);
      const double exact = reference.value;
      estimate::Options options;
      options.method = methods[k % 5];
      options.seed = random();
      options.threads = 1;
      const bool fixed = (k / 5) % 2 == 0;
      options.relative_tolerance = one_of(random, {0.3, 0.1, 0.03, 0.01});
      options.max_samples = 1'000'000;
      const double samples = log_uniform(random, 10.0, 1e4);
      if (fixed) options.samples = static_cast<std::uint64_t>(samples);
      IntegralBySkeleton loss;
      try {
        loss = sampled_loss(c.model, c.features, options).loss;
      } catch (const std::invalid_argument&) {  // too few samples for the strata
        options.samples = 10'000;
        loss = sampled_loss(c.model, c.features, options).loss;
      }
      const double rounding = reference.error_bound + 1e-12 * exact;
      const bool covered = loss.low - rounding <= exact && exact <= loss.high + rounding;
      const bool flagged = loss.stop_reason == StopReason::unresolved ||
                           loss.stop_reason == StopReason::unreliable ||
                           loss.stop_reason == StopReason::max_samples;
      for (const std::string& name :
           {std::string(family.name), estimate::to_string(options.method), std::string("all")}) {
        Count& count = counts[name];
        ++count.runs;
        count.covered += covered || flagged;
        count.flagged += flagged;
      }
      if (!covered && !flagged && std::getenv("SHOW_MISSES")) {
        std::printf(
            "%s %s samples %lu rel %g: exact %g, got %g in %g..%g se %g bound %g %s n=%lu\n",
            family.name, estimate::to_string(options.method).c_str(), options.samples,
            options.relative_tolerance, exact, loss.value, loss.low, loss.high, loss.standard_error,
            loss.error_bound, to_string(loss.stop_reason).c_str(), loss.samples);
      }
    }
  }
  for (const auto& [name, count] : counts) {
    const double share = count.covered / static_cast<double>(count.runs);
    const double slack = 3.0 * std::sqrt(0.93 * 0.07 / count.runs);
    if (std::getenv("SHOW_MISSES")) {
      std::printf("%-20s %5d runs, %.3f covered or disclaimed, %.3f disclaimed\n", name.c_str(),
                  count.runs, share, count.flagged / static_cast<double>(count.runs));
    }
    const bool whole = name == "all" && count.runs >= 1000;
    EXPECT_GE(share, 0.93 - (whole ? 0.0 : slack)) << name << ", " << count.runs << " runs";
    EXPECT_LE(count.flagged, count.runs / 2) << name;
  }
}

}  // namespace
}  // namespace skeleta::approximation
