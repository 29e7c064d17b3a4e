#include <fmt/format.h>

#include "commands.h"
#include "numbers.h"
#include "skeleta/core/version.h"

namespace skeleta::program {
namespace {

constexpr const char* words = R"(The manual page of all commands, for man(1).

Examples:
  skeleta manual | man -l -
  skeleta manual > ~/.local/share/man/man1/skeleta.1
)";

// Lines that begin with a dot or a quote are requests to troff, and a backslash escapes.
std::string troff(const std::string& text) {
  std::string escaped;
  for (const std::string& line : to_words(text, '\n')) {
    if (!line.empty() && (line[0] == '.' || line[0] == '\'')) escaped += "\\&";
    for (const char c : line) escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
    escaped += '\n';
  }
  escaped.pop_back();
  return escaped;
}

std::string section(const CommandEntry& entry) {
  std::string text = fmt::format(".SS {}\n.nf\n{}\n.fi\n", troff(entry.name), troff(entry.words));
  if (entry.make == nullptr) return text;
  const DeclaredOptions declared(entry);
  for (const Option& option : declared->options()) {
    text += fmt::format(".TP\n.B {}\n{}\n", troff(option.synopsis()), troff(option.description()));
  }
  return text;
}

class Manual : public Command {
 public:
  void declare(OptionTable&) override {}

  int run(Run& run) override {
    run.out() << fmt::format(
        ".TH SKELETA 1 \"\" \"skeleta {}\" \"User commands\"\n.SH NAME\nskeleta \\- the integral "
        "loss "
        "of toy autoencoders, skeleton by skeleton\n.SH SYNOPSIS\n.B skeleta\nCOMMAND [OPTIONS]\n"
        ".SH DESCRIPTION\n.nf\n{}\n.fi\n.SH COMMANDS\n",
        build_info().version, troff(introduction()));
    for (const CommandEntry& entry : commands()) run.out() << section(entry);
    return ExitCode::done;
  }
};

}  // namespace

CommandEntry manual_command() {
  return {"manual", words, make_command<Manual>, false};
}

}  // namespace skeleta::program
