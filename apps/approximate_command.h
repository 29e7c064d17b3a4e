#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "approximation_report.h"
#include "checkpoint_clock.h"
#include "common_options.h"
#include "progress_display.h"
#include "result_output.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/relu_autoencoder.h"

namespace skeleta::program {

/// `skeleta approximate`: how good it is to see only few active features.
class ApproximateCommand {
 public:
  explicit ApproximateCommand(CLI::App& program);

  bool chosen() const { return command_->parsed(); }

  /// Returns the exit code.
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  struct Flags {
    std::string model, instance = "0", table, sparsities;
    std::optional<Index> features, hidden, k, k_max;
    std::optional<double> sparsity, density, importance;
    double epsilon = 0.01;
    bool train = false, certify = false;
    std::uint64_t starts = 20, max_boxes = bounds::CertifyOptions{}.max_boxes;
    double relative_gap = bounds::CertifyOptions{}.relative_gap;
  };

  // What the command works on.
  struct Setting {
    Features features;  ///< Of density 0 unless has_density.
    bool has_density = false;
    std::optional<Index> hidden;
    std::vector<ReluAutoencoder> models;  ///< Of the file; none without one.
    std::vector<Index> instances;
  };

  void refuse_lonely_flags() const;
  Setting resolve_setting() const;
  Setting setting_of_model() const;
  Setting setting_of_flags() const;
  void check(const Setting& setting) const;
  Index k_max(Index features, Index usual) const;

  training::CertificateOptions training_options(Index most) const;
  std::string title(const Setting& setting, std::optional<Index> instance) const;
  ApproximationReport of_law(const Setting& setting) const;
  void add_model(const Setting& setting, Index instance, ApproximationReport& report) const;
  void add_certificate(const Setting& setting, ProgressDisplay& display,
                       ApproximationReport& report) const;
  void add_curve(const Setting& setting, ProgressDisplay& display,
                 ApproximationReport& report) const;
  // Goes on from `earlier`; calls `save` now and then, with the state so far in the report.
  void add_certified(const Setting& setting, const std::optional<bounds::CertifiedMinimum>& earlier,
                     ProgressDisplay& display, ApproximationReport& report, CheckpointClock& clock,
                     const std::function<void()>& save) const;
  void print(const std::vector<ApproximationReport>& reports, std::ostream& out) const;
  void write(const storage::Results& results, const std::string& command_line);

  CLI::App* command_;
  CommonOptions common_;
  Flags flags_;
  ResultOutput output_;
  std::vector<double> table_, sparsities_;
};

}  // namespace skeleta::program
