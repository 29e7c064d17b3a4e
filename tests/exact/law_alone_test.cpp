#include "exact/law_alone.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "exact/law_closed.h"
#include "measure/activity_oracle.h"
#include "skeleta/exact/hessian.h"
#include "skeleta/exact/loss.h"

namespace skeleta::exact {
namespace {

const ValueLaw all_laws[] = {ValueLaw::uniform(0, 1),     ValueLaw::uniform(-1, 2),
                             ValueLaw::constant(0.75),    ValueLaw::exponential(1),
                             ValueLaw::half_normal(0.75), ValueLaw::normal(0.25, 1)};

// E f(U), f smooth but at `kink`: sums over cells of known probabilities on both sides of it.
double mean_of(const ValueLaw& law, double kink, const std::function<double(double)>& f) {
  if (law.kind() == ValueKind::constant) return f(law.first());
  constexpr int cells = 10'000;
  const double low = law.kind() == ValueKind::normal ? -9.0 : law.least();
  const double high = std::isfinite(law.most()) ? law.most() : 40.0;
  const double middle = std::clamp(kink, low, high);
  double sum = 0.0;
  const auto add = [&](double from, double to) {
    const double width = (to - from) / cells;
    for (int n = 0; n < cells; ++n) {
      const double u = from + width * n, p = law.excess(0, u) - law.excess(0, u + width);
      sum += p * f(u + 0.5 * width);
    }
  };
  add(low, middle);
  add(middle, high);
  return sum;
}

// By hand: y is x above the jump and 0 below, so that E x² 1{x ≤ θ} is left.
TEST(AloneOutput, OfTheIdentityIsKnown) {
  Autoencoder model{Matrix::Identity(3, 3), Vector::Zero(3)};
  const Vector density{{0.3, 0.1, 1.0}}, ones = Vector::Ones(3);
  for (const ValueLaw& law : {ValueLaw::exponential(2), ValueLaw::constant(1),
                              ValueLaw::uniform(0, 3), ValueLaw::half_normal(1)}) {
    const Features features = Features::of(DataLaw::independent(density, law), ones);
    const Loss perfect = loss(model, features);
    EXPECT_EQ(perfect.value, 0.0);
    EXPECT_LE(perfect.error_bound, 1e-27);
  }
  model.activation = Activation::jumprelu;
  model.jump = Vector{{0.5, 0.25, 0.125}};
  const Loss cut = loss(model, Features{density, ones});
  const double right = (0.3 * 0.125 + 0.1 / 64 + 1.0 / 512) / 3.0;
  EXPECT_NEAR(cut.value, right, cut.error_bound);
  EXPECT_LE(cut.error_bound, 1e-12);
  // E x² 1{x ≤ θ} of the exponential: 2 − e^{−θ}(θ² + 2θ + 2).
  model.jump.setConstant(0.5);
  const Features other =
      Features::of(DataLaw::independent(density, ValueLaw::exponential(1)), ones);
  const Loss far = loss(model, other);
  EXPECT_NEAR(far.value, 1.4 * (2.0 - std::exp(-0.5) * 3.25), far.error_bound);
}

// Orthogonal columns: their products are 1e-17, which no contour could resolve, and which is not 0:
// a jump at 0 hangs on its sign.
TEST(AloneOutput, OrthogonalColumnsAreNotAloneButForConstants) {
  Matrix W{{0.6, -0.8, 0.0}, {0.48, 0.36, 0.8}, {-0.64, -0.48, 0.6}};
  ASSERT_GT((W.transpose() * W - Matrix::Identity(3, 3)).cwiseAbs().maxCoeff(), 0.0);
  const Vector density{{0.3, 0.1, 0.5}}, ones = Vector::Ones(3), b{{-0.1, 0.0, 0.1}};
  const Features features =
      Features::of(DataLaw::independent(density, ValueLaw::constant(1)), ones);
  const Loss turned = loss({W, b}, features);
  const Loss straight = loss({Matrix::Identity(3, 3), b}, features);
  EXPECT_TRUE(turned.met_target());
  EXPECT_NEAR(turned.value, straight.value, turned.error_bound);
  EXPECT_LE(turned.error_bound, 1e-14);
  Autoencoder jumping{Matrix::Identity(2, 2), Vector{{-0.5, 0.0}}};
  jumping.W_out = Matrix{{1.0, 1e-17}, {0.0, 1.0}};
  jumping.activation = Activation::jumprelu;
  jumping.jump = Vector::Constant(2, 0.5);
  const Features plain{Vector::Constant(2, 0.5), Vector{{1.0, 0.0}}};
  Options options;
  options.refuse_unreachable = false;
  const Loss found = loss(jumping, plain, options);  // x_2 fires output 1: ½ (½ ½² + ½ ½²) more
  EXPECT_GE(found.error_bound, std::abs(found.value - 0.1875));
  EXPECT_FALSE(found.met_target());
}

// c/g and its powers are no numbers of double: the output never fires.
TEST(AloneOutput, OfATinyEntryNeverFires) {
  const Vector ones = Vector::Ones(1);
  for (const ValueLaw& value : all_laws) {
    const Features features = Features::of(DataLaw::independent(0.5 * ones, value), ones);
    for (const double w : {1e-85, 1e-120, 1e-160}) {
      Autoencoder model{Matrix::Constant(1, 1, w), Vector::Constant(1, 0.2)};
      for (const double jump : {0.0, 0.1}) {
        if (jump > 0.0) {
          model.activation = Activation::jumprelu;
          model.jump = Vector::Constant(1, jump);
        }
        SCOPED_TRACE(fmt::format("{} {} {}", to_string(value.kind()), w, jump));
        const LossAndGradient found = loss_and_gradient(model, features);
        EXPECT_NEAR(found.loss.value, 0.5 * value.moment(2), found.loss.error_bound);
        EXPECT_LE(found.loss.error_bound, 1e-12);
        EXPECT_EQ(found.db(0), 0.0);
      }
    }
  }
}

// Dead outputs beside noise: their variance is 0, but the loss knows of it.
TEST(AloneOutput, HasADerivativeByNoise) {
  Autoencoder model{Matrix{{1.0, 0.0}}, Vector{{0.1, -0.2}}};
  model.noise = 0.5;
  const Features features{Vector::Constant(2, 0.5), Vector{{0.0, 1.0}}};
  const Hessian found = hessian(model, features);
  const auto slope = [&](double step) {
    Autoencoder moved = model;
    moved.W(0, 1) += step;
    return loss_and_gradient(moved, features).dW(0, 1);
  };
  constexpr double h = 1e-4;
  EXPECT_NEAR(found.matrix(1, 1), (slope(h) - slope(-h)) / (2.0 * h), 1e-4);
}

// A sum of threshold and jump that may be beyond the end of the law, and densities that far laws
// have within an ulp of the threshold.
TEST(AloneOutput, SaysWhatRoundingMovesOverTheThreshold) {
  Autoencoder model{Matrix::Identity(1, 1), Vector::Constant(1, 0.4)};
  model.activation = Activation::jumprelu;
  model.jump = Vector::Constant(1, 0.1);
  const auto one = [](const ValueLaw& law) {
    return Features::of(DataLaw::independent(Vector::Constant(1, 0.5), law), Vector::Ones(1));
  };
  EXPECT_GE(loss_and_gradient(model, one(ValueLaw::uniform(0.1, 0.5))).loss.gradient_error, 0.01);
  Autoencoder far{Matrix::Constant(1, 1, 1.0), Vector::Constant(1, 0.9e8)};
  far.W_out = Matrix::Constant(1, 1, 0.9);
  EXPECT_GE(loss_and_gradient(far, one(ValueLaw::normal(1e8, 1))).loss.gradient_error, 1e7);
}

TEST(AloneOutput, IsWhatTheLawOfOneFeatureGives) {
  for (const ValueLaw& value : all_laws) {
    for (const double g : {0.75, 1.25, -0.5, 0.0}) {
      for (const double c : {-0.25, 0.0, 0.3}) {
        for (const double jump : {0.0, 0.5}) {
          const DataLaw law = DataLaw::independent(Vector::Constant(1, 0.5), value);
          LawRow row{.law = &law, .own = 0, .g = Vector::Constant(1, g), .c = c, .jump = jump};
          SCOPED_TRACE(fmt::format("{} {} {} {}", to_string(value.kind()), g, c, jump));
          const auto y = [&](double z) { return z > c ? z - c + jump : 0.0; };
          const double right = mean_of(value, g == 0.0 ? 0.0 : c / g,
                                       [&](double u) { return std::pow(u - y(g * u), 2); });
          const AloneOutput found = alone_output(row, 0.0);
          EXPECT_NEAR(found.active, right, 2e-5 * (1.0 + found.rounded));
          EXPECT_EQ(found.silent, y(0.0) * y(0.0));
          if (value.has_atoms() || (g == 0.0 && c == 0.0) || (c == 0.0 && jump > 0.0)) continue;
          // Derivatives: differences of the closed form.
          constexpr double h = 1e-5;
          const auto at = [&](double by_g, double by_c) {
            LawRow moved = row;
            moved.g(0) += by_g;
            moved.c += by_c;
            return alone_output(moved, 0.0);
          };
          const double by_c = (at(0, h).active - at(0, -h).active) / (2.0 * h);
          const double by_g = (at(h, 0).active - at(-h, 0).active) / (2.0 * h);
          EXPECT_NEAR(found.active_by_c, by_c, 1e-7 * (1.0 + std::abs(by_c)));
          if (g == 0.0 && jump > 0.0) continue;
          EXPECT_NEAR(found.active_by_g, by_g, 1e-7 * (1.0 + std::abs(by_g)));
        }
      }
    }
  }
}

// Independent features, and two that exclude each other below a parent: by all eight supports.
TEST(AloneOutput, KnowsWhatItsFeatureSaysOfTheOthers) {
  using testing::Group, testing::leaf;
  const Vector u{{0.7, -0.4, 0.2}};
  const std::vector<ValueLaw> values{ValueLaw::exponential(1), ValueLaw::uniform(0, 2),
                                     ValueLaw::normal(0.5, 1)};
  constexpr double c_direction = 0.35;
  const Group rivals{Group::exclusive, 0.8, {leaf(0, 0.3), leaf(2, 0.4)}, -1, {}};
  const std::vector<std::vector<Group>> laws{{leaf(0, 0.3), leaf(1, 0.2), leaf(2, 0.4)},
                                             {{Group::parent, 0.6, {rivals}, 1, {}}}};
  for (const std::vector<Group>& groups : laws) {
    const DataLaw law{testing::to_tree(groups), values};
    const std::vector<testing::Long> patterns = testing::enumerate(groups, 3);
    for (Index own = 0; own < 3; ++own) {
      LawRow row{.law = &law, .own = own, .g = Vector::Zero(3), .c = -0.2, .jump = 0.0};
      row.g(own) = 0.9;
      const AloneOutput output = alone_output(row, 0.0);
      const auto t = single_curvature(row, own);
      Vector slopes = Vector::Zero(3), product = Vector::Zero(3), counts = Vector::Zero(4);
      double threshold = 0.0;
      for (unsigned support = 0; support < 8; ++support) {
        const auto p = static_cast<double>(patterns[support]);
        const auto has = [&](Index j) { return (support >> j & 1u) != 0; };
        const auto mean = [&](Index j) {
          return has(j) ? values[static_cast<std::size_t>(j)].moment(1) : 0.0;
        };
        const auto square = [&](Index j, Index k) {
          const bool same = j == k;
          return same && has(j) ? values[static_cast<std::size_t>(j)].moment(2) : mean(j) * mean(k);
        };
        const double slope = has(own) ? output.active_by_c : output.silent_by_c;
        const double curved = has(own) ? t[0] : 2.0;
        if (!has(own)) counts(std::popcount(support)) += p;
        for (Index j = 0; j < 3; ++j) {
          if (j == own) continue;
          slopes(j) -= p * mean(j) * slope;
          for (Index k = 0; k < 3; ++k) {
            if (k != own) product(j) += p * u(k) * square(j, k) * curved;
          }
          product(j) -= p * c_direction * mean(j) * curved;
          if (!has(own)) continue;
          product(j) += p * t[1] * u(own) * mean(j);
          product(own) += p * t[1] * u(j) * mean(j);
          threshold -= p * t[0] * u(j) * mean(j);
        }
        if (!has(own)) {
          for (Index j = 0; j < 3; ++j) threshold -= j == own ? 0.0 : p * 2.0 * u(j) * mean(j);
        } else {
          product(own) += p * (t[2] * u(own) - t[1] * c_direction);
          threshold -= p * t[1] * u(own);
        }
        threshold += p * curved * c_direction;
      }
      Vector found = Vector::Zero(3);
      add_others(row, output, found.data());
      EXPECT_LE((found - slopes).cwiseAbs().maxCoeff(), 1e-14);
      const LawProduct times =
          alone_curvature(row, 0.0, {u.data(), c_direction, 0.0}, found.data());
      EXPECT_LE((found - product).cwiseAbs().maxCoeff(), 1e-14);
      EXPECT_NEAR(times.threshold, threshold, 1e-14);
      EXPECT_LE((counts_while_silent(row, 3) - counts).cwiseAbs().maxCoeff(), 1e-15);
    }
  }
}

}  // namespace
}  // namespace skeleta::exact
