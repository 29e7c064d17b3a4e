#include "approximate_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "approximation_results.h"
#include "checkpoint_clock.h"
#include "delivery.h"
#include "errors.h"
#include "foresight.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "report.h"
#include "skeleta/core/parallel.h"
#include "skeleta/measure/active_count.h"

namespace skeleta::program {
namespace {

constexpr const char* examples = R"(How good it is to see only few active features at a time.

Examples:
  skeleta approximate --features 5 --sparsity 0.95          P(N >= m), and bounds of it
  skeleta approximate --features 20 --table 0.9,0.95,0.99   the same for several sparsities
  skeleta approximate model.h5                              how much of the loss is beyond Q1
  skeleta approximate --features 6 --hidden 2 --sparsity 0.9 --train
                                        what training on at most k active features costs
  skeleta approximate --features 6 --hidden 2 --train --sparsities 0.5:0.98:30
  skeleta approximate --features 2 --hidden 1 --sparsity 0.9 --certify
                                        a global minimum with a proof, of few features; with
                                        -o run.h5 it continues when it is typed again
)";

constexpr const char* filetype = "skeleta approximate";
constexpr double negligible = 1e-12;  // Rows end where P(N >= m) falls below.
constexpr Index most_listed = 1000;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double parse_number(const char* flag, const std::string& text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw UsageError(fmt::format("{}: '{}' is not a number", flag, text));
  }
  return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

void check_sparsity(const char* flag, double value) {
  if (!(value >= 0.0 && value <= 1.0)) {
    throw UsageError(fmt::format("{}: sparsity {} must lie in [0, 1]", flag, value));
  }
}

// "S1,S2,…", or "A:B:N" for N equally spaced values from A to B.
std::vector<double> parse_sparsities(const char* flag, const std::string& text) {
  std::vector<double> values;
  const std::vector<std::string> range = split(text, ':');
  if (range.size() == 1) {
    for (const std::string& part : split(text, ',')) values.push_back(parse_number(flag, part));
  } else {
    const double count = range.size() == 3 ? parse_number(flag, range[2]) : 0.0;
    if (!(count >= 2.0 && count <= 1e4 && count == std::floor(count))) {
      throw UsageError(fmt::format(
          "{} {}: give a list S1,S2,... or A:B:N, N = 2 to 10000 values from A to B", flag, text));
    }
    const double first = parse_number(flag, range[0]), last = parse_number(flag, range[1]);
    for (double n = 0.0; n < count; ++n) {
      values.push_back(std::lerp(first, last, n / (count - 1.0)));
    }
  }
  for (const double value : values) check_sparsity(flag, value);
  return values;
}

// The largest m whose row is listed: at least 2, where there are so many features.
Index last_row(const Vector& density) {
  const ActiveCount count(density);
  Index m = std::min<Index>(2, density.size());
  while (m < std::min(density.size(), most_listed) && count.at_least(m + 1) >= negligible) ++m;
  return m;
}

int exit_code(const ApproximationReport& report) {
  if (report.interrupted) return ExitCode::interrupted;
  if (report.certified && report.certified->stop_reason != bounds::CertifyStop::gap) {
    return ExitCode::precision_missed;
  }
  return ExitCode::done;
}

}  // namespace

ApproximateCommand::ApproximateCommand(CLI::App& program)
    : command_(program.add_subcommand("approximate", examples)) {
  CLI::App& command = *command_;
  command.add_option("model", flags_.model, "Model file, or a run file that holds one; or none")
      ->type_name("MODEL.h5");
  command.add_option("--features", flags_.features, "Number of features, without a model")
      ->type_name("D");
  command
      .add_option("--hidden", flags_.hidden,
                  "Hidden dimensions, for --train and --certify without a model")
      ->type_name("d");
  command.add_option("--instance", flags_.instance, "Which model of the file: k or 'all' [0]");
  CLI::Option* sparsity = command.add_option("--sparsity", flags_.sparsity,
                                             "Sparsity S of all features, density p = 1 - S");
  command.add_option("--density", flags_.density, "Density p of all features")->excludes(sparsity);
  command.add_option("--importance", flags_.importance, "Importance of all features");
  command
      .add_option("--epsilon", flags_.epsilon,
                  "Print the largest density at which what is ignored stays below E [0.01]")
      ->type_name("E");
  command
      .add_option("--table", flags_.table, "Also P(N >= 2) at these sparsities: a list or A:B:N")
      ->type_name("S1,S2,...");
  command.add_flag("--train", flags_.train,
                   "Certificate: minimise the loss on at most k active features and the whole "
                   "loss, and compare");
  command
      .add_option("--k-max", flags_.k_max,
                  "--train: for k = 1, ..., K [3; 1 with --sparsities; beyond 2 for few features]")
      ->type_name("K");
  add_count(command, "--starts", flags_.starts, "--train: random starts of each objective [20]");
  command
      .add_option("--sparsities", flags_.sparsities,
                  "--train: one certificate for each of these sparsities: a list or A:B:N")
      ->type_name("S1,S2,...")
      ->excludes(sparsity)
      ->excludes("--density");
  command.add_flag("--certify", flags_.certify,
                   "Bounds of the global minimum by branch and bound; few features only");
  command.add_option("--k", flags_.k, "--certify: of the loss on at most K active features")
      ->type_name("K");
  command
      .add_option("--rel-gap", flags_.relative_gap,
                  "--certify: until upper - lower <= G upper [1e-5]")
      ->type_name("G");
  add_count(command, "--max-boxes", flags_.max_boxes, "--certify: never bound more boxes [1e7]");
  output_.add_options(command);
  add_common_options(command, common_);
}

void ApproximateCommand::refuse_lonely_flags() const {
  const auto needs = [&](bool there, const char* what, std::initializer_list<const char*> flags) {
    for (const char* flag : flags) {
      if (!there && command_->count(flag) > 0) {
        throw UsageError(fmt::format("{} needs {}", flag, what));
      }
    }
  };
  needs(!flags_.model.empty(), "a model: skeleta approximate MODEL.h5", {"--instance"});
  needs(flags_.train, "--train", {"--k-max", "--starts", "--sparsities"});
  needs(flags_.certify, "--certify", {"--k", "--rel-gap", "--max-boxes"});
  if (flags_.certify && !flags_.sparsities.empty()) {
    throw UsageError("--certify is for one sparsity: give --sparsity S, not --sparsities");
  }
  if (flags_.instance == "all" && (flags_.train || flags_.certify)) {
    throw UsageError(
        "--instance all is not for --train or --certify: these do not look at the weights");
  }
  if (!(flags_.epsilon > 0.0 && flags_.epsilon < 1.0)) {
    throw UsageError(fmt::format("--epsilon {} must lie between 0 and 1", flags_.epsilon));
  }
  if (!(flags_.relative_gap > 0.0 && std::isfinite(flags_.relative_gap))) {
    throw UsageError(fmt::format("--rel-gap {} must be a positive number", flags_.relative_gap));
  }
}

ApproximateCommand::Setting ApproximateCommand::resolve_setting() const {
  Setting setting = flags_.model.empty() ? setting_of_flags() : setting_of_model();
  check(setting);
  return setting;
}

ApproximateCommand::Setting ApproximateCommand::setting_of_model() const {
  const storage::ModelFile file = read_models(flags_.model, {});
  const ReluAutoencoder& first = file.models.front();
  const auto agree = [&](const char* flag, std::optional<Index> asked, Index there) {
    if (asked && *asked != there) {
      throw UsageError(fmt::format("{} {} contradicts {}, which has {}: leave it out", flag, *asked,
                                   flags_.model, there));
    }
  };
  agree("--features", flags_.features, first.features());
  agree("--hidden", flags_.hidden, first.hidden());
  Setting setting;
  setting.has_density = flags_.sparsity || flags_.density || !file.density.empty();
  // Other parts bring their own sparsities.
  const bool may_lack = !table_.empty() || !sparsities_.empty();
  const std::optional<double> density =
      setting.has_density || !may_lack ? flags_.density : std::optional<double>(0.0);
  setting.hidden = first.hidden();
  setting.models = file.models;
  setting.instances = resolve_instances(flags_.instance, file.models.size(), flags_.model);
  setting.features = resolve_features(file, flags_.model, flags_.sparsity, density,
                                      flags_.importance, setting.instances);
  return setting;
}

ApproximateCommand::Setting ApproximateCommand::setting_of_flags() const {
  constexpr Index most_features = 1'000'000;
  if (!flags_.features) {
    throw UsageError(
        "approximate needs a model or a number of features: skeleta approximate MODEL.h5, or "
        "--features D --sparsity S");
  }
  const Index count = *flags_.features;
  if (count < 1 || count > most_features) {
    throw UsageError(fmt::format("--features {} must lie in 1..{}", count, most_features));
  }
  Setting setting;
  setting.has_density = flags_.sparsity || flags_.density;
  if (!setting.has_density && table_.empty() && sparsities_.empty()) {
    throw UsageError("say how sparse the features are with --sparsity S or --density p");
  }
  if (flags_.sparsity) check_sparsity("--sparsity", *flags_.sparsity);
  const double density = flags_.sparsity ? 1.0 - *flags_.sparsity : flags_.density.value_or(0.0);
  if (!(density >= 0.0 && density <= 1.0)) {
    throw UsageError(fmt::format("--density {} must lie in [0, 1]", density));
  }
  const double importance = flags_.importance.value_or(1.0);
  if (!(importance >= 0.0 && std::isfinite(importance))) {
    throw UsageError(fmt::format("--importance {} must be finite and not negative", importance));
  }
  setting.features = Features::uniform(count, density, importance);
  setting.hidden = flags_.hidden;
  return setting;
}

void ApproximateCommand::check(const Setting& setting) const {
  const Index count = setting.features.size();
  const auto in_range = [&](const char* flag, std::optional<Index> value, Index first, Index last) {
    if (value && (*value < first || *value > last)) {
      throw UsageError(fmt::format("{} {} must lie in {}..{} for {} features", flag, *value, first,
                                   last, count));
    }
  };
  in_range("--hidden", setting.hidden, 1, count);
  in_range("--k", flags_.k, 0, count);
  in_range("--k-max", flags_.k_max, 1, count);
  in_range("--k-max", flags_.k_max, 1, training::most_truncated(count));
  if ((flags_.train || flags_.certify) && !setting.hidden) {
    throw UsageError(fmt::format("{} needs --hidden d", flags_.train ? "--train" : "--certify"));
  }
  for (const double sparsity : sparsities_) {
    if (sparsity == 1.0) {
      throw UsageError("--sparsities: at sparsity 1 nothing is ever active: nothing to train on");
    }
  }
  if (flags_.train && setting.hidden) {
    refuse_more_than_memory("--starts", static_cast<double>(flags_.starts),
                            static_cast<double>((*setting.hidden + 1) * count));
  }
  const bool trained_here = flags_.train && sparsities_.empty();
  if ((trained_here || flags_.certify) && !setting.has_density) {
    throw UsageError("say how sparse the features are with --sparsity S or --density p");
  }
  if (trained_here && !(setting.features.density.maxCoeff() > 0.0)) {
    throw UsageError("--train: no feature is ever active: nothing to train on");
  }
}

training::CertificateOptions ApproximateCommand::training_options(Index most) const {
  training::CertificateOptions options;
  options.most = most;
  options.starts = flags_.starts;
  options.seed = common_.seed;
  options.threads = common_.threads;
  return options;
}

Index ApproximateCommand::k_max(Index features, Index usual) const {
  return flags_.k_max.value_or(std::min(usual, training::most_truncated(features)));
}

std::string ApproximateCommand::title(const Setting& setting, std::optional<Index> instance) const {
  std::string text;
  if (instance) text = fmt::format("{}, instance {}: ", flags_.model, *instance);
  text += fmt::format("{} features", setting.features.size());
  if (setting.hidden) text += fmt::format(" in {} hidden dimensions", *setting.hidden);
  if (setting.has_density) {
    text += fmt::format(", density {}", one_or_range(setting.features.density));
  }
  if (flags_.train) text += fmt::format(", seed {}", common_.seed);
  return text;
}

ApproximationReport ApproximateCommand::of_law(const Setting& setting) const {
  ApproximationReport report;
  const Index count = setting.features.size();
  report.title = title(setting, std::nullopt);
  report.features = count;
  report.hidden = setting.hidden;
  report.epsilon = flags_.epsilon;
  const Vector& p = setting.features.density;
  if (setting.has_density && (p.array() == p(0)).all()) report.sparsity = 1.0 - p(0);
  report.seed = common_.seed;
  report.threads = resolve_threads(common_.threads);
  const Vector ones = Vector::Ones(count);
  using bounds::OneSparseMeasure;
  report.largest_two_active =
      bounds::largest_scale(ones, flags_.epsilon, OneSparseMeasure::two_active);
  report.largest_ratio = bounds::largest_scale(ones, flags_.epsilon, OneSparseMeasure::ratio);
  if (!table_.empty()) report.table = bounds::one_sparse_table(count, table_);
  if (setting.has_density) {
    const Vector& density = setting.features.density;
    const Index last = last_row(density);
    const ActiveCount law(density);
    report.count.emplace();
    report.count->tails = bounds::count_tails(density, last);
    for (Index l = 0; l <= last; ++l) report.count->probability.push_back(law.probability(l));
  }
  return report;
}

void ApproximateCommand::add_model(const Setting& setting, Index instance,
                                   ApproximationReport& report) const {
  constexpr Index most_for_pairs = 200;  // C_2 costs D³ for the gradient
  const ReluAutoencoder& model = setting.models[static_cast<std::size_t>(instance)];
  const Index count = setting.features.size();
  exact::Options options;
  options.threads = common_.threads;
  const Index last = report.count->tails.back().m;
  report.title = title(setting, instance);
  report.model.emplace();
  report.model->instance = instance;
  report.model->loss = approximation::sparse_shares(model, setting.features, last, options);
  const Index most = std::min<Index>(count <= most_for_pairs ? 2 : 1, count);
  for (Index k = 0; k <= most; ++k) {
    report.model->gradients.push_back(
        approximation::gradient_agreement(model, setting.features, k, options));
  }
}

void ApproximateCommand::add_certificate(const Setting& setting, ProgressDisplay& display,
                                         ApproximationReport& report) const {
  const auto progress = [&](std::uint64_t done, std::uint64_t planned) {
    display.show(fmt::format("{} of {} starts", done, planned),
                 static_cast<double>(done) / static_cast<double>(planned));
    return !InterruptGuard::requested();
  };
  const Index most = k_max(setting.features.size(), 3);
  auto result =
      training::certificate(setting.features, *setting.hidden, training_options(most), progress);
  report.interrupted = result.interrupted;
  report.trained = !result.interrupted;
  if (!result.interrupted) report.certificate = std::move(result);
}

void ApproximateCommand::add_curve(const Setting& setting, ProgressDisplay& display,
                                   ApproximationReport& report) const {
  const Index most = k_max(setting.features.size(), 1);
  const auto count = static_cast<double>(sparsities_.size());
  Features features = setting.features;
  for (const double sparsity : sparsities_) {
    const auto progress = [&](std::uint64_t done, std::uint64_t planned) {
      const double part = static_cast<double>(done) / static_cast<double>(planned);
      display.show(fmt::format("sparsity {}: {} of {} starts", sparsity, done, planned),
                   (static_cast<double>(report.curve.size()) + part) / count);
      return !InterruptGuard::requested();
    };
    features.density.setConstant(1.0 - sparsity);
    auto result =
        training::certificate(features, *setting.hidden, training_options(most), progress);
    report.interrupted = result.interrupted;
    report.trained = !result.interrupted;
    if (result.interrupted) return;
    report.curve.push_back({sparsity, std::move(result)});
  }
}

void ApproximateCommand::add_certified(const Setting& setting,
                                       const std::optional<bounds::CertifiedMinimum>& earlier,
                                       ProgressDisplay& display, ApproximationReport& report,
                                       CheckpointClock& clock,
                                       const std::function<void()>& save) const {
  bounds::CertifyOptions options;
  options.skeletons = flags_.k;
  options.relative_gap = flags_.relative_gap;
  options.max_boxes = flags_.max_boxes;
  options.threads = common_.threads;
  report.certified_skeletons = flags_.k;
  const auto progress = [&](const bounds::CertifiedMinimum& state) {
    display.show(state.radius < 0.0
                     ? fmt::format("smaller problems first; {} boxes", state.boxes)
                     : fmt::format("{:.7g} <= min <= {:.7g}, gap {:.2g} of it; {} boxes",
                                   state.lower, state.upper, state.gap() / state.upper,
                                   state.boxes));
    if (output_.wanted()) {
      clock.tick([&] {
        report.certified = state;
        report.certified->stop_reason = bounds::CertifyStop::interrupted;
        save();
      });
    }
    return !InterruptGuard::requested();
  };
  try {
    report.certified = bounds::certify_minimum(setting.features, *setting.hidden, options, progress,
                                               earlier ? &*earlier : nullptr);
  } catch (const Interrupted&) {
    report.interrupted = true;
    return;
  } catch (const std::invalid_argument& error) {
    if (!earlier) throw;
    throw UsageError(fmt::format(
        "the output file cannot be continued: {}; choose another name, or --force", error.what()));
  }
  report.interrupted = report.certified->stop_reason == bounds::CertifyStop::interrupted;
}

int ApproximateCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  prepare(*command_, common_, err);
  refuse_lonely_flags();
  if (command_->count("--table") > 0) table_ = parse_sparsities("--table", flags_.table);
  if (command_->count("--sparsities") > 0) {
    sparsities_ = parse_sparsities("--sparsities", flags_.sparsities);
  }
  const Setting setting = resolve_setting();
  Fingerprint inputs;
  inputs.add(setting.features);
  for (const ReluAutoencoder& model : setting.models) inputs.add(model);
  output_.identify(inputs);
  std::optional<bounds::CertifiedMinimum> earlier;
  if (flags_.certify) {
    const auto file = output_.earlier(filetype, *command_, {"max-boxes"}, flags_.model);
    if (file) earlier = certified_of(*file);
  } else {
    output_.check(flags_.model);
  }
  const InterruptGuard guard;
  auto start = std::chrono::steady_clock::now();
  ApproximationReport report = of_law(setting);
  std::vector<ApproximationReport> reports;
  if (setting.has_density) {
    for (const Index instance : setting.instances) {
      ApproximationReport one = report;
      add_model(setting, instance, one);
      one.seconds = seconds_since(start);
      reports.push_back(std::move(one));
      start = std::chrono::steady_clock::now();
    }
  }
  if (reports.empty()) reports.push_back(report);
  std::vector<std::string> failures;
  if (flags_.train || flags_.certify) {
    ProgressDisplay display(err, common_.quiet);
    CheckpointClock clock(err);
    ApproximationReport& only = reports.front();
    // What fails on the way does not take along what was found before.
    const auto attempt = [&](const std::string& flag, const std::function<void()>& work) {
      if (only.interrupted) return;
      try {
        work();
      } catch (const UsageError&) {
        throw;
      } catch (const std::runtime_error& error) {
        failures.push_back(fmt::format("{}: {}", flag, error.what()));
      }
    };
    if (flags_.train && sparsities_.empty()) {
      attempt("--train", [&] { add_certificate(setting, display, only); });
    }
    if (!sparsities_.empty()) attempt("--train", [&] { add_curve(setting, display, only); });
    if (flags_.certify) {
      attempt("--certify", [&] {
        add_certified(setting, earlier, display, only, clock,
                      [&] { write(approximation_results(reports), command_line); });
      });
    }
  }
  reports.back().seconds += seconds_since(start);
  const storage::Results results = approximation_results(reports);
  const bool anything = !results.datasets().empty();
  if (output_.wanted() && !anything) err << "note: there is nothing to write without a density\n";
  const auto save = [&] { write(results, command_line); };
  const int code = deliver({output_.wanted() && anything ? save : std::function<void()>{},
                            [&] { print(reports, out); }, output_.told(common_)},
                           exit_code(reports.front()), out, err);
  for (const std::string& failure : failures) fmt::print(err, "skeleta: {}\n", failure);
  return failures.empty() || code == ExitCode::interrupted ? code : ExitCode::failed;
}

void ApproximateCommand::print(const std::vector<ApproximationReport>& reports,
                               std::ostream& out) const {
  if (common_.json) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const ApproximationReport& one : reports) array.push_back(to_json(one));
    out << (flags_.instance == "all" ? array : array.front()).dump(1) << '\n';
    return;
  }
  for (const ApproximationReport& one : reports) {
    print_approximation(out, one);
    if (&one != &reports.back()) out << '\n';
  }
}

void ApproximateCommand::write(const storage::Results& results, const std::string& command_line) {
  output_.write(filetype, command_line, *command_, common_, results);
}

}  // namespace skeleta::program
