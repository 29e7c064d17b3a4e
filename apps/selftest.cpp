#include "selftest.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <fstream>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "output_lock.h"
#include "skeleta/approximation/exact_loss.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/certify/polygon.h"
#include "skeleta/core/parallel.h"
#include "skeleta/core/version.h"
#include "skeleta/exact/loss.h"
#include "skeleta/sampling/stream.h"
#include "skeleta/storage/file_error.h"
#include "skeleta/storage/run_file.h"
#include "skeleta/training/train.h"

namespace skeleta::program {
namespace {

// Seven features in three dimensions whose numbers double precision has exactly.
struct Reference {
  Autoencoder model{Matrix(3, 7), Vector(7)};
  Features features{Vector(7), Vector(7)};

  // Its loss, C_0 … C_7 and gradient: sums over all 128 sets of active features in rational
  // arithmetic (tests/oracle/exact_loss.py), rounded once.
  static constexpr double loss = 0.7890965874211933;
  static constexpr std::array contributions{
      0.0031624920666217804, 0.19053075319522722,  0.31495863854096606,   0.20398394125547079,
      0.0648556217352875,    0.010712875449693965, 0.0008658590444202226, 2.640613350566036e-05};
  static constexpr std::array gradient_b{
      -0.6804922300910486, -0.035041320259378915, -0.2399853207725529, -0.3093970676904308,
      0.08816417874388134, -0.20428442256774598,  -0.22819563274493562};

  Reference() {
    for (Index j = 0; j < 7; ++j) {
      for (Index k = 0; k < 3; ++k) {
        model.W(k, j) = static_cast<double>((7 * j + 11 * k + 3) % 17 - 8) / 8.0;
      }
      model.b(j) = static_cast<double>(5 * j % 7 - 2) / 16.0;
      features.density(j) = static_cast<double>(1 + j % 3) / 8.0;
      features.importance(j) = 1.0 + static_cast<double>(j % 2) / 2.0;
    }
  }
};

// The loss of the regular pentagon's family at S = .95, the least of five features in two
// dimensions: from L-BFGS, Newton's method and PyTorch alike (data/kgon.csv has it to ten digits).
constexpr double pentagon_loss = 0.0089035937243;

void expect_near(const std::string& what, double value, double right, double error) {
  if (std::abs(value - right) <= error) return;  // a NaN is not
  throw Defect(fmt::format("{} is {}, off {} by more than {:.2g}", what, value, right, error));
}

void expect(bool condition, const std::string& otherwise) {
  if (!condition) throw Defect(otherwise);
}

// In each thread, since the processor's modes are set for each of them.
std::string arithmetic(int threads) {
  const auto right = [] {
    const volatile double one = 1.0, half_ulp = 0x1p-53, smallest = 0x1p-1022;
    const double up = one + 1.5 * half_ulp, even = one + half_ulp, down = -one - half_ulp;
    const bool nearest = up == 1.0 + 0x1p-52 && even == 1.0 && down == -1.0;
    return nearest && smallest / 4.0 > 0.0 && smallest / 4.0 * 4.0 == smallest;
  };
  const auto count = static_cast<std::size_t>(resolve_threads(threads));
  std::vector<char> answers(64 * count);
  parallel_for(answers.size(), threads, [&](std::size_t k) { answers[k] = right() ? 1 : 0; });
  for (const char answer : answers) {
    expect(answer == 1,
           "numbers are not rounded to nearest, or those below 2.2e-308 are lost: something has "
           "changed the processor's modes");
  }
  return "rounds to nearest, keeps numbers below 2.2e-308";
}

// Do as many threads run at the same time as there should be? Each waits for the others, a minute
// at most: on a busy machine the scheduler may take seconds.
std::string threads_run(int threads) {
  const int wanted = resolve_threads(threads);
  std::mutex mutex;
  std::condition_variable arrived;
  std::set<std::thread::id> seen;
  parallel_for(static_cast<std::size_t>(wanted), threads, [&](std::size_t) {
    std::unique_lock lock(mutex);
    seen.insert(std::this_thread::get_id());
    arrived.notify_all();
    arrived.wait_for(lock, std::chrono::minutes(1),
                     [&] { return static_cast<int>(seen.size()) == wanted; });
  });
  const int running = static_cast<int>(seen.size());
  expect(running == wanted, fmt::format("{} threads run where {} should", running, wanted));
  return fmt::format("{} at the same time", running);
}

std::string random_numbers() {
  // Random123's tests/kat_vectors, "philox4x64 10", all words 0.
  constexpr std::array<std::uint64_t, 4> right{0x16554d9eca36314c, 0xdb20fe9d672d0fdc,
                                               0xd7e772cee186176b, 0x7e68b68aec7ba23b};
  sampling::PointStream stream({.seed = 0, .purpose = sampling::Purpose{0}}, 0);
  for (const std::uint64_t word : right) {
    expect(stream.word() == word, "Philox4x64 does not give its published numbers");
  }
  return "those that Random123 publishes";
}

// At both kinds of error control, which have loops of their own.
std::string exact_losses(int threads) {
  const Reference reference;
  double worst = 0.0;
  for (const auto control : {exact::ErrorControl::rigorous, exact::ErrorControl::estimated}) {
    exact::Options options;
    options.relative_target = 1e-11;
    options.error_control = control;
    options.threads = threads;
    const auto loss = exact::skeleton_loss(reference.model, reference.features, options);
    expect(loss.stop_reason == StopReason::exact, "the exact loss does not reach its target");
    expect_near("the exact loss", loss.value, reference.loss, loss.error_bound);
    for (const SkeletonPart& part : loss.skeletons) {
      expect_near(fmt::format("the loss on Q{}", part.l), part.contribution,
                  reference.contributions[static_cast<std::size_t>(part.l)], loss.error_bound);
    }
    worst = std::max(worst, std::abs(loss.value - reference.loss) / reference.loss);
  }
  return fmt::format("off by {:.1g} of the loss, within the bounds", worst);
}

std::string gradients(int threads) {
  const Reference reference;
  exact::Options options;
  options.gradient_target = 1e-9;
  options.threads = threads;
  const auto result = exact::loss_and_gradient(reference.model, reference.features, options);
  double worst = 0.0;
  for (Index i = 0; i < 7; ++i) {
    const double right = reference.gradient_b[static_cast<std::size_t>(i)];
    expect_near(fmt::format("the derivative by threshold {}", i), result.db(i), right,
                result.loss.gradient_error);
    worst = std::max(worst, std::abs(result.db(i) - right));
  }
  return fmt::format("off by {:.1g}, within the error", worst);
}

// Every method: the interval of six standard errors, and the same bits for one thread and for all.
std::string samples(int threads) {
  const Reference reference;
  double farthest = 0.0;
  for (const estimate::MethodInfo& method : estimate::methods()) {
    const auto sample = [&](int with) {
      estimate::Options options;
      options.method = method.method;
      options.samples = 200'000;
      options.threads = with;
      return approximation::sampled_loss(reference.model, reference.features, options).loss;
    };
    const auto loss = sample(threads);
    const double distance = (loss.value - reference.loss) / loss.standard_error;
    expect(std::abs(distance) <= 6.0,
           fmt::format("method {} gives {}, {:.1f} standard errors off {}", method.name, loss.value,
                       distance, reference.loss));
    expect(sample(1).value == loss.value,
           fmt::format("method {} gives other bits with one thread", method.name));
    farthest = std::max(farthest, std::abs(distance));
  }
  return fmt::format("{} methods, at most {:.1f} standard errors off; any threads, same bits",
                     estimate::methods().size(), farthest);
}

std::string minima(int threads) {
  training::Options options;
  options.starts = 10;
  options.threads = threads;
  const auto training = training::train(Features::uniform(5, 0.05), 2, options);
  expect(training.best() != nullptr, "no start of training ends");
  const double loss = training.best()->loss.value;
  expect_near("the best loss of five features", loss, pentagon_loss, 1e-11);
  return fmt::format("ten starts find the pentagon, loss {:.13f}", loss);
}

std::string proofs(int threads) {
  const auto proof = certify::prove_polygon(5, threads);
  const auto flaw = certify::check(proof, threads);
  expect(!flaw, fmt::format("the pentagon's proof fails{}", flaw ? ": " + flaw->cause : ""));
  return fmt::format("the pentagon's has {} boxes", proof.boxes());
}

std::string damaged(std::string bytes) {
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  return bytes;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A folder of its own, gone at the end.
class Scratch {
 public:
  explicit Scratch(const std::filesystem::path& folder) {
    std::string pattern = (folder / "skeleta-selftest-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw Defect(fmt::format("no folder can be made in {}", folder.string()));
    }
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string files(const std::filesystem::path& folder) {
  const Reference reference;
  const auto exact = approximation::exact_loss(reference.model, reference.features, {});
  storage::EstimateRun run{reference.model, reference.features, 0, "exact", "gram",
                           exact.loss,      exact.one_sparse};
  const Scratch scratch(folder);
  const auto file = scratch.path() / "run.h5", copy = scratch.path() / "damaged.h5";
  storage::write_estimate(file, {}, {run}, false);
  const auto read = storage::read_run(file).estimates.at(0);
  expect(read.model.W == run.model.W && read.loss.value == run.loss.value,
         "a file gives back other numbers than were written");
  std::ofstream(copy, std::ios::binary) << damaged(bytes_of(file));
  bool noticed = true;
  try {
    noticed = !storage::read_run(copy).provenance.sealed;
  } catch (const storage::FileError&) {
  }
  expect(noticed, "a damaged file is taken for a sound one");
  std::ostringstream notes;
  const OutputLock lock(file.string(), &notes);
  expect(notes.str().empty(), notes.str());
  expect(writer_of(file.string()).has_value(), "locks on files do not hold");
  return fmt::format("written, read, locked in {}; damage is noticed", folder.string());
}

std::string clocks() {
  using Steady = std::chrono::steady_clock;
  const auto start = Steady::now();
  auto last = start, now = start;
  auto step = Steady::duration::max();
  for (int k = 0; k < 100'000; ++k, last = now) {
    now = Steady::now();
    expect(now >= last, "the monotonic clock goes back");
    if (now > last) step = std::min(step, now - last);
  }
  const double resolution = std::chrono::duration<double>(step).count();
  expect(resolution < 1e-3, "the monotonic clock has no milliseconds");
  const auto year = std::chrono::year_month_day(
                        std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()))
                        .year();
  expect(int(year) >= 2025, fmt::format("the date is of the year {}", int(year)));
  return fmt::format("steps of {:.0f} ns", 1e9 * resolution);
}

std::string first_line_with(const std::string& path, const std::string& word) {
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with(word) && colon != std::string::npos) {
      const std::size_t value = line.find_first_not_of(" \t", colon + 1);
      return value == std::string::npos ? "" : line.substr(value);
    }
  }
  return "unknown";
}

}  // namespace

std::vector<Check> checks(const std::filesystem::path& folder, int threads) {
  return {{"arithmetic", [=] { return arithmetic(threads); }},
          {"threads", [=] { return threads_run(threads); }},
          {"random", random_numbers},
          {"loss", [=] { return exact_losses(threads); }},
          {"gradient", [=] { return gradients(threads); }},
          {"samples", [=] { return samples(threads); }},
          {"training", [=] { return minima(threads); }},
          {"proof", [=] { return proofs(threads); }},
          {"files", [=] { return files(folder); }},
          {"clock", clocks}};
}

std::vector<std::pair<std::string, std::string>> machine(const std::filesystem::path& folder) {
  const BuildInfo build = build_info();
  utsname system{};
  ::uname(&system);
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return {{"skeleta", build.version + ", commit " + build.git_sha1},
          {"compiler", build.compiler + " (" + build.build + ")"},
          {"libraries", build.libraries},
          {"processor",
           fmt::format("{}, {} for this process", first_line_with("/proc/cpuinfo", "model name"),
                       resolve_threads(0))},
          {"memory", first_line_with("/proc/meminfo", "MemTotal") + ", available " +
                         first_line_with("/proc/meminfo", "MemAvailable")},
          {"system", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
          {"folder", fmt::format("{}, {:.1f} GB free", folder.string(),
                                 error ? std::numeric_limits<double>::quiet_NaN()
                                       : 1e-9 * static_cast<double>(space.available))}};
}

}  // namespace skeleta::program
