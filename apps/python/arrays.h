#pragma once

#include <pybind11/numpy.h>

#include <string>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::python {

namespace py = pybind11;

using Numbers = py::array_t<double, py::array::c_style | py::array::forcecast>;

/// Real numbers of any type, byte order and strides, as a contiguous float64 array: the very one
/// that came if it is that already. Throws std::invalid_argument, with `name`, for all else.
Numbers numbers(py::handle value, const char* name);

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

/// member(x) for each x, as an array.
template <class T, class Range, class Member>
py::array_t<T> column(const Range& range, Member&& member) {
  py::array_t<T> array(static_cast<py::ssize_t>(range.size()));
  T* to = array.mutable_data();
  for (const auto& one : range) *to++ = static_cast<T>(member(one));
  return array;
}

}  // namespace skeleta::python
