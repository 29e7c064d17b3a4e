#include "arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace skeleta::python {
namespace {

bool is_plain_array(py::handle value) {
  return value.get_type().is(
      py::handle(reinterpret_cast<PyObject*>(py::detail::npy_api::get().PyArray_Type_)));
}

py::array array_of(py::handle value, const char* name) {
  try {
    if (py::hasattr(value, "mask") &&
        py::isinstance(value, py::module_::import("numpy.ma").attr("MaskedArray"))) {
      throw std::invalid_argument(
          fmt::format("{} is a masked array, whose mask has no meaning here", name));
    }
    return py::module_::import("numpy").attr("asarray")(value);
  } catch (const py::error_already_set& error) {
    if (!error.matches(PyExc_Exception)) throw;  // Ctrl-C
    throw std::invalid_argument(fmt::format("{} is no array of numbers: {}", name, error.what()));
  }
}

}  // namespace

Numbers numbers(py::handle value, const char* name) {
  if (PyFloat_CheckExact(value.ptr())) {
    const double x = PyFloat_AS_DOUBLE(value.ptr());
    return Numbers(std::vector<py::ssize_t>{}, &x);
  }
  if (is_plain_array(value) && py::array_t<double, py::array::c_style>::check_(value)) {
    return py::reinterpret_borrow<Numbers>(value);
  }
  const py::array array = array_of(value, name);
  constexpr std::string_view real = "fiub";
  if (real.find(array.dtype().kind()) == std::string_view::npos) {
    throw std::invalid_argument(fmt::format("{} must be real numbers, not of type {}", name,
                                            std::string(py::str(array.dtype()))));
  }
  Numbers result = Numbers::ensure(array);
  if (!result) throw std::invalid_argument(fmt::format("{} is no array of numbers", name));
  return result;
}

std::string shape_text(const Numbers& array) {
  const std::vector<py::ssize_t> shape(array.shape(), array.shape() + array.ndim());
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

Matrix matrix_at(const Numbers& array, Index k, Index rows, Index columns) {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(array.data() + k * rows * columns, rows, columns);
}

Vector list_at(const Numbers& array, const char* name, Index k, Index instances, Index count) {
  const py::ssize_t axes = array.ndim();
  if (axes == 0) return Vector::Constant(count, *array.data());
  const bool own = axes == 2 && array.shape(0) == instances;
  if ((axes != 1 && !own) || array.shape(axes - 1) != count) {
    throw std::invalid_argument(fmt::format(
        "{} has shape {}, but must be one number, or of shape ({},){}", name, shape_text(array),
        count, instances > 1 ? fmt::format(" or ({}, {})", instances, count) : ""));
  }
  return Eigen::Map<const Vector>(array.data() + (own ? k * count : 0), count);
}

py::array_t<double> to_array(const Vector& values) {
  py::array_t<double> array(values.size());
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

py::array_t<double> to_array(const Matrix& values) {
  py::array_t<double> array({values.rows(), values.cols()});
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<RowMajor>(array.mutable_data(), values.rows(), values.cols()) = values;
  return array;
}

}  // namespace skeleta::python
