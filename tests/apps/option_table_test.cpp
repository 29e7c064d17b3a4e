#include "option_table.h"

#include <toml++/toml.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "errors.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using testing::HasSubstr;
using testing::Not;

// One option of each kind, with defaults that differ from zero.
struct Example {
  bool flag = false;
  int replicates = 16;
  double confidence = 0.95;
  std::uint64_t samples = 1'000'000;
  std::string method = "plain", file;
  Seed seed;
  std::vector<double> densities{0.5, 0.25};
  std::vector<Index> sizes{5};
  std::optional<double> tolerance;
  OptionTable table;

  Example() {
    table.add("file", &file, "FILE.h5", "What is read").may_change();
    table.add("--flag", &flag, "", "A flag");
    table.add("--replicates", &replicates, "R", "A whole number").within(2.0, 99.0);
    table.add("--confidence", &confidence, "C", "A share").within(0.0, 1.0);
    table.add("-n,--samples", &samples, "N", "A count").may_change();
    table.add("--method", &method, "NAME", "A word").one_of({"plain", "quasi"});
    table.add("--seed", &seed, "N", "Any 64 bits");
    table.add("--densities", &densities, "LIST", "Numbers").within(0.0, 1.0);
    table.add("--sizes", &sizes, "LIST", "Whole numbers").within(1.0);
    table.add("--tolerance", &tolerance, "T", "Perhaps a number")
        .default_is("as small as can be")
        .not_with({"--samples"})
        .not_stored();
  }

  void parse(const std::vector<std::string>& arguments) {
    ASSERT_TRUE(table.parse("example", arguments));
  }
  std::string complaint(const std::vector<std::string>& arguments) {
    try {
      table.parse("example", arguments);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }
};

TEST(OptionTable, SetsWhatIsGiven) {
  Example example;
  example.parse({"a.h5", "--flag", "--replicates=3", "--confidence", "+.5", "-n", "2e6", "--method",
                 "quasi", "--seed", "18446744073709551615", "--densities", "0:1:3", "--sizes",
                 "4,7"});
  EXPECT_EQ(example.file, "a.h5");
  EXPECT_TRUE(example.flag);
  EXPECT_EQ(example.replicates, 3);
  EXPECT_EQ(example.confidence, 0.5);
  EXPECT_EQ(example.samples, 2'000'000u);
  EXPECT_EQ(example.method, "quasi");
  EXPECT_EQ(example.seed.value, ~std::uint64_t{0});
  EXPECT_EQ(example.densities, (std::vector{0.0, 0.5, 1.0}));
  EXPECT_EQ(example.sizes, (std::vector<Index>{4, 7}));
  EXPECT_FALSE(example.tolerance);
  EXPECT_TRUE(example.table.given("--samples"));
  EXPECT_FALSE(example.table.given("--tolerance"));
  EXPECT_THROW(example.table.given("--nonsense"), std::logic_error);
}

TEST(OptionTable, RefusesWhatDoesNotFit) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--replicates", "1"}, "--replicates: '1' is not a whole number from 2 to 99"},
      {{"--replicates", "2.5"}, "'2.5' is not a whole number"},
      {{"--confidence", "x"}, "--confidence: 'x' is not a number"},
      {{"--confidence", "nan"}, "--confidence: nan must lie in [0, 1]"},
      {{"-n", "0"}, "-n: '0' is not a count"},
      {{"--samples", "1.5"}, "is not a count"},
      {{"--samples", ""}, "-n needs a value"},
      {{""}, "file needs the name of a file"},
      {{"--method", "plane"}, "'plane' is none of plain, quasi, did you mean 'plain'?"},
      {{"--seed", "-1"}, "is not a whole number from 0 to 2^64 - 1"},
      {{"--densities", "0.5,x"}, "--densities '0.5,x': 'x' is not a finite number"},
      {{"--densities", "0:1:1"}, "N = 2 to 10000"},
      {{"--densities", "0.5,2"}, "--densities: 2 must lie in [0, 1]"},
      {{"--sizes", "0"}, "'0' is not a whole number of at least 1"},
      {{"--tolerance", "1", "--samples", "5"},
       "--tolerance and --samples cannot be given together"},
      {{"--confidnce", "1"}, "unknown option --confidnce, did you mean --confidence?"},
      {{"a.h5", "b.h5"}, "arguments that example does not take: b.h5"},
  };
  for (const auto& [arguments, message] : cases) {
    EXPECT_THAT(Example().complaint(arguments), HasSubstr(message));
  }
}

// Every default is in the TOML, and what is read back from it is what was stored.
TEST(OptionTable, StoresAllValuesDefaultsIncluded) {
  Example example;
  example.parse({"--confidence", "0.1", "--seed", "18446744073709551615"});
  const toml::table stored = toml::parse(example.table.to_toml("abc"));
  EXPECT_EQ(stored["replicates"].value<int>(), 16);
  EXPECT_EQ(stored["confidence"].value<double>(), 0.1);
  EXPECT_EQ(stored["samples"].value<std::int64_t>(), 1'000'000);
  EXPECT_EQ(stored["seed"].value<std::string>(), "18446744073709551615");
  EXPECT_EQ(stored["densities"][1].value<double>(), 0.25);
  EXPECT_EQ(stored["inputs"].value<std::string>(), "abc");
  EXPECT_FALSE(stored.contains("tolerance"));
  EXPECT_EQ(example.table.changeable(), (std::vector<std::string>{"file", "samples"}));
}

// Another program may have written anything there.
TEST(StoredOption, OfAnotherTypeIsAsIfItWereMissing) {
  const auto options =
      stored_options("starts = 12\nwords = 'x'\nless = -1\nmore = 1e300\npart = 0.5\nlist = [1]\n");
  const auto count = [&](const char* key) { return stored_option(options, key, std::uint64_t{7}); };
  EXPECT_EQ(count("starts"), 12);
  for (const char* key : {"words", "less", "more", "part", "list", "none"}) {
    EXPECT_EQ(count(key), 7) << key;
  }
  EXPECT_EQ(stored_option(options, "part", 2.0), 0.5);
  EXPECT_EQ(stored_option(options, "starts", 2.0), 12.0);
  EXPECT_EQ(stored_option(options, "words", 2.0), 2.0);
  EXPECT_EQ(stored_option(options, "words", std::string("y")), "x");
  EXPECT_EQ(stored_option(options, "starts", std::string("y")), "y");
}

class Config : public Workplace {};

TEST_F(Config, IsReadLikeTheCommandLine) {
  Example example;
  example.parse({"--replicates", "5"});
  example.table.apply_config(write("c.toml",
                                   "replicates = 7\nflag = true\nsamples = 1e6\nseed = 3\n"
                                   "densities = [0.1, 1]\nsizes = 9\n"));
  EXPECT_EQ(example.replicates, 5);  // flags win
  EXPECT_TRUE(example.flag);
  EXPECT_EQ(example.densities, (std::vector{0.1, 1.0}));
  EXPECT_EQ(example.sizes, (std::vector<Index>{9}));
  EXPECT_TRUE(example.table.given("--sizes"));
  const std::string stored = example.table.to_toml("");
  Example again;  // what is stored can be read
  again.table.apply_config(write("stored.toml", stored));
  EXPECT_EQ(again.table.to_toml(""), stored);
}

// What stands in the help is what the struct holds, on lines that fit a terminal.
TEST(OptionTable, HelpHasTheDefaults) {
  const std::string help = Example().table.help("example", "What it does.");
  for (const char* part :
       {"--replicates R", "[16]", "[0.95]", "[1e6]", "[plain]", "[0.5,0.25]", "-n,--samples N",
        "[as small as can be]; not with\n                          --samples",
        "Usage: skeleta example [OPTIONS] [FILE.h5]"}) {
    EXPECT_THAT(help, HasSubstr(part));
  }
}

TEST(OptionTable, HelpOfEachCommandFitsATerminal) {
  for (const CommandEntry& entry : commands()) {
    std::istringstream arguments(entry.name + " --help"), lines;
    std::vector<std::string> words;
    for (std::string word; arguments >> word;) words.push_back(word);
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.code, done);
    lines.str(outcome.out.substr(outcome.out.find("Usage:")));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

}  // namespace
}  // namespace skeleta::program
