#include <pybind11/stl.h>

#include "bindings.h"
#include "computed.h"
#include "problem.h"
#include "skeleta/geometry/column_geometry.h"
#include "skeleta/geometry/congruence.h"

namespace skeleta::python {
namespace {

Matrix one_matrix(py::handle W, const char* name) {
  const Numbers array = numbers(W, name);
  if (array.ndim() != 2 || array.size() == 0) {
    throw std::invalid_argument(std::string(name) + " has shape " + shape_text(array) +
                                ", but must be [hidden, feature]");
  }
  return matrix_at(array, 0, array.shape(0), array.shape(1));
}

py::dict describe(py::handle W) {
  const std::vector<Matrix> weights{one_matrix(W, "W")};
  const auto found = computed([&] { return geometry::describe_columns(weights).front(); });
  return py::dict(
      "norm"_a = to_array(found.norm), "dimensionality"_a = to_array(found.dimensionality),
      "dimensions_per_feature"_a = found.dimensions_per_feature,
      "columns"_a = found.coherence.columns, "signed_coherence"_a = found.coherence.signed_max,
      "absolute_coherence"_a = found.coherence.absolute, "signed_bound"_a = found.signed_bound,
      "welch_bound"_a = found.welch_bound, "orthoplex_bound"_a = found.orthoplex_bound);
}

py::dict congruence(py::handle X, py::handle Y) {
  const Matrix from = one_matrix(X, "X"), to = one_matrix(Y, "Y");
  const auto found = computed([&] { return geometry::congruence(from, to); });
  return py::dict(
      "rms"_a = found.rms, "lower_bound"_a = found.lower_bound,
      "orthogonal"_a = to_array(found.orthogonal),
      "permutation"_a = column<std::int64_t>(found.permutation, [](Index j) { return j; }));
}

}  // namespace

void bind_geometry(py::module_& module) {
  module.def("geometry", &describe);
  module.def("congruence", &congruence);
}

}  // namespace skeleta::python
