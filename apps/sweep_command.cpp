#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "exit_code.h"
#include "foresight.h"
#include "model_input.h"
#include "print.h"
#include "progress_display.h"
#include "result_report.h"
#include "sweep_plan.h"
#include "sweep_report.h"
#include "training_options.h"

namespace skeleta::program {
namespace {

constexpr const char* sweep_examples =
    R"(Trains over a grid of sizes, densities, importances, objectives and seeds.

Examples:
  skeleta sweep data/plans/pentagon.toml -o pentagon.h5
  skeleta sweep data/plans/phase_n2.toml -o phase_n2.h5 --json
A sweep that was stopped continues when it is typed again. --seed takes the
place of the plan's.
A plan is a TOML file such as
  features = [5]
  hidden = [2]
  density = [0.01, 0.1, 1.0]
  starts = 10
)";

double seconds_of(const training::SweepPlan& plan, const Shards& shards) {
  double seconds = 0.0;
  training::Options options = plan.training;
  for (const training::SweepCell& cell : cells_of(plan)) {
    if (!shards.has(cell.index)) continue;
    options.objective = cell.objective;
    seconds += nominal_seconds(options, features_of(plan, cell), cell.hidden);
  }
  return seconds;
}

class Sweep : public Command {
 public:
  void declare(OptionTable& options) override {
    options.add("plan", &file_, "PLAN.toml", "Plan of the sweep");
  }
  int run(Run& run) override;

 private:
  void read(Run& run);
  void go_on_from(Run& run);
  Findings findings(const Run& run) const;
  int code() const;

  std::string file_;
  training::SweepPlan plan_;
  std::size_t grid_ = 0, planned_ = 0;  // cells of the plan, and of this shard
  std::vector<storage::SweptCell> cells_;
};

void Sweep::read(Run& run) {
  if (file_.empty()) throw UsageError("sweep needs a plan: skeleta sweep PLAN.toml");
  const auto seed = run.given("--seed") ? std::optional(run.seed()) : std::nullopt;
  auto [plan, toml] = read_plan(file_, seed);
  plan_ = std::move(plan);
  plan_.training.threads = run.threads();
  grid_ = cells_of(plan_).size();
  planned_ = run.shards_of(grid_, "cells").items_of(grid_);
  run.identify(std::move(toml), plan_.seed.front());
}

void Sweep::go_on_from(Run& run) {
  if (auto file = run.earlier(read_sweep, {file_})) cells_ = std::move(file->cells);
}

Findings Sweep::findings(const Run& run) const {
  const auto write = [&](const auto& path, const auto& provenance, bool overwrite) {
    storage::write_sweep(path, provenance, cells_, overwrite);
  };
  const auto json = [&] {
    return with_origin({{"cells", to_json(cells_, plan_.represented_norm)}}, run.provenance());
  };
  const auto text = [&](std::ostream& out) {
    print_sweep(out, cells_, plan_.represented_norm);
    print_to(out, "{} of {} cells, {:.3g} s\n", cells_.size(), planned_, run.seconds());
  };
  return {write, json, text};
}

int Sweep::code() const {
  const bool any = std::any_of(cells_.begin(), cells_.end(),
                               [](const auto& cell) { return std::isfinite(cell.loss); });
  return exit_code(cells_.size() < planned_, any, true);
}

int Sweep::run(Run& run) {
  read(run);
  announce({fmt::format("{} cells", planned_), seconds_of(plan_, run.shards()) / run.threads(),
            "take fewer cells, starts or steps"},
           run.quiet(), run.err());
  go_on_from(run);
  run.begin();
  if (cells_.size() == planned_) return run.finish_again(findings(run), code());
  ProgressDisplay display(run.err(), run.quiet());
  // Cells come in order, so those of an earlier run are the first ones.
  std::vector<std::size_t> finished;  // here, or not of this shard
  for (std::size_t k = 0; k < grid_; ++k) {
    if (!run.shards().has(k)) finished.push_back(k);
  }
  for (const storage::SweptCell& cell : cells_) finished.push_back(cell.cell.index);
  training::sweep(plan_, finished, [&](const training::CellResult& result) {
    cells_.push_back(storage::swept(result));
    run.checkpoint_if_due(findings(run));
    display.show(cells_.size(), planned_, "cells",
                 fmt::format("last loss {:.6g}", cells_.back().loss));
    return true;  // the guard calls the work off
  });
  if (cells_.empty()) throw Interrupted();
  return run.finish(findings(run), code());
}

void merge_sweeps(const std::vector<std::string>& files, const std::filesystem::path& target,
                  const storage::Provenance& provenance, bool overwrite) {
  std::vector<storage::SweptCell> cells;
  for (const std::string& file : files) {
    std::ranges::move(read_sweep(file).cells, std::back_inserter(cells));
  }
  std::ranges::sort(cells, {}, [](const storage::SweptCell& cell) { return cell.cell.index; });
  storage::write_sweep(target, provenance, cells, overwrite);
}

std::uint64_t planned_sweeps(const storage::ResultFile&, const nlohmann::ordered_json& plan) {
  return cells_in(plan);
}

const Mergeable shards_of_sweeps{"cells", "/sweep/cell", 1, planned_sweeps, merge_sweeps};

}  // namespace

CommandEntry sweep_command() {
  return {"sweep", sweep_examples + ("\nKeys of a plan:\n" + plan_help()), make_command<Sweep>,
          true, &shards_of_sweeps};
}

}  // namespace skeleta::program
