#include "result_output.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <toml++/toml.h>
#include <filesystem>
#include <sstream>

#include "difference.h"
#include "errors.h"
#include "model_input.h"
#include "skeleta/core/parallel.h"

namespace skeleta::program {
// What each option is: as it was given, or its default. What only says where and how much is
// printed is left out.
std::string ResultOutput::options_toml(const CLI::App& command) const {
  toml::table table;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string name = option->get_lnames().front();
    if (name == "help" || name == "output" || name == "force" || name == "json" ||
        name == "quiet" || name == "config" || name == "threads") {
      continue;
    }
    if (option->count() > 0) {
      table.insert(name, fmt::format("{}", fmt::join(option->results(), ",")));
    } else if (!option->get_default_str().empty()) {
      table.insert(name, option->get_default_str());
    }
  }
  if (!inputs_.empty()) table.insert("inputs", inputs_);
  std::ostringstream text;
  text << table << '\n';
  return text.str();
}

void ResultOutput::add_options(CLI::App& command) {
  command.add_option("-o,--output", file_, "Write the result to this HDF5 file")
      ->type_name("FILE.h5");
  command.add_flag("--force", force_, "Replace the output file if it exists");
}

void ResultOutput::check(const std::string& input) const {
  if (!file_.empty()) check_output(resolve_links(file_), input, force_);
}

std::optional<storage::ResultFile> ResultOutput::earlier(const std::string& filetype,
                                                         const CLI::App& command,
                                                         std::initializer_list<const char*> free,
                                                         const std::string& input) {
  if (file_.empty()) return std::nullopt;
  const std::string output = resolve_links(file_);
  if (force_ || !std::filesystem::is_regular_file(output)) {
    check(input);
    return std::nullopt;
  }
  check_output(output, input, true);
  storage::ResultFile file = read_earlier([&] { return read_result(output); });
  std::string clause;
  if (file.filetype != filetype) clause = fmt::format("it is a '{}' file", file.filetype);
  if (clause.empty()) clause = build_difference(file.build);
  if (clause.empty()) {
    clause = options_difference(file.provenance.options_toml, options_toml(command), free);
  }
  if (clause.empty()) clause = seal_difference(file.provenance);
  refuse_to_continue(output, clause);
  replace_ = true;
  return file;
}

void ResultOutput::write(const std::string& filetype, const std::string& command_line,
                         const CLI::App& command, const CommonOptions& common,
                         const storage::Results& results) {
  if (file_.empty()) return;
  storage::write_result(
      resolve_links(file_), filetype,
      {command_line, options_toml(command), "", common.seed, resolve_threads(common.threads)},
      results, force_ || replace_);
  replace_ = true;
}

}  // namespace skeleta::program
