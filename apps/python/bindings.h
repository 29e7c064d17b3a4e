#pragma once

#include <pybind11/pybind11.h>

/// The module skeleta._core, part by part. What it offers has no defaults and no words: these are
/// in the Python of the package, which alone calls it.
namespace skeleta::python {

namespace py = pybind11;
using namespace pybind11::literals;

void bind_law(py::module_& module);
void bind_exact(py::module_& module);
void bind_estimate(py::module_& module);
void bind_geometry(py::module_& module);
void bind_files(py::module_& module);
void bind_commands(py::module_& module);

}  // namespace skeleta::python
