#include <fmt/format.h>

#include <mutex>
#include <stdexcept>

#include "bindings.h"
#include "computed.h"
#include "problem.h"
#include "skeleta/core/parallel.h"
#include "skeleta/exact/loss.h"

namespace skeleta::python {
namespace {

exact::Options options_of(double relative_target, double absolute_target, double gradient_target,
                          const std::string& error_control, std::uint64_t max_nodes, int threads) {
  exact::Options options;
  const auto control = named<exact::ErrorControl>(error_control);
  if (!control) {
    throw std::invalid_argument(fmt::format("error_control '{}' is none of {}", error_control,
                                            fmt::join(names<exact::ErrorControl>(), ", ")));
  }
  options.relative_target = relative_target;
  options.absolute_target = absolute_target;
  options.gradient_target = gradient_target;
  options.error_control = *control;
  options.maximum_nodes = static_cast<Index>(max_nodes);
  options.threads = threads;
  exact::validate(options);
  resolve_threads(threads);  // throws
  return options;
}

// work(k) for each model. Threads are shared by those of a batch; an error names its model.
template <class Work>
void for_each_model(const Problem& problem, int threads, Work&& work) {
  if (!problem.batch) return work(std::size_t{0});
  parallel_for(problem.models.size(), threads, [&](std::size_t k) {
    try {
      work(k);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("instance {}: {}", k, error.what()));
    }
  });
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
  const Matrix& first = member(found.front());
  const auto count = static_cast<Index>(found.size()), rows = first.rows(), columns = first.cols();
  py::array_t<double> array(batch ? std::vector<Index>{count, rows, columns}
                                  : std::vector<Index>{rows, columns});
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  double* to = array.mutable_data();
  for (const exact::LossAndGradient& one : found) {
    Eigen::Map<RowMajor>(to, rows, columns) = member(one);
    to += rows * columns;
  }
  return array;
}

// (loss, dW, of the bias or the threshold, of the decoder or None), each of the shape of what it is
// the derivative by.
py::tuple to_python(const std::vector<exact::LossAndGradient>& found, const Problem& problem) {
  std::vector<exact::Loss> losses;
  for (const exact::LossAndGradient& one : found) losses.push_back(one.loss);
  const auto count = static_cast<Index>(found.size()), D = problem.size();
  const double sign = problem.bias_given ? -1.0 : 1.0;
  py::array_t<double> db(problem.batch ? std::vector<Index>{count, D} : std::vector<Index>{D});
  double* to = db.mutable_data();
  for (const exact::LossAndGradient& one : found) {
    Eigen::Map<Vector>(to, D) = sign * one.db;
    to += D;
  }
  const bool tied = found.front().dW_out.size() == 0;
  using Found = exact::LossAndGradient;
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
            Index features, const exact::Options& options)
      : evaluator_(features_of(density, sparsity, importance, law, 1, features).front(), options) {}

  py::tuple loss(py::handle W, py::handle bias, py::handle threshold, py::handle decoder,
                 const std::string& activation, py::handle jump, double noise) {
    const Problem problem = one_model(W, bias, threshold, decoder, activation, jump, noise);
    return to_python({computed([&] {
                       const std::scoped_lock lock(busy_);
                       return evaluator_.loss(problem.models.front());
                     })},
                     false);
  }

  py::tuple loss_and_gradient(py::handle W, py::handle bias, py::handle threshold,
                              py::handle decoder, const std::string& activation, py::handle jump,
                              double noise) {
    const Problem problem = one_model(W, bias, threshold, decoder, activation, jump, noise);
    return to_python({computed([&] {
                       const std::scoped_lock lock(busy_);
                       exact::LossAndGradient found;
                       found.loss = evaluator_.loss_and_gradient(problem.models.front(), found);
                       return found;
                     })},
                     problem);
  }

 private:
  static Problem one_model(py::handle W, py::handle bias, py::handle threshold, py::handle decoder,
                           const std::string& activation, py::handle jump, double noise) {
    Problem problem = models_of(W, bias, threshold, decoder, activation, jump, noise);
    if (!problem.batch) return problem;
    throw std::invalid_argument("an Evaluator takes one model at a time, W [hidden, feature]");
  }

  std::mutex busy_;
  exact::Evaluator evaluator_;
};

}  // namespace

void bind_exact(py::module_& module) {
  py::class_<Problem, std::shared_ptr<Problem>>(module, "Problem")
      .def(py::init([](py::handle W, py::handle bias, py::handle threshold, py::handle density,
                       py::handle sparsity, py::handle importance, const Law& law,
                       py::handle decoder, const std::string& activation, py::handle jump,
                       double noise) {
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
      .def_property_readonly("bias_given",
                             [](const Problem& problem) { return problem.bias_given; })
      .def_property_readonly("activation",  // its number in files
                             [](const Problem& problem) {
                               return static_cast<int>(problem.models.front().activation);
                             })
      .def_property_readonly("features", &Problem::size);
  module.def("exact_options", &options_of);
  py::class_<exact::Options>(module, "ExactOptions");
  module.def("loss", &loss_of);
  module.def("loss_and_gradient", &gradient_of);
  py::class_<Evaluator>(module, "Evaluator")
      .def(py::init<py::handle, py::handle, py::handle, const Law&, Index, const exact::Options&>())
      .def("loss", &Evaluator::loss)
      .def("loss_and_gradient", &Evaluator::loss_and_gradient);
}

}  // namespace skeleta::python
