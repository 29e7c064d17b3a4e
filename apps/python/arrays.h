#pragma once

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"

namespace skeleta::python {

namespace py = pybind11;

using Numbers = py::array_t<double, py::array::c_style | py::array::forcecast>;

/// Real numbers of any type, byte order and strides, as a contiguous float64 array: the very one
/// that came if it is that already. Throws std::invalid_argument, with `name`, for all else.
Numbers numbers(py::handle value, const char* name);

/// A number (whole, if T is; 1e6 is), a text or a list of texts. Throws std::invalid_argument, with
/// `name`, for all else.
template <class T>
T read(py::handle value, const char* name) {
  std::string wanted;
  if constexpr (std::integral<T>) {
    using Limits = std::numeric_limits<T>;
    wanted = fmt::format("a whole number from {} to {}", Limits::min(), Limits::max());
    if (PyFloat_Check(value.ptr())) {
      const double x = PyFloat_AS_DOUBLE(value.ptr());
      if (x == std::trunc(x) && x >= static_cast<double>(Limits::min()) && std::abs(x) < 0x1p53) {
        return static_cast<T>(x);
      }
    }
  } else if constexpr (std::floating_point<T>) {
    wanted = "a number";
  } else {
    wanted = std::same_as<T, std::string> ? "a text" : "a list of texts";
  }
  try {
    return value.cast<T>();
  } catch (const py::cast_error&) {
    throw std::invalid_argument(
        fmt::format("{} = {} must be {}", name, std::string(py::repr(value)), wanted));
  }
}

/// The value of an enumeration that a text names. Throws likewise.
template <class Enum>
Enum choice(py::handle value, const char* name) {
  const auto word = read<std::string>(value, name);
  if (const auto found = named<Enum>(word)) return *found;
  throw std::invalid_argument(
      fmt::format("{} '{}' is none of {}", name, word, fmt::join(names<Enum>(), ", ")));
}

/// "(2, 5)"
std::string shape_text(const Numbers& array);

/// Entry k of an array of row-major matrices; column j is then W[k, :, j].
Matrix matrix_at(const Numbers& array, Index k, Index rows, Index columns);

/// The list of `count` entries of one of `instances` models: one number for all, a list for all, or
/// one list for each. Throws std::invalid_argument, with `name`, for another shape.
Vector list_at(const Numbers& array, const char* name, Index k, Index instances, Index count);

/// Owns its memory.
py::array_t<double> to_array(const Vector& values);
py::array_t<double> to_array(const Matrix& values);

/// member(x), vectors of one size, for each x: [x, entry].
template <class Range, class Member>
py::array_t<double> stacked_vectors(const Range& range, Member&& member) {
  const auto count = static_cast<Index>(range.size()), size = member(*range.begin()).size();
  py::array_t<double> array({count, size});
  double* to = array.mutable_data();
  for (const auto& x : range) {
    Eigen::Map<Vector>(to, size) = member(x);
    to += size;
  }
  return array;
}

/// member(x), matrices of one shape, for each x: [x, row, column].
template <class Range, class Member>
py::array_t<double> stacked_matrices(const Range& range, Member&& member) {
  const auto count = static_cast<Index>(range.size()), rows = member(*range.begin()).rows(),
             columns = member(*range.begin()).cols();
  py::array_t<double> array({count, rows, columns});
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  double* to = array.mutable_data();
  for (const auto& x : range) {
    Eigen::Map<RowMajor>(to, rows, columns) = member(x);
    to += rows * columns;
  }
  return array;
}

/// member(x) for each x, as an array.
template <class T, class Range, class Member>
py::array_t<T> column(const Range& range, Member&& member) {
  py::array_t<T> array(static_cast<py::ssize_t>(range.size()));
  T* to = array.mutable_data();
  for (const auto& one : range) *to++ = static_cast<T>(member(one));
  return array;
}

}  // namespace skeleta::python
