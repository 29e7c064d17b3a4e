#include "skeleta/exact/low_skeletons.h"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <fstream>
#include <numbers>
#include <random>
#include <sstream>
#include <vector>

#include "skeleta/measure/active_count.h"

namespace skeleta::exact {
namespace {

struct Case {
  Autoencoder model;
  Features features;
};

Case random_case(std::uint64_t seed, Index count, Index hidden) {
  std::mt19937_64 random(seed);
  std::normal_distribution<> normal;
  std::uniform_real_distribution<> uniform;
  Case result{{Matrix(hidden, count), Vector(count)}, Features::uniform(count, 0.1)};
  for (double& w : result.model.W.reshaped()) w = normal(random);
  for (double& b : result.model.b) b = 0.3 * normal(random);
  for (double& p : result.features.density) p = uniform(random);
  for (double& v : result.features.importance) v = 2.0 * uniform(random);
  return result;
}

// Probability that exactly the features of `support` are active.
double probability_of(const Vector& density, const std::vector<Index>& support) {
  double result = 1.0;
  for (Index j = 0; j < density.size(); ++j) {
    const bool active = std::find(support.begin(), support.end(), j) != support.end();
    result *= active ? density(j) : 1.0 - density(j);
  }
  return result;
}

// ∫ f over [0, 1], split where it may have a kink.
template <class F>
double integrate(F f, std::vector<double> knots) {
  knots.insert(knots.end(), {0.0, 1.0});
  for (double& t : knots) t = std::clamp(t, 0.0, 1.0);
  std::sort(knots.begin(), knots.end());
  double sum = 0.0;
  for (std::size_t n = 0; n + 1 < knots.size(); ++n) {
    sum += boost::math::quadrature::gauss<double, 7>::integrate(f, knots[n], knots[n + 1]);
  }
  return sum;
}

// Where a·t crosses the thresholds: a, b are vectors over the outputs.
std::vector<double> crossings(const Vector& a, const Vector& b) {
  std::vector<double> result;
  for (Index i = 0; i < a.size(); ++i) {
    if (a(i) != 0.0) result.push_back(b(i) / a(i));
  }
  return result;
}

// E[r | support] by nested quadrature of the definition, pointwise_loss.
double mean_on_support(const Case& c, const std::vector<Index>& support) {
  const Matrix g = gram(c.model);
  Vector x = Vector::Zero(c.features.size());
  const auto loss = [&] { return pointwise_loss(c.model, c.features.importance, x); };
  if (support.empty()) return loss();
  const Vector last = g.col(support.back());
  const auto inner = [&](double first) {
    Vector threshold = c.model.b;
    if (support.size() == 2) {
      x(support[0]) = first;
      threshold -= g.col(support[0]) * first;
    }
    return integrate(
        [&](double t) {
          x(support.back()) = t;
          return loss();
        },
        crossings(last, threshold));
  };
  if (support.size() == 1) return inner(0.0);
  std::vector<double> knots = crossings(g.col(support[0]), c.model.b);
  for (const double t : crossings(g.col(support[0]), c.model.b - last)) knots.push_back(t);
  return integrate(inner, knots);
}

void expect_parts(const Case& c) {
  const Index count = c.features.size();
  std::vector<double> contribution(3, 0.0), probability(3, 0.0);
  const auto add = [&](const std::vector<Index>& support) {
    const double p = probability_of(c.features.density, support);
    probability[support.size()] += p;
    contribution[support.size()] += p * mean_on_support(c, support);
  };
  add({});
  for (Index j = 0; j < count; ++j) {
    add({j});
    for (Index k = j + 1; k < count; ++k) add({j, k});
  }
  for (Index l = 0; l <= 2; ++l) {
    const SkeletonPart part = skeleton_part(c.model, c.features, l);
    const double expected = contribution[static_cast<std::size_t>(l)];
    EXPECT_EQ(part.l, l);
    EXPECT_EQ(part.standard_error, 0.0);
    EXPECT_NEAR(part.probability, probability[static_cast<std::size_t>(l)], 1e-14);
    EXPECT_NEAR(part.contribution, expected, 1e-12 * expected) << "l = " << l;
  }
}

TEST(SkeletonPart, MatchesNestedQuadratureOnRandomModels) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Case c = random_case(seed, 2 + static_cast<Index>(seed % 5), 1 + static_cast<Index>(seed % 3));
    if (seed % 4 == 1) c.model.W.col(0).setZero();
    if (seed % 4 == 2) c.model.W.col(1) *= 1e-9;
    if (seed % 5 == 0) c.model.b.setZero();
    if (seed % 3 == 0) c.features = Features::uniform(c.features.size(), 0.05);
    expect_parts(c);
  }
}

TEST(SkeletonPart, DensitiesZeroAndOneAreLegal) {
  for (int certain = 0; certain <= 3; ++certain) {
    SCOPED_TRACE(certain);
    Case c = random_case(77, 5, 2);
    for (Index j = 0; j < certain; ++j) c.features.density(j) = 1.0;
    c.features.density(4) = 0.0;
    for (Index l = 0; l <= 2; ++l) {
      const SkeletonPart part = skeleton_part(c.model, c.features, l);
      if (l < certain) {
        EXPECT_EQ(part.contribution, 0.0);
        EXPECT_TRUE(std::isnan(part.mean));
      }
    }
    if (certain <= 2) expect_parts(c);
  }
}

TEST(SkeletonPart, TheMeanSurvivesAnUnderflowOfItsProbability) {
  Case c = random_case(5, 40, 3);
  c.features = Features::uniform(40, 1.0 - 1e-12);
  const SkeletonPart rare = skeleton_part(c.model, c.features, 2);
  c.features = Features::uniform(40, 0.5);
  const SkeletonPart common = skeleton_part(c.model, c.features, 2);
  EXPECT_EQ(rare.probability, 0.0);
  EXPECT_NEAR(rare.mean, common.mean, 1e-13 * common.mean);
}

TEST(SkeletonPart, DoesNotDependOnThreadsOrderOrRotation) {
  const Case c = random_case(9, 70, 6);
  Case turned = c, reversed = c;
  const Matrix rotation = random_case(3, 6, 6).model.W.householderQr().householderQ();
  turned.model.W = rotation * c.model.W;
  reversed.model.W = c.model.W.rowwise().reverse();
  reversed.model.b = c.model.b.reverse();
  reversed.features = {c.features.density.reverse(), c.features.importance.reverse()};
  for (Index l = 0; l <= 2; ++l) {
    const double mean = skeleton_part(c.model, c.features, l).mean;
    EXPECT_EQ(mean, skeleton_part(c.model, c.features, l, 3).mean);
    EXPECT_NEAR(mean, skeleton_part(turned.model, c.features, l).mean, 1e-13 * mean);
    EXPECT_NEAR(mean, skeleton_part(reversed.model, reversed.features, l).mean, 1e-13 * mean);
  }
}

// data/kgon.csv: minimal Q1 losses of k-gons for d = 2 (Chen et al., arXiv 2310.06301, Lemma 3.1).
// An item "5+-gon" with D = 6 is a pentagon and one zero column; each "+" gives one zero column the
// best constant output, 1/(2D) (it minimises c² − c/D + 1/(3D)).
struct Polygon {
  Index vertices = 0, pluses = 0, features = 0;
  double mean = 0.0, length = 0.0, bias = 0.0;
};

std::vector<Polygon> read_polygons() {
  std::ifstream file(SKELETA_SOURCE_DIR "/data/kgon.csv");
  std::vector<Polygon> result;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string item, features, value, length, bias;
    for (std::string* field : {&item, &features, &value, &length, &bias}) {
      std::getline(fields, *field, ',');
    }
    result.push_back({std::stol(item.substr(2)), std::count(item.begin(), item.end(), '+'),
                      std::stol(features), std::stod(value), std::stod(length), std::stod(bias)});
  }
  return result;
}

Autoencoder polygon_model(const Polygon& polygon) {
  Autoencoder model{Matrix::Zero(2, polygon.features), Vector::Zero(polygon.features)};
  for (Index j = 0; j < polygon.vertices; ++j) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(polygon.vertices);
    model.W.col(j) << polygon.length * std::cos(angle), polygon.length * std::sin(angle);
    model.b(j) = -polygon.bias;
  }
  for (Index j = 0; j < polygon.pluses; ++j) {
    model.b(polygon.vertices + j) = -0.5 / static_cast<double>(polygon.features);
  }
  return model;
}

TEST(SkeletonPart, ReproducesTheLossesOfPolygons) {
  const std::vector<Polygon> polygons = read_polygons();
  ASSERT_EQ(polygons.size(), 13u);
  for (const Polygon& polygon : polygons) {
    const auto features = Features::uniform(polygon.features, 0.05);
    const double mean = skeleton_part(polygon_model(polygon), features, 1).mean;
    // Three rows of the table have 7 digits, the others 12.
    const double scaled = polygon.mean * 1e7;
    const bool short_row = std::abs(scaled - std::round(scaled)) < 1e-6;
    EXPECT_NEAR(mean, polygon.mean, short_row ? 6e-8 : 2e-12)
        << polygon.vertices << "-gon, D = " << polygon.features;
  }
}

TEST(SkeletonPart, RefusesWhatItCannotDo) {
  const Case c = random_case(1, 3, 2);
  EXPECT_THROW(skeleton_part(c.model, c.features, 3), std::invalid_argument);
  EXPECT_THROW(skeleton_part(c.model, c.features, -1), std::invalid_argument);
  EXPECT_THROW(skeleton_part(c.model, Features::uniform(4, 0.1), 1), std::invalid_argument);
  const SkeletonPart beyond =
      skeleton_part({Matrix::Ones(1, 1), Vector::Zero(1)}, Features::uniform(1, 0.5), 2);
  EXPECT_EQ(beyond.probability, 0.0);
  EXPECT_TRUE(std::isnan(beyond.mean));
}

}  // namespace
}  // namespace skeleta::exact
