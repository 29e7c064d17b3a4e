#include "bindings.h"
#include "skeleta/core/version.h"
#include "skeleta/storage/file_error.h"

PYBIND11_MODULE(_core, module) {
  using namespace skeleta::python;
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const skeleta::storage::FileError& error) {
      const auto sentence =
          py::reinterpret_steal<py::object>(PyUnicode_DecodeFSDefault(error.what()));
      PyErr_SetObject(PyExc_OSError, sentence.ptr());
    }
  });
  module.attr("version") = skeleta::build_info().version;
  module.attr("commit") = skeleta::build_info().git_sha1;
  bind_law(module);
  bind_exact(module);
  bind_estimate(module);
  bind_geometry(module);
  bind_files(module);
  bind_commands(module);
}
