#pragma once

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <random>
#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::testing {

/// How much of a heavy test to do: SKELETA_TEST_SCALE=0.1 is the quick loop, 1 (default) is CI.
inline double scale() {
  const char* text = std::getenv("SKELETA_TEST_SCALE");
  return text == nullptr ? 1.0 : std::atof(text);
}

inline int scaled(int count, int least = 1) {
  return std::max(least, static_cast<int>(count * scale()));
}

/// Random models of every kind that the formulas tell apart: thresholds of both signs, zero
/// columns, opposite columns, tiny entries of G.
inline Autoencoder random_model(Index features, Index hidden, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Autoencoder model{Matrix(hidden, features), Vector(features)};
  for (Index j = 0; j < features; ++j) {
    for (Index k = 0; k < hidden; ++k) model.W(k, j) = normal(random);
    model.W.col(j) *= 0.4 + uniform(random);
    model.b(j) = 0.4 * normal(random);
    const double kind = uniform(random);
    if (kind < 0.08) model.W.col(j).setZero();
    if (kind > 0.92 && j > 0) model.W.col(j) = -model.W.col(j - 1);
    if (kind > 0.84 && kind < 0.92) model.W.col(j) *= 1e-9;
    if (kind > 0.4 && kind < 0.5) model.b(j) = 0.0;
  }
  return model;
}

/// Unequal densities and importances.
inline Features random_features(Index count, double most, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  Features features = Features::uniform(count, 0.0);
  for (Index j = 0; j < count; ++j) {
    features.density(j) = most * uniform(random);
    features.importance(j) = 0.2 + uniform(random);
  }
  return features;
}

/// P(χ² ≥ the observed one) for counts against expected counts. Cells that expect fewer than 10 are
/// merged with their neighbours first (Cochran's rule asks for 5).
inline double chi_square_p_value(const std::vector<double>& observed,
                                 const std::vector<double>& expected) {
  double statistic = 0.0, o = 0.0, e = 0.0;
  int cells = 0;
  double left_e = 0.0;
  for (const double x : expected) left_e += x;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    o += observed[i];
    e += expected[i];
    left_e -= expected[i];
    if (e >= 10.0 && left_e >= 10.0) {
      statistic += (o - e) * (o - e) / e;
      o = e = 0.0;
      ++cells;
    }
  }
  if (e > 0.0) {
    statistic += (o - e) * (o - e) / e;
    ++cells;
  } else if (o > 0.0) {
    return 0.0;  // something happened that cannot
  }
  if (cells < 2) return 1.0;
  const boost::math::chi_squared_distribution<double> law(cells - 1);
  return boost::math::cdf(boost::math::complement(law, statistic));
}

}  // namespace skeleta::testing
