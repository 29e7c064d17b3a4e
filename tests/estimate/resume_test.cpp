#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "skeleta/bounds/loss_tail.h"
#include "skeleta/estimate/integrate.h"
#include "skeleta/estimate/loss_kernel.h"
#include "support.h"

namespace skeleta::estimate {
namespace {

void expect_same_bits(const SampledIntegrals& a, const SampledIntegrals& b) {
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (std::size_t k = 0; k < a.outputs.size(); ++k) {
    const IntegralBySkeleton &x = a.outputs[k], &y = b.outputs[k];
    EXPECT_EQ(x.value, y.value);
    EXPECT_EQ(x.standard_error, y.standard_error);
    EXPECT_EQ(x.high, y.high);
    EXPECT_EQ(x.samples, y.samples);
    EXPECT_EQ(x.skewness, y.skewness);
    EXPECT_EQ(x.stop_reason, y.stop_reason);
    ASSERT_EQ(x.skeletons.size(), y.skeletons.size());
    for (std::size_t l = 0; l < x.skeletons.size(); ++l) {
      EXPECT_EQ(x.skeletons[l].contribution, y.skeletons[l].contribution);
      EXPECT_EQ(x.skeletons[l].samples, y.skeletons[l].samples);
    }
  }
  EXPECT_EQ(a.state, b.state);
}

class Resume : public ::testing::TestWithParam<Method> {
 protected:
  Resume() {
    std::mt19937_64 random(21);
    model_ = testing::random_model(16, 4, random);
    features_ = testing::random_features(16, 0.2, random);
    tail_.emplace(model_, features_);
    known_.bound_outside = [this](CountRange range) { return tail_->outside(range); };
    options_.method = GetParam();
    options_.relative_tolerance = 1e-3;
    options_.threads = 1;
  }

  SampledIntegrals run(const Options& options) const {
    const auto loss = loss_integrand(model_, features_, kernel_path(model_, features_));
    return integrate_all(features_, loss, options, known_);
  }

  Autoencoder model_;
  Features features_;
  std::optional<bounds::LossTail> tail_;
  Known known_;
  Options options_;
};

INSTANTIATE_TEST_SUITE_P(Methods, Resume,
                         ::testing::Values(Method::plain, Method::stratified, Method::quasi,
                                           Method::importance),
                         [](const auto& info) { return to_string(info.param); });

// Stopped again and again after a random number of chunks, on one or two threads.
TEST_P(Resume, EndsWithTheBitsOfAnUndisturbedRun) {
  if (GetParam() == Method::quasi) options_.relative_tolerance = 1e-4;  // it needs fewer points
  const SampledIntegrals whole = run(options_);
  ASSERT_EQ(whole.outputs.front().stop_reason, StopReason::precision);
  std::mt19937_64 random(3);
  Options options = options_;
  // Sixteen replicates of each stratum come first; then there is something to go on from.
  const int fewest = GetParam() == Method::quasi ? 400 : 10;
  int stops = 0;
  while (true) {
    int left = fewest + static_cast<int>(random() % 30);
    options.progress = [&](const Progress& progress) {
      return progress.planned == 0 || --left > 0;
    };
    options.threads = 1 + static_cast<int>(random() % 2);
    ASSERT_LT(++stops, 1000);
    try {
      const SampledIntegrals part = run(options);
      if (part.outputs.front().stop_reason != StopReason::interrupted) {
        expect_same_bits(part, whole);
        break;
      }
      options.resume = part.state;
    } catch (const Interrupted&) {
      // Too early for a result: again from where it was.
    }
  }
  EXPECT_GT(stops, 1);
}

TEST_P(Resume, ATighterToleranceExtendsAFinishedRun) {
  Options tight = options_;
  tight.relative_tolerance = 5e-4;
  const SampledIntegrals whole = run(tight);
  const SampledIntegrals loose = run(options_);
  tight.resume = loose.state;
  const SampledIntegrals extended = run(tight);
  EXPECT_EQ(extended.outputs.front().stop_reason, StopReason::precision);
  EXPECT_GT(extended.outputs.front().samples, loose.outputs.front().samples);
  // Point sets that double may have gone further before than the tight run goes at first.
  if (GetParam() != Method::quasi) expect_same_bits(extended, whole);
}

TEST_P(Resume, MoreSamplesExtendAFinishedRun) {
  Options options = options_;
  options.samples = 500'003;
  const SampledIntegrals whole = run(options);
  for (const std::uint64_t samples : {100'001, 300'001, 500'003}) {
    options.samples = samples;
    options.resume = run(options).state;
  }
  expect_same_bits(run(options), whole);
}

// Asking for less than there is keeps what there is.
TEST_P(Resume, ALooserToleranceTakesNothingAway) {
  const SampledIntegrals tight = run(options_);
  Options loose = options_;
  loose.relative_tolerance = 5e-3;
  loose.resume = tight.state;
  EXPECT_GE(run(loose).outputs.front().samples, tight.outputs.front().samples);
}

TEST_P(Resume, CheckpointsCanBeContinued) {
  const SampledIntegrals whole = run(options_);
  Options options = options_;
  options.checkpoint_seconds = 0.0;
  std::vector<SamplingState> states;
  options.checkpoint = [&](const SampledIntegrals& so_far) {
    EXPECT_EQ(so_far.outputs.front().stop_reason, StopReason::interrupted);
    states.push_back(so_far.state);
  };
  expect_same_bits(run(options), whole);
  ASSERT_FALSE(states.empty());
  options.checkpoint = nullptr;
  for (const std::size_t k : {std::size_t{0}, states.size() / 2, states.size() - 1}) {
    options.resume = states[k];
    expect_same_bits(run(options), whole);
  }
}

// The state of other strata is of no use: the run starts anew and ends the same.
TEST_P(Resume, AStateOfAnotherProblemIsLeftAlone) {
  const SampledIntegrals whole = run(options_);
  Options options = options_;
  SamplingState state = whole.state;
  for (StratumState& stratum : state.strata) {
    stratum.first += 100;
    stratum.last += 100;
  }
  options.resume = state;
  expect_same_bits(run(options), whole);
}

}  // namespace
}  // namespace skeleta::estimate
