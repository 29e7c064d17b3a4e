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
#include "skeleta/core/cancellation.h"
#include "skeleta/storage/basins_file.h"

namespace skeleta::program {
namespace {

constexpr const char* basins_examples =
    R"(What gradient flow selects: how often each minimum of the exact loss is the
end of a flow from a random start, W ~ N(0, deviation^2), b = 0.

Examples:
  skeleta basins --features 2 --hidden 1 --sparsity 0.9 --deviation 0.1
  skeleta basins --features 2 --hidden 1 --sparsity 0.9 --importance-decay 0.8 \
    --interference 0.01 --starts 1e5 -o basins.h5
  skeleta basins --features 5 --hidden 2 --sparsity 0.95 --starts 200
                         minutes: beyond two features the loss is no closed form
An end may be a minimum from the side alone that flows came from, where second
derivatives jump; ends along a curve of equal loss count as different ones.
A run that was stopped continues when it is typed again; with more --starts it
is extended.
)";

class BasinsCommand : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  Features features() const;
  void refuse_hopeless(const char* flag, double penalty) const;
  void resolve(Run& run);
  Findings findings(const Run& run) const;

  std::optional<std::uint64_t> features_, hidden_;
  DataOptions data_;
  std::optional<double> importance_decay_;
  std::string dynamics_ = "flow";
  training::BasinOptions options_;

  std::uint64_t planned_ = 0;  // starts of this shard
  storage::BasinsRun found_;
};

void BasinsCommand::declare(OptionTable& options) {
  options.add("--features", &features_, "D", "Number of features").within(1.0);
  options.add("--hidden", &hidden_, "d", "Hidden dimensions").within(1.0);
  data_.declare(options);
  options
      .add("--importance-decay", &importance_decay_, "r", "Importance r^i of feature i = 0, 1, ...")
      .not_with({"--importance"});
  options.add("--deviation", &options_.deviation, "s",
              "Standard deviation of the weights at the start");
  options.add("--interference", &options_.penalty.interference, "L",
              "L times the sum of <w_i, w_j>^2 over i != j is added to the loss");
  options.add("--weight-decay", &options_.penalty.decay, "L",
              "L times the sum of squares of all weights is added to the loss");
  options
      .add("--dynamics", &dynamics_, "KIND",
           "flow: x' = -gradient; descent: steps of --learning-rate times that")
      .one_of({"flow", "descent"});
  options.add("--learning-rate", &options_.learning_rate, "R", "descent: size of a step");
  options.add("--starts", &options_.starts, "N", "Start so many times").within(1.0).may_change();
  options.add("--steps", &options_.max_steps, "N",
              "A flow, or descent, that takes more steps has not converged");
  options.add("--flow-tolerance", &options_.flow_tolerance, "T",
              "Error of each step of the flow, relative to each weight and threshold");
  options.add(
      "--tolerance", &options_.gradient_tolerance, "T",
      "A flow is at rest where the gradient's norm is at most this times the loss of a model "
      "that answers 0");
}

Features BasinsCommand::features() const {
  Features features = resolve_features(sizes_alone(static_cast<Index>(*features_)), "", data_);
  if (!features.plain()) {
    throw UsageError(
        "skeleta basins knows independent features with values uniform on [0, 1]: leave --values "
        "and --groups away");
  }
  decay_importance(importance_decay_, features);
  return features;
}

// Squares of penalties leave the range of numbers, in the unit of the loss.
void BasinsCommand::refuse_hopeless(const char* flag, double penalty) const {
  constexpr double most = 1e140;
  const double zero = loss_of_zero_model(found_.features);
  if (!(penalty > most * zero)) return;
  throw UsageError(fmt::format(
      "{} {:g} is {:.0e} times the loss {:.3g} of a model that answers 0, too much for double "
      "precision: take less than {:.0e} times it, or larger importances",
      flag, penalty, penalty / zero, zero, most));
}

void BasinsCommand::resolve(Run& run) {
  if (!features_ || !hidden_) throw UsageError("basins needs sizes: --features D --hidden d");
  found_.features = features();
  if (!(found_.features.density.maxCoeff() > 0.0) ||
      !(found_.features.importance.maxCoeff() > 0.0)) {
    throw UsageError("nothing is ever active, or nothing matters: every model has the loss 0");
  }
  refuse_hopeless("--interference", options_.penalty.interference);
  refuse_hopeless("--weight-decay", options_.penalty.decay);
  planned_ = run.shards_of(options_.starts, "starts").items_of(options_.starts);
  refuse_more_than_memory("--starts", static_cast<double>(options_.starts), 2.0);
  options_.dynamics = *named<training::Dynamics>(dynamics_);
  options_.seed = run.seed();
  options_.threads = run.threads();
  training::validate(options_);
  Fingerprint inputs;
  inputs.add(found_.features);
  run.identify(inputs);
}

Findings BasinsCommand::findings(const Run& run) const {
  const BorrowedScope whole(nullptr);  // told in full, also by a run that is called off
  return run.findings(storage::basins_results(found_, planned_));
}

int BasinsCommand::run(Run& run) {
  resolve(run);
  if (const auto file = run.earlier(read_result)) {
    found_ = storage::basins_run(*file);
    if (found_.starts.size() > planned_) {
      run.refuse_to_continue(
          fmt::format("it has {} starts, more than {}", found_.starts.size(), planned_));
    }
  }
  const bool finished = found_.starts.size() == planned_;
  run.begin();
  if (!finished) {
    training::Basins basins(found_.features, options_.minima);
    for (const training::Basin& basin : found_.basins) {
      basins.add(basin.first_start, basin.model, basin.value, basin.count);
    }
    training::BasinOptions left = options_;  // options_ is what the file tells
    left.stride = run.shards().count;
    left.first = run.shards().which.front() + left.stride * found_.starts.size();
    left.starts = planned_ - found_.starts.size();
    ProgressDisplay display(run.err(), run.quiet());
    const auto take = [&](std::uint64_t k, std::int64_t basin) {
      found_.starts.push_back({static_cast<std::int64_t>(k), basin});
      if (found_.starts.size() % 64 == 0) {
        found_.basins = basins.all();
        run.checkpoint_if_due(findings(run));
        display.show(found_.starts.size(), planned_, "starts",
                     fmt::format("{} minima", found_.basins.size()));
      }
      return true;  // the guard calls the work off
    };
    training::find_basins(found_.features, static_cast<Index>(*hidden_), left, basins, take);
    found_.basins = basins.all();
  }
  if (found_.starts.empty()) throw Interrupted();
  const bool interrupted = found_.starts.size() < planned_;
  const int code = exit_code(interrupted, !found_.basins.empty(), true);
  if (code == ExitCode::failed) {
    print_to(run.err(),
             "skeleta: no start converged: take more --steps, or a smaller "
             "--learning-rate or --deviation\n");
  }
  return finished ? run.finish_again(findings(run), code) : run.finish(findings(run), code);
}

void merge_basins(const std::vector<std::string>& paths, const std::filesystem::path& target,
                  const storage::Provenance& provenance, bool overwrite) {
  std::vector<storage::ResultFile> files;
  for (const std::string& path : paths) files.push_back(read_result(path));
  const storage::BasinsRun whole = storage::merged_basins(files);
  const std::uint64_t planned = stored_options(provenance.options_toml).at("starts");
  storage::write_result(target, "skeleta basins", provenance,
                        storage::basins_results(whole, planned), overwrite);
}

std::uint64_t planned_basins(const storage::ResultFile&, const nlohmann::ordered_json& options) {
  return options.at("starts");
}

const Mergeable shards_of_basins{"starts", "/basins/start", 1, planned_basins, merge_basins};

}  // namespace

CommandEntry basins_command() {
  return {"basins", basins_examples, make_command<BasinsCommand>, true, &shards_of_basins, true};
}

}  // namespace skeleta::program
