#include "program.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <new>

#include "approximate_command.h"
#include "common_options.h"
#include "errors.h"
#include "estimate_command.h"
#include "interrupt.h"
#include "linear_command.h"
#include "show_command.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/version.h"
#include "skeleta/storage/file_error.h"
#include "sweep_command.h"
#include "thomson_command.h"
#include "train_command.h"
#include "view_command.h"

namespace skeleta::program {
namespace {

constexpr const char* introduction =
    R"(skeleta: the integral loss of toy autoencoders, skeleton by skeleton.

Examples:
  skeleta estimate model.h5           how much of the loss lives on Q0, Q1, Q2, ...
  skeleta train --features 5 --hidden 2 --sparsity 0.95
                                      the minima of the loss, from many starts
  skeleta sweep plan.toml -o sweep.h5 so over a grid of densities, sizes, importances
  skeleta approximate model.h5        how good it is to ignore all but few active features
  skeleta show model.h5               what is in a file
  skeleta view run.h5                 one HTML page of it, for any browser
  skeleta thomson match model.h5      which configurations its columns are close to
  skeleta linear flow --eigenvalues 3,2,1 --hidden 2
                                      how the linear model learns
  skeleta estimate --help             all options of a command

Exit codes: 0 done, 1 failed on the way, 2 wrong usage or input, 3 less precise than asked for, 130, 143,
129 stopped by Ctrl-C, SIGTERM, SIGHUP, 141 the reader of standard output left (a file of -o is complete)
)";

std::string version_text() {
  const BuildInfo info = build_info();
  return fmt::format("skeleta {}\ncommit    {}\ncompiler  {} ({})\nlibraries {}, CLI11 {}\n",
                     info.version, info.git_sha1, info.compiler, info.build, info.libraries,
                     CLI11_VERSION);
}

std::string quoted(const std::string& argument) {
  const bool plain = !argument.empty() &&
                     argument.find_first_of(" \t\n'\"\\$`*?[](){}<>|&;#~!") == std::string::npos;
  if (plain) return argument;
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string command_line(const std::vector<std::string>& arguments) {
  std::string line = "skeleta";
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  return line;
}

std::vector<std::string> command_names(const CLI::App& parent) {
  std::vector<std::string> names;
  for (const CLI::App* command : parent.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

// CLI11 reads an unknown command as a stray argument: say what there is instead. Commands of
// commands likewise: the `depth`-th argument must name one.
void check_command(const CLI::App& parent, const std::vector<std::string>& arguments,
                   std::size_t depth = 0) {
  const std::vector<std::string> names = command_names(parent);
  if (names.empty() || arguments.size() <= depth || arguments[depth].starts_with("-")) return;
  const std::string& word = arguments[depth];
  if (std::find(names.begin(), names.end(), word) != names.end()) {
    return check_command(*parent.get_subcommand(word), arguments, depth + 1);
  }
  const std::string near = suggestion(word, names);
  if (depth == 0 && word.ends_with(".h5")) {
    throw UsageError(
        fmt::format("say what to do with {0}: skeleta estimate {0}, or skeleta show {0}", word));
  }
  throw UsageError(fmt::format("unknown command '{}'{}: the commands{} are {}", word,
                               near.empty() ? "" : fmt::format(", did you mean '{}'?", near),
                               depth == 0 ? "" : " of " + parent.get_name(),
                               fmt::join(names, ", ")));
}

// The innermost command that was named.
const CLI::App& named_command(const CLI::App& program) {
  const auto commands = program.get_subcommands();
  return commands.empty() ? program : named_command(*commands.front());
}

// Unknown flags in the order they were typed, with what was probably meant.
std::string unknown_flags(const CLI::App& program, const std::vector<std::string>& arguments) {
  const CLI::App& command = named_command(program);
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& argument : arguments) {
    const std::string flag = argument.substr(0, argument.find('='));
    if (!flag.starts_with("--") || std::find(known.begin(), known.end(), flag) != known.end()) {
      continue;
    }
    const std::string near = suggestion(flag, known);
    return fmt::format("unknown option {}{}", flag,
                       near.empty() ? "" : fmt::format(", did you mean {}?", near));
  }
  return fmt::format("arguments that {} does not take: {}", command.get_name(),
                     fmt::join(program.remaining(true), " "));
}

int parse_and_run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  CLI::App program(introduction, "skeleta");
  program.set_version_flag("--version", version_text());
  program.require_subcommand(0, 1);
  EstimateCommand estimate(program);
  TrainCommand train(program);
  SweepCommand sweep(program);
  ApproximateCommand approximate(program);
  ShowCommand show(program);
  ViewCommand view(program);
  ThomsonCommand thomson(program);
  LinearCommand linear(program);
  check_command(program, arguments);
  try {
    program.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    out << program.help();
    return ExitCode::done;
  } catch (const CLI::CallForVersion&) {
    out << version_text();
    return ExitCode::done;
  } catch (const CLI::ExtrasError&) {
    throw UsageError(unknown_flags(program, arguments));
  }
  refuse_empty_values(named_command(program));
  if (estimate.chosen()) return estimate.run(command_line(arguments), out, err);
  if (train.chosen()) return train.run(command_line(arguments), out, err);
  if (sweep.chosen()) return sweep.run(command_line(arguments), out, err);
  if (approximate.chosen()) return approximate.run(command_line(arguments), out, err);
  if (show.chosen()) return show.run(out);
  if (view.chosen()) return view.run(out);
  if (thomson.chosen()) return thomson.run(command_line(arguments), out, err);
  if (linear.chosen()) return linear.run(command_line(arguments), out, err);
  out << program.help();
  return ExitCode::done;
}

int complain(std::ostream& err, const std::string& message, int code) {
  fmt::print(err, "skeleta: {}\n", message);
  return code;
}

int complain_of_stop(std::ostream& err, const std::string& result) {
  const int signal = InterruptGuard::signal();
  return complain(err, fmt::format("stopped by {}{}", signal_name(signal), result),
                  stopped_code(signal));
}

// Has whoever read standard output gone?
bool reader_gone(const std::ostream& out) {
  pollfd descriptor{STDOUT_FILENO, 0, 0};
  return &out == &std::cout && ::poll(&descriptor, 1, 0) > 0 && (descriptor.revents & POLLERR) != 0;
}

// What could not be printed comes last: the file was written before.
int complain_of_output(const std::ostream& out, std::ostream& err) {
  if (!reader_gone(out)) {
    return complain(err, "standard output could not be written", ExitCode::failed);
  }
  return complain(err,
                  "the reader of standard output left before its end (a file of -o is complete)",
                  ExitCode::reader_left);
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  try {
    const int code = parse_and_run(arguments, out, err);
    if (code == ExitCode::interrupted) {
      return complain_of_stop(err, "; above is what there was by then");
    }
    const bool told = out.flush() || code == ExitCode::failed;
    return told ? code : complain_of_output(out, err);
  } catch (const CLI::ParseError& error) {
    return complain(err, error.what(), ExitCode::usage);
  } catch (const UsageError& error) {
    return complain(err, error.what(), ExitCode::usage);
  } catch (const std::invalid_argument& error) {
    return complain(err, error.what(), ExitCode::usage);
  } catch (const storage::FileError& error) {
    return complain(err, error.what(), ExitCode::failed);
  } catch (const Interrupted&) {
    return complain_of_stop(err, " before the first result");
  } catch (const std::bad_alloc&) {
    return complain(err, "out of memory: use fewer features, or a machine with more memory",
                    ExitCode::failed);
  } catch (const std::exception& error) {
    return complain(err, error.what(), ExitCode::failed);
  }
}

}  // namespace skeleta::program
