#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "skeleta/storage/run_file.h"

namespace skeleta::storage {

/// Entry (k, j) of instance i is 100 i + 10 k + j + 0.5: a wrong order of the axes shows.
inline Autoencoder example_model(int i, Index hidden, Index features) {
  Autoencoder model{Matrix(hidden, features), Vector(features)};
  for (Index j = 0; j < features; ++j) {
    for (Index k = 0; k < hidden; ++k) {
      model.W(k, j) = 100 * i + 10 * static_cast<double>(k) + static_cast<double>(j) + 0.5;
    }
    model.b(j) = i - 0.25 * static_cast<double>(j);
  }
  return model;
}

/// Every number differs from every other one.
inline OneSparse example_one_sparse(int i) {
  const double x = 10 * i;
  return {x + 1.25, x + 2.25, x + 3.25, x + 4.25, x + 5.25, (x + 6.25) / 100, x + 7.25, x + 8.25};
}

inline IntegralBySkeleton example_loss(int i, const std::vector<Index>& skeletons) {
  IntegralBySkeleton loss;
  for (const Index l : skeletons) {
    const double x = 100 * i + 10 * static_cast<double>(l);
    loss.skeletons.push_back(
        {l, (x + 0.1) / 1000, x + 0.2, x + 0.3, x + 0.4, static_cast<unsigned>(x) + 7});
  }
  loss.value = i + 0.5;
  loss.standard_error = i + 0.03125;
  loss.confidence = 0.99;
  loss.low = i + 0.25;
  loss.high = i + 0.75;
  loss.error_bound = std::nextafter(0.1, 1.0);
  loss.samples = (1ull << 53) + 1;  // no float64
  loss.non_finite = static_cast<unsigned>(3 + i);
  loss.skewness = i + 0.0625;
  loss.kurtosis = i - 0.0625;
  loss.effective_samples = i + 12.5;
  loss.variance_ratio = i + 0.375;
  loss.stop_reason = i == 0 ? StopReason::exact : StopReason::precision;
  return loss;
}

/// Entry i of the columns' numbers is 10 times the instance plus i and a fraction of its own.
inline geometry::ColumnGeometry example_geometry(int i, Index features) {
  const double x = 10 * i;
  const Vector column =
      x + Vector::LinSpaced(features, 0.0, static_cast<double>(features) - 1.0).array();
  return {column.array() + 0.5,
          column.array() + 0.25,
          x + 1.125,
          {2 + i, x + 2.125, x + 3.125},
          x + 4.125,
          x + 5.125,
          x + 6.125,
          x + 7.125};
}

/// Strata of different shapes: two replicates with a control, and three skeletons together.
inline SamplingState example_state() {
  const double tiny = std::nextafter(1.0, 2.0);
  return {12345.5,
          {{2, 2, {5, 4}, {7, 0}, 1, {0.5, -tiny}, {5, tiny, 2, 3, 4, 4, 1e-300, 6, 7, 8}},
           {3, 5, {9}, {3}, 0, {}, {1, 2, 3, 4, 5, 2, 2, 3, 4, 5, 3, 2, 3, 4, 1e300}}}};
}

/// Instances 4 and 7 of a 2 × 3 model, which evaluated l = 0, 1, 2 and l = 1, 3.
inline std::vector<EstimateRun> example_runs(Index hidden = 2, Index features = 3) {
  std::vector<EstimateRun> runs(2);
  for (int i = 0; i < 2; ++i) {
    EstimateRun& run = runs[static_cast<std::size_t>(i)];
    run.model = example_model(i, hidden, features);
    run.features = {Vector::LinSpaced(features, 0.0, 1.0), Vector::LinSpaced(features, 2.0, 0.5)};
    run.instance = i == 0 ? 4 : 7;
    run.method = i == 0 ? "exact" : "quasi";
    run.kernel = i == 0 ? "gram" : "hidden";
    run.loss = example_loss(i, i == 0 ? std::vector<Index>{0, 1, 2} : std::vector<Index>{1, 3});
    run.one_sparse = example_one_sparse(i);
    run.loss.rest = run.one_sparse.rest;
    run.loss.rest_standard_error = run.one_sparse.rest_standard_error;
    run.seconds = i + 0.125;
    run.geometry = example_geometry(i, features);
  }
  runs[1].state = example_state();  // an exact run has none
  runs[0].loss.skeletons[0].mean = std::numeric_limits<double>::quiet_NaN();  // π_0 = 0
  return runs;
}

inline Provenance example_provenance() {
  return {"skeleta estimate 'modèle.h5'", "seed = 5\nrel-tol = 1e-3\n", "2024-02-29T12:34:56Z",
          0xfedcba9876543210u, 3};
}

/// Models and a law of which a file holds all that it can.
inline void make_general(std::vector<EstimateRun>& runs) {
  const ActivityTree groups(activity::join(
      {activity::exclusive({activity::feature(1, 0.3), activity::feature(0, 0.2)}, 0.7),
       activity::feature(2, 0.1)}));
  for (EstimateRun& run : runs) {
    run.model.W_out = run.model.W.transpose() * 1.5;
    run.model.activation = Activation::jumprelu;
    run.model.jump = Vector{{0.5, 0.25, 0.0}};
    run.model.noise = 0.1;
    run.features =
        Features::of({groups, {ValueLaw::normal(0.1, 0.2), ValueLaw(), ValueLaw::constant(3)}},
                     run.features.importance);
  }
}

}  // namespace skeleta::storage
