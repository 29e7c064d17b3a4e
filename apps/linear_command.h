#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "common_options.h"
#include "linear_report.h"
#include "result_output.h"
#include "skeleta/linear/spectrum.h"

namespace skeleta::program {

/// Where the second moment Σ of the linear model comes from.
class SigmaOptions {
 public:
  void add(CLI::App& command);
  /// Σ = UΛUᵀ, with a note on `err` if rounding of a file was mended. Throws UsageError unless
  /// exactly one source is given and valid.
  linear::Spectrum spectrum(std::ostream& err) const;

 private:
  std::string eigenvalues_, file_;
  std::uint64_t features_ = 0;
  std::optional<double> sparsity_;
};

/// `skeleta linear critical-points`: Proposition 1 for one Σ.
class CriticalPointsCommand {
 public:
  explicit CriticalPointsCommand(CLI::App& parent);
  bool chosen() const { return command_->parsed(); }
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  CLI::App* command_;
  CommonOptions common_;
  SigmaOptions sigma_;
  ResultOutput output_;
  std::uint64_t hidden_ = 0;
  std::string model_;
};

/// `skeleta linear flow`: how the linear model learns.
class LinearFlowCommand {
 public:
  explicit LinearFlowCommand(CLI::App& parent);
  bool chosen() const { return command_->parsed(); }
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  FlowRun untied(const Matrix& W, const Matrix& Sigma, const linear::Spectrum& spectrum) const;
  FlowRun tied(linear::TiedRule rule, Matrix W, const Matrix& Sigma,
               const linear::Spectrum& spectrum) const;
  Matrix start(const linear::Spectrum& spectrum) const;
  std::vector<double> times(const linear::Spectrum& spectrum) const;

  CLI::App* command_;
  CommonOptions common_;
  SigmaOptions sigma_;
  ResultOutput output_;
  std::uint64_t hidden_ = 0, points_ = 201;
  std::string rule_ = "all";
  double scale_ = 1e-3, tolerance_ = 1e-10;
  std::optional<double> time_;
  bool aligned_ = false;
  std::vector<double> times_;
};

/// `skeleta linear moments`: how far Σ of sparse data is from a multiple of the identity.
class MomentsCommand {
 public:
  explicit MomentsCommand(CLI::App& parent);
  bool chosen() const { return command_->parsed(); }
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  CLI::App* command_;
  CommonOptions common_;
  ResultOutput output_;
  std::uint64_t features_ = 0, measure_up_to_ = 100'000'000;
  std::string sparsity_, density_, samples_;
  double confidence_ = 0.95;
};

/// `skeleta linear`: the parent of all.
class LinearCommand {
 public:
  explicit LinearCommand(CLI::App& program);
  bool chosen() const { return command_->parsed(); }
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  CLI::App* command_;
  CriticalPointsCommand critical_points_;
  LinearFlowCommand flow_;
  MomentsCommand moments_;
};

}  // namespace skeleta::program
