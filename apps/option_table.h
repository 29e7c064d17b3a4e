#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::program {

/// A seed may be any 64-bit number, 0 too; other counts start at 1.
struct Seed {
  std::uint64_t value = 1;
};

/// Lambdas as one visitor, of a Target.
template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;  // clang before 17 does not deduce it

/// What an option sets. A number without a value was not given and has no default.
using Target =
    std::variant<bool*, int*, Index*, double*, std::uint64_t*, std::string*, Seed*,
                 std::vector<double>*, std::vector<Index>*, std::vector<std::string>*,
                 std::optional<double>*, std::optional<Index>*, std::optional<std::uint64_t>*>;

/// One option of a command, or a positional argument.
struct Option {
  std::string name;    ///< "samples": the key in TOML files; "--samples" is the flag.
  char letter = '\0';  ///< 'o' of -o
  bool positional = false;
  Target target{};
  std::string type{};   ///< What stands for the value in the help: "N", "FILE.h5".
  std::string words{};  ///< What it does.

  std::vector<std::string> choices{};               ///< Words that the value must be one of.
  std::function<void(const std::string&)> check{};  ///< Of each word; throws UsageError.
  std::string usual{};                              ///< The default, where the target lacks it.
  std::vector<std::string> excluding{};             ///< Flags it cannot be given with.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool stored = true;       ///< A result depends on it: files keep it.
  bool may_differ = false;  ///< In a run that continues another one.
  bool given = false;       ///< On the command line, or by --config.

  Option& one_of(std::vector<std::string> list);
  Option& checked_by(std::function<void(const std::string&)> rule);
  Option& default_is(std::string text);
  Option& not_with(std::vector<std::string> flags);
  Option& within(double least, double most = std::numeric_limits<double>::infinity());
  /// A continued run may have another value: it goes on from there, or a hash of content counts.
  Option& may_change();
  /// It changes no digit of a result.
  Option& not_stored();

  std::string flag() const { return positional ? name : "--" + name; }
  std::string as_typed() const;  ///< "-o" if it has a letter.
  bool is_list() const;
  bool is_file() const;

  /// Throws UsageError for a text that does not fit.
  void set(const std::string& text);
  /// Likewise for each argument of a positional list of words: names of files have commas.
  void set_each(const std::vector<std::string>& texts);
  /// The value as the command line would have it; "" if there is none.
  std::string value_text() const;

  /// For the help: "-o,--output FILE.h5", and what it does, with default and exclusions.
  std::string synopsis() const;
  std::string description() const;
};

/// All options of a command, from which its parser, help, --config, the options that files keep and
/// the identity of runs are made: an option is one row, and its default stands in the struct that
/// the row points into.
class OptionTable {
 public:
  /// `flag` is "--name", "-x,--name", or "name" of a positional argument.
  Option& add(const std::string& flag, Target target, const std::string& type,
              const std::string& words);

  /// Sets the targets. Throws UsageError for what does not fit, with what was probably meant.
  /// "--help" among the arguments makes it return false.
  bool parse(const std::string& command, const std::vector<std::string>& arguments);

  /// Gives each option that the command line left out the value that the TOML file has for it; in
  /// keys, _ is the same as -. Throws UsageError, with line and column, for a file that cannot be
  /// read, a key that is no option (with what was probably meant), or a value that does not fit.
  void apply_config(const std::string& path);

  /// Was it on the command line, or in the file of --config? Throws std::logic_error for a flag
  /// that the table does not have.
  bool given(const std::string& flag) const;

  /// All stored options with their values, defaults included, as TOML; then `inputs`, if it is not
  /// empty.
  std::string to_toml(const std::string& inputs, const std::string& labels = "") const;

  /// Names of the options that may differ in a continued run.
  std::vector<std::string> changeable() const;

  /// Lines of at most 80 columns; `rows` are those of the options alone.
  std::string help(const std::string& command, const std::string& words) const;
  std::string rows() const;

  const std::list<Option>& options() const { return options_; }

 private:
  Option* find(const std::string& name);
  bool hindered(const Option& option) const;
  void check_exclusions() const;

  std::list<Option> options_;  // rows are referred to
};

/// What to_toml wrote, as JSON; an empty object if it is no TOML.
nlohmann::ordered_json stored_options(const std::string& text);

/// One of them; `otherwise` where it is missing, or of another type, as another program may have
/// left it. T: double, std::uint64_t, std::string.
template <class T>
T stored_option(const nlohmann::ordered_json& options, const char* key, T otherwise);

}  // namespace skeleta::program
