// Runs that are computed in shards, and put together again: the bits of the run that was not.
#include "shards.h"

#include <fmt/format.h>

#include "errors.h"
#include "output_lock.h"
#include "skeleta/storage/result_file.h"
#include "skeleta/storage/sweep_file.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

// As a task of a job array of Slurm.
class ArrayTask {
 public:
  ArrayTask(int id, int count, int first, int last) {
    set("ID", id);
    set("COUNT", count);
    set("MIN", first);
    set("MAX", last);
  }
  ~ArrayTask() {
    for (const char* name : {"ID", "COUNT", "MIN", "MAX"}) ::unsetenv(variable(name).c_str());
  }

 private:
  static std::string variable(const std::string& name) { return "SLURM_ARRAY_TASK_" + name; }
  static void set(const char* name, int value) {
    ::setenv(variable(name).c_str(), std::to_string(value).c_str(), 1);
  }
};

class ShardsOfRuns : public Workplace {
 protected:
  std::string shard_file(std::uint64_t k) const { return path(fmt::format("shard_{}.h5", k)); }

  Words shard(Words command, std::uint64_t k, std::uint64_t n) const {
    for (const std::string& word :
         {std::string("--shard"), fmt::format("{}/{}", k, n), std::string("-o"), shard_file(k)}) {
      command.push_back(word);
    }
    return command;
  }

  void compute(const Words& command, std::uint64_t k, std::uint64_t n) const {
    const Outcome outcome = run_program(shard(command, k, n));
    EXPECT_EQ(outcome.code, done) << outcome.err;
  }

  // In this order.
  Words merge(const std::vector<std::uint64_t>& shards, const Words& more = {}) const {
    Words words{"merge"};
    for (const std::uint64_t k : shards) words.push_back(shard_file(k));
    words.insert(words.end(), {"-o", path("all.h5")});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  static Words with_output(Words command, const std::string& output) {
    command.insert(command.end(), {"-o", output});
    return command;
  }

  std::string wide_dictionary(const std::string& name, int seed = 3) const {
    const std::string script = write("wide.py", R"(import sys, h5py, numpy
with h5py.File(sys.argv[1], "w") as f:
    f["W"] = numpy.random.default_rng(int(sys.argv[2])).normal(0, .5, (4, 2300)).astype("f4")
    f["b"] = numpy.full(2300, .1)
)");
    EXPECT_EQ(
        std::system(fmt::format("/usr/bin/python3 {} {} {}", script, path(name), seed).c_str()), 0);
    return path(name);
  }

  Words sweep(const std::string& more = "") const {
    return {"sweep", write("plan.toml",
                           "features = [3, 5]\nhidden = [1, 2]\ndensity = [0.01, 0.3]\n"
                           "importance_decay = [0.8]\nstarts = 3\n" +
                               more)};
  }
  Words train() const {
    return {"train",    "--features", "5",       "--hidden", "2",           "--sparsity", "0.9",
            "--starts", "11",         "--steps", "60",       "--snapshots", "--threads",  "1"};
  }
  Words solve() const {
    return {"thomson", "solve",    "--points", "16",       "--dimension",
            "3",       "--energy", "log",      "--starts", "13"};
  }
  Words curve() const {
    return {"approximate",  "--features", "3", "--hidden", "1",
            "--train",      "--starts",   "3", "--table",  "0.9,0.99",
            "--sparsities", "0.5:0.99:5"};
  }
  Words dictionary(const std::string& file) const {
    return {"dictionary",  file, "--density", "0.002", "--rel-tol", "1e-2",
            "--skeletons", "4",  "--threads", "2",     "--quiet"};
  }

  Words basins() const {
    return {"basins", "--features",  "2",   "--hidden", "1",  "--density",
            "0.3",    "--deviation", "0.5", "--starts", "25", "--importance-decay",
            "0.9"};
  }

  // Whole, and in n shards that are merged in any order.
  void expect_same_bits(const Words& command, std::uint64_t n) const {
    ASSERT_EQ(run_program(with_output(command, path("whole.h5"))).code, done);
    std::vector<std::uint64_t> order;
    for (std::uint64_t k = 0; k < n; ++k) {
      compute(command, k, n);
      order.insert(order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2), k);
    }
    const Outcome merged = run_program(merge(order));
    ASSERT_EQ(merged.code, done) << merged.err;
    EXPECT_THAT(merged.out, HasSubstr(fmt::format("{} of {} shards", n, n)));
    expect_same_datasets("whole.h5", "all.h5");
    // It is the run that the command without --shard goes on from.
    const Outcome again = run_program(with_output(command, path("all.h5")));
    EXPECT_EQ(again.code, done) << again.err;
    if (command.back() != "--quiet") {
      EXPECT_THAT(again.err, HasSubstr("nothing was computed"));
    }
  }
};

TEST(Shards, DealItemsOut) {
  for (const std::uint64_t n : {1u, 2u, 7u, 10u}) {
    for (const std::uint64_t total : {10u, 11u, 29u}) {
      std::vector<int> owners(total, 0);
      for (std::uint64_t k = 0; k < n; ++k) {
        const Shards one{n, {k}};
        std::uint64_t items = 0;
        for (std::uint64_t item = 0; item < total; ++item) {
          items += one.has(item);
          owners[item] += one.has(item);
        }
        EXPECT_EQ(one.items_of(total), items);
      }
      EXPECT_EQ(owners, std::vector<int>(total, 1));
    }
  }
}

TEST(Shards, AreReadAsTheyAreWritten) {
  for (const std::string text : {"3/8", "0-2,5/8", "0,2,4/6", "1-6/7"}) {
    EXPECT_EQ(parse_shards(text).text(), text);
  }
  EXPECT_EQ(ranges(parse_shards("0-2,5/8").missing()), "3-4,6-7");
  const std::string options = "a = 1\nb = \"x\"\n";
  const Shards some{8, {3, 4, 7}};
  EXPECT_EQ(shards_in(with_shards(options, some)).text(), "3-4,7/8");
  EXPECT_EQ(without_shards(with_shards(options, some)), options);
  EXPECT_EQ(with_shards(with_shards(options, some), Shards()), options);
  EXPECT_TRUE(shards_in(options).all());
  EXPECT_TRUE(shards_in("").all());
}

TEST(Shards, RefuseWhatIsNone) {
  for (const std::string text :
       {"0/0",   "5/3",    "a/b",  "3/3",   "1",     "/",
        "/3",    "1/",     "-1/3", "1/-3",  "0/3/4", "1.0/3",
        "2,1/3", "0x1/3",  " 0/3", "1-0/3", "0,0/3", "99999999999999999999/3",
        "0-1/3", "slurms", ""}) {
    EXPECT_THROW(shard_named(text), UsageError) << text;
  }
  EXPECT_EQ(shard_named("0/1").text(), "0/1");
  EXPECT_EQ(shard_named("2/3").which, std::vector<std::uint64_t>{2});
}

TEST(Shards, TakeTheTasksOfJobArrays) {
  EXPECT_THROW(shard_named("slurm"), UsageError);
  EXPECT_THROW(shard_named("slurm/8"), UsageError);
  {
    const ArrayTask task(3, 8, 0, 7);
    EXPECT_EQ(shard_named("slurm").text(), "3/8");
    EXPECT_EQ(shard_named("slurm/20").text(), "3/20");
    EXPECT_THROW(shard_named("slurm/3"), UsageError);
  }
  {
    const ArrayTask task(8, 8, 1, 8);  // numbered from 1
    EXPECT_EQ(shard_named("slurm").text(), "7/8");
  }
  {
    const ArrayTask task(7, 4, 3, 9);  // --array=3,7-9: what was missing
    EXPECT_THROW(shard_named("slurm"), UsageError);
    EXPECT_EQ(shard_named("slurm/10").text(), "7/10");
  }
  {
    const ArrayTask task(8, 2, 8, 9);
    EXPECT_THROW(shard_named("slurm"), UsageError);
  }
  ::setenv("SLURM_ARRAY_TASK_ID", "x", 1);
  EXPECT_THROW(shard_named("slurm/8"), UsageError);
  ::unsetenv("SLURM_ARRAY_TASK_ID");
}

TEST_F(ShardsOfRuns, ASweepHasTheSameBits) {
  expect_same_bits(sweep(), 3);
}
TEST_F(ShardsOfRuns, ATrainingHasTheSameBits) {
  expect_same_bits(train(), 4);
}
TEST_F(ShardsOfRuns, ASolutionHasTheSameBits) {
  expect_same_bits(solve(), 4);
}
TEST_F(ShardsOfRuns, ACurveHasTheSameBits) {
  expect_same_bits(curve(), 2);
}
TEST_F(ShardsOfRuns, BasinsHaveTheSameBits) {
  expect_same_bits(basins(), 4);
}
TEST_F(ShardsOfRuns, ADictionaryHasTheSameBits) {
  expect_same_bits(dictionary(wide_dictionary("wide.h5")), 3);
}

TEST_F(ShardsOfRuns, ASolutionHasTheSameBitsWhereverTheBestStartIs) {
  for (const std::string seed : {"2", "3", "4"}) {
    Words command{"thomson",  "solve", "--points", "20", "--dimension", "3",
                  "--starts", "6",     "--seed",   seed, "--force"};
    ASSERT_EQ(run_program(with_output(command, path("whole.h5"))).code, done);
    for (std::uint64_t k = 0; k < 3; ++k) compute(command, k, 3);
    ASSERT_EQ(run_program(merge({0, 1, 2}, {"--force"})).code, done);
    expect_same_datasets("whole.h5", "all.h5");
  }
}

// Every shard has its own file to go on from, wherever it was killed.
TEST_F(ShardsOfRuns, KilledShardsGoOnToTheSameBits) {
  for (const Words& command : {train(), sweep()}) {
    ASSERT_EQ(run_program(with_output(command, path("whole.h5"))).code, done);
    const std::uint64_t polls = polls_of(shard(command, 1, 3));
    std::filesystem::remove(shard_file(1));
    for (std::uint64_t k = 0; k < 3; ++k) {
      for (const std::uint64_t part : {4, 2}) run_and_kill(shard(command, k, 3), polls / part);
      compute(command, k, 3);
    }
    ASSERT_EQ(run_program(merge({2, 0, 1}, {"--force"})).code, done);
    expect_same_datasets("whole.h5", "all.h5");
    for (std::uint64_t k = 0; k < 3; ++k) std::filesystem::remove(shard_file(k));
    std::filesystem::remove(path("whole.h5"));
  }
}

// Item k stays where it is, so that more starts are added to each shard.
TEST_F(ShardsOfRuns, MoreStartsExtendEveryShard) {
  Words command = train();
  for (std::uint64_t k = 0; k < 2; ++k) compute(command, k, 2);
  command[8] = "14";
  ASSERT_EQ(command[7], "--starts");
  for (std::uint64_t k = 0; k < 2; ++k) compute(command, k, 2);
  ASSERT_EQ(run_program(with_output(command, path("whole.h5"))).code, done);
  ASSERT_EQ(run_program(merge({0, 1})).code, done);
  expect_same_datasets("whole.h5", "all.h5");
}

TEST_F(ShardsOfRuns, MissingShardsAreListedAndMayBeAddedLater) {
  for (const std::uint64_t k : {0, 1, 2, 4, 5, 6}) compute(train(), k, 11);
  expect_refused(merge({0, 1, 2, 4, 5, 6}), "shards 3,7-10 of 11 are missing or not finished");
  EXPECT_FALSE(exists("all.h5"));
  const Outcome some = run_program(merge({0, 1, 2, 4, 5, 6}, {"--allow-missing"}));
  EXPECT_EQ(some.code, done);
  EXPECT_THAT(some.err, HasSubstr("note: shards 3,7-10 of 11 are missing"));
  const Outcome shown = run_program({"show", path("all.h5")});
  EXPECT_THAT(shown.out, HasSubstr("shard     0-2,4-6/11, a part of the run"));
  expect_refused(with_output(train(), path("all.h5")), "its shard is 0-2,4-6/11");
  for (const std::uint64_t k : {3, 7, 8, 9, 10}) compute(train(), k, 11);
  ASSERT_EQ(run_program({"merge", shard_file(9), path("all.h5"), shard_file(3), shard_file(7),
                         shard_file(8), shard_file(10), "-o", path("late.h5")})
                .code,
            done);
  ASSERT_EQ(run_program(with_output(train(), path("whole.h5"))).code, done);
  expect_same_datasets("whole.h5", "late.h5");
}

TEST_F(ShardsOfRuns, PartsOfDictionariesAreMergedTwice) {
  const Words command = dictionary(wide_dictionary("wide.h5"));
  for (std::uint64_t k = 0; k < 4; ++k) compute(command, k, 4);
  ASSERT_EQ(run_program(merge({3, 1}, {"--allow-missing"})).code, done);
  ASSERT_EQ(
      run_program({"merge", shard_file(2), path("all.h5"), shard_file(0), "-o", path("late.h5")})
          .code,
      done);
  ASSERT_EQ(run_program(with_output(command, path("whole.h5"))).code, done);
  expect_same_datasets("whole.h5", "late.h5");
}

TEST_F(ShardsOfRuns, UnfinishedShardsAreLeftOut) {
  compute(sweep(), 0, 2);
  const std::uint64_t polls = polls_of(shard(sweep(), 1, 2));
  std::filesystem::remove(shard_file(1));
  Words slow = shard(sweep(), 1, 2);
  slow.insert(slow.end(), {"--threads", "1"});
  run_and_kill(slow, 3 * polls / 4);
  ASSERT_TRUE(exists("shard_1.h5"));
  expect_refused(merge({0, 1}), "shards 1 of 2 are missing or not finished (" + shard_file(1));
  EXPECT_EQ(run_program(merge({0, 1}, {"--allow-missing"})).code, done);
  EXPECT_EQ(storage::read_sweep(path("all.h5")).cells.size(), 4u);
}

TEST_F(ShardsOfRuns, DoubledAndForeignShardsAreRefused) {
  for (std::uint64_t k = 0; k < 2; ++k) compute(train(), k, 3);
  std::filesystem::copy(shard_file(1), path("copy.h5"));
  const auto with = [&](const std::string& other) {
    return Words{"merge", shard_file(0), shard_file(1), other, "-o", path("all.h5")};
  };
  expect_refused(with(path("copy.h5")), "both have shard 1 of 3");
  const auto foreign = [&](Words command, const std::string& why) {
    command.insert(command.end(), {"--shard", "2/3", "--force", "-o", path("other.h5")});
    ASSERT_EQ(run_program(command).code, done);
    expect_refused(with(path("other.h5")), why);
  };
  Words seed = train();
  seed.insert(seed.end(), {"--seed", "2"});
  foreign(seed, "cannot be merged with " + shard_file(0) + ": its seed is 2, not 1");
  Words starts = train();
  starts[8] = "12";
  foreign(starts, "its starts is 12, not 11");
  foreign(solve(), "it is a 'skeleta thomson solve' file");
  Words four = train();
  four.insert(four.end(), {"--shard", "2/4", "--force", "-o", path("other.h5")});
  ASSERT_EQ(run_program(four).code, done);
  expect_refused(with(path("other.h5")), "is one of 4 shards");
  ASSERT_EQ(run_program(with_output(train(), path("whole.h5"))).code, done);
  expect_refused(with(path("whole.h5")), "whole.h5 is no shard");
  expect_refused(with(write("plain.h5", "")), "plain.h5");
  EXPECT_FALSE(exists("all.h5"));
}

// The same options, but another model under the same name, or the same under another.
TEST_F(ShardsOfRuns, InputsAreComparedByContent) {
  const Words first = dictionary(wide_dictionary("wide.h5"));
  compute(first, 0, 2);
  wide_dictionary("wide.h5", 4);
  compute(first, 1, 2);
  expect_refused(merge({0, 1}), "its inputs differ in content");
  std::filesystem::remove(shard_file(1));
  compute(dictionary(wide_dictionary("moved.h5")), 1, 2);
  EXPECT_EQ(run_program(merge({0, 1})).code, done);
}

// Likewise the names of all features, of which each shard has its own alone.
TEST_F(ShardsOfRuns, NamesAreComparedByContent) {
  const auto names = [&](const std::string& file, const std::string& last) {
    std::string lines;
    for (int k = 0; k < 2299; ++k) lines += fmt::format("word {}\n", k);
    Words command = dictionary(wide_dictionary("wide.h5"));
    command.insert(command.end(), {"--names", write(file, lines + last)});
    return command;
  };
  compute(names("a.txt", "end"), 0, 2);
  compute(dictionary(wide_dictionary("wide.h5")), 1, 2);
  expect_refused(merge({0, 1}), "its features have other names, or none");
  std::filesystem::remove(shard_file(1));
  compute(names("a.txt", "END"), 1, 2);
  expect_refused(merge({0, 1}), "its features have other names, or none");
  std::filesystem::remove(shard_file(1));
  compute(names("b.txt", "end"), 1, 2);
  ASSERT_EQ(run_program(merge({0, 1})).code, done);
  ASSERT_EQ(run_program(with_output(names("a.txt", "end"), path("whole.h5"))).code, done);
  expect_same_datasets("whole.h5", "all.h5");
  // A run may go on with other names.
  EXPECT_EQ(run_program(with_output(names("a.txt", "END"), path("whole.h5"))).code, done);
}

TEST_F(ShardsOfRuns, TruncatedAndChangedShardsAreRefused) {
  for (std::uint64_t k = 0; k < 2; ++k) compute(sweep(), k, 2);
  const std::string whole = contents("shard_1.h5");
  for (const double part : {0.0, 0.3, 0.9, 0.999}) {
    write("shard_1.h5",
          whole.substr(0, static_cast<std::size_t>(part * static_cast<double>(whole.size()))));
    expect_refused(merge({0, 1}), "shard_1.h5");
    expect_refused(merge({1, 0}, {"--allow-missing"}), "shard_1.h5");
  }
  write("shard_1.h5", whole);
  write("alter.py",
        "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f: f['sweep/cell'][0] = 2\n");
  ASSERT_EQ(std::system(("/usr/bin/python3 " + path("alter.py") + " " + shard_file(1)).c_str()), 0);
  expect_refused(merge({0, 1}), "which is not of shard 1/2");
  write("alter.py",
        "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f: f['sweep/loss'][0] *= 2\n");
  write("shard_1.h5", whole);
  ASSERT_EQ(std::system(("/usr/bin/python3 " + path("alter.py") + " " + shard_file(1)).c_str()), 0);
  expect_refused(merge({0, 1}), "it has no checksum");
  write(
      "alter.py",
      "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f: f.attrs['git_sha1'] = 'f' * 40\n");
  write("shard_1.h5", whole);
  ASSERT_EQ(std::system(("/usr/bin/python3 " + path("alter.py") + " " + shard_file(1)).c_str()), 0);
  expect_refused(merge({0, 1}), "it was written by skeleta");
  EXPECT_FALSE(exists("all.h5"));
}

TEST_F(ShardsOfRuns, RefusesBadInput) {
  const auto refused = [&](Words command, const Words& more, const char* why) {
    command.insert(command.end(), more.begin(), more.end());
    expect_refused(command, why);
  };
  const Words output{"-o", path("run.h5")};
  refused(train(), {"--shard", "0/2"}, "--shard needs -o FILE.h5");
  for (const std::string bad : {"0/0", "5/3", "a/b"}) {
    refused(train(), {"--shard", bad, "-o", path("run.h5")}, "is no shard: give i/n");
  }
  refused(train(), {"--shard", "0/12", "-o", path("run.h5")}, "there are 11 starts, so that some");
  refused(sweep(), {"--shard", "0/9", "-o", path("run.h5")}, "there are 8 cells");
  refused({"approximate", "--features", "3", "--hidden", "1", "--sparsity", "0.9", "--train"},
          {"--shard", "0/2", "-o", path("run.h5")}, "--shard needs --sparsities");
  refused({"estimate", "x.h5"}, {"--shard", "0/2"}, "unknown option --shard");
  expect_refused({"merge"}, "merge needs");
  expect_refused({"merge", "-o", path("all.h5")}, "merge needs the files of shards");
  compute(sweep(), 0, 2);
  compute(sweep(), 1, 2);
  expect_refused({"merge", shard_file(0), shard_file(1)}, "-o FILE.h5");
  expect_refused({"merge", shard_file(0), shard_file(1), "-o", shard_file(1), "--force"},
                 "is one of the shards");
  write("all.h5", "mine");
  expect_refused(merge({0, 1}), "already exists");
  EXPECT_EQ(contents("all.h5"), "mine");
  EXPECT_EQ(run_program(merge({0, 1}, {"--force"})).code, done);
}

// The shard that a task has is of its run, whatever it was called.
TEST_F(ShardsOfRuns, TasksOfAnArrayAreMerged) {
  for (int k = 0; k < 3; ++k) {
    const ArrayTask task(k + 1, 3, 1, 3);
    Words command = sweep();
    command.insert(command.end(),
                   {"--shard", "slurm", "-o", shard_file(static_cast<std::uint64_t>(k))});
    ASSERT_EQ(run_program(command).code, done);
  }
  ASSERT_EQ(run_program(merge({0, 1, 2})).code, done);
  ASSERT_EQ(run_program(with_output(sweep(), path("whole.h5"))).code, done);
  expect_same_datasets("whole.h5", "all.h5");
}

TEST_F(ShardsOfRuns, AFolderIsShown) {
  expect_refused({"show", folder_}, "has no files of shards");
  compute(train(), 0, 5);
  compute(train(), 1, 5);
  compute(sweep(), 3, 4);
  const std::uint64_t polls = polls_of(shard(train(), 4, 5));
  std::filesystem::remove(shard_file(4));
  run_and_kill(shard(train(), 4, 5), 3 * polls / 4);
  write("torn.h5", contents("shard_0.h5").substr(0, 3000));
  const OutputLock running(shard_file(4), nullptr), begun(path("soon.h5"), nullptr);
  const Outcome outcome = run_program({"show", folder_});
  EXPECT_EQ(outcome.code, done);
  const bool written = exists("shard_4.h5");
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("skeleta train, 5 shards of 11 starts\nfinished  0-1\n"),
                                 HasSubstr(written ? "missing   2-3\n" : "missing   2-4\n"),
                                 HasSubstr("skeleta sweep, 4 shards of 8 cells\nfinished  3\n"),
                                 HasSubstr("missing   0-2\n"), HasSubstr("torn.h5"),
                                 HasSubstr("soon.h5: process " + std::to_string(::getpid())),
                                 Not(HasSubstr("complete"))));
  ASSERT_TRUE(written);
  EXPECT_THAT(outcome.out, HasSubstr("running   4: 1 of 2 starts, process "));
  const Json json = Json::parse(run_program({"show", folder_, "--json"}).out);
  ASSERT_EQ(json["runs"].size(), 2u);
  EXPECT_EQ(json["runs"][0]["finished"], Json::array({0, 1}));
  EXPECT_EQ(json["runs"][0]["missing"], Json::array({2, 3}));
  EXPECT_EQ(json["runs"][0]["running"][0]["shards"], Json::array({4}));
  EXPECT_EQ(json["begun"].size(), 1u);
  EXPECT_EQ(json["unreadable"].size(), 1u);
}

}  // namespace
}  // namespace skeleta::program
