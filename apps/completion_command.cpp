#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "commands.h"
#include "errors.h"

namespace skeleta::program {
namespace {

constexpr const char* completion_examples =
    R"(Completion of commands, options and their choices, for a shell.

Examples:
  skeleta completion bash > ~/.local/share/bash-completion/completions/skeleta
  skeleta completion zsh > ~/.zfunc/_skeleta        with ~/.zfunc in fpath
  skeleta completion fish > ~/.config/fish/completions/skeleta.fish
)";

// What may follow the words that were typed, a line each: "linear flow" -> "--hidden --rule ...",
// and "linear flow --rule" -> "untied encoder ...".
using Words = std::map<std::string, std::vector<std::string>>;

Words words_of_all() {
  Words words;
  for (const CommandEntry& entry : commands()) {
    const std::size_t space = entry.name.rfind(' ');
    const bool nested = space != std::string::npos;
    words[nested ? entry.name.substr(0, space) : ""].push_back(nested ? entry.name.substr(space + 1)
                                                                      : entry.name);
    if (entry.make == nullptr) continue;
    const DeclaredOptions declared(entry);
    for (const Option& option : declared->options()) {
      if (option.positional) continue;
      words[entry.name].push_back(option.flag());
      if (!option.choices.empty()) words[entry.name + " " + option.flag()] = option.choices;
    }
  }
  return words;
}

// Both shells look for what follows the command, or the option before the cursor; else for files.
std::string cases(const char* row) {
  std::string text;
  for (const auto& [before, after] : words_of_all()) {
    text += fmt::format(fmt::runtime(row), before, fmt::join(after, " "));
  }
  return text;
}

std::string bash() {
  return fmt::format(R"(# bash completion of skeleta
_skeleta() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} typed=() k
  for ((k = 1; k < COMP_CWORD; k++)); do
    [[ ${{COMP_WORDS[k]}} == -* ]] && break
    typed+=("${{COMP_WORDS[k]}}")
  done
  local before=${{COMP_WORDS[COMP_CWORD-1]}}
  _skeleta_words "${{typed[*]:0:2}} $before" || _skeleta_words "${{typed[*]:0:1}} $before" ||
    _skeleta_words "${{typed[*]:0:2}}" || _skeleta_words "${{typed[*]:0:1}}"
  [[ $word == -* || $words != --* ]] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  [[ ${{#COMPREPLY[@]}} == 0 ]] && mapfile -t COMPREPLY < <(compgen -f -- "$word")
}}
_skeleta_words() {{
  case $1 in
{}    *) words= ; return 1 ;;
  esac
}}
complete -o filenames -F _skeleta skeleta
)",
                     cases("    '{}') words='{}' ;;\n"));
}

std::string zsh() {
  return fmt::format(R"(#compdef skeleta
# zsh completion of skeleta
_skeleta() {{
  local -a typed
  local word
  for word in ${{words[2,CURRENT-1]}}; do
    [[ $word == -* ]] && break
    typed+=$word
  done
  local before=${{words[CURRENT-1]}}
  _skeleta_words "${{typed[1,2]}} $before" || _skeleta_words "${{typed[1]}} $before" ||
    _skeleta_words "${{typed[1,2]}}" || _skeleta_words "${{typed[1]}}"
  _files
}}
_skeleta_words() {{
  case $1 in
{}    *) return 1 ;;
  esac
}}
_skeleta "$@"
)",
                     cases("    '{}') compadd -- {} ;;\n"));
}

std::string fish() {
  std::string text = "# fish completion of skeleta\n";
  for (const CommandEntry& entry : commands()) {
    const std::size_t space = entry.name.rfind(' ');
    const std::string name = space == std::string::npos ? entry.name : entry.name.substr(space + 1);
    const std::string after = space == std::string::npos
                                  ? "__fish_use_subcommand"
                                  : "__fish_seen_subcommand_from " + entry.name.substr(0, space);
    text += fmt::format("complete -c skeleta -n '{}' -a {}\n", after, name);
    if (entry.make == nullptr) continue;
    const DeclaredOptions declared(entry);
    for (const Option& option : declared->options()) {
      if (option.positional) continue;
      const std::string choices =
          option.choices.empty() ? "" : fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
      const std::string letter = option.letter == '\0' ? "" : fmt::format(" -s {}", option.letter);
      text += fmt::format("complete -c skeleta -n '__fish_seen_subcommand_from {}' -l {}{}{}\n",
                          name, option.name, letter, choices);
    }
  }
  return text;
}

class Completion : public Command {
 public:
  void declare(OptionTable& options) override {
    options.add("shell", &shell_, "SHELL", "bash, zsh or fish").one_of({"bash", "zsh", "fish"});
  }

  int run(Run& run) override {
    if (shell_.empty()) throw UsageError("completion needs a shell: skeleta completion bash");
    run.out() << (shell_ == "bash" ? bash() : shell_ == "zsh" ? zsh() : fish());
    return ExitCode::done;
  }

 private:
  std::string shell_;
};

}  // namespace

CommandEntry completion_command() {
  return {"completion", completion_examples, make_command<Completion>, false};
}

}  // namespace skeleta::program
