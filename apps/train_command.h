#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <optional>
#include <string>

#include "common_options.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/training_file.h"
#include "skeleta/training/train.h"
#include "training_options.h"

namespace skeleta::program {

/// `skeleta train`: minimises the loss from many starts.
class TrainCommand {
 public:
  explicit TrainCommand(CLI::App& program);

  bool chosen() const { return command_->parsed(); }

  /// Returns the exit code. `command_line` is stored in the output file.
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  struct Flags {
    std::uint64_t features = 0, hidden = 0;
    std::optional<double> sparsity, density, importance, importance_decay;
    std::string init = "xavier", model = "relu", output;
    std::uint64_t record_every = training::Options{}.record_every;
    bool snapshots = false, force = false, allow_wide = false;
  };

  // What is trained, after all flags and files.
  struct Task {
    Features features;
    Index hidden = 0;
    training::Options options;
  };

  Task task() const;
  Features features(const std::optional<storage::ModelFile>& file) const;
  std::string options_toml(const Task& task) const;
  std::optional<storage::TrainingRun> earlier_run(const std::string& output,
                                                  const std::string& options) const;
  int exit_code(const storage::TrainingRun& run, const Task& task) const;

  CLI::App* command_;
  CommonOptions common_;
  TrainingWords words_;
  Flags flags_;
};

}  // namespace skeleta::program
