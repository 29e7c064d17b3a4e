#include <pybind11/stl.h>

#include <atomic>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "bindings.h"
#include "commands.h"
#include "computed.h"
#include "program.h"
#include "progress_display.h"

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

// The options of each command that the module has, row by row.
py::dict commands() {
  py::dict all;
  for (const program::CommandEntry& entry : program::commands()) {
    if (entry.make == nullptr || !(entry.computes || entry.in_python)) continue;
    const program::DeclaredOptions options(entry);
    py::list rows;
    for (const Option& option : options->options()) rows.append(described(option));
    all[entry.name.c_str()] = py::make_tuple(entry.words, rows);
  }
  return all;
}

// Standard error in memory, and progress to a function of Python, if there is one. What that raises
// ends the command, and is kept.
class Messages : public std::ostringstream, public program::ProgressListener {
 public:
  explicit Messages(const py::object& progress) : progress_(progress) {}

  void hear(std::optional<double> fraction, const std::string& state) override {
    const py::gil_scoped_acquire lock;
    if (progress_.is_none() || error_) return;
    try {
      progress_(fraction, state);
    } catch (const py::error_already_set& error) {
      error_ = error;
      raised_ = true;
      throw std::runtime_error("progress ended it");
    }
  }

  /// So that all threads end their work: it throws in one of them.
  bool raised() const { return raised_; }

  void rethrow() const {
    if (error_) throw *error_;
  }

 private:
  const py::object& progress_;
  std::optional<py::error_already_set> error_;
  std::atomic<bool> raised_{false};
};

// The program with these arguments, in this process: exit code, standard output and error. One at a
// time, since signals and the number of threads are of the process; it calls itself off on Ctrl-C.
py::tuple run(const std::vector<std::string>& arguments, const py::object& progress) {
  static Queue running(false);
  std::ostringstream out;
  Messages err(progress);
  const int code = computed([&] {
    const CancelScope scope([&err] { return err.raised(); });
    return running.in_turn([&] { return program::run(arguments, out, err); });
  });
  err.rethrow();
  return py::make_tuple(code, py::bytes(out.str()),
                        py::bytes(err.str()));  // names of files are bytes
}

}  // namespace

void bind_commands(py::module_& module) {
  module.def("commands", &commands);
  module.def("run", &run);
}

}  // namespace skeleta::python
