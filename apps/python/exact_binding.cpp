#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "bindings.h"
#include "computed.h"
#include "problem.h"
#include "skeleta/core/parallel.h"
#include "skeleta/exact/loss.h"

namespace skeleta::python {
namespace {

exact::Options options_of(py::handle relative_target, py::handle absolute_target,
                          py::handle gradient_target, py::handle error_control,
                          py::handle max_nodes, py::handle threads) {
  exact::Options options;
  options.relative_target = read<double>(relative_target, "relative_target");
  options.absolute_target = read<double>(absolute_target, "absolute_target");
  options.gradient_target = read<double>(gradient_target, "gradient_target");
  options.error_control = choice<exact::ErrorControl>(error_control, "error_control");
  options.maximum_nodes = read<Index>(max_nodes, "max_nodes");
  options.threads = read<int>(threads, "threads");
  exact::validate(options);
  resolve_threads(options.threads);  // throws
  return options;
}

// work(k) for each model. Threads are shared by those of a batch.
template <class Work>
void for_each_model(const Problem& problem, int threads, Work&& work) {
  if (!problem.batch) return work(std::size_t{0});
  parallel_for(problem.models.size(), threads,
               [&](std::size_t k) { of_instance(problem, k, [&] { work(k); }); });
}

// value, error_bound, gradient_error, met_target, stop_reason, nodes, factors: of one model
// numbers, of a batch arrays.
py::tuple to_python(const std::vector<exact::Loss>& losses, bool batch) {
  if (!batch) {
    const exact::Loss& loss = losses.front();
    return py::make_tuple(loss.value, loss.error_bound, loss.gradient_error, loss.met_target(),
                          to_string(loss.stop_reason), loss.nodes, loss.factors);
  }
  py::list reasons;
  for (const exact::Loss& loss : losses) reasons.append(to_string(loss.stop_reason));
  return py::make_tuple(
      column<double>(losses, [](const exact::Loss& loss) { return loss.value; }),
      column<double>(losses, [](const exact::Loss& loss) { return loss.error_bound; }),
      column<double>(losses, [](const exact::Loss& loss) { return loss.gradient_error; }),
      column<bool>(losses, [](const exact::Loss& loss) { return loss.met_target(); }),
      std::move(reasons),
      column<std::int64_t>(losses, [](const exact::Loss& loss) { return loss.nodes; }),
      column<double>(losses, [](const exact::Loss& loss) { return loss.factors; }));
}

// Of one model [row, column], of a batch [instance, row, column].
template <class Member>
py::array_t<double> stacked(const std::vector<exact::LossAndGradient>& found, bool batch,
                            Member&& member) {
  return batch ? stacked_matrices(found, member) : to_array(member(found.front()));
}

// (loss, dW, of the bias or the threshold, of the decoder or None), each of the shape of what it is
// the derivative by.
py::tuple to_python(const std::vector<exact::LossAndGradient>& found, const Problem& problem) {
  using Found = exact::LossAndGradient;
  std::vector<exact::Loss> losses;
  for (const Found& one : found) losses.push_back(one.loss);
  const double sign = problem.bias_given ? -1.0 : 1.0;
  const auto of_offset = [sign](const Found& one) -> Vector { return sign * one.db; };
  const py::array_t<double> db =
      problem.batch ? stacked_vectors(found, of_offset) : to_array(of_offset(found.front()));
  const bool tied = found.front().dW_out.size() == 0;
  return py::make_tuple(
      to_python(losses, problem.batch),
      stacked(found, problem.batch, [](const Found& one) -> const Matrix& { return one.dW; }), db,
      tied ? py::object(py::none())
           : stacked(found, problem.batch,
                     [](const Found& one) -> const Matrix& { return one.dW_out; }));
}

py::tuple loss_of(const Problem& problem, const exact::Options& options) {
  const auto losses = computed([&] {
    std::vector<exact::Loss> found(problem.models.size());
    for_each_model(problem, options.threads, [&](std::size_t k) {
      found[k] = exact::loss(problem.models[k], problem.features_of(k), options);
    });
    return found;
  });
  return to_python(losses, problem.batch);
}

py::tuple gradient_of(const Problem& problem, const exact::Options& options) {
  const auto gradients = computed([&] {
    std::vector<exact::LossAndGradient> found(problem.models.size());
    for_each_model(problem, options.threads, [&](std::size_t k) {
      found[k] = exact::loss_and_gradient(problem.models[k], problem.features_of(k), options);
    });
    return found;
  });
  return to_python(gradients, problem);
}

// One evaluator for calls that follow each other; those of several threads wait for each other.
class Evaluator {
 public:
  Evaluator(py::handle density, py::handle sparsity, py::handle importance, const Law& law,
            py::handle features, const exact::Options& options)
      : evaluator_(
            features_of(density, sparsity, importance, law, 1, read<Index>(features, "features"))
                .front(),
            options) {}

  py::tuple loss(py::handle W, py::handle bias, py::handle threshold, py::handle decoder,
                 py::handle activation, py::handle jump, py::handle noise) {
    const Problem problem = one_model(W, bias, threshold, decoder, activation, jump, noise);
    return to_python(
        {computed([&] {
          return calls_.in_turn([&] { return evaluator_.loss(problem.models.front()); });
        })},
        false);
  }

  py::tuple loss_and_gradient(py::handle W, py::handle bias, py::handle threshold,
                              py::handle decoder, py::handle activation, py::handle jump,
                              py::handle noise) {
    const Problem problem = one_model(W, bias, threshold, decoder, activation, jump, noise);
    return to_python({computed([&] {
                       return calls_.in_turn([&] {
                         exact::LossAndGradient found;
                         found.loss = evaluator_.loss_and_gradient(problem.models.front(), found);
                         return found;
                       });
                     })},
                     problem);
  }

 private:
  static Problem one_model(py::handle W, py::handle bias, py::handle threshold, py::handle decoder,
                           py::handle activation, py::handle jump, py::handle noise) {
    Problem problem = models_of(W, bias, threshold, decoder, activation, jump, noise);
    if (!problem.batch) return problem;
    throw std::invalid_argument("an Evaluator takes one model at a time, W [hidden, feature]");
  }

  Queue calls_{true};  // buffers
  exact::Evaluator evaluator_;
};

void validate_models(const Problem& problem) {
  computed([&] {
    for (std::size_t k = 0; k < problem.models.size(); ++k) {
      poll();
      of_instance(problem, k, [&] { validate(problem.models[k]); });
    }
    return true;
  });
}

// What problem_of makes the same of, to the bit.
py::tuple state_of(const Problem& problem) {
  const auto& models = problem.models;
  const Autoencoder& first = models.front();
  const auto lists = [](const auto& of, auto member) -> py::object {
    return of.size() > 1 ? stacked_vectors(of, member) : to_array(member(of.front()));
  };
  const auto thresholds = lists(models, [](const Autoencoder& model) { return model.b; });
  const auto importance = lists(problem.features, [](const Features& of) { return of.importance; });
  const auto density = lists(problem.features, [](const Features& of) { return of.density; });
  py::object jump = py::none(), law = py::none();
  if (first.jump.size() > 0) {
    jump = lists(models, [](const Autoencoder& model) { return model.jump; });
  }
  const auto& other = problem.features.front().law;
  if (other) law = py::cast(std::make_shared<DataLaw>(*other));
  return py::make_tuple(encoders(models), thresholds, decoders(models), to_string(first.activation),
                        jump, first.noise, other ? py::object(py::none()) : density, importance,
                        law, problem.batch, problem.bias_given);
}

Problem problem_of(const py::tuple& state) {
  const auto [W, threshold, decoder, activation, jump, noise, density, importance, law, batch,
              bias_given] = state.cast<std::array<py::object, 11>>();
  Problem problem = models_of(W, py::none(), threshold, decoder, activation, jump, noise);
  problem.batch = batch.cast<bool>();
  problem.bias_given = bias_given.cast<bool>();
  problem.features = features_of(density, py::none(), importance, law.cast<Law>(),
                                 static_cast<Index>(problem.models.size()), problem.size());
  return problem;
}

}  // namespace

void bind_exact(py::module_& module) {
  py::class_<Problem, std::shared_ptr<Problem>>(module, "Problem")
      .def(py::init([](py::handle W, py::handle bias, py::handle threshold, py::handle density,
                       py::handle sparsity, py::handle importance, const Law& law,
                       py::handle decoder, py::handle activation, py::handle jump,
                       py::handle noise) {
             Problem problem = models_of(W, bias, threshold, decoder, activation, jump, noise);
             problem.features =
                 features_of(density, sparsity, importance, law,
                             static_cast<Index>(problem.models.size()), problem.size());
             return problem;
           }),
           "W"_a, "bias"_a, "threshold"_a, "density"_a, "sparsity"_a, "importance"_a, "law"_a,
           "decoder"_a, "activation"_a, "jump"_a, "noise"_a)
      .def_property_readonly("batch", [](const Problem& problem) { return problem.batch; })
      .def_property_readonly("instances",
                             [](const Problem& problem) { return problem.models.size(); })
      .def_property_readonly("activation",  // its number in files
                             [](const Problem& problem) {
                               return static_cast<int>(problem.models.front().activation);
                             })
      .def_property_readonly("features", &Problem::size)
      .def("validate", &validate_models)
      .def(py::pickle(&state_of, &problem_of));
  py::class_<exact::Options>(module, "ExactOptions");
  module.def("exact_options", &options_of);
  module.def("loss", &loss_of);
  module.def("loss_and_gradient", &gradient_of);
  py::class_<Evaluator>(module, "Evaluator")
      .def(py::init<py::handle, py::handle, py::handle, const Law&, py::handle,
                    const exact::Options&>())
      .def("loss", &Evaluator::loss)
      .def("loss_and_gradient", &Evaluator::loss_and_gradient);
}

}  // namespace skeleta::python
