#include "bindings.h"
#include "computed.h"
#include "problem.h"
#include "skeleta/storage/model_file.h"

namespace skeleta::python {
namespace {

py::array_t<double> stacked(const std::vector<Vector>& lists) {
  const auto count = static_cast<Index>(lists.size()), size = lists.front().size();
  py::array_t<double> array({count, size});
  for (Index k = 0; k < count; ++k) {
    Eigen::Map<Vector>(array.mutable_data() + k * size, size) = lists[static_cast<std::size_t>(k)];
  }
  return array;
}

py::object stacked_or_none(const std::vector<Vector>& lists) {
  return lists.empty() ? py::object(py::none()) : stacked(lists);
}

// W [instance, hidden, feature], bias, density, importance: each of every instance.
py::dict read_models(const std::string& path, bool allow_wide) {
  const auto file = computed([&] { return storage::read_models(path, {allow_wide}); });
  const auto count = static_cast<Index>(file.models.size());
  const Index d = file.models.front().hidden(), D = file.models.front().features();
  py::array_t<double> W({count, d, D});
  std::vector<Vector> bias;
  for (Index k = 0; k < count; ++k) {
    const Autoencoder& model = file.models[static_cast<std::size_t>(k)];
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::Map<RowMajor>(W.mutable_data() + k * d * D, d, D) = model.W;
    bias.push_back(-model.b);
    if (!model.tied_relu()) {
      throw std::invalid_argument(path + ": instance " + std::to_string(k) +
                                  " is no tied ReLU model, which is all that is read here");
    }
  }
  return py::dict("W"_a = W, "bias"_a = stacked(bias), "density"_a = stacked_or_none(file.density),
                  "importance"_a = stacked_or_none(file.importance));
}

}  // namespace

void bind_files(py::module_& module) {
  module.def("read_models", &read_models);
}

}  // namespace skeleta::python
