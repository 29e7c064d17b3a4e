#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>

#include "errors.h"
#include "identity.h"
#include "interrupt.h"
#include "option_table.h"
#include "output_lock.h"
#include "program.h"
#include "shards.h"
#include "skeleta/core/parallel.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// Options that every computing command has.
struct CommonOptions {
  Seed seed;
  int threads = 0;
  bool json = false, quiet = false, force = false;
  std::string config, output, shard;
};

/// What a command found, and how it is written and told.
struct Findings {
  /// Into the file of -o; empty if there is nothing to store.
  std::function<void(const std::filesystem::path&, const storage::Provenance&, bool overwrite)>
      write{};
  std::function<nlohmann::ordered_json()> json{};  ///< With --json,
  std::function<void(std::ostream& out)> text{};   ///< else this, for people.
};

/// One run of a computing command: what all of them do alike. Its identity is the stored options
/// and the content of what it read; a file of the same identity is gone on from, or shown if the
/// run has ended.
class Run {
 public:
  Run(std::string filetype, std::string command_line, std::ostream& out, std::ostream& err);

  /// Adds -o and the options that all computing commands have; --shard, if it can be divided.
  void declare(OptionTable& options, bool divisible);
  /// After parsing: --config, the shard, and no more threads than the process may start.
  void prepare();

  const std::string& command_line() const { return command_line_; }
  std::ostream& out() const { return out_; }
  std::ostream& err() const { return err_; }
  bool quiet() const { return common_.quiet; }
  bool json() const { return common_.json; }
  std::uint64_t seed() const { return common_.seed.value; }
  int threads() const { return common_.threads; }
  /// Threads of all ranks together.
  int workers() const;
  bool given(const std::string& flag) const { return options_->given(flag); }
  bool output_wanted() const { return !common_.output.empty(); }
  /// Is it a part of a run, and which?
  bool divided() const { return !shards_.all(); }
  const Shards& shards() const { return shards_; }
  /// The shard of so many items, "starts" or the like; all, of a run that is not divided. Throws
  /// UsageError if some shard would have none.
  const Shards& shards_of(std::uint64_t total, const char* items) const;

  /// What it read, besides its options. Throws std::invalid_argument if another rank has read
  /// something else, or is another program.
  void identify(const Fingerprint& inputs);
  /// What it only hands on to its file, such as names: shards must agree on it, but a run may go on
  /// with another one.
  void label(const Fingerprint& labels) { labels_ = labels.text(); }
  /// Other options to store and compare than the command's own: those of a plan.
  void identify(std::string options_toml, std::uint64_t seed);

  /// What the file of -o has of an earlier run of this identity; nothing without one, or with
  /// --force. From here on the file is locked. Throws UsageError if it is one of `inputs`, cannot
  /// be made, is being written by another process, or is of another run (the first difference is
  /// told). Of several ranks the first one locks it, and all read it.
  template <class Read>
  auto earlier(Read read, const std::vector<std::string>& inputs = {})
      -> std::optional<decltype(read(std::string()))> {
    if (!earlier_there(inputs)) return std::nullopt;
    try {
      auto file = read(target_);
      compare(file.build, file.provenance);
      return file;
    } catch (const UsageError& error) {
      refuse_to_continue(error.what());
    }
  }
  /// Has that run all options in common with this one, those that may differ too?
  bool same_options() const { return same_options_; }
  /// Throws UsageError, since the file of -o cannot be gone on from.
  [[noreturn]] void refuse_to_continue(const std::string& why) const;

  /// What its file says of how it came about.
  storage::Provenance provenance() const;

  /// Results that are written and told by what the schema says of them.
  Findings findings(storage::Results results) const;

  /// From here on Ctrl-C, SIGTERM and SIGHUP call the work off, and the clock runs.
  void begin();
  /// Seconds since then, without those of writing; at the end, those that the file has.
  double seconds() const;

  /// Writes the state so far, as often as writing takes no more than a fiftieth of the time; one
  /// that fails costs a warning, not the run. Of several ranks only the first one writes and
  /// prints, here and at the end.
  void checkpoint_if_due(const Findings& findings);
  void checkpoint(const Findings& findings);

  /// The end: writes the file first, since whoever reads `out` may leave before its end
  /// (`| head -1`), then prints. Returns `code`, or ExitCode::failed if the file could not be
  /// written.
  int finish(const Findings& findings, int code);
  /// The end of a command that is typed again: prints what its file has, and says so.
  int show_again(const storage::ResultFile& file, int code);
  int finish_again(const Findings& findings, int code);

 private:
  using Clock = std::chrono::steady_clock;

  bool earlier_there(const std::vector<std::string>& inputs);
  bool lock_and_look(const std::vector<std::string>& inputs);
  void compare(const BuildInfo& build, const storage::Provenance& provenance);
  void print(const Findings& findings);
  int say_nothing_computed(int code);
  std::string options_toml() const;
  void write(const Findings& findings);

  std::string filetype_, command_line_, inputs_, labels_, plan_, target_;
  std::ostream& out_;
  std::ostream& err_;
  CommonOptions common_;
  Shards shards_;
  std::optional<std::uint64_t> plan_seed_;
  OptionTable* options_ = nullptr;
  bool overwrite_ = false, same_options_ = false, checkpoint_failed_ = false;
  std::optional<OutputLock> lock_;      // of target_
  std::optional<ThreadBudget> budget_;  // of the program
  std::optional<InterruptGuard> guard_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  Clock::duration cost_{}, spent_{};
  double waited_ = 0.0;          // for other ranks, before that
  std::optional<double> ended_;  // after so many seconds
  storage::Provenance earlier_;
};

}  // namespace skeleta::program
