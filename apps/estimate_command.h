#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "common_options.h"
#include "earlier_run.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/estimate/integrate.h"
#include "skeleta/exact/loss.h"
#include "skeleta/storage/model_file.h"
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
    std::uint64_t samples = 0, max_samples = estimate::Options{}.max_samples, max_nodes = 0;
    std::string error_control = "rigorous";
    std::optional<Index> skeletons;
    bool check = false;
    std::optional<double> relative_tolerance, absolute_tolerance, max_seconds;
    double checkpoint_seconds = estimate::Options{}.checkpoint_seconds;
    int replicates = estimate::Options{}.replicates;
    std::string precision = "float64";
    std::optional<double> sparsity, density, importance;
    double confidence = estimate::Options{}.confidence;
    bool force = false, allow_wide = false;
  };

  // An estimate and, with --check, the exact loss, or why there is none.
  struct Result {
    storage::EstimateRun run;
    std::optional<exact::Loss> exact;
    std::vector<estimate::Foreseen> foreseen{};  // --method auto
    double exact_seconds = 0.0;
    std::string check_failure{};
  };

  bool exact() const { return flags_.method == "exact"; }
  void refuse_flags_of_other_methods() const;
  estimate::Options estimate_options() const;
  exact::Options exact_options() const;
  struct Targets {
    double relative = 0.0, absolute = 0.0;
  };
  Targets resolve_targets(double default_relative) const;
  std::string options_toml() const;
  // Stores a result so far.
  using Save = std::function<void(const storage::EstimateRun&)>;

  std::optional<EarlierRun> earlier_run(const std::string& output, const storage::ModelFile& file,
                                        const Features& features,
                                        const std::vector<Index>& instances) const;
  void check(Result& result) const;  // adds the exact loss
  void announce(const estimate::Foreseen& foreseen, std::ostream& err) const;
  Result exact_result(const ReluAutoencoder& model, const Features& features, Index instance) const;
  Result sampled_result(const ReluAutoencoder& model, const Features& features, Index instance,
                        const estimate::Options& options, const storage::EstimateRun* earlier,
                        const Save& save) const;
  int code(const Result& result) const;
  void print(const std::vector<Result>& results, std::size_t instances, int threads,
             std::ostream& out) const;
  // What the run file and the table call the exact method's inner part.
  std::string contour_kernel() const {
    return flags_.error_control == "rigorous" ? "contour" : "contour-estimated";
  }

  CLI::App* command_;
  CommonOptions common_;
  Flags flags_;
};

}  // namespace skeleta::program
