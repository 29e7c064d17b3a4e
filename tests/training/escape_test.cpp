#include "training/escape.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sampling/script.h"
#include "skeleta/training/parameters.h"

namespace skeleta::training {
namespace {

constexpr Index hidden = 2;

// Columns e_1, −e_1, 0 and thresholds of which the second lies above all that z_2 can be, 1.
struct Saddle {
  Autoencoder model{Matrix::Zero(hidden, 3), Vector::Zero(3)};
  Features features = Features::uniform(3, 0.1);

  Saddle() {
    model.W(0, 0) = 1.0;
    model.W(0, 1) = -1.0;
    model.b(1) = 1.0;
  }
};

TEST(Escape, TellsWhatIsIdle) {
  Saddle saddle;
  const auto idle = [&] { return idle_features(saddle.model, saddle.features); };
  EXPECT_EQ(idle(), Idle::outputs);
  saddle.model.b(1) = 0.99;
  saddle.model.b(2) = -0.1;  // a constant output
  EXPECT_EQ(idle(), Idle::columns);
  saddle.features.importance(2) = 0.0;
  EXPECT_EQ(idle(), Idle::none);
}

// With a radius of 2 in the four directions, the normal numbers are (2, 0), (−2, 0): weights of the
// dead output and of the zero column move by .03 times the root mean square weight of a xavier
// start, √(2/5), which is above that of these, √(2/6). Nothing else does.
TEST(Escape, DisplacesIdleFeaturesOnly) {
  const Saddle saddle;
  const double u = std::exp(-2.0), step = 0.03 * std::sqrt(0.4);
  const testing::Script script{u, 0x1p-53, u, 0.5};
  sampling::PointStream random = script.stream();
  const Vector moved = to_parameters(displaced(saddle.model, saddle.features, false, random)) -
                       to_parameters(saddle.model);
  Vector expected = Vector::Zero(9);
  expected(2) = 2.0 * step;
  expected(4) = -2.0 * step;
  expected(7) = -1.0;  // the dead output's threshold goes to 0
  EXPECT_NEAR((moved - expected).cwiseAbs().maxCoeff(), 0.0, 1e-14);
  EXPECT_THROW(random.word(), std::out_of_range);
}

}  // namespace
}  // namespace skeleta::training
