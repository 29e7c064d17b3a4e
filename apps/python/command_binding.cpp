#include <pybind11/stl.h>

#include <mutex>
#include <sstream>

#include "bindings.h"
#include "commands.h"
#include "program.h"

namespace skeleta::python {
namespace {

using program::Option;
using program::Overloaded;

// What an option takes, as Python names it.
std::string kind_of(const Option& option) {
  if (option.is_list()) return "list";
  return std::visit(
      Overloaded{[](bool*) { return "bool"; }, [](std::string*) { return "str"; },
                 [](double*) { return "float"; }, [](std::optional<double>*) { return "float"; },
                 [](auto*) { return "int"; }},
      option.target);
}

py::dict described(const Option& option) {
  return py::dict("name"_a = option.name, "positional"_a = option.positional,
                  "kind"_a = kind_of(option), "words"_a = option.description(),
                  "choices"_a = option.choices);
}

// The options of each command that computes, row by row.
py::dict commands() {
  py::dict all;
  for (const program::CommandEntry& entry : program::commands()) {
    if (entry.make == nullptr || !entry.computes) continue;
    const program::DeclaredOptions options(entry);
    py::list rows;
    for (const Option& option : options->options()) rows.append(described(option));
    all[entry.name.c_str()] = py::make_tuple(entry.words, rows);
  }
  return all;
}

// The program with these arguments, in this process: exit code, standard output and error. One at a
// time, since signals and the number of threads are of the process; it calls itself off on Ctrl-C.
py::tuple run(const std::vector<std::string>& arguments) {
  static std::mutex running;
  std::ostringstream out, err;
  int code = 0;
  {
    const py::gil_scoped_release unlocked;
    const std::scoped_lock lock(running);
    code = program::run(arguments, out, err);
  }
  return py::make_tuple(code, out.str(), err.str());
}

}  // namespace

void bind_commands(py::module_& module) {
  module.def("commands", &commands);
  module.def("run", &run);
}

}  // namespace skeleta::python
