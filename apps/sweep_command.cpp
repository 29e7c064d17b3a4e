#include "sweep_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint_clock.h"
#include "difference.h"
#include "errors.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "progress_display.h"
#include "skeleta/core/parallel.h"
#include "sweep_plan.h"
#include "sweep_report.h"

namespace skeleta::program {
namespace {

constexpr const char* examples =
    R"(Trains over a grid of sizes, densities, importances, objectives and seeds.

Examples:
  skeleta sweep data/plans/pentagon.toml -o pentagon.h5
  skeleta sweep data/plans/phase_n2.toml -o phase_n2.h5 --json
A sweep that was stopped continues when it is typed again. A plan is a TOML file such as
  features = [5]
  hidden = [2]
  density = [0.01, 0.1, 1.0]
  starts = 10
)";

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
  apply_config(*command_, common_.config);
  if (plan_.empty()) throw UsageError("sweep needs a plan: skeleta sweep PLAN.toml");
  if (command_->count("--output") > 0 && output_.empty()) {
    throw UsageError("-o needs the name of a file");
  }
  training::SweepPlan plan = read_plan(plan_, common_.seed);
  plan.training.threads = common_.threads;
  const std::string options = to_toml(plan), output = resolve_links(output_);
  std::vector<storage::SweptCell> cells = earlier_cells(output, options);
  bool overwrite = force_ || !cells.empty();
  const std::size_t planned = cells_of(plan).size();
  const int threads = resolve_threads(common_.threads);
  const storage::Provenance provenance{command_line, options, "", plan.seed.front(), threads};

  ProgressDisplay display(err, common_.quiet);
  InterruptGuard guard;
  CheckpointClock clock;
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
    return !InterruptGuard::requested();
  });
  if (common_.json) {
    out << nlohmann::ordered_json{{"cells", to_json(cells, plan.represented_norm)},
                                  {"seed", plan.seed.front()},
                                  {"threads", threads},
                                  {"seconds", clock.seconds()}}
               .dump(1)
        << '\n';
  } else {
    print_sweep(out, cells, plan.represented_norm);
    fmt::print(out, "{} of {} cells, {:.3g} s\n", cells.size(), planned, clock.seconds());
  }
  out.flush();
  if (!output.empty()) {
    save();
    if (!common_.json && !common_.quiet) fmt::print(err, "written to {}\n", output_);
  }
  if (cells.size() < planned) return ExitCode::interrupted;
  const bool all_failed = std::none_of(cells.begin(), cells.end(),
                                       [](const auto& cell) { return std::isfinite(cell.loss); });
  return all_failed ? ExitCode::failed : ExitCode::done;
}

}  // namespace skeleta::program
