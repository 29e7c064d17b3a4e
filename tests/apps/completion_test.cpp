#include <fmt/format.h>

#include <sstream>

#include "commands.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using testing::HasSubstr;

// What bash offers when Tab is pressed behind these words.
class Completion : public Workplace {
 protected:
  std::string offered(const std::string& words) const {
    const std::string script =
        write("offer.bash",
              run_program({"completion", "bash"}).out +
                  fmt::format("COMP_WORDS=(skeleta {})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
                              "_skeleta\necho \"${{COMPREPLY[@]}}\" > {}\n",
                              words, path("offered")));
    EXPECT_EQ(std::system(("cd " + folder_ + " && bash " + script).c_str()), 0);
    return contents("offered");
  }
};

TEST_F(Completion, OffersCommandsOptionsChoicesAndFiles) {
  EXPECT_EQ(offered("es"), "estimate\n");
  EXPECT_EQ(offered("linear ''"), "critical-points flow moments\n");
  EXPECT_EQ(offered("estimate --rel"), "--rel-tol\n");
  EXPECT_EQ(offered("linear flow --ru"), "--rule\n");
  EXPECT_EQ(offered("linear flow --rule enc"), "encoder\n");
  EXPECT_EQ(offered("estimate m.h5 --seed 3 --method pl"), "plain\n");
  write("model.h5", "");
  EXPECT_EQ(offered("estimate mod"), "model.h5\n");
}

TEST_F(Completion, AllShellsAndTheManualKnowEachOption) {
  const std::string manual = run_program({"manual"}).out;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = run_program({"completion", shell}).out;
    for (const CommandEntry& entry : commands()) {
      if (entry.make == nullptr) continue;
      const DeclaredOptions declared(entry);
      for (const Option& option : declared->options()) {
        EXPECT_THAT(script, HasSubstr(option.positional ? "" : option.name)) << entry.name;
      }
      EXPECT_THAT(manual, HasSubstr(".SS " + entry.name.substr(0, entry.name.find('-'))));
    }
  }
  EXPECT_THAT(manual, HasSubstr("\\-\\-checkpoint\\-seconds T"));
  EXPECT_EQ(run_program({"completion"}).code, usage);
  EXPECT_EQ(run_program({"completion", "csh"}).code, usage);
}

// Lines of more than 80 columns.
std::vector<std::string> wide_lines(const std::string& text) {
  std::vector<std::string> wide;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() > 80) wide.push_back(line);
  }
  return wide;
}

TEST_F(Completion, HelpFitsATerminal) {
  EXPECT_THAT(wide_lines(run_program({"--help"}).out), testing::IsEmpty());
  for (const CommandEntry& entry : commands()) {
    std::vector<std::string> arguments{"help"};
    std::istringstream words(entry.name);
    for (std::string word; words >> word;) arguments.push_back(word);
    const auto outcome = run_program(arguments);
    EXPECT_EQ(outcome.code, 0) << entry.name;
    EXPECT_THAT(wide_lines(outcome.out), testing::IsEmpty()) << entry.name;
  }
}

TEST_F(Completion, LastSentencesFitATerminal) {
  const std::string report = run_program({"approximate", "--features", "2", "--hidden", "1",
                                          "--sparsity", "0.9", "--train"})
                                 .out;
  const std::size_t last = report.find("P(N = l) and");
  ASSERT_NE(last, std::string::npos);
  EXPECT_GT(report.size() - last, 500u);
  EXPECT_THAT(wide_lines(report.substr(last)), testing::IsEmpty());
}

}  // namespace
}  // namespace skeleta::program
