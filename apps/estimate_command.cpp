#include "estimate_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <toml++/toml.h>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "errors.h"
#include "geometry_report.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "progress_display.h"
#include "report.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/core/parallel.h"

namespace skeleta::program {
namespace {

constexpr const char* examples = R"(The loss of a trained model, skeleton by skeleton.

Examples:
  skeleta estimate model.h5                          to a relative error of 1e-3
  skeleta estimate model.h5 --rel-tol 1e-5 -o run.h5
  skeleta estimate model.h5 --sparsity 0.99 --samples 1e6 --method plain
  skeleta estimate model.h5 --instance all --json
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
    case StopReason::nodes:
    case StopReason::unresolved:
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
  fmt::print(out, "density {}, importance {}, sampling seed {}\n\n",
             one_or_range(run.features.density), one_or_range(run.features.importance), seed);
}

}  // namespace

EstimateCommand::EstimateCommand(CLI::App& program)
    : command_(program.add_subcommand("estimate", examples)) {
  CLI::App& command = *command_;
  command.add_option("model", flags_.model, "Model file, or a run file that holds one")
      ->type_name("MODEL.h5");
  command
      .add_option("--method", flags_.method,
                  "stratified: each skeleton on its own, Q0 and Q1 in closed form. "
                  "plain: x from the whole measure [stratified]")
      ->check(CLI::IsMember({"stratified", "plain"}));
  CLI::Option* samples = add_count(command, "--samples", flags_.samples, "Draw so many samples");
  CLI::Option* relative = command.add_option("--rel-tol", flags_.relative_tolerance,
                                             "Sample until standard error <= R |loss| [1e-3]");
  CLI::Option* absolute = command.add_option("--abs-tol", flags_.absolute_tolerance,
                                             "Sample until standard error <= A");
  samples->excludes(relative)->excludes(absolute);
  add_count(command, "--max-samples", flags_.max_samples, "Never draw more [1e12]")
      ->excludes(samples);
  command.add_option("--confidence", flags_.confidence, "Of the interval [0.95]");
  command.add_option("--instance", flags_.instance, "Which model of the file: k or 'all' [0]");
  CLI::Option* sparsity = command.add_option("--sparsity", flags_.sparsity,
                                             "Sparsity S of all features, density p = 1 - S");
  command.add_option("--density", flags_.density, "Density p of all features")->excludes(sparsity);
  command.add_option("--importance", flags_.importance, "Importance of all features");
  command.add_option("-o,--output", flags_.output, "Write the result to this HDF5 file")
      ->type_name("FILE.h5");
  command.add_flag("--force", flags_.force, "Replace the output file if it exists");
  command.add_flag("--allow-wide", flags_.allow_wide,
                   "Accept more hidden dimensions than features");
  add_common_options(command, common_);
}

estimate::Options EstimateCommand::estimate_options() const {
  estimate::Options options;
  options.method =
      flags_.method == "plain" ? estimate::Method::plain : estimate::Method::stratified;
  options.seed = common_.seed;
  options.threads = common_.threads;
  options.samples = flags_.samples;
  options.max_samples = flags_.max_samples;
  options.confidence = flags_.confidence;
  for (const auto& [flag, value] : {std::pair{"--rel-tol", flags_.relative_tolerance},
                                    std::pair{"--abs-tol", flags_.absolute_tolerance}}) {
    if (value && !(*value > 0.0 && std::isfinite(*value))) {
      throw UsageError(fmt::format("{} {} must be a positive number", flag, *value));
    }
  }
  if (flags_.absolute_tolerance) {
    options.absolute_tolerance = *flags_.absolute_tolerance;
    options.relative_tolerance = flags_.relative_tolerance.value_or(0.0);
  } else if (flags_.relative_tolerance) {
    options.relative_tolerance = *flags_.relative_tolerance;
  }
  estimate::validate(options);
  return options;
}

std::string EstimateCommand::options_toml() const {
  toml::table table{{"model", flags_.model},
                    {"seed", std::to_string(common_.seed)},  // TOML's integers end at 2^63
                    {"method", flags_.method},
                    {"instance", flags_.instance},
                    {"confidence", flags_.confidence},
                    {"max-samples", static_cast<std::int64_t>(flags_.max_samples)},
                    {"allow-wide", flags_.allow_wide}};
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) table.insert(key, *value);
  };
  if (flags_.samples > 0) {
    table.insert("samples", static_cast<std::int64_t>(flags_.samples));
  } else {
    const estimate::Options options = estimate_options();
    if (options.relative_tolerance > 0.0) table.insert("rel-tol", options.relative_tolerance);
    if (options.absolute_tolerance > 0.0) table.insert("abs-tol", options.absolute_tolerance);
  }
  add("sparsity", flags_.sparsity);
  add("density", flags_.density);
  add("importance", flags_.importance);
  std::ostringstream text;
  text << table << '\n';
  return text.str();
}

int EstimateCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  apply_config(*command_, common_.config);
  if (flags_.model.empty()) throw UsageError("estimate needs a model: skeleta estimate MODEL.h5");
  if (command_->count("--output") > 0 && flags_.output.empty()) {
    throw UsageError("-o needs the name of a file");
  }
  estimate::Options options = estimate_options();
  const storage::ModelFile file = read_models(flags_.model, {flags_.allow_wide});
  const Features features =
      resolve_features(file, flags_.model, flags_.sparsity, flags_.density, flags_.importance);
  const std::string output = resolve_links(flags_.output);
  if (!output.empty()) check_output(output, flags_.model, flags_.force);

  const int threads = resolve_threads(options.threads);
  ProgressDisplay display(err, common_.quiet);
  const InterruptGuard guard;
  options.progress = [&](const Progress& progress) {
    display.show(progress);
    return !InterruptGuard::requested();
  };
  std::vector<storage::EstimateRun> runs;
  const std::vector<Index> instances =
      resolve_instances(flags_.instance, file.models.size(), flags_.model);
  try {
    for (const Index k : instances) {
      if (InterruptGuard::requested()) break;
      runs.push_back(estimate(file.models[static_cast<std::size_t>(k)], features, k, options));
    }
  } catch (const estimate::Interrupted&) {
    if (runs.empty()) throw;  // the finished instances are kept
  }

  if (!output.empty()) {
    describe_geometry(runs);
    const storage::Provenance provenance{command_line, options_toml(), "", common_.seed, threads};
    storage::write_estimate(output, provenance, runs, flags_.force);
  }
  const int code = report(runs, file.models.size(), threads, out, err);
  return runs.size() < instances.size() ? static_cast<int>(ExitCode::interrupted) : code;
}

storage::EstimateRun EstimateCommand::estimate(const ReluAutoencoder& model,
                                               const Features& features, Index instance,
                                               const estimate::Options& options) const {
  const auto start = std::chrono::steady_clock::now();
  const approximation::SampledLoss sampled = approximation::sampled_loss(model, features, options);
  return {model,
          features,
          instance,
          flags_.method,
          to_string(sampled.path),
          sampled.loss,
          sampled.one_sparse,
          seconds_since(start)};
}

int EstimateCommand::report(const std::vector<storage::EstimateRun>& runs, std::size_t instances,
                            int threads, std::ostream& out, std::ostream& err) const {
  int code = ExitCode::done;
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const storage::EstimateRun& run : runs) {
    if (common_.json) {
      array.push_back(to_json(run, common_.seed, threads));
    } else {
      print_heading(out, flags_.model, instances, common_.seed, run);
      print_estimate(out, run);
      if (&run != &runs.back()) out << '\n';
    }
    code = worse(code, exit_code(run.loss));
  }
  if (common_.json) out << (flags_.instance == "all" ? array : array.front()).dump(1) << '\n';
  if (!flags_.output.empty() && !common_.json && !common_.quiet) {
    fmt::print(err, "written to {}\n", flags_.output);
  }
  return code;
}

}  // namespace skeleta::program
