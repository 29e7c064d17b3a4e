// How a run ends before it is done, and what is left of it then.
#include <fcntl.h>
#include <sys/resource.h>

#include <csignal>
#include <iostream>

#include "apps/workplace.h"
#include "interrupt.h"
#include "skeleta/approximation/skeleton_bound.h"
#include "skeleta/bounds/loss_tail.h"
#include "skeleta/certify/certified_minimum.h"
#include "skeleta/exact/loss.h"
#include "skeleta/exact/low_skeletons.h"
#include "skeleta/geometry/coherence.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/storage/run_file.h"
#include "skeleta/storage/sweep_file.h"
#include "skeleta/thomson/solve.h"

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

const std::string data = SKELETA_SOURCE_DIR "/data/trained/";
const std::string pentagon = data + "n5_m2_S0.95.h5";
const std::string eighty = data + "n80_m20_S0.98.h5";

using Ending = Workplace;

// The exit code of a child, or -1 if a signal ended it.
int exit_code_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Interrupt, TheGuardCallsWorkOffAndTellsTheSignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    {
      const InterruptGuard guard;
      EXPECT_NO_THROW(poll());
      EXPECT_EQ(InterruptGuard::signal(), 0);
      std::raise(signal);
      EXPECT_EQ(InterruptGuard::signal(), signal);
      EXPECT_THROW(poll(), Interrupted);
      struct sigaction now {};
      ::sigaction(signal, nullptr, &now);
      EXPECT_EQ(now.sa_handler, SIG_DFL);  // a second one ends the program
    }
    EXPECT_NO_THROW(poll());
  }
  EXPECT_EQ(stopped_code(SIGINT), 130);
  EXPECT_EQ(stopped_code(SIGTERM), 143);
  EXPECT_EQ(stopped_code(SIGHUP), 129);
}

TEST(Interrupt, NohupIsRespected) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGHUP);
    EXPECT_FALSE(InterruptGuard::requested());
  }
  std::signal(SIGHUP, before);
}

// Also where two guards are there, as of commands of two threads.
TEST(Interrupt, AForkDoesWhatWasDoneBefore) {
  const InterruptGuard one, two;
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    std::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

// A sampling run that would take years is stopped as soon as there is a checkpoint.
TEST_F(Ending, SignalsLeaveACheckpoint) {
  for (const auto& [signal, code, name] :
       {std::tuple{SIGINT, 130, "SIGINT"}, {SIGTERM, 143, "SIGTERM"}, {SIGHUP, 129, "SIGHUP"}}) {
    const std::string file = fmt::format("run{}.h5", code);
    const pid_t child = ::fork();
    if (child == 0) {
      const Outcome outcome =
          run_program({"estimate", eighty, "--method", "plain", "--samples", "1e15", "--threads",
                       "1", "--checkpoint-seconds", "0", "-o", path(file)});
      write("out", outcome.out);
      write("err", outcome.err);
      ::_exit(outcome.code);
    }
    ASSERT_TRUE(wait_for(file, child));
    ::kill(child, signal);
    EXPECT_EQ(exit_code_of(child), code);
    EXPECT_THAT(contents("err"), HasSubstr(std::string("stopped by ") + name));
    EXPECT_THAT(contents("out"), HasSubstr("interrupted"));
    const auto run = storage::read_run(path(file)).estimates.front();
    EXPECT_EQ(run.loss.stop_reason, StopReason::interrupted);
    EXPECT_FALSE(run.state.strata.empty());
  }
}

// Called off at any moment: in the bounds, the closed forms, the pilots, the rounds.
TEST_F(Ending, EstimateListensFromTheFirstMomentOn) {
  for (const std::string method : {"stratified", "auto", "plain", "exact"}) {
    const std::vector<std::string> arguments{"estimate", eighty, "--method", method, "--json"};
    const std::uint64_t polls = polls_of(arguments);
    EXPECT_GT(polls, 40u) << method;
    for (const std::uint64_t at : {std::uint64_t{1}, std::uint64_t{2}, polls / 10, polls / 2}) {
      const Outcome outcome = run_called_off(arguments, at);
      EXPECT_EQ(outcome.code, interrupted) << method << ", poll " << at;
      if (!outcome.out.empty()) {
        EXPECT_EQ(Json::parse(outcome.out)["stop_reason"], "interrupted");
      }
    }
  }
}

TEST_F(Ending, EveryLongCommandListens) {
  const std::string plan =
      write("plan.toml", "features = [4, 5]\nhidden = [2]\ndensity = [0.1]\nstarts = 3\n");
  const std::vector<std::vector<std::string>> commands{
      {"train", "--features", "6", "--hidden", "2", "--density", "0.1", "--starts", "3"},
      {"train", "--features", "6", "--hidden", "2", "--density", "0.1", "--starts", "2",
       "--objective", "sampled", "--steps", "300", "--batch", "64"},
      {"sweep", plan},
      {"approximate", pentagon},
      {"approximate", "--features", "4", "--hidden", "2", "--density", "0.1", "--train", "--starts",
       "3"},
      {"thomson", "solve", "--points", "30", "--dimension", "4", "--starts", "5"},
      {"linear", "flow", "--eigenvalues", "3,2,1", "--hidden", "2"},
      {"linear", "moments", "--features", "30", "--density", "0.1", "--samples", "1e6"}};
  for (const std::vector<std::string>& arguments : commands) {
    const std::string name = arguments[0] + " " + arguments[1];
    const std::uint64_t polls = polls_of(arguments);
    for (const std::uint64_t at : {std::uint64_t{1}, polls / 10 + 1, polls / 2}) {
      const Outcome outcome = run_called_off(arguments, at);
      EXPECT_EQ(outcome.code, interrupted) << name << ", poll " << at << " of " << polls;
      EXPECT_THAT(outcome.err, HasSubstr("stopped by")) << name;
    }
  }
}

// So that no signal waits for long, whatever the size: what costs D² asks D times.
TEST(Interrupt, LongPhasesAskOften) {
  const auto polls_in = [](const std::function<void()>& work) {
    std::atomic<std::uint64_t> polls = 0;
    const CancelScope scope([&] {
      ++polls;
      return false;
    });
    work();
    return polls.load();
  };
  const Index D = 640;
  const Autoencoder model{Matrix::Random(4, D), Vector::Zero(D)};
  Features features = Features::uniform(D, 0.01);
  features.density = Vector::LinSpaced(D, 0.005, 0.02);
  EXPECT_GE(polls_in([&] { ActiveCount{features.density}; }), 640u);
  EXPECT_GE(polls_in([&] { bounds::LossTail(model, features, 2); }), 10u + 640u);
  EXPECT_GE(polls_in([&] { approximation::contribution_bounds(model, features, 3, 2); }), 640u);
  const Autoencoder small{Matrix::Random(4, 100), Vector::Zero(100)};
  const Features few = Features::uniform(100, 0.01);
  EXPECT_GE(polls_in([&] { exact::skeleton_part(small, few, 2, 2); }), 100u);
  exact::Options coarse;
  coarse.relative_target = 1e-2;
  EXPECT_GE(polls_in([&] { exact::loss(model, features, coarse); }), 640u);
  EXPECT_GE(polls_in([&] { geometry::coherence(model.W); }), 5u);
  EXPECT_GE(polls_in([&] { thomson::solve(thomson::coulomb, 50, 3, {.starts = 1}); }), 20u * 49u);
  const auto boxes = [&] {
    const auto found = certify::certify_minimum(Features::uniform(2, 0.1), 1, {});
    EXPECT_GT(found.boxes, 100u);
  };
  EXPECT_GE(polls_in(boxes), 100u);
}

// As `skeleta estimate ... -o run.h5 | head -1`.
TEST_F(Ending, AReaderThatLeavesCostsNoFile) {
  const pid_t child = ::fork();
  if (child == 0) {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(99);
    ::close(ends[0]);  // nobody reads
    ::dup2(ends[1], STDOUT_FILENO);
    std::signal(SIGPIPE, SIG_IGN);  // as main() does
    std::ostringstream err;
    const int code = run({"estimate", pentagon, "-o", path("run.h5")}, std::cout, err);
    write("err", err.str());
    ::_exit(code);
  }
  EXPECT_EQ(exit_code_of(child), reader_left);
  EXPECT_THAT(contents("err"), HasSubstr("the reader of standard output left"));
  EXPECT_EQ(storage::read_run(path("run.h5")).estimates.front().loss.stop_reason,
            StopReason::exact);
}

// No file can grow beyond a page: checkpoints fail, the run goes on, and is told at its end.
TEST_F(Ending, FailingCheckpointsCostNoResult) {
  const std::string plan =
      write("plan.toml", "features = [3]\nhidden = [1, 2]\ndensity = [0.1]\nstarts = 2\n");
  const std::vector<std::vector<std::string>> commands{
      {"estimate", eighty, "--method", "plain", "--samples", "1e6", "--checkpoint-seconds", "0"},
      {"train", "--features", "3", "--hidden", "1", "--density", "0.1", "--starts", "3"},
      {"sweep", plan},
      {"approximate", "--features", "2", "--hidden", "1", "--density", "0.1", "--certify"}};
  for (std::vector<std::string> arguments : commands) {
    const std::string name = arguments[0];
    arguments.insert(arguments.end(), {"--threads", "1", "-o", path("full.h5")});
    std::ofstream(path("out")) << std::string(3000, ' ');
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit before{RLIM_INFINITY, RLIM_INFINITY}, limit{4096, RLIM_INFINITY};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const Outcome outcome = run_program(arguments);
      ::setrlimit(RLIMIT_FSIZE, &before);
      write("out", outcome.out);
      write("err", outcome.err);
      ::_exit(outcome.code);
    }
    EXPECT_EQ(exit_code_of(child), failed) << name;
    EXPECT_THAT(contents("out"), HasSubstr("loss")) << name;
    EXPECT_THAT(contents("err"), AllOf(HasSubstr("no checkpoint: "), HasSubstr("the run goes on"),
                                       HasSubstr("full.h5")))
        << name;
    const std::string err = contents("err");
    EXPECT_EQ(err.find("no checkpoint"), err.rfind("no checkpoint")) << "said once";
    EXPECT_FALSE(exists("full.h5")) << name;
  }
}

// Its loss is known, but not to the hundredth of a standard error that a check needs.
TEST_F(Ending, ACheckThatFailsCostsNoEstimate) {
  write("make.py", R"(import sys, h5py
with h5py.File(sys.argv[1], 'w') as f:
    f['W'] = [[1e4] * 3]
    f['b'] = [2.9e8] * 3
    f['density'] = [1.0] * 3
)");
  ASSERT_EQ(std::system(("/usr/bin/python3 " + path("make.py") + " " + path("model.h5")).c_str()),
            0);
  const std::vector<std::string> arguments{
      "estimate", path("model.h5"), "--check", "--samples", "2000", "-o", path("run.h5")};
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.code, failed);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("loss      "), HasSubstr("no check: ")));
  EXPECT_THAT(outcome.err, HasSubstr("below what double precision can reach"));
  EXPECT_EQ(storage::read_run(path("run.h5")).estimates.front().loss.samples, 2000u);
  const Outcome json =
      run_program({"estimate", path("model.h5"), "--check", "--samples", "2000", "--json"});
  EXPECT_EQ(json.code, failed);
  EXPECT_THAT(Json::parse(json.out)["check"]["failure"],
              HasSubstr("below what double precision can reach"));
  EXPECT_GT(Json::parse(json.out)["loss"]["value"], 0.0);
}

TEST_F(Ending, EmptyValuesAreRefused) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"estimate", pentagon, "-o", ""},
        {"train", "--features", "2", "--hidden", "1", "--density", "0.1", "-o", ""},
        {"thomson", "solve", "--points", "4", "--dimension", "3", "-o", ""},
        {"approximate", pentagon, "-o", ""},
        {"linear", "critical-points", "--eigenvalues", "2,1", "--hidden", "1", "-o", ""},
        {"view", pentagon, "-o", ""}}) {
    expect_refused(arguments, "-o needs the name of a file");
  }
  expect_refused({"estimate", pentagon, "--config", ""}, "--config needs the name of a file");
  expect_refused({"estimate", pentagon, "--instance", ""}, "--instance needs a value");
  const std::string config = write("empty.toml", "output = \"\"\n");
  expect_refused({"estimate", pentagon, "--config", config}, "-o needs the name of a file");
}

TEST_F(Ending, FoldersAreNoFilesOfOptions) {
  expect_refused({"estimate", pentagon, "--config", folder_}, "is a folder, not a TOML file");
  expect_refused({"sweep", folder_}, "is a folder, not a TOML file");
}

TEST_F(Ending, AbsurdNumbersOfThreadsAreRefused) {
  for (const std::string threads : {"1e9", "1000000000", "99999999999999999999", "4097", "-1"}) {
    expect_refused({"estimate", pentagon, "--threads", threads},
                   "'" + threads + "' is not a whole number from 0 to 4096");
  }
}

// As under `ulimit -u`; root is exempt, so it becomes nobody.
TEST_F(Ending, FewerThreadsThanAskedForAreTold) {
  std::filesystem::permissions(folder_, std::filesystem::perms::all);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (::getuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(77);
    // One process more, which reads the model, but no threads.
    const rlimit none{2, 2};
    ::setrlimit(RLIMIT_NPROC, &none);
    const Outcome outcome = run_program({"estimate", pentagon, "--threads", "64"});
    write("err", outcome.err);
    ::_exit(outcome.code);
  }
  const int code = exit_code_of(child);
  if (code == 77) GTEST_SKIP() << "may not become another user";
  EXPECT_EQ(code, done);
  EXPECT_THAT(contents("err"), HasSubstr("this process may not start 64 threads"));
}

TEST_F(Ending, CenturiesAreRefusedUnlessThereIsALimit) {
  const auto estimate = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"estimate", eighty, "--threads", "1"});
    return more;
  };
  expect_refused(estimate({"--rel-tol", "1e-300", "--method", "stratified"}),
                 "years: ask for less");
  expect_refused(estimate({"--rel-tol", "1e-300"}), "below what double precision can reach");
  expect_refused(estimate({"--rel-tol", "1e-14", "--method", "plain"}), "years: ask for less");
  const Outcome limited = run_program(estimate({"--rel-tol", "1e-300", "--max-seconds", "0.01"}));
  EXPECT_EQ(limited.code, precision_missed);
  EXPECT_THAT(limited.err, AllOf(HasSubstr("note: "), HasSubstr("stopped before")));
  const Outcome counted = run_program(estimate({"--rel-tol", "1e-300", "--max-samples", "1e5"}));
  EXPECT_EQ(counted.code, precision_missed);
  const Outcome years = run_program(estimate({"--samples", "1e15", "--max-seconds", "0.01"}));
  EXPECT_THAT(years.err, AllOf(HasSubstr("note: 1e+15 samples take some "), HasSubstr("years")));
  EXPECT_EQ(run_program(estimate({"--rel-tol", "1e-2"})).err.find("note:"), std::string::npos);
  expect_refused({"thomson", "solve", "--points", "12", "--dimension", "3", "--starts", "1e15"},
                 "years: take fewer --starts");
  expect_refused(
      {"train", "--features", "5", "--hidden", "2", "--density", "0.1", "--starts", "1e15"},
      "kept in memory");
  expect_refused({"train", "--features", "5", "--hidden", "2", "--density", "0.1", "--objective",
                  "sampled", "--steps", "1e15"},
                 "years: take fewer --starts or --steps");
  const std::string plan = write("plan.toml",
                                 "features = [5]\nhidden = [2]\ndensity = [0.1]\n"
                                 "optimizer = \"adam\"\nsteps = 1e15\n");
  expect_refused({"sweep", plan}, "years: take fewer cells, starts or steps");
  expect_refused({"approximate", "--features", "5", "--hidden", "2", "--density", "0.1", "--train",
                  "--starts", "1e15"},
                 "kept in memory");
}

// Flags win over the plan; seeds have 64 bits everywhere.
TEST_F(Ending, SeedsOf64BitsComeBack) {
  const std::string most = "18446744073709551615";
  const std::string rest = "features = [3]\nhidden = [1]\ndensity = [0.1]\nstarts = 1\n";
  const std::string plan = write("plan.toml", rest + "seed = [5, 6]\n");
  const std::string quoted = write("quoted.toml", rest + "seed = \"" + most + "\"\n");
  ASSERT_EQ(run_program({"sweep", plan, "-o", path("plan.h5")}).code, done);
  EXPECT_EQ(storage::read_sweep(path("plan.h5")).cells.back().cell.seed, 6u);
  ASSERT_EQ(run_program({"sweep", plan, "--seed", most, "-o", path("flag.h5")}).code, done);
  const auto cells = storage::read_sweep(path("flag.h5")).cells;
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_EQ(cells[0].cell.seed, ~std::uint64_t{0});
  EXPECT_THAT(run_program({"show", path("flag.h5"), "--json"}).out, HasSubstr(most));
  // The same sweep, typed otherwise, continues it; another seed does not.
  EXPECT_EQ(run_program({"sweep", quoted, "-o", path("flag.h5")}).code, done);
  expect_refused({"sweep", plan, "--seed", "9223372036854775808", "-o", path("flag.h5")},
                 "its seed is");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"estimate", pentagon},
        {"train", "--features", "3", "--hidden", "1", "--density", "0.1", "--starts", "1"},
        {"thomson", "solve", "--points", "4", "--dimension", "3", "--starts", "1"}}) {
    std::vector<std::string> seeded = arguments;
    seeded.insert(seeded.end(), {"--seed", most, "--force", "-o", path("run.h5")});
    ASSERT_EQ(run_program(seeded).code, done);
    EXPECT_THAT(run_program({"show", path("run.h5")}).out, HasSubstr("seed      " + most));
  }
}

// A sweep whose weights were damaged is refused, and stays as it is.
TEST_F(Ending, ASweepWithInfiniteWeightsIsRefusedUntouched) {
  const std::string plan =
      write("plan.toml", "features = [3]\nhidden = [1]\ndensity = [0.1]\nstarts = 1\n");
  ASSERT_EQ(run_program({"sweep", plan, "-o", path("run.h5")}).code, done);
  write(
      "damage.py",
      "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f: f['sweep/W'][0] = float('inf')\n");
  ASSERT_EQ(std::system(("/usr/bin/python3 " + path("damage.py") + " " + path("run.h5")).c_str()),
            0);
  const std::string before = contents("run.h5");
  expect_refused({"sweep", plan, "-o", path("run.h5")}, "not finite");
  EXPECT_EQ(contents("run.h5"), before);
  expect_refused({"show", path("run.h5")}, "not finite");
}

}  // namespace
}  // namespace skeleta::program
