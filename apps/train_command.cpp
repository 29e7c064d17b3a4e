#include "train_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "checkpoint_clock.h"
#include "delivery.h"
#include "difference.h"
#include "errors.h"
#include "fingerprint.h"
#include "foresight.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "progress_display.h"
#include "skeleta/core/parallel.h"
#include "skeleta/training/parameters.h"
#include "training_report.h"

namespace skeleta::program {
namespace {

constexpr const char* examples = R"(Minimises the integral loss from many starts.

Examples:
  skeleta train --features 5 --hidden 2 --sparsity 0.95
  skeleta train --features 80 --hidden 20 --sparsity 0.98 --starts 8 -o run.h5
  skeleta train --features 6 --hidden 2 --density 0.01 --objective one-sparse --json
  skeleta train --init model.h5 --starts 1           goes on from a trained model
  skeleta train --features 5 --hidden 2 --sparsity 0.95 --model linear
A run that was stopped continues when it is typed again; with more --starts it is extended.
)";

double least_loss(const storage::TrainingRun& run) {
  const training::TrainedModel* best = best_of(run);
  return best == nullptr ? INFINITY : best->loss.value;
}

}  // namespace

TrainCommand::TrainCommand(CLI::App& program)
    : command_(program.add_subcommand("train", examples)) {
  CLI::App& command = *command_;
  add_count(command, "--features", flags_.features, "Number of features D");
  add_count(command, "--hidden", flags_.hidden, "Hidden dimensions d");
  CLI::Option* sparsity = command.add_option("--sparsity", flags_.sparsity,
                                             "Sparsity S of all features, density p = 1 - S");
  command.add_option("--density", flags_.density, "Density p of all features")->excludes(sparsity);
  CLI::Option* importance =
      command.add_option("--importance", flags_.importance, "Importance of all features [1]");
  command
      .add_option("--importance-decay", flags_.importance_decay,
                  "Importance r^i of feature i = 0, 1, ...")
      ->type_name("r")
      ->excludes(importance);
  command
      .add_option(
          "--objective", words_.objective,
          "What is minimised: exact, one-sparse, k-sparse:K (K = 0, 1, 2, ...) or sampled; the "
          "result is always evaluated exactly [exact]; linear is the loss of --model linear")
      ->type_name("NAME");
  command
      .add_option("--optimizer", words_.optimizer,
                  "lbfgs, adam, adamw, sgd, or auto: adam if sampled, else lbfgs [auto]")
      ->type_name("NAME");
  add_count(command, "--starts", words_.starts, "Start so many times [10]");
  command
      .add_option("--init", flags_.init,
                  "xavier: normal weights of variance 2/(d + D). normal: of variance 1. Or a model "
                  "file, whose first model all starts begin from [xavier]")
      ->type_name("xavier|normal|MODEL.h5");
  add_count(command, "--steps", words_.steps, "Most steps of a start [1e4]");
  add_count(command, "--batch", words_.batch, "sampled: points of a batch [1024]");
  command.add_option("--learning-rate", words_.learning_rate, "adam, adamw, sgd: step size [1e-3]");
  command.add_option("--tolerance", words_.tolerance,
                     "A start ends when the gradient's norm is at most this times the loss of a "
                     "model that answers 0, sum of v p/3 [1e-7]");
  add_count(command, "--record-every", flags_.record_every,
            "The file keeps the objective of every so many steps [10]");
  command.add_flag("--snapshots", flags_.snapshots, "and W and b");
  command
      .add_option(
          "--model", flags_.model,
          "Kind of model: relu, or linear for x -> W'Wx, whose loss is a closed form [relu]")
      ->check(one_of({"relu", "linear"}));
  command
      .add_option("-o,--output", flags_.output,
                  "Write the result to this HDF5 file, every few seconds; if it is there from the "
                  "same command, continue or extend it")
      ->type_name("FILE.h5");
  command.add_flag("--force", flags_.force, "Start over: replace the output file");
  command.add_flag("--allow-wide", flags_.allow_wide,
                   "Accept more hidden dimensions than features");
  add_common_options(command, common_);
}

Features TrainCommand::features(const std::optional<storage::ModelFile>& file) const {
  const auto count = static_cast<Index>(flags_.features);
  storage::ModelFile sizes;  // without a file: only the number of features is known
  if (!file) {
    if (!flags_.sparsity && !flags_.density) {
      throw UsageError("say how sparse the features are: --sparsity S or --density p");
    }
    sizes.models.push_back({Matrix::Zero(1, count), Vector::Zero(count)});
  }
  Features features = resolve_features(file ? *file : sizes, flags_.init, flags_.sparsity,
                                       flags_.density, flags_.importance);
  if (flags_.importance_decay) {
    const double r = *flags_.importance_decay;
    if (!(r > 0.0 && std::isfinite(r))) {
      throw UsageError(fmt::format("--importance-decay {} must be a positive number", r));
    }
    for (Index i = 0; i < features.size(); ++i) {
      features.importance(i) = std::pow(r, static_cast<double>(i));
    }
  }
  return features;
}

TrainCommand::Task TrainCommand::task() const {
  TrainingWords words = words_;
  if (flags_.model == "linear") {
    if (command_->count("--objective") > 0 && words.objective != "linear") {
      throw UsageError(
          fmt::format("--model linear has one objective, linear, not {}", words.objective));
    }
    words.objective = "linear";
  } else if (words.objective == "linear") {
    throw UsageError("--objective linear is the loss of --model linear: say that instead");
  }
  Task task;
  std::optional<storage::ModelFile> file;
  const bool named = flags_.init == "xavier" || flags_.init == "normal";
  if (named) {
    words.init = flags_.init;
    if (flags_.features == 0 || flags_.hidden == 0) {
      throw UsageError("train needs sizes: --features D --hidden d");
    }
    if (flags_.hidden > flags_.features && !flags_.allow_wide) {
      throw UsageError(
          fmt::format("--hidden {} exceeds --features {}: pass --allow-wide if that is meant",
                      flags_.hidden, flags_.features));
    }
  } else if (!std::filesystem::exists(flags_.init)) {
    throw UsageError(
        fmt::format("--init: '{}' is none of xavier, normal, and no file", flags_.init));
  } else {
    file = read_models(flags_.init, {flags_.allow_wide});
  }
  task.options = to_options(words);
  if (file) {
    const ReluAutoencoder& model = file->models.front();
    for (const auto& [flag, asked, has] :
         {std::tuple{"--features", flags_.features, model.features()},
          std::tuple{"--hidden", flags_.hidden, model.hidden()}}) {
      if (asked != 0 && asked != static_cast<std::uint64_t>(has)) {
        throw UsageError(
            fmt::format("{} {}: the model of {} has {}", flag, asked, flags_.init, has));
      }
    }
    task.options.init = training::Init::given;
    task.options.model = model;
  }
  task.features = features(file);
  task.hidden = file ? file->models.front().hidden() : static_cast<Index>(flags_.hidden);
  task.options.seed = common_.seed;
  task.options.threads = common_.threads;
  task.options.record_every = flags_.record_every;
  task.options.snapshots = flags_.snapshots;
  training::validate(task.options, task.features, task.hidden);
  refuse_more_than_memory("--starts", static_cast<double>(words_.starts),
                          static_cast<double>((task.hidden + 1) * task.features.size()));
  return task;
}

// All that the bits of a start depend on, and the number of starts.
std::string TrainCommand::options_toml(const Task& task) const {
  toml::table table{{"seed", std::to_string(common_.seed)},  // TOML's integers end at 2^63
                    {"features", static_cast<std::int64_t>(task.features.size())},
                    {"hidden", static_cast<std::int64_t>(task.hidden)},
                    {"objective", flags_.model == "linear" ? "linear" : words_.objective},
                    {"optimizer", optimizer_for(words_.optimizer, task.options.objective)},
                    {"init", flags_.init},
                    {"starts", static_cast<std::int64_t>(words_.starts)},
                    {"steps", static_cast<std::int64_t>(words_.steps)},
                    {"batch", static_cast<std::int64_t>(words_.batch)},
                    {"learning-rate", words_.learning_rate},
                    {"tolerance", words_.tolerance},
                    {"record-every", static_cast<std::int64_t>(flags_.record_every)},
                    {"snapshots", flags_.snapshots},
                    {"model", flags_.model},
                    {"allow-wide", flags_.allow_wide}};
  Fingerprint read;
  read.add(task.features);
  if (task.options.model) read.add(*task.options.model);
  table.insert("inputs", read.text());
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) table.insert(key, *value);
  };
  add("importance", flags_.importance);
  add("importance-decay", flags_.importance_decay);
  add("density", flags_.density);
  add("sparsity", flags_.sparsity);
  std::ostringstream text;
  text << table << '\n';
  return text.str();
}

std::optional<storage::TrainingRun> TrainCommand::earlier_run(const std::string& output,
                                                              const std::string& options) const {
  if (output.empty()) return std::nullopt;
  const bool continued = std::filesystem::is_regular_file(output) && !flags_.force;
  check_output(output, flags_.init, flags_.force || continued);
  if (!continued) return std::nullopt;
  storage::TrainingFile file = read_earlier([&] { return read_training(output); });
  std::string clause = build_difference(file.build);
  if (clause.empty()) {
    clause = options_difference(file.provenance.options_toml, options, {"starts", "allow-wide"});
  }
  if (clause.empty() && file.run.starts.size() > words_.starts) {
    clause = fmt::format("it has {} starts, more than {}", file.run.starts.size(), words_.starts);
  }
  if (clause.empty()) clause = seal_difference(file.provenance);
  refuse_to_continue(output, clause);
  return std::move(file.run);
}

int TrainCommand::exit_code(const storage::TrainingRun& run, const Task& task) const {
  if (run.starts.size() < words_.starts) return ExitCode::interrupted;
  const training::TrainedModel* best = best_of(run);
  if (best == nullptr) return ExitCode::failed;  // all diverged
  // A noisy gradient is not held to a tolerance, and the default is a wish.
  const bool noisy = task.options.objective == training::ObjectiveKind::sampled &&
                     task.options.optimizer != training::OptimizerKind::lbfgs;
  const bool asked = command_->count("--tolerance") > 0 && !noisy;
  return asked && !best->is_minimum() ? ExitCode::precision_missed : ExitCode::done;
}

int TrainCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  prepare(*command_, common_, err);
  Task task = this->task();
  announce(
      {fmt::format("{} starts of {:.3g} steps", words_.starts, double(words_.steps)),
       nominal_seconds(task.options, task.features, task.hidden) / resolve_threads(common_.threads),
       "take fewer --starts or --steps"},
      common_.quiet, err);
  const std::string options = options_toml(task), output = resolve_links(flags_.output);
  std::optional<storage::TrainingRun> earlier = earlier_run(output, options);
  bool overwrite = flags_.force || earlier;
  storage::TrainingRun run = earlier ? *std::move(earlier) : storage::TrainingRun{};
  run.features = task.features;
  run.record_every = flags_.record_every;
  const int threads = resolve_threads(common_.threads);
  const storage::Provenance provenance{command_line, options, "", common_.seed, threads};

  ProgressDisplay display(err, common_.quiet);
  const InterruptGuard guard;
  CheckpointClock clock(err);
  const auto save = [&] {
    run.minima = training::minima_of(run.starts, run.features, task.options.minima);
    storage::write_training(output, provenance, run, overwrite);
    overwrite = true;
  };
  task.options.first = run.starts.size();
  task.options.starts = words_.starts - run.starts.size();
  if (task.options.starts > 0) {
    training::train(task.features, task.hidden, task.options,
                    [&](const training::TrainedModel& start) {
                      run.starts.push_back(start);
                      if (!output.empty()) clock.tick(save);
                      display.show(run.starts.size(), words_.starts, "starts",
                                   fmt::format("best loss {:.8g}", least_loss(run)));
                      return true;  // the guard calls the work off
                    });
  }
  if (run.starts.empty()) throw Interrupted();
  run.minima = training::minima_of(run.starts, run.features, task.options.minima);
  const auto print = [&] {
    if (!common_.json) {
      print_training(out, run);
      fmt::print(out, "seed {}, {:.3g} s\n", common_.seed, clock.seconds());
      return;
    }
    nlohmann::ordered_json json = to_json(run);
    json["seed"] = common_.seed;
    json["threads"] = threads;
    json["seconds"] = clock.seconds();
    out << json.dump(1) << '\n';
  };
  if (best_of(run) == nullptr && run.starts.size() == words_.starts) {
    fmt::print(
        err, "skeleta: every start diverged: take a smaller --learning-rate, or another --init\n");
  }
  const auto write = [&] { storage::write_training(output, provenance, run, overwrite); };
  return deliver({output.empty() ? std::function<void()>{} : write, print,
                  common_.json || common_.quiet ? "" : flags_.output},
                 exit_code(run, task), out, err);
}

}  // namespace skeleta::program
