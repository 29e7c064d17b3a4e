#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common_options.h"
#include "result_output.h"
#include "skeleta/thomson/match.h"
#include "skeleta/thomson/solve.h"
#include "thomson_report.h"

namespace skeleta::program {

/// `skeleta thomson solve`: minimisers of a pair energy on the sphere.
class ThomsonSolveCommand {
 public:
  explicit ThomsonSolveCommand(CLI::App& parent);
  bool chosen() const { return command_->parsed(); }
  /// Returns the exit code.
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  CLI::App* command_;
  CommonOptions common_;
  ResultOutput output_;
  std::optional<Index> points_, dimension_;
  std::string energy_ = "coulomb";
  std::uint64_t starts_ = thomson::SolveOptions{}.starts;
};

/// `skeleta thomson match MODEL.h5`: the columns of a model beside the best configurations.
class ThomsonMatchCommand {
 public:
  explicit ThomsonMatchCommand(CLI::App& parent);
  bool chosen() const { return command_->parsed(); }
  /// Returns the exit code.
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  MatchedModel matched(const Matrix& W, Index instance, std::ostream& err);
  void read_other();  // the model of --against
  void report(const std::vector<MatchedModel>& models, std::ostream& out) const;
  // Found once for all instances.
  const thomson::Reference& reference(const thomson::PairEnergy& energy, Index points,
                                      Index dimension, std::ostream& err);

  CLI::App* command_;
  CommonOptions common_;
  ResultOutput output_;
  std::string model_, instance_ = "0", energy_list_ = "coulomb,log,relu:0";
  std::string against_;
  Index against_instance_ = 0;
  std::uint64_t starts_ = 0;     // 0: what is affordable
  std::optional<Matrix> other_;  // directions of its columns
  thomson::MatchOptions options_;
  std::map<std::tuple<std::string, Index, Index>, thomson::Reference>
      references_;  // of N points in d
};

/// `skeleta thomson`: the parent of both.
class ThomsonCommand {
 public:
  explicit ThomsonCommand(CLI::App& program);
  bool chosen() const { return command_->parsed(); }
  /// Returns the exit code.
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  CLI::App* command_;
  ThomsonSolveCommand solve_;
  ThomsonMatchCommand match_;
};

}  // namespace skeleta::program
