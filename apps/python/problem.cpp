#include "problem.h"

#include <fmt/format.h>

#include <stdexcept>

namespace skeleta::python {
namespace {

void add_thresholds(Problem& problem, const Numbers& list, const char* name, double sign) {
  const auto instances = static_cast<Index>(problem.models.size());
  for (Index k = 0; k < instances; ++k) {
    problem.models[static_cast<std::size_t>(k)].b =
        sign * list_at(list, name, k, instances, problem.size());
  }
}

void add_decoders(Problem& problem, const Numbers& decoder) {
  const Index D = problem.size(), d = problem.models.front().hidden();
  const py::ssize_t axes = decoder.ndim();
  const bool own = axes == 3 && decoder.shape(0) == static_cast<Index>(problem.models.size());
  if ((axes != 2 && !own) || decoder.shape(axes - 2) != D || decoder.shape(axes - 1) != d) {
    throw std::invalid_argument(
        fmt::format("decoder has shape {}, but must be [feature, hidden] = ({}, {})",
                    shape_text(decoder), D, d));
  }
  Index k = 0;
  for (Autoencoder& model : problem.models) model.W_out = matrix_at(decoder, own ? k++ : 0, D, d);
}

}  // namespace

py::array_t<double> encoders(const std::vector<Autoencoder>& models) {
  return stacked_matrices(models, [](const Autoencoder& of) -> const Matrix& { return of.W; });
}

py::object decoders(const std::vector<Autoencoder>& models) {
  if (models.front().tied()) return py::none();
  return stacked_matrices(models, [](const Autoencoder& of) -> const Matrix& { return of.W_out; });
}

Problem models_of(py::handle W, py::handle bias, py::handle threshold, py::handle decoder,
                  py::handle activation, py::handle jump, py::handle noise) {
  const Numbers weights = numbers(W, "W");
  const py::ssize_t axes = weights.ndim();
  if ((axes != 2 && axes != 3) || weights.size() == 0) {
    throw std::invalid_argument(
        fmt::format("W has shape {}, but must be [hidden, feature] or [instance, hidden, feature]",
                    shape_text(weights)));
  }
  Problem problem;
  problem.batch = axes == 3;
  const Index d = weights.shape(axes - 2), D = weights.shape(axes - 1),
              instances = problem.batch ? weights.shape(0) : 1;
  const auto kind = choice<Activation>(activation, "activation");
  const auto deviation = read<double>(noise, "noise");
  problem.models.reserve(static_cast<std::size_t>(instances));
  for (Index k = 0; k < instances; ++k) {
    Autoencoder& model =
        problem.models.emplace_back(Autoencoder{matrix_at(weights, k, d, D), Vector::Zero(D)});
    model.activation = kind;
    model.noise = deviation;
    if (!jump.is_none()) model.jump = list_at(numbers(jump, "jump"), "jump", k, instances, D);
  }
  problem.bias_given = threshold.is_none();
  if (!bias.is_none() && !threshold.is_none()) {
    throw std::invalid_argument("bias and threshold are one thing, bias = -threshold: give one");
  }
  if (!bias.is_none()) add_thresholds(problem, numbers(bias, "bias"), "bias", -1.0);
  if (!threshold.is_none())
    add_thresholds(problem, numbers(threshold, "threshold"), "threshold", 1.0);
  if (!decoder.is_none()) add_decoders(problem, numbers(decoder, "decoder"));
  return problem;
}

std::vector<Features> features_of(py::handle density, py::handle sparsity, py::handle importance,
                                  const Law& law, Index instances, Index count) {
  const int given = (density.is_none() ? 0 : 1) + (sparsity.is_none() ? 0 : 1) + (law ? 1 : 0);
  if (given != 1) {
    throw std::invalid_argument(
        given == 0 ? "say how sparse the features are: density=p, sparsity=S or law="
                   : "density, sparsity and law: give one of them");
  }
  if (law && law->size() != count) {
    throw std::invalid_argument(
        fmt::format("the law has {} features, but W has {}", law->size(), count));
  }
  const bool of_sparsity = !sparsity.is_none();
  const char* const name = of_sparsity ? "sparsity" : "density";
  const Numbers activity = law ? Numbers(0) : numbers(of_sparsity ? sparsity : density, name);
  const Numbers weights = importance.is_none() ? Numbers(0) : numbers(importance, "importance");
  const bool differ = activity.ndim() == 2 || weights.ndim() == 2;
  std::vector<Features> features;
  for (Index k = 0; k < (differ ? instances : 1); ++k) {
    Vector v = Vector::Ones(count);
    if (!importance.is_none()) v = list_at(weights, "importance", k, instances, count);
    if (law) {
      features.push_back(Features::of(*law, std::move(v)));
      continue;
    }
    Vector p = list_at(activity, name, k, instances, count);
    if (of_sparsity) {
      for (const double S : p) {  // 1 − S may round into the interval where S is not in it
        if (!(S >= 0.0 && S <= 1.0)) {
          throw std::invalid_argument(fmt::format("sparsity {} must lie in [0, 1]", S));
        }
      }
      p = 1.0 - p.array();
    }
    features.push_back({std::move(p), std::move(v)});
  }
  for (const Features& one : features) validate(one, count);
  return features;
}

}  // namespace skeleta::python
