#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <optional>
#include <string>

#include "common_options.h"
#include "skeleta/estimate/integrate.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// `skeleta estimate MODEL.h5`: the loss of a trained model, skeleton by skeleton.
class EstimateCommand {
 public:
  explicit EstimateCommand(CLI::App& program);

  bool chosen() const { return command_->parsed(); }

  /// Returns the exit code. `command_line` is stored in the output file.
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  struct Flags {
    std::string model, method = "stratified", instance = "0", output;
    std::uint64_t samples = 0, max_samples = estimate::Options{}.max_samples;
    std::optional<double> relative_tolerance, absolute_tolerance;
    std::optional<double> sparsity, density, importance;
    double confidence = estimate::Options{}.confidence;
    bool force = false, allow_wide = false;
  };

  estimate::Options estimate_options() const;
  std::string options_toml() const;
  storage::EstimateRun estimate(const ReluAutoencoder& model, const Features& features,
                                Index instance, const estimate::Options& options) const;
  int report(const std::vector<storage::EstimateRun>& runs, std::size_t instances, int threads,
             std::ostream& out, std::ostream& err) const;

  CLI::App* command_;
  CommonOptions common_;
  Flags flags_;
};

}  // namespace skeleta::program
