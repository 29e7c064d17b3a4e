#include "skeleta/measure/data_law.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/require.h"
#include "measure/activity_sweep.h"
#include "measure/series.h"

namespace skeleta {
namespace {

using Moments = Series<double, 5>;

// E e^{εgU} as a series in ε.
Moments series_of(const ValueLaw& value, double g) {
  Moments series;
  double coefficient = 1.0;  // gᵏ/k!
  for (int k = 0; k < 5; ++k) {
    series.c[static_cast<std::size_t>(k)] = coefficient * value.moment(k);
    coefficient *= g / (k + 1);
  }
  return series;
}

std::array<double, 5> moments_of(Moments series) {
  double factorial = 1.0;
  for (std::size_t k = 1; k < 5; ++k) {
    factorial *= static_cast<double>(k);
    series.c[k] *= factorial;
  }
  return series.c;
}

const ValueLaw& value_of(const DataLaw& law, Index j) {
  return law.values[static_cast<std::size_t>(j)];
}

void require_size(const DataLaw& law, const Vector& g) {
  require(g.size() == law.size(),
          fmt::format("g has {} entries, but there are {} features", g.size(), law.size()));
}

}  // namespace

DataLaw DataLaw::independent(const Vector& density, const ValueLaw& value) {
  return {ActivityTree::independent(density),
          std::vector<ValueLaw>(static_cast<std::size_t>(density.size()), value)};
}

bool DataLaw::plain() const {
  return activity.independent() &&
         std::ranges::all_of(values, [](const ValueLaw& value) { return value == ValueLaw(); });
}

void validate(const DataLaw& law) {
  require(law.size() > 0, "the law has no features");
  require(static_cast<Index>(law.values.size()) == law.size(),
          fmt::format("the law has {} value laws, but {} features", law.values.size(), law.size()));
}

Vector means(const DataLaw& law) {
  Vector result = law.activity.density();
  for (Index j = 0; j < law.size(); ++j) result(j) *= value_of(law, j).moment(1);
  return result;
}

Vector second_moments(const DataLaw& law) {
  Vector result = law.activity.density();
  for (Index j = 0; j < law.size(); ++j) result(j) *= value_of(law, j).moment(2);
  return result;
}

Matrix moment_matrix(const DataLaw& law) {
  Vector mean(law.size());
  for (Index j = 0; j < law.size(); ++j) mean(j) = value_of(law, j).moment(1);
  Matrix result = mean.asDiagonal() * law.activity.pair_probabilities() * mean.asDiagonal();
  result.diagonal() = second_moments(law);
  return result;
}

double mean_of_product(const DataLaw& law, std::span<const Power> powers) {
  std::vector<Index> features;
  double product = 1.0;
  for (const auto& [feature, exponent] : powers) {
    require(exponent >= 1,
            fmt::format("exponent {} of feature {} must be at least 1", exponent, feature));
    features.push_back(feature);
  }
  product = law.activity.probability_of_all(features);
  for (const auto& [feature, exponent] : powers) product *= value_of(law, feature).moment(exponent);
  return product;
}

std::array<double, 5> sum_moments(const DataLaw& law, const Vector& g) {
  require_size(law, g);
  ActivitySweep<Moments> sweep(law.activity);
  return moments_of(sweep.up([&](Index j) { return series_of(value_of(law, j), g(j)); }));
}

std::vector<std::array<double, 5>> sum_moments_by_count(const DataLaw& law, const Vector& g,
                                                        Index most) {
  require_size(law, g);
  const auto count = static_cast<std::size_t>(most);
  ActivitySweep<Polynomial<Moments>> sweep(law.activity);
  const auto whole = sweep.up([&](Index j) {
    return Polynomial<Moments>::marked(series_of(value_of(law, j), g(j)), count);
  });
  std::vector<std::array<double, 5>> result;
  for (std::size_t l = 0; l <= count; ++l) result.push_back(moments_of(whole[l]));
  return result;
}

Matrix active_by_count(const ActivityTree& tree, Index most) {
  Matrix result = Matrix::Zero(tree.features(), most + 1);
  ActivitySweep<Polynomial<double>> sweep(tree);
  sweep.up([&](Index) { return Polynomial<double>::marked(1.0, static_cast<std::size_t>(most)); });
  sweep.down([&](Index j, const Polynomial<double>& others) {
    for (Index l = 1; l <= most; ++l) result(j, l) = others[static_cast<std::size_t>(l - 1)];
  });
  return result;
}

}  // namespace skeleta
