#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "exit_code.h"
#include "foresight.h"
#include "geometry_report.h"
#include "model_input.h"
#include "print.h"
#include "problem_words.h"
#include "progress_display.h"
#include "report.h"
#include "skeleta/approximation/cheapest_loss.h"
#include "skeleta/approximation/exact_loss.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {
namespace {

constexpr const char* estimate_examples = R"(The loss of a trained model, skeleton by skeleton.

Examples:
  skeleta estimate model.h5                   exact or, where that is cheaper,
                                              sampled to a relative 1e-3
  skeleta estimate model.h5 --rel-tol 1e-5 -o run.h5
                                              stopped or not: again continues it
  skeleta estimate model.h5 --sparsity 0.99 --samples 1e6 --method plain
  skeleta estimate model.h5 --instance all --json
  skeleta estimate model.h5 --method exact    every digit, no sampling
What the bound of an exact loss is: analysis/mathematics.md, Theorem 3.7; the
interval of a sampled one: analysis/mathematics.md, Proposition 9.2.
Ctrl-C, SIGTERM and SIGHUP end it with what there is by then; what would take a
century is refused unless --max-seconds is given.
)";

using storage::EstimateRun;

// What was computed: which model, on which data, with which random numbers.
void print_heading(std::ostream& out, const std::string& path, std::size_t instances,
                   std::uint64_t seed, const storage::EstimateRun& run) {
  const std::string which =
      instances > 1 ? fmt::format(", instance {} of {}", run.instance, instances) : "";
  print_to(out, "{}{}: {} features in {} hidden dimensions\n", path, which, run.model.features(),
           run.model.hidden());
  const bool sampled = run.method != "exact";
  print_to(out, "density {}, importance {}{}\n", one_or_range(run.features.density),
           one_or_range(run.features.importance),
           sampled ? fmt::format(", sampling seed {}", seed) : "");
  for (const std::string& words : {model_words(run.model), law_words(run.features)}) {
    if (!words.empty()) print_to(out, "{}\n", words);
  }
  print_to(out, "\n");
}

estimate::Method method_named(const std::string& name) {
  return estimate::method_named(name).value_or(estimate::Method::automatic);
}

bool replicated(const std::string& method) {
  return std::ranges::any_of(estimate::methods(), [&](const estimate::MethodInfo& info) {
    return info.replicated && info.name == method;
  });
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const estimate::MethodInfo& info : estimate::methods()) names.emplace_back(info.name);
  names.emplace_back("exact");
  return names;
}

std::string method_words() {
  std::string words;
  for (const estimate::MethodInfo& info : estimate::methods()) {
    words += fmt::format("{}: {}. ", info.name, info.words);
  }
  return words + "exact: contour integrals, which auto takes where they are cheaper";
}

void refuse_unless_positive(const char* flag, const std::optional<double>& value) {
  if (!value || (*value > 0.0 && std::isfinite(*value))) return;
  throw UsageError(fmt::format("{} {} must be a positive number", flag, *value));
}

// An estimate and, with --check, the exact loss, or why there is none.
struct Result {
  EstimateRun run{};
  std::optional<exact::Loss> exact{};
  std::vector<estimate::Foreseen> foreseen{};  // --method auto
  double exact_seconds = 0.0;
  std::string check_failure{};
};

// 1 for a check that could not be made: the estimate has what it was asked for.
int code_of(const Result& result) {
  const int code = exit_code(result.run.loss.stop_reason);
  if (result.check_failure.empty()) return code;
  return worse(code, InterruptGuard::requested() ? ExitCode::interrupted : ExitCode::failed);
}

class Estimate : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  bool exact() const { return method_ == "exact"; }
  bool may_be_exact(const Run& run) const;
  void refuse_flags_of_other_methods(const Run& run) const;
  void resolve_options(Run& run);
  void read_input(Run& run);
  void go_on_from(Run& run);
  bool finished(const Run& run) const;
  void compute(Run& run);
  Result exact_result(Run& run, const EstimateRun& task) const;
  EstimateRun exact_run(const EstimateRun& task, const approximation::ExactLoss& found,
                        double seconds) const;
  Result sampled_result(Run& run, const EstimateRun& task, const EstimateRun* earlier) const;
  void add_check(Result& result, int threads) const;
  void announce(Run& run, const estimate::Foreseen& foreseen) const;
  bool samples_ask_more(const IntegralBySkeleton& exact) const;
  const EstimateRun* earlier(Index instance) const;
  Findings findings(const Run& run, const EstimateRun* unfinished = nullptr) const;
  nlohmann::ordered_json json(const Run& run) const;
  void print(const Run& run, std::ostream& out) const;

  // What the options set.
  std::string model_, method_ = "auto", instance_ = "0";
  std::string error_control_ = "rigorous", precision_ = "float64";
  std::optional<std::uint64_t> samples_;
  std::optional<double> relative_tolerance_, absolute_tolerance_, max_seconds_;
  std::optional<Index> skeletons_;
  std::uint64_t max_nodes_ = static_cast<std::uint64_t>(exact::Options{}.maximum_nodes);
  bool check_ = false, allow_wide_ = false;
  DataOptions data_;
  estimate::Options sampled_;
  exact::Options exact_;

  // What is computed, and what came of it.
  std::vector<Autoencoder> models_;
  Features features_;
  std::vector<Index> instances_;
  std::vector<EstimateRun> earlier_;
  std::vector<Result> results_;
};

void Estimate::declare(OptionTable& options) {
  options.add("model", &model_, "MODEL.h5", "Model file, or a run file that holds one")
      .may_change();
  options.add("--method", &method_, "METHOD", method_words()).one_of(method_names());
  options.add("--samples", &samples_, "N", "Draw so many samples")
      .not_with({"--rel-tol", "--abs-tol", "--max-samples"})
      .may_change();
  options
      .add("--rel-tol", &relative_tolerance_, "R",
           "Until standard error or error bound <= R |loss|")
      .default_is(fmt::format("{}; exact: {}", sampled_.relative_tolerance, exact_.relative_target))
      .may_change();
  options.add("--abs-tol", &absolute_tolerance_, "A", "Until standard error or error bound <= A")
      .may_change();
  options.add("--max-samples", &sampled_.max_samples, "N", "Never draw more").may_change();
  options
      .add("--max-seconds", &max_seconds_, "T",
           "Begin no round of samples after so long; sampled methods")
      .may_change();
  options
      .add("--checkpoint-seconds", &sampled_.checkpoint_seconds, "T",
           "Write the output file so often on the way")
      .within(0.0)
      .not_stored();
  options
      .add("--replicates", &sampled_.replicates, "R",
           "quasi: independent scramblings, whose spread is the error")
      .within(2.0);
  options
      .add("--precision", &precision_, "TYPE",
           "float64, or float32 for faster kernels; sums are float64 always")
      .one_of(names<estimate::Precision>());
  options
      .add(
          "--error-control", &error_control_, "KIND",
          "exact: 'rigorous' bounds; 'estimated' for fewer nodes: an estimate, exceeded once in "
          "4000 random models, by up to 2.3 times; no interval is given; or 'proven': whole "
          "numbers, "
          "nothing rounded but the results, to the nearest double; plain ReLU models whose outputs "
          "see at most 24 features, seconds at 20")
      .one_of(names<exact::ErrorControl>());
  options.add("--skeletons", &skeletons_, "L", "exact: list only Q_0 ... Q_L; fewer cost less")
      .within(0.0)
      .default_is("all of probability > 1e-12");
  options.add("--max-nodes", &max_nodes_, "N", "exact: never use more nodes");
  options
      .add("--check", &check_, "",
           "sampled methods: also print the exact loss, and how far off the estimate is (exit code "
           "1 if the exact loss cannot be had)")
      .not_stored();
  options.add("--confidence", &sampled_.confidence, "C", "Of the interval");
  options.add("--instance", &instance_, "k", "Which model of the file: k or 'all'").may_change();
  data_.declare(options);
  options.add("--allow-wide", &allow_wide_, "", "Accept more hidden dimensions than features")
      .may_change();
}

void Estimate::refuse_flags_of_other_methods(const Run& run) const {
  const auto refuse = [&](std::initializer_list<const char*> flags) {
    for (const char* flag : flags) {
      if (run.given(flag))
        throw UsageError(fmt::format("{} is not for --method {}", flag, method_));
    }
  };
  if (exact()) {
    refuse({"--samples", "--max-samples", "--max-seconds", "--checkpoint-seconds", "--replicates",
            "--precision", "--confidence", "--check"});
    if (error_control_ == "proven" && run.given("--max-nodes")) {
      throw UsageError("--max-nodes is not for --error-control proven, which has no nodes");
    }
  } else {
    refuse({"--error-control", "--skeletons", "--max-nodes"});
    if (!replicated(method_)) refuse({"--replicates"});
  }
}

// --method auto, and nothing was said that only samples have.
bool Estimate::may_be_exact(const Run& run) const {
  if (method_ != "auto" || check_) return false;
  const auto of_samples = {"--samples",    "--max-samples", "--max-seconds",
                           "--replicates", "--precision",   "--confidence"};
  return std::ranges::none_of(of_samples, [&](const char* flag) { return run.given(flag); });
}

void Estimate::resolve_options(Run& run) {
  refuse_unless_positive("--rel-tol", relative_tolerance_);
  refuse_unless_positive("--abs-tol", absolute_tolerance_);
  refuse_unless_positive("--max-seconds", max_seconds_);
  const auto relative = [&](double usual) {
    return relative_tolerance_.value_or(absolute_tolerance_ ? 0.0 : usual);
  };
  sampled_.method = method_named(method_);
  sampled_.seed = run.seed();
  sampled_.threads = exact_.threads = run.threads();
  if (samples_) sampled_.samples = *samples_;
  if (max_seconds_) sampled_.max_seconds = *max_seconds_;
  sampled_.relative_tolerance = relative(sampled_.relative_tolerance);
  sampled_.absolute_tolerance = absolute_tolerance_.value_or(0.0);
  if (!exact()) estimate::validate(sampled_);
  if (!exact() && !may_be_exact(run)) return;

  constexpr std::uint64_t least_nodes = 64;
  if (max_nodes_ < least_nodes) {
    throw UsageError(fmt::format("--max-nodes {} must be at least {}", max_nodes_, least_nodes));
  }
  if (relative_tolerance_ && *relative_tolerance_ < 1e-14) {
    throw UsageError(fmt::format("--rel-tol {} is below what double precision can reach, 1e-14",
                                 *relative_tolerance_));
  }
  exact_.skeletons = skeletons_;
  exact_.error_control = named<exact::ErrorControl>(error_control_).value();
  exact_.maximum_nodes = static_cast<Index>(max_nodes_);
  exact_.relative_target = relative(exact_.relative_target);
  exact_.absolute_target = absolute_tolerance_.value_or(0.0);
  exact::validate(exact_);
}

void Estimate::read_input(Run& run) {
  if (model_.empty()) throw UsageError("estimate needs a model: skeleta estimate MODEL.h5");
  storage::ModelFile file = read_models(model_, {allow_wide_});
  instances_ = resolve_instances(instance_, file.models.size(), model_);
  features_ = resolve_features(file, model_, data_, instances_);
  models_ = std::move(file.models);
  run.identify(Fingerprint().add(models_).add(features_));
}

// What an earlier run has of the instances; those that are not asked for would be lost.
void Estimate::go_on_from(Run& run) {
  auto file = run.earlier(read_run, {model_});
  if (!file) return;
  earlier_ = std::move(file->estimates);
  for (const EstimateRun& there : earlier_) {
    if (std::find(instances_.begin(), instances_.end(), there.instance) == instances_.end()) {
      run.refuse_to_continue(
          fmt::format("it holds instance {}, which is not asked for", there.instance));
    }
    if (there.method != "exact" || exact() || may_be_exact(run) || run.same_options()) continue;
    if (there.loss.stop_reason == StopReason::exact && samples_ask_more(there.loss)) {
      run.refuse_to_continue(
          "it holds the exact loss, which samples would replace by a coarser one");
    }
  }
}

// Of a file that has the exact loss: so many samples, or more digits than it has?
bool Estimate::samples_ask_more(const IntegralBySkeleton& exact) const {
  const double wanted =
      std::max(sampled_.absolute_tolerance, sampled_.relative_tolerance * std::abs(exact.value));
  return samples_.has_value() || !(exact.error_bound <= wanted);
}

const EstimateRun* Estimate::earlier(Index instance) const {
  const auto found = std::find_if(earlier_.begin(), earlier_.end(),
                                  [&](const EstimateRun& run) { return run.instance == instance; });
  return found == earlier_.end() ? nullptr : &*found;
}

void Estimate::compute(Run& run) {
  ProgressDisplay display(run.err(), run.quiet());
  sampled_.progress = [&](const Progress& progress) {
    display.show(progress);
    return !InterruptGuard::requested();
  };
  sampled_.announce = [&](const estimate::Foreseen& foreseen) { announce(run, foreseen); };
  for (const Index k : instances_) {
    if (InterruptGuard::requested()) break;
    EstimateRun task;
    task.model = models_[static_cast<std::size_t>(k)];
    task.features = features_;
    task.instance = k;
    results_.push_back(exact() ? exact_result(run, task) : sampled_result(run, task, earlier(k)));
    if (!exact() || instances_.size() == 1) continue;
    display.show(results_.size(), instances_.size(), "instances",
                 fmt::format("last loss {:.6g}", results_.back().run.loss.value));
    if (results_.size() < instances_.size()) run.checkpoint_if_due(findings(run));
  }
}

// Does the earlier run have all that this one asks for?
bool Estimate::finished(const Run& run) const {
  return run.same_options() && !check_ &&
         std::all_of(instances_.begin(), instances_.end(), [&](Index k) {
           const EstimateRun* there = earlier(k);
           return there != nullptr && exit_code(there->loss.stop_reason) == ExitCode::done;
         });
}

int Estimate::run(Run& run) {
  refuse_flags_of_other_methods(run);
  resolve_options(run);
  read_input(run);
  go_on_from(run);
  if (finished(run)) {
    for (const Index k : instances_) results_.push_back({*earlier(k)});
    return run.finish_again(findings(run), ExitCode::done);
  }
  run.begin();
  int code = ExitCode::done;
  try {
    compute(run);
  } catch (const Interrupted&) {
    if (results_.empty()) throw;  // the finished instances are kept
  } catch (const std::exception& error) {
    if (results_.empty()) throw;
    print_to(run.err(), "skeleta: instance {}: {}\n", instances_[results_.size()], error.what());
    code = ExitCode::failed;
  }
  if (code == ExitCode::done && results_.size() < instances_.size()) code = ExitCode::interrupted;
  for (const Result& result : results_) code = worse(code, code_of(result));
  code = run.finish(findings(run), code);
  for (const Result& result : results_) {
    if (result.check_failure.empty()) continue;
    print_to(run.err(), "skeleta: --check: instance {} has no exact loss to compare with: {}\n",
             result.run.instance, result.check_failure);
  }
  return code;
}

void Estimate::announce(Run& run, const estimate::Foreseen& foreseen) const {
  // Who says nothing of a limit waits for the precision.
  const bool capped = samples_ || run.given("--max-samples");
  const double wanted = std::min(std::max(foreseen.points, foreseen.wanted), 1e300);
  const double points = capped ? foreseen.points : wanted;
  const double seconds = foreseen.seconds * (points / foreseen.points) / run.workers();
  program::announce(
      {fmt::format("{:.3g} samples{}", points, samples_ ? "" : ", which the precision needs,"),
       seconds, "ask for less, or say when to stop: --max-seconds T", max_seconds_.has_value()},
      run.quiet(), run.err());
}

Result Estimate::exact_result(Run& run, const EstimateRun& task) const {
  const EstimateRun* there = run.same_options() ? earlier(task.instance) : nullptr;
  if (there != nullptr && there->loss.stop_reason == StopReason::exact) return {*there};
  const double start = run.seconds();
  const auto found = approximation::exact_loss(task.model, features_, exact_);
  return {exact_run(task, found, run.seconds() - start)};
}

EstimateRun Estimate::exact_run(const EstimateRun& task, const approximation::ExactLoss& found,
                                double seconds) const {
  EstimateRun done = task;
  done.method = "exact";
  done.kernel = exact_kernel(exact_.error_control);
  done.loss = found.loss;
  done.one_sparse = found.one_sparse;
  done.seconds = seconds;
  return done;
}

Result Estimate::sampled_result(Run& run, const EstimateRun& task,
                                const EstimateRun* earlier) const {
  if (earlier != nullptr && earlier->method == "exact") {  // as auto found cheaper then
    if (run.same_options() || !samples_ask_more(earlier->loss)) return {*earlier};
    earlier = nullptr;
  }
  const double start = run.seconds() - (earlier != nullptr ? earlier->seconds : 0.0);
  const auto as_run = [&](const approximation::SampledLoss& sampled) {
    EstimateRun done = task;
    done.method = to_string(sampled.method);
    done.kernel = to_string(sampled.path) + (precision_ == "float32" ? "-float32" : "");
    done.loss = sampled.loss;
    done.one_sparse = sampled.one_sparse;
    done.seconds = run.seconds() - start;
    done.state = sampled.state;
    return done;
  };
  estimate::Options options = sampled_;
  if (earlier != nullptr) {
    options.resume = earlier->state;
    options.method = method_named(earlier->method);  // the one that auto picked then
  }
  approximation::SampledCheckpoint checkpoint;
  if (run.output_wanted()) {
    checkpoint = [&](const approximation::SampledLoss& so_far) {
      const EstimateRun unfinished = as_run(so_far);
      run.checkpoint(findings(run, &unfinished));
    };
  }
  const auto precision = named<estimate::Precision>(precision_).value();
  if (may_be_exact(run)) {
    const auto found =
        approximation::cheapest_loss(task.model, features_, options, exact_, precision, checkpoint);
    const approximation::SampledLoss& pilots = found.sampled;
    return {found.exact ? exact_run(task, found.integral, run.seconds() - start) : as_run(pilots),
            std::nullopt, pilots.foreseen, pilots.exact_seconds};
  }
  const auto sampled =
      approximation::sampled_loss(task.model, features_, options, precision, checkpoint);
  Result result{as_run(sampled), std::nullopt, sampled.foreseen, sampled.exact_seconds};
  if (check_ && sampled.loss.stop_reason != StopReason::interrupted) {
    add_check(result, run.threads());
  }
  return result;
}

void Estimate::add_check(Result& result, int threads) const {
  exact::Options precise;
  precise.threads = threads;
  precise.absolute_target = 0.01 * result.run.loss.standard_error;  // a hundredth is enough for z
  result.check_failure =
      failure_of([&] { result.exact = exact::loss(result.run.model, features_, precise); });
}

// With what an earlier run has of instances whose turn has not come.
Findings Estimate::findings(const Run& run, const EstimateRun* unfinished) const {
  std::vector<EstimateRun> runs;
  for (const Result& result : results_) runs.push_back(result.run);
  if (unfinished != nullptr) runs.push_back(*unfinished);
  for (std::size_t k = runs.size(); k < instances_.size(); ++k) {
    if (const EstimateRun* waiting = earlier(instances_[k])) runs.push_back(*waiting);
  }
  const auto write = [runs, whole = unfinished == nullptr](const auto& path, const auto& provenance,
                                                           bool overwrite) mutable {
    for (EstimateRun& one : runs) one.geometry.reset();
    if (whole) failure_of([&] { describe_geometry(runs); });  // an extra
    storage::write_estimate(path, provenance, runs, overwrite);
  };
  return {write, [&] { return json(run); }, [&](std::ostream& out) { print(run, out); }};
}

nlohmann::ordered_json Estimate::json(const Run& run) const {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Result& result : results_) {
    nlohmann::ordered_json& one =
        array.emplace_back(to_json(result.run, run.seed(), run.threads()));
    if (result.exact) one["check"] = check_json(result.run.loss, *result.exact);
    if (!result.check_failure.empty()) one["check"]["failure"] = result.check_failure;
    if (!result.foreseen.empty())
      one["choice"] = choice_json(result.foreseen, result.exact_seconds);
  }
  return instance_ == "all" ? array : array.front();
}

void Estimate::print(const Run& run, std::ostream& out) const {
  for (const Result& result : results_) {
    if (&result != &results_.front()) out << '\n';
    print_heading(out, model_, models_.size(), run.seed(), result.run);
    print_estimate(out, result.run);
    if (!result.foreseen.empty()) {
      print_to(out, "{}\n", choice_text(result.run.method, result.foreseen, result.exact_seconds));
    }
    if (result.exact) print_check(out, result.run.loss, *result.exact);
    if (!result.check_failure.empty()) {
      print_to(out, "exact     no check: {}\n", result.check_failure);
    }
  }
}

}  // namespace

CommandEntry estimate_command() {
  return {"estimate", estimate_examples, make_command<Estimate>, true, nullptr, true};
}

}  // namespace skeleta::program
