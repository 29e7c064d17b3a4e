#include "program.h"

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <CLI/Version.hpp>
#include <algorithm>
#include <iostream>
#include <new>
#include <span>

#include "commands.h"
#include "errors.h"
#include "interrupt.h"
#include "paragraph.h"
#include "print.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/exchange.h"
#include "skeleta/core/version.h"
#include "skeleta/storage/file_error.h"

namespace skeleta::program {
namespace {

using Arguments = std::vector<std::string>;

constexpr const char* examples =
    R"(skeleta: the integral loss of toy autoencoders, skeleton by skeleton.

Examples:
  skeleta estimate model.h5        how much of the loss lives on Q0, Q1, Q2, ...
  skeleta train --features 5 --hidden 2 --sparsity 0.95
                                   the minima of the loss, from many starts
  skeleta sweep plan.toml -o sweep.h5
                                   so over a grid of densities, sizes, ...
  skeleta approximate model.h5     how good it is to ignore all but few features
  skeleta merge shards/*.h5 -o sweep.h5
                                   the run that was computed in shards
  skeleta show model.h5            what is in a file
  skeleta view run.h5              one HTML page of it, for any browser
  skeleta thomson match model.h5   which configurations its columns are close to
  skeleta linear flow --eigenvalues 3,2,1 --hidden 2
                                   how the linear model learns
  skeleta help estimate            all options of a command

Commands: {}

Exit codes: 0 done, 1 failed on the way, 2 wrong usage or input, 3 less precise
than asked for, 130, 143, 129 stopped by Ctrl-C, SIGTERM, SIGHUP, 141 the reader
of standard output left (a file of -o is complete)
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

// The commands of the program, or of a group of them such as "linear ".
std::vector<std::string> names_in(const std::string& group) {
  std::vector<std::string> names;
  for (const CommandEntry& entry : commands()) {
    if (!entry.name.starts_with(group)) continue;
    const std::string name = entry.name.substr(group.size());
    if (name.find(' ') == std::string::npos) names.push_back(name);
  }
  return names;
}

const CommandEntry* find(const std::string& name) {
  for (const CommandEntry& entry : commands()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

[[noreturn]] void refuse_command(const std::string& word, const std::string& group) {
  if (group.empty() && word.ends_with(".h5")) {
    throw UsageError(
        fmt::format("say what to do with {0}: skeleta estimate {0}, or skeleta show {0}", word));
  }
  const std::vector<std::string> names = names_in(group.empty() ? "" : group + " ");
  throw UsageError(fmt::format("unknown command '{}'{}: the commands{} are {}", word,
                               did_you_mean(word, names), group.empty() ? "" : " of " + group,
                               fmt::join(names, ", ")));
}

// The command that the first arguments name, which are taken away; null if they name none.
const CommandEntry* take_command(std::span<const std::string>& arguments) {
  const CommandEntry* entry = nullptr;
  std::string name;
  while (!arguments.empty() && !arguments.front().starts_with("-")) {
    if (entry != nullptr && entry->make != nullptr) break;
    const std::string longer = name.empty() ? arguments.front() : name + " " + arguments.front();
    entry = find(longer);
    if (entry == nullptr) refuse_command(arguments.front(), name);
    name = longer;
    arguments = arguments.subspan(1);
  }
  return entry;
}

int run_command(const CommandEntry& entry, const Arguments& arguments, const std::string& line,
                std::ostream& out, std::ostream& err) {
  const std::unique_ptr<Command> command = entry.make();
  OptionTable options;
  Run run("skeleta " + entry.name, line, out, err);
  command->declare(options);
  if (entry.computes) run.declare(options, entry.shards != nullptr);
  if (!options.parse(entry.name, arguments)) {
    out << options.help(entry.name, entry.words);
    return ExitCode::done;
  }
  build_info();  // refuses an unknown SKELETA_ISA
  if (entry.computes) run.prepare();
  if (Ranks::current() != nullptr && !entry.ranks) {
    throw UsageError(fmt::format("{} is not for several ranks: start it without mpirun or srun{}",
                                 entry.name,
                                 entry.shards != nullptr ? ", or divide it by --shard" : ""));
  }
  return command->run(run);
}

int parse_and_run(const Arguments& all, std::ostream& out, std::ostream& err) {
  std::span<const std::string> arguments = all;
  const std::string first = all.empty() ? "" : all.front();
  if (first == "--version" || first == "version") {
    out << version_text();
    return ExitCode::done;
  }
  const bool help = first == "help";
  if (help) arguments = arguments.subspan(1);
  const CommandEntry* entry = take_command(arguments);
  const bool asks = arguments.empty() || arguments.front() == "--help" || arguments.front() == "-h";
  if (entry == nullptr) {
    if (!asks) throw UsageError(fmt::format("{} comes before a command: skeleta --help", first));
    out << introduction();
    return ExitCode::done;
  }
  if (entry->make == nullptr) {
    if (!asks) throw UsageError("unknown option " + arguments.front());
    print_to(out, "{}\nUsage: skeleta {} COMMAND\n\nCommands: {}\n", entry->words, entry->name,
             fmt::join(names_in(entry->name + " "), ", "));
    return ExitCode::done;
  }
  Arguments rest(arguments.begin(), arguments.end());
  if (help) rest = {"--help"};
  return run_command(*entry, rest, command_line(all), out, err);
}

Ending stopped(const std::string& result) {
  const int signal = InterruptGuard::signal();
  return {stopped_code(signal), fmt::format("stopped by {}{}", signal_name(signal), result)};
}

// Has whoever read standard output gone?
bool reader_gone(const std::ostream& out) {
  pollfd descriptor{STDOUT_FILENO, 0, 0};
  return &out == &std::cout && ::poll(&descriptor, 1, 0) > 0 && (descriptor.revents & POLLERR) != 0;
}

// What could not be printed comes last: the file was written before.
Ending without_output(const std::ostream& out) {
  if (!reader_gone(out)) return {ExitCode::failed, "standard output could not be written"};
  return {ExitCode::reader_left,
          "the reader of standard output left before its end (a file of -o is complete)"};
}

}  // namespace

std::string introduction() {
  return fmt::format(examples, paragraph(fmt::format("{}", fmt::join(names_in(""), ", ")), 10));
}

Ending run_to_end(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  try {
    const int code = parse_and_run(arguments, out, err);
    if (code == ExitCode::interrupted) return stopped("; above is what there was by then");
    const bool told = out.flush() || code == ExitCode::failed;
    return told ? Ending{code, ""} : without_output(out);
  } catch (const UsageError& error) {
    return {ExitCode::usage, error.what()};
  } catch (const std::invalid_argument& error) {
    return {ExitCode::usage, error.what()};
  } catch (const storage::FileError& error) {
    return {ExitCode::failed, error.what()};
  } catch (const Interrupted&) {
    return stopped(" before the first result");
  } catch (const std::bad_alloc&) {
    return {ExitCode::failed, "out of memory: use fewer features, or a machine with more memory"};
  } catch (const std::exception& error) {
    return {ExitCode::failed, error.what()};
  }
}

void complain(std::ostream& err, const Ending& ending) {
  if (!ending.complaint.empty()) print_to(err, "skeleta: {}\n", ending.complaint);
}

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  const Ending ending = run_to_end(arguments, out, err);
  complain(err, ending);
  return ending.code;
}

}  // namespace skeleta::program
