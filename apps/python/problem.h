#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "arrays.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::python {

/// One model, or a batch of models of one shape, with their data: what W, bias and density say.
struct Problem {
  std::vector<Autoencoder> models;
  std::vector<Features> features;  ///< One for each model, or one for all.
  bool batch = false;              ///< Was it a stack of models, of one or more?
  bool bias_given = false;         ///< So gradients are of the bias, not the threshold.

  const Features& features_of(std::size_t k) const { return features[features.size() > 1 ? k : 0]; }
  Index size() const { return models.front().features(); }
};

/// work(); what is wrong with a model of a batch names it, if that is not all.
template <class Work>
auto of_instance(const Problem& problem, std::size_t k, Work&& work) {
  try {
    return work();
  } catch (const std::invalid_argument& error) {
    if (!problem.batch) throw;
    throw std::invalid_argument(fmt::format("instance {}: {}", k, error.what()));
  }
}

/// Null: none was given.
using Law = std::shared_ptr<DataLaw>;

/// [instance, hidden, feature]
py::array_t<double> encoders(const std::vector<Autoencoder>& models);
/// [instance, feature, hidden]; None if they are tied.
py::object decoders(const std::vector<Autoencoder>& models);

/// The models alone, from W [hidden, feature] or [instance, hidden, feature], None meaning absent.
/// Throws std::invalid_argument for shapes that do not fit.
Problem models_of(py::handle W, py::handle bias, py::handle threshold, py::handle decoder,
                  py::handle activation, py::handle jump, py::handle noise);

/// Data of `instances` models of `count` features: one for all, if nothing differs. Throws
/// likewise, and unless exactly one of density, sparsity and law is given.
std::vector<Features> features_of(py::handle density, py::handle sparsity, py::handle importance,
                                  const Law& law, Index instances, Index count);

}  // namespace skeleta::python
