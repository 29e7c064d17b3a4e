#include "sweep_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint_clock.h"
#include "delivery.h"
#include "difference.h"
#include "errors.h"
#include "foresight.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "progress_display.h"
#include "skeleta/core/parallel.h"
#include "sweep_plan.h"
#include "sweep_report.h"
#include "training_options.h"

namespace skeleta::program {
namespace {

constexpr const char* examples =
    R"(Trains over a grid of sizes, densities, importances, objectives and seeds.

Examples:
  skeleta sweep data/plans/pentagon.toml -o pentagon.h5
  skeleta sweep data/plans/phase_n2.toml -o phase_n2.h5 --json
A sweep that was stopped continues when it is typed again. --seed takes the place of the plan's. A plan is a TOML file such as
  features = [5]
  hidden = [2]
  density = [0.01, 0.1, 1.0]
  starts = 10
)";

double nominal_seconds(const training::SweepPlan& plan) {
  double seconds = 0.0;
  training::Options options = plan.training;
  for (const training::SweepCell& cell : cells_of(plan)) {
    options.objective = cell.objective;
    seconds += program::nominal_seconds(options, features_of(cell), cell.hidden);
  }
  return seconds;
}

}  // namespace

SweepCommand::SweepCommand(CLI::App& program)
    : command_(program.add_subcommand("sweep", examples)) {
  CLI::App& command = *command_;
  command.add_option("plan", plan_, "Plan of the sweep")->type_name("PLAN.toml");
  command
      .add_option("-o,--output", output_,
                  "Write the result to this HDF5 file, every few seconds; if it is there from the "
                  "same plan, continue it")
      ->type_name("FILE.h5");
  command.add_flag("--force", force_, "Start over: replace the output file");
  add_common_options(command, common_);
}

std::vector<storage::SweptCell> SweepCommand::earlier_cells(const std::string& output,
                                                            const std::string& options) const {
  if (output.empty()) return {};
  const bool continued = std::filesystem::is_regular_file(output) && !force_;
  check_output(output, plan_, force_ || continued);
  if (!continued) return {};
  storage::SweepFile file = read_earlier([&] { return read_sweep(output); });
  std::string clause = build_difference(file.build);
  if (clause.empty()) clause = options_difference(file.provenance.options_toml, options, {});
  if (clause.empty()) clause = seal_difference(file.provenance);
  refuse_to_continue(output, clause);
  return std::move(file.cells);
}

int SweepCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  prepare(*command_, common_, err);
  if (plan_.empty()) throw UsageError("sweep needs a plan: skeleta sweep PLAN.toml");
  const bool seeded = command_->count("--seed") > 0;
  training::SweepPlan plan =
      read_plan(plan_, seeded ? std::optional(common_.seed) : std::optional<std::uint64_t>());
  plan.training.threads = common_.threads;
  announce({fmt::format("{} cells", cells_of(plan).size()),
            nominal_seconds(plan) / resolve_threads(common_.threads),
            "take fewer cells, starts or steps"},
           common_.quiet, err);
  const std::string options = to_toml(plan), output = resolve_links(output_);
  std::vector<storage::SweptCell> cells = earlier_cells(output, options);
  bool overwrite = force_ || !cells.empty();
  const std::size_t planned = cells_of(plan).size();
  const int threads = resolve_threads(common_.threads);
  const storage::Provenance provenance{command_line, options, "", plan.seed.front(), threads};

  ProgressDisplay display(err, common_.quiet);
  const InterruptGuard guard;
  CheckpointClock clock(err);
  const auto save = [&] {
    storage::write_sweep(output, provenance, cells, overwrite);
    overwrite = true;
  };
  // Cells come in order, so those of an earlier run are the first ones.
  std::vector<std::size_t> finished;
  for (const storage::SweptCell& cell : cells) finished.push_back(cell.cell.index);
  training::sweep(plan, finished, [&](const training::CellResult& result) {
    cells.push_back(storage::swept(result));
    if (!output.empty()) clock.tick(save);
    display.show(cells.size(), planned, "cells",
                 fmt::format("last loss {:.6g}", cells.back().loss));
    return true;  // the guard calls the work off
  });
  if (cells.empty()) throw Interrupted();
  const auto print = [&] {
    if (!common_.json) {
      print_sweep(out, cells, plan.represented_norm);
      fmt::print(out, "{} of {} cells, {:.3g} s\n", cells.size(), planned, clock.seconds());
      return;
    }
    out << nlohmann::ordered_json{{"cells", to_json(cells, plan.represented_norm)},
                                  {"seed", plan.seed.front()},
                                  {"threads", threads},
                                  {"seconds", clock.seconds()}}
               .dump(1)
        << '\n';
  };
  const bool all_failed = std::none_of(cells.begin(), cells.end(),
                                       [](const auto& cell) { return std::isfinite(cell.loss); });
  const int code = cells.size() < planned ? ExitCode::interrupted
                   : all_failed           ? ExitCode::failed
                                          : ExitCode::done;
  return deliver({output.empty() ? std::function<void()>{} : save, print,
                  common_.json || common_.quiet ? "" : output_},
                 code, out, err);
}

}  // namespace skeleta::program
