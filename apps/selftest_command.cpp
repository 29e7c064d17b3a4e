#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "errors.h"
#include "print.h"
#include "selftest.h"

namespace skeleta::program {
namespace {

constexpr const char* selftest_examples =
    R"(Does everything work on this machine? Known losses, gradients, samples, a
training and a proof are computed again with the loops of this processor, files
are written and read, and what a report of an error needs is printed. Some
seconds.

Examples:
  skeleta selftest
  skeleta selftest --folder /scratch      the file system that runs will use
  SKELETA_ISA=v2 skeleta selftest         the loops for older processors
)";

struct Answer {
  std::string name, words;
  bool passed;
  double seconds;
};

Answer ask(const Check& check) {
  const auto start = std::chrono::steady_clock::now();
  Answer answer{check.name, "", true, 0.0};
  try {
    answer.words = check.run();
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    answer.passed = false;
    answer.words = error.what();
  }
  answer.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return answer;
}

class Selftest : public Command {
 public:
  void declare(OptionTable& options) override {
    options.add("--folder", &folder_, "DIR", "Where files are written and removed again");
    options.add("--threads", &threads_, "N", "Threads; 0: all processors");
    options.add("--json", &json_, "", "Print one JSON value and nothing else");
  }

  int run(Run& run) override {
    if (!std::filesystem::is_directory(folder_)) {
      throw UsageError(fmt::format("--folder is {}: it must be a folder", folder_));
    }
    const ThreadBudget budget(threads_);
    std::vector<Answer> answers;
    for (const Check& check : checks(folder_, threads_)) {
      answers.push_back(ask(check));
      if (json_) continue;
      const Answer& answer = answers.back();
      print_to(run.out(), "{:<11} {}  {}\n", answer.name, answer.passed ? "passed" : "FAILED",
               answer.words);
      run.out().flush();
    }
    const auto passed = std::ranges::count(answers, true, &Answer::passed);
    json_ ? print_json(run.out(), answers) : print(run.out(), answers, passed);
    const bool all = passed == static_cast<std::ptrdiff_t>(answers.size());
    return all ? ExitCode::done : ExitCode::failed;
  }

 private:
  void print(std::ostream& out, const std::vector<Answer>& answers, std::ptrdiff_t passed) const {
    print_to(out, "\n{} of {} passed. For a report of an error, send all of this:\n\n", passed,
             answers.size());
    for (const auto& [name, words] : machine(folder_)) print_to(out, "{:<11} {}\n", name, words);
  }

  void print_json(std::ostream& out, const std::vector<Answer>& answers) const {
    nlohmann::ordered_json json{{"passed", std::ranges::all_of(answers, &Answer::passed)},
                                {"threads", resolve_threads(threads_)},
                                {"checks", nlohmann::ordered_json::array()},
                                {"machine", nlohmann::ordered_json::object()}};
    for (const Answer& answer : answers) {
      json["checks"].push_back({{"name", answer.name},
                                {"passed", answer.passed},
                                {"words", answer.words},
                                {"seconds", answer.seconds}});
    }
    for (const auto& [name, words] : machine(folder_)) json["machine"][name] = words;
    out << json.dump(2) << '\n';
  }

  std::string folder_ = std::filesystem::temp_directory_path().string();
  int threads_ = 0;
  bool json_ = false;
};

}  // namespace

CommandEntry selftest_command() {
  return {"selftest", selftest_examples, make_command<Selftest>, false};
}

}  // namespace skeleta::program
