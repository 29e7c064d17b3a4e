#include "thomson_results.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace skeleta::program {
namespace {

using storage::Category;
using storage::Results;
using thomson::EnergyMatch;
using thomson::ModelMatch;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::int64_t> integers(const std::vector<Index>& values) {
  return {values.begin(), values.end()};
}

void add_models(Results& results, const std::vector<const ReluAutoencoder*>& models,
                const std::vector<Index>& instances) {
  const Index d = models.front()->hidden(), D = models.front()->features();
  std::vector<double> W, b;
  for (const ReluAutoencoder* model : models) {
    const Matrix columns = model->W.transpose();  // rows of W run fastest
    W.insert(W.end(), columns.data(), columns.data() + columns.size());
    b.insert(b.end(), model->b.begin(), model->b.end());
  }
  const std::size_t count = models.size();
  results.add("/model/instance", integers(instances));
  results.axis("/model/hidden", d);
  results.axis("/model/feature", D);
  results.add("/model/W", {count, static_cast<std::size_t>(d), static_cast<std::size_t>(D)}, W);
  results.add("/model/b", {count, static_cast<std::size_t>(D)}, b);
}

Category kinds(const std::vector<thomson::PairEnergy>& energies) {
  Category category;
  for (const thomson::PairEnergy& energy : energies) {
    category.values.push_back(static_cast<std::int8_t>(category.meanings.size()));
    category.meanings.push_back(thomson::name(energy));
  }
  return category;
}

// Numbers along [instance, energy_kind]; NaN where an energy was not compared.
template <class Get>
std::vector<double> by_energy(const std::vector<MatchedModel>& matches,
                              const std::vector<thomson::PairEnergy>& energies, Get get) {
  std::vector<double> values;
  for (const MatchedModel& model : matches) {
    for (const thomson::PairEnergy& energy : energies) {
      const auto& all = model.match.energies;
      const auto found =
          std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.kind == energy; });
      values.push_back(found == all.end() ? nan : static_cast<double>(get(*found)));
    }
  }
  return values;
}

// y_π(i), turned by Qᵀ: column i of QX lies at column π(i) of Y.
void put_over_columns(const EnergyMatch& match, const std::vector<Index>& columns, Matrix& points) {
  const Matrix& Y = match.reference.points;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    points.col(columns[i]).head(Y.rows()) =
        match.match.orthogonal.transpose() * Y.col(match.match.permutation[i]);
  }
}

Index widest(const std::vector<MatchedModel>& matches, Index MatchedModel::*size) {
  Index most = 0;
  for (const MatchedModel& model : matches) most = std::max(most, model.*size);
  return most;
}

std::vector<double> points_by_energy(const std::vector<MatchedModel>& matches,
                                     const std::vector<thomson::PairEnergy>& energies) {
  const Index d = widest(matches, &MatchedModel::hidden);
  const Index D = widest(matches, &MatchedModel::features);
  std::vector<double> values;
  for (const MatchedModel& model : matches) {
    for (const thomson::PairEnergy& energy : energies) {
      Matrix points = Matrix::Constant(d, D, nan);
      for (const EnergyMatch& one : model.match.energies) {
        if (one.kind == energy) put_over_columns(one, model.match.columns, points);
      }
      const Matrix rows = points.transpose();
      values.insert(values.end(), rows.data(), rows.data() + rows.size());
    }
  }
  return values;
}

struct PerFeature {
  std::vector<double> dimensionality, nearest, distance, part_distance, opposite_distance;
  std::vector<std::int64_t> part, part_dimension, opposite;
};

// Of one model, padded to D features.
void add_features(PerFeature& all, const ModelMatch& match, std::size_t D) {
  const std::size_t first = all.part.size();
  for (auto* values : {&all.dimensionality, &all.nearest, &all.distance}) {
    values->resize(first + D, nan);
  }
  for (std::size_t j = 0; j < match.nearest.size(); ++j) {
    all.dimensionality[first + j] = match.dimensionality(static_cast<Index>(j));
    all.nearest[first + j] = match.nearest[j].value;
    all.distance[first + j] = match.nearest[j].distance;
  }
  all.part.resize(first + D, -1);
  all.part_dimension.resize(first + D, 0);
  all.part_distance.resize(first + D, nan);
  all.opposite.resize(first + D, -1);
  all.opposite_distance.resize(first + D, nan);
  for (std::size_t k = 0; k < match.parts.size(); ++k) {
    for (const Index j : match.parts[k].columns) {
      const std::size_t place = first + static_cast<std::size_t>(j);
      all.part[place] = static_cast<std::int64_t>(k);
      all.part_dimension[place] = match.parts[k].dimension;
      all.part_distance[place] = match.parts[k].distance;
    }
  }
  for (const auto& pair : match.opposite_pairs) {
    for (const auto& [i, j] : {std::pair{pair.first, pair.second}, {pair.second, pair.first}}) {
      all.opposite[first + static_cast<std::size_t>(i)] = j;
      all.opposite_distance[first + static_cast<std::size_t>(i)] = pair.distance;
    }
  }
}

}  // namespace

Results solution_results(const thomson::Solution& solution, std::uint64_t asked) {
  const Matrix& X = solution.best.points;
  const thomson::Portrait& portrait = solution.portrait;
  const auto d = static_cast<std::size_t>(X.rows()), N = static_cast<std::size_t>(X.cols());
  Vector spectrum = Vector::Zero(X.rows());
  spectrum.head(portrait.gram_spectrum.size()) = portrait.gram_spectrum;
  const ReluAutoencoder model{X, Vector::Zero(X.cols())};
  const Matrix rows = X.transpose();
  Results results;
  add_models(results, {&model}, {0});
  results.axis("/thomson/instance", 1);
  results.add("/thomson/energy_kind", kinds({solution.energy_kind}));
  results.axis("/thomson/dimension", X.rows());
  results.axis("/thomson/feature", X.cols());
  results.axis("/thomson/start", static_cast<Index>(solution.energies.size()));
  results.axis("/thomson/pair", portrait.inner_products.size());
  results.add("/thomson/points", {1, 1, d, N},
              std::vector<double>(rows.data(), rows.data() + rows.size()));
  const auto add = [&](const char* name, double value) {
    results.add(std::string("/thomson/") + name, {1, 1}, std::vector<double>{value});
  };
  add("energy", solution.best.energy);
  add("known_energy", solution.known ? solution.known->energy : nan);
  add("difference", solution.difference);
  add("gradient_norm", solution.best.gradient_norm);
  add("symmetry_order", portrait.symmetry.order);
  results.add("/thomson/symmetry_complete", {1, 1},
              std::vector<std::int64_t>{portrait.symmetry.complete});
  results.add("/thomson/converged", {1, 1}, std::vector<std::int64_t>{solution.best.converged});
  results.add("/thomson/hits", {1, 1},
              std::vector<std::int64_t>{static_cast<std::int64_t>(solution.hits)});
  results.add("/thomson/stop_reason",
              Category{{solution.starts < asked ? std::int8_t{1} : std::int8_t{0}},
                       {"starts", "interrupted"}});
  results.add("/thomson/start_energy", solution.energies);
  results.add("/thomson/coordination", integers(portrait.coordination));
  results.add("/thomson/orbit", integers(portrait.symmetry.orbit));
  results.add("/thomson/inner_product", portrait.inner_products);
  results.add("/thomson/gram_spectrum", spectrum);
  return results;
}

Results match_results(const std::vector<ReluAutoencoder>& models,
                      const std::vector<MatchedModel>& matches) {
  const Index d = widest(matches, &MatchedModel::hidden);
  const Index D = widest(matches, &MatchedModel::features);
  const std::size_t count = matches.size(), width = static_cast<std::size_t>(D);
  std::vector<const ReluAutoencoder*> matched;
  std::vector<Index> instances, features, hidden;
  std::vector<thomson::PairEnergy> energies;
  PerFeature by_feature;
  for (const MatchedModel& model : matches) {
    if (!models.empty()) matched.push_back(&models[static_cast<std::size_t>(model.instance)]);
    instances.push_back(model.instance);
    features.push_back(model.features);
    hidden.push_back(model.hidden);
    for (const EnergyMatch& one : model.match.energies) {
      if (std::find(energies.begin(), energies.end(), one.kind) == energies.end()) {
        energies.push_back(one.kind);
      }
    }
    add_features(by_feature, model.match, width);
  }
  Results results;
  if (!matched.empty()) add_models(results, matched, instances);
  results.add("/thomson/instance", integers(instances));
  if (!energies.empty()) results.add("/thomson/energy_kind", kinds(energies));
  results.axis("/thomson/dimension", d);
  results.axis("/thomson/feature", D);
  results.add("/thomson/features", integers(features));
  results.add("/thomson/hidden", integers(hidden));
  if (!energies.empty()) {
    const std::size_t E = energies.size();
    results.add("/thomson/points", {count, E, static_cast<std::size_t>(d), width},
                points_by_energy(matches, energies));
    const auto add = [&](const char* name, auto get) {
      results.add(std::string("/thomson/") + name, {count, E}, by_energy(matches, energies, get));
    };
    add("energy", [](const EnergyMatch& one) { return one.reference.energy; });
    add("difference", [](const EnergyMatch& one) { return one.reference.difference; });
    add("columns_energy", [](const EnergyMatch& one) { return one.energy; });
    add("energy_ratio", [](const EnergyMatch& one) { return one.energy_ratio; });
    add("rms_distance", [](const EnergyMatch& one) { return one.match.rms; });
    add("rms_lower_bound", [](const EnergyMatch& one) { return one.match.lower_bound; });
  }
  const auto add_each = [&](const char* name, auto get) {
    std::vector<double> values;
    for (const MatchedModel& model : matches) values.push_back(get(model.match));
    results.add(std::string("/thomson/") + name, std::move(values));
  };
  add_each("coherence_signed", [](const ModelMatch& m) { return m.coherence.signed_max; });
  add_each("simplex_bound", [](const ModelMatch& m) { return m.simplex_bound; });
  add_each("coherence_absolute", [](const ModelMatch& m) { return m.coherence.absolute; });
  add_each("welch_bound", [](const ModelMatch& m) { return m.welch_bound; });
  add_each("orthoplex_bound", [](const ModelMatch& m) { return m.orthoplex_bound; });
  add_each("interference", [](const ModelMatch& m) { return m.interference; });
  results.add("/thomson/dimensionality", {count, width}, std::move(by_feature.dimensionality));
  results.add("/thomson/nearest_value", {count, width}, std::move(by_feature.nearest));
  results.add("/thomson/nearest_distance", {count, width}, std::move(by_feature.distance));
  results.add("/thomson/part", {count, width}, std::move(by_feature.part));
  results.add("/thomson/part_dimension", {count, width}, std::move(by_feature.part_dimension));
  results.add("/thomson/part_distance", {count, width}, std::move(by_feature.part_distance));
  results.add("/thomson/opposite", {count, width}, std::move(by_feature.opposite));
  results.add("/thomson/opposite_distance", {count, width},
              std::move(by_feature.opposite_distance));
  return results;
}

}  // namespace skeleta::program
