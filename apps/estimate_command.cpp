#include "estimate_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <toml++/toml.h>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "checkpoint_clock.h"
#include "delivery.h"
#include "errors.h"
#include "foresight.h"
#include "geometry_report.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "progress_display.h"
#include "report.h"
#include "skeleta/approximation/exact_loss.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/core/parallel.h"

namespace skeleta::program {
namespace {

constexpr const char* examples = R"(The loss of a trained model, skeleton by skeleton.

Examples:
  skeleta estimate model.h5                          to a relative error of 1e-3
  skeleta estimate model.h5 --rel-tol 1e-5 -o run.h5 stopped or not: again continues it
  skeleta estimate model.h5 --sparsity 0.99 --samples 1e6 --method plain
  skeleta estimate model.h5 --instance all --json
  skeleta estimate model.h5 --method exact           every digit, no sampling
Ctrl-C, SIGTERM and SIGHUP end it with what there is by then; what would take a century is refused
unless --max-seconds is given.
)";

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int exit_code(const IntegralBySkeleton& loss) {
  if (!loss.usable()) return ExitCode::failed;
  switch (loss.stop_reason) {
    case StopReason::interrupted:
      return ExitCode::interrupted;
    case StopReason::max_samples:
    case StopReason::max_seconds:
    case StopReason::nodes:
    case StopReason::unresolved:
    case StopReason::unreliable:
      return ExitCode::precision_missed;
    default:
      return ExitCode::done;
  }
}

// Of several instances the worst decides: 130, then 1, then 3.
int worse(int a, int b) {
  for (const int code : {ExitCode::interrupted, ExitCode::failed, ExitCode::precision_missed}) {
    if (a == code || b == code) return code;
  }
  return ExitCode::done;
}

// What was computed: which model, on which data, with which random numbers.
void print_heading(std::ostream& out, const std::string& path, std::size_t instances,
                   std::uint64_t seed, const storage::EstimateRun& run) {
  const std::string which =
      instances > 1 ? fmt::format(", instance {} of {}", run.instance, instances) : "";
  fmt::print(out, "{}{}: {} features in {} hidden dimensions\n", path, which, run.model.features(),
             run.model.hidden());
  const bool sampled = run.method != "exact";
  fmt::print(out, "density {}, importance {}{}\n\n", one_or_range(run.features.density),
             one_or_range(run.features.importance),
             sampled ? fmt::format(", sampling seed {}", seed) : "");
}

estimate::Method method_named(const std::string& name) {
  using estimate::Method;
  for (const Method method :
       {Method::plain, Method::quasi, Method::importance, Method::automatic}) {
    if (to_string(method) == name) return method;
  }
  return Method::stratified;
}

// The earlier run's results of instances whose turn has not come.
void append_waiting(const std::optional<EarlierRun>& earlier, const std::vector<Index>& instances,
                    std::vector<storage::EstimateRun>& runs) {
  if (!earlier) return;
  for (std::size_t k = runs.size(); k < instances.size(); ++k) {
    const storage::EstimateRun* waiting = earlier->find(instances[k]);
    if (waiting == nullptr) continue;
    runs.push_back(*waiting);
    runs.back().geometry.reset();
  }
}

void add_targets(toml::table& table, double relative, double absolute) {
  if (relative > 0.0) table.insert("rel-tol", relative);
  if (absolute > 0.0) table.insert("abs-tol", absolute);
}

}  // namespace

EstimateCommand::EstimateCommand(CLI::App& program)
    : command_(program.add_subcommand("estimate", examples)) {
  CLI::App& command = *command_;
  command.add_option("model", flags_.model, "Model file, or a run file that holds one")
      ->type_name("MODEL.h5");
  command
      .add_option("--method", flags_.method,
                  "stratified: each skeleton on its own, Q0 and Q1 in closed form. quasi: so, "
                  "with scrambled Sobol points. importance: so, with features that matter drawn "
                  "more often. auto: the fastest of them. plain: x from the whole measure. exact: "
                  "contour integrals [stratified]")
      ->type_name("METHOD")
      ->check(one_of({"stratified", "quasi", "importance", "auto", "plain", "exact"}));
  CLI::Option* samples = add_count(command, "--samples", flags_.samples, "Draw so many samples");
  CLI::Option* relative =
      command.add_option("--rel-tol", flags_.relative_tolerance,
                         "Until standard error or error bound <= R |loss| [1e-3; exact: 1e-8]");
  CLI::Option* absolute = command.add_option("--abs-tol", flags_.absolute_tolerance,
                                             "Until standard error or error bound <= A");
  relative->type_name("R");
  absolute->type_name("A");
  samples->excludes(relative)->excludes(absolute);
  add_count(command, "--max-samples", flags_.max_samples, "Never draw more [1e12]")
      ->excludes(samples);
  command
      .add_option("--max-seconds", flags_.max_seconds,
                  "Begin no round of samples after so long; sampled methods")
      ->type_name("T");
  command
      .add_option("--checkpoint-seconds", flags_.checkpoint_seconds,
                  "Write the output file so often on the way [5]")
      ->type_name("T")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("--replicates", flags_.replicates,
                  "quasi: independent scramblings, whose spread is the error [16]")
      ->type_name("R");
  command
      .add_option("--precision", flags_.precision,
                  "float64, or float32 for faster kernels; sums are float64 always [float64]")
      ->type_name("TYPE")
      ->check(one_of({"float64", "float32"}));
  command
      .add_option("--error-control", flags_.error_control,
                  "exact: 'rigorous' bounds, or 'estimated' for fewer nodes: an estimate, exceeded "
                  "once in 4000 random models, by up to 2.3 times; no interval is given [rigorous]")
      ->type_name("KIND")
      ->check(one_of({"rigorous", "estimated"}));
  command
      .add_option("--skeletons", flags_.skeletons,
                  "exact: list only Q_0 ... Q_L; fewer cost less [all of probability > 1e-12]")
      ->type_name("L")
      ->check(CLI::NonNegativeNumber);
  add_count(command, "--max-nodes", flags_.max_nodes, "exact: never use more nodes [2^18]");
  command.add_flag("--check", flags_.check,
                   "sampled methods: also print the exact loss, and how far off the estimate is "
                   "(exit code 1 if the exact loss cannot be had)");
  command.add_option("--confidence", flags_.confidence, "Of the interval [0.95]");
  command.add_option("--instance", flags_.instance, "Which model of the file: k or 'all' [0]");
  CLI::Option* sparsity = command.add_option("--sparsity", flags_.sparsity,
                                             "Sparsity S of all features, density p = 1 - S");
  command.add_option("--density", flags_.density, "Density p of all features")->excludes(sparsity);
  command.add_option("--importance", flags_.importance, "Importance of all features");
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

void EstimateCommand::refuse_flags_of_other_methods() const {
  const auto refuse = [&](std::initializer_list<const char*> flags) {
    for (const char* flag : flags) {
      if (command_->count(flag) > 0) {
        throw UsageError(fmt::format("{} is not for --method {}", flag, flags_.method));
      }
    }
  };
  if (exact()) {
    refuse({"--samples", "--max-samples", "--max-seconds", "--checkpoint-seconds", "--replicates",
            "--precision", "--confidence", "--check"});
  } else {
    refuse({"--error-control", "--skeletons", "--max-nodes"});
    if (flags_.method != "quasi" && flags_.method != "auto") refuse({"--replicates"});
  }
}

estimate::Options EstimateCommand::estimate_options() const {
  estimate::Options options;
  options.method = method_named(flags_.method);
  options.checkpoint_seconds = flags_.checkpoint_seconds;
  options.replicates = flags_.replicates;
  if (options.replicates < 2) {
    throw UsageError(fmt::format("--replicates {} must be at least 2: their spread is the error",
                                 options.replicates));
  }
  if (flags_.max_seconds && !(*flags_.max_seconds > 0.0)) {
    throw UsageError(fmt::format("--max-seconds {} must be positive", *flags_.max_seconds));
  }
  if (flags_.max_seconds) options.max_seconds = *flags_.max_seconds;
  options.seed = common_.seed;
  options.threads = common_.threads;
  options.samples = flags_.samples;
  options.max_samples = flags_.max_samples;
  options.confidence = flags_.confidence;
  const Targets targets = resolve_targets(options.relative_tolerance);
  options.relative_tolerance = targets.relative;
  options.absolute_tolerance = targets.absolute;
  estimate::validate(options);
  return options;
}

exact::Options EstimateCommand::exact_options() const {
  exact::Options options;
  options.threads = common_.threads;
  options.skeletons = flags_.skeletons;
  options.error_control = flags_.error_control == "rigorous" ? exact::ErrorControl::rigorous
                                                             : exact::ErrorControl::estimated;
  constexpr std::uint64_t least_nodes = 64;
  if (flags_.max_nodes > 0 && flags_.max_nodes < least_nodes) {
    throw UsageError(
        fmt::format("--max-nodes {} must be at least {}", flags_.max_nodes, least_nodes));
  }
  if (flags_.relative_tolerance && *flags_.relative_tolerance < 1e-14) {
    throw UsageError(fmt::format("--rel-tol {} is below what double precision can reach, 1e-14",
                                 *flags_.relative_tolerance));
  }
  if (flags_.max_nodes > 0) options.maximum_nodes = static_cast<Index>(flags_.max_nodes);
  const Targets targets = resolve_targets(options.relative_target);
  options.relative_target = targets.relative;
  options.absolute_target = targets.absolute;
  exact::validate(options);
  return options;
}

EstimateCommand::Targets EstimateCommand::resolve_targets(double default_relative) const {
  for (const auto& [flag, value] : {std::pair{"--rel-tol", flags_.relative_tolerance},
                                    std::pair{"--abs-tol", flags_.absolute_tolerance}}) {
    if (value && !(*value > 0.0 && std::isfinite(*value))) {
      throw UsageError(fmt::format("{} {} must be a positive number", flag, *value));
    }
  }
  return {flags_.relative_tolerance.value_or(flags_.absolute_tolerance ? 0.0 : default_relative),
          flags_.absolute_tolerance.value_or(0.0)};
}

std::string EstimateCommand::options_toml() const {
  toml::table table{{"model", flags_.model},
                    {"seed", std::to_string(common_.seed)},  // TOML's integers end at 2^63
                    {"method", flags_.method},
                    {"instance", flags_.instance},
                    {"allow-wide", flags_.allow_wide}};
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) table.insert(key, *value);
  };
  if (exact()) {
    const exact::Options options = exact_options();
    table.insert("error-control", flags_.error_control);
    table.insert("max-nodes", static_cast<std::int64_t>(options.maximum_nodes));
    if (options.skeletons) table.insert("skeletons", static_cast<std::int64_t>(*options.skeletons));
    add_targets(table, options.relative_target, options.absolute_target);
  } else {
    const estimate::Options options = estimate_options();
    table.insert("confidence", options.confidence);
    table.insert("precision", flags_.precision);
    if (flags_.method == "quasi" || flags_.method == "auto") {
      table.insert("replicates", std::int64_t{options.replicates});
    }
    if (flags_.max_seconds) table.insert("max-seconds", *flags_.max_seconds);
    if (options.samples > 0) {
      table.insert("samples", static_cast<std::int64_t>(options.samples));
    } else {
      table.insert("max-samples", static_cast<std::int64_t>(options.max_samples));
      add_targets(table, options.relative_tolerance, options.absolute_tolerance);
    }
  }
  add("sparsity", flags_.sparsity);
  add("density", flags_.density);
  add("importance", flags_.importance);
  std::ostringstream text;
  text << table << '\n';
  return text.str();
}

int EstimateCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  prepare(*command_, common_, err);
  if (flags_.model.empty()) throw UsageError("estimate needs a model: skeleta estimate MODEL.h5");
  refuse_flags_of_other_methods();
  estimate::Options options = exact() ? estimate::Options{} : estimate_options();
  if (exact()) exact_options();  // checked before any work
  const storage::ModelFile file = read_models(flags_.model, {flags_.allow_wide});
  const std::vector<Index> instances =
      resolve_instances(flags_.instance, file.models.size(), flags_.model);
  const Features features = resolve_features(file, flags_.model, flags_.sparsity, flags_.density,
                                             flags_.importance, instances);
  const std::string output = resolve_links(flags_.output);
  const std::optional<EarlierRun> earlier = earlier_run(output, file, features, instances);

  const int threads = resolve_threads(common_.threads);
  const storage::Provenance provenance{command_line, options_toml(), "", common_.seed, threads};
  ProgressDisplay display(err, common_.quiet);
  const InterruptGuard guard;
  Checkpoints checkpoints(err);
  options.progress = [&](const Progress& progress) {
    display.show(progress);
    return !InterruptGuard::requested();
  };
  options.announce = [&](const estimate::Foreseen& foreseen) { announce(foreseen, err); };
  std::vector<Result> results;
  bool overwrite = flags_.force || earlier;
  const auto runs_so_far = [&] {
    std::vector<storage::EstimateRun> runs;
    for (const Result& result : results) runs.push_back(result.run);
    return runs;
  };
  // A checkpoint also keeps what an earlier run has of instances whose turn has not come.
  const auto save = [&](const storage::EstimateRun& run) {
    std::vector<storage::EstimateRun> runs = runs_so_far();
    runs.push_back(run);
    append_waiting(earlier, instances, runs);
    checkpoints.write([&] {
      storage::write_estimate(output, provenance, runs, overwrite);
      overwrite = true;
    });
  };
  std::optional<Index> failed_at;
  try {
    for (const Index k : instances) {
      if (InterruptGuard::requested()) break;
      const ReluAutoencoder& model = file.models[static_cast<std::size_t>(k)];
      results.push_back(exact() ? exact_result(model, features, k)
                                : sampled_result(model, features, k, options,
                                                 earlier ? earlier->find(k) : nullptr,
                                                 output.empty() ? Save{} : Save{save}));
    }
  } catch (const Interrupted&) {
    if (results.empty()) throw;  // the finished instances are kept
  } catch (const std::exception& error) {
    if (results.empty()) throw;
    fmt::print(err, "skeleta: instance {}: {}\n", instances[results.size()], error.what());
    failed_at = instances[results.size()];
  }
  int code = ExitCode::done;
  for (const Result& result : results) code = worse(code, this->code(result));
  if (failed_at) code = worse(code, ExitCode::failed);
  if (!failed_at && results.size() < instances.size()) code = ExitCode::interrupted;
  std::vector<storage::EstimateRun> runs = runs_so_far();
  append_waiting(earlier, instances, runs);
  // An extra, which the file can be without.
  if (!output.empty()) failure_of([&] { describe_geometry(runs); });
  const auto write = [&] { storage::write_estimate(output, provenance, runs, overwrite); };
  code = deliver({output.empty() ? std::function<void()>{} : write,
                  [&] { print(results, file.models.size(), threads, out); },
                  common_.json || common_.quiet ? "" : flags_.output},
                 code, out, err);
  for (const Result& result : results) {
    if (result.check_failure.empty()) continue;
    fmt::print(err, "skeleta: --check: instance {} has no exact loss to compare with: {}\n",
               result.run.instance, result.check_failure);
  }
  return code;
}

// 1 for a check that could not be made: the estimate has what it was asked for.
int EstimateCommand::code(const Result& result) const {
  const int code = exit_code(result.run.loss);
  if (result.check_failure.empty()) return code;
  return worse(code, InterruptGuard::requested() ? ExitCode::interrupted : ExitCode::failed);
}

void EstimateCommand::announce(const estimate::Foreseen& foreseen, std::ostream& err) const {
  const double threads = resolve_threads(common_.threads);
  const bool limited = flags_.max_seconds.has_value();
  // Who says nothing of a limit waits for the precision.
  const bool capped = flags_.samples > 0 || command_->count("--max-samples") > 0;
  const double wanted = std::min(std::max(foreseen.points, foreseen.wanted), 1e300);
  const double points = capped ? foreseen.points : wanted;
  const double seconds = foreseen.seconds * (points / foreseen.points) / threads;
  program::announce({fmt::format("{:.3g} samples{}", points,
                                 flags_.samples > 0 ? "" : ", which the precision needs,"),
                     seconds, "ask for less, or say when to stop: --max-seconds T", limited},
                    common_.quiet, err);
}

std::optional<EarlierRun> EstimateCommand::earlier_run(const std::string& output,
                                                       const storage::ModelFile& file,
                                                       const Features& features,
                                                       const std::vector<Index>& instances) const {
  if (output.empty()) return std::nullopt;
  const bool there = std::filesystem::is_regular_file(output);
  // An exact result has nothing to continue.
  const bool continued = there && !flags_.force && !exact();
  check_output(output, flags_.model, flags_.force || continued);
  if (!continued) return std::nullopt;
  const bool replicated = flags_.method == "quasi" || flags_.method == "auto";
  return EarlierRun(
      output, {flags_.method, flags_.precision, common_.seed, replicated ? flags_.replicates : 0,
               &file.models, features, instances});
}

EstimateCommand::Result EstimateCommand::exact_result(const ReluAutoencoder& model,
                                                      const Features& features,
                                                      Index instance) const {
  const auto start = std::chrono::steady_clock::now();
  const auto result = approximation::exact_loss(model, features, exact_options());
  return {{model, features, instance, flags_.method, contour_kernel(), result.loss,
           result.one_sparse, seconds_since(start)},
          std::nullopt};
}

EstimateCommand::Result EstimateCommand::sampled_result(const ReluAutoencoder& model,
                                                        const Features& features, Index instance,
                                                        const estimate::Options& asked,
                                                        const storage::EstimateRun* earlier,
                                                        const Save& save) const {
  const auto start = std::chrono::steady_clock::now();
  const bool single = flags_.precision == "float32";
  const double before = earlier != nullptr ? earlier->seconds : 0.0;
  const auto as_run = [&](const approximation::SampledLoss& sampled) {
    return storage::EstimateRun{model,
                                features,
                                instance,
                                to_string(sampled.method),
                                to_string(sampled.path) + (single ? "-float32" : ""),
                                sampled.loss,
                                sampled.one_sparse,
                                before + seconds_since(start),
                                sampled.state};
  };
  estimate::Options options = asked;
  if (earlier != nullptr) {
    options.resume = earlier->state;
    options.method = method_named(earlier->method);  // the one that auto picked then
  }
  approximation::SampledCheckpoint checkpoint;
  if (save) {
    checkpoint = [&](const approximation::SampledLoss& so_far) { save(as_run(so_far)); };
  }
  const auto precision = single ? estimate::Precision::float32 : estimate::Precision::float64;
  const auto sampled = approximation::sampled_loss(model, features, options, precision, checkpoint);
  Result outcome{as_run(sampled), std::nullopt, sampled.foreseen, sampled.exact_seconds};
  if (flags_.check && sampled.loss.stop_reason != StopReason::interrupted) check(outcome);
  return outcome;
}

void EstimateCommand::check(Result& result) const {
  exact::Options precise;
  precise.threads = common_.threads;
  // A hundredth is enough for z.
  precise.absolute_target = 0.01 * result.run.loss.standard_error;
  result.check_failure = failure_of(
      [&] { result.exact = exact::loss(result.run.model, result.run.features, precise); });
}

void EstimateCommand::print(const std::vector<Result>& results, std::size_t instances, int threads,
                            std::ostream& out) const {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Result& result : results) {
    const storage::EstimateRun& run = result.run;
    if (common_.json) {
      array.push_back(to_json(run, common_.seed, threads));
      if (result.exact) array.back()["check"] = check_json(run.loss, *result.exact);
      if (!result.check_failure.empty()) array.back()["check"]["failure"] = result.check_failure;
      if (!result.foreseen.empty()) {
        array.back()["choice"] = choice_json(result.foreseen, result.exact_seconds);
      }
    } else {
      print_heading(out, flags_.model, instances, common_.seed, run);
      print_estimate(out, run);
      if (!result.foreseen.empty()) {
        fmt::print(out, "{}\n", choice_text(result.foreseen, result.exact_seconds));
      }
      if (result.exact) print_check(out, run.loss, *result.exact);
      if (!result.check_failure.empty()) {
        fmt::print(out, "exact     no check: {}\n", result.check_failure);
      }
      if (&result != &results.back()) out << '\n';
    }
  }
  if (common_.json) out << (flags_.instance == "all" ? array : array.front()).dump(1) << '\n';
}

}  // namespace skeleta::program
