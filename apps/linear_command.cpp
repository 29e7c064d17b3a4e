#include "linear_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "delivery.h"
#include "errors.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "progress_display.h"
#include "skeleta/linear/sparse_data.h"
#include "skeleta/sampling/normal_stream.h"

namespace skeleta::program {
namespace {

constexpr const char* linear_examples =
    R"(The linear model x -> ABx, whose critical points and flows are known exactly.

Examples:
  skeleta linear critical-points --eigenvalues 5,4,3,2,1 --hidden 2
  skeleta linear flow --eigenvalues 5,4,3,2,1 --hidden 2 -o flow.h5
  skeleta linear moments --features 100 --sparsity 0.98 --samples 1e6
)";

constexpr const char* critical_examples =
    R"(All critical points of the linear loss, with their losses and numbers of ways down.

Examples:
  skeleta linear critical-points --eigenvalues 5,4,3,2,1 --hidden 2
  skeleta linear critical-points --sigma sigma.csv --hidden 2 --json
  skeleta linear critical-points --features 6 --sparsity 0.9 --hidden 2
  skeleta linear critical-points --features 5 --sparsity 0.95 --hidden 2 --model run.h5
                                     where the columns of a model stand among them
)";

constexpr const char* flow_examples =
    R"(Flows of the linear model from a small random start: they learn one eigenvector after the other.

Examples:
  skeleta linear flow --eigenvalues 5,4,3,2,1 --hidden 2
  skeleta linear flow --eigenvalues 8,4,2,1 --hidden 3 --rule untied --scale 1e-6 -o flow.h5
  skeleta linear flow --eigenvalues 3,2,1 --hidden 2 --aligned --json
)";

constexpr const char* moments_examples =
    R"(How far Sigma/T, with Sigma the sum of xx' over T sparse samples, is from its mean and from a
multiple of the identity.

Examples:
  skeleta linear moments --features 100 --sparsity 0.98 --samples 1e6
  skeleta linear moments --features 100 --sparsity 0.9,0.99,0.999 --samples 1e3,1e5,1e7 -o m.h5
)";

// Blanks around it and a plus sign, which std::from_chars refuses, are part of a number to people.
std::optional<double> to_number(const std::string& text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t\r"), text.size());
  const std::size_t last = text.find_last_not_of(" \t\r") + 1;
  const char* begin = text.data() + first;
  const char* const stop = text.data() + std::max(first, last);
  if (stop - begin > 1 && begin[0] == '+' && begin[1] != '-') ++begin;
  double value = 0.0;
  const auto [end, error] = std::from_chars(begin, stop, value);
  if (error != std::errc() || end != stop || !std::isfinite(value)) return {};
  return value;
}

std::vector<double> to_numbers(const char* flag, const std::string& list) {
  std::vector<double> values;
  std::istringstream stream(list);
  for (std::string text; std::getline(stream, text, ',');) {
    const auto value = to_number(text);
    if (!value) {
      throw UsageError(fmt::format("{} '{}': '{}' is not a finite number", flag, list, text));
    }
    values.push_back(*value);
  }
  if (values.empty()) throw UsageError(fmt::format("{} needs numbers with commas between", flag));
  return values;
}

// Rows of numbers with commas or blanks between them.
Matrix read_matrix(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw UsageError(fmt::format("--sigma {}: no such file", path));
  std::vector<std::vector<double>> rows;
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // of spreadsheets
  bool first_line = true;
  for (std::string line; std::getline(file, line); first_line = false) {
    if (first_line && line.starts_with(byte_order_mark)) line.erase(0, byte_order_mark.size());
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    std::vector<double> row;
    for (std::string word; words >> word;) {
      const auto value = to_number(word);
      if (!value) {
        throw UsageError(fmt::format("--sigma {}, row {}: '{}' is not a finite number", path,
                                     rows.size() + 1, word));
      }
      row.push_back(*value);
    }
    if (!row.empty()) rows.push_back(std::move(row));
  }
  const auto size = static_cast<Index>(rows.size());
  Matrix Sigma(size, size);
  for (Index i = 0; i < size; ++i) {
    const auto& row = rows[static_cast<std::size_t>(i)];
    if (static_cast<Index>(row.size()) != size) {
      throw UsageError(fmt::format("--sigma {}: row {} has {} numbers, but there are {} rows", path,
                                   i + 1, row.size(), size));
    }
    for (Index j = 0; j < size; ++j) Sigma(i, j) = row[static_cast<std::size_t>(j)];
  }
  if (size == 0) throw UsageError(fmt::format("--sigma {} has no numbers", path));
  return Sigma;
}

// What the library refuses before any work is a matter of usage.
template <class Work>
auto as_usage(Work&& work) {
  try {
    return work();
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

void note_rounding(const std::string& path, const linear::Spectrum& spectrum, std::ostream& err) {
  if (spectrum.negative < 0.0) {
    fmt::print(err, "note: --sigma {}: its least eigenvalue, {:.3g}, is taken for rounding and 0\n",
               path, spectrum.negative);
  }
  if (spectrum.asymmetry > 0.0) {
    fmt::print(err,
               "note: --sigma {}: it differs from its transpose by {:.3g}, which is taken for "
               "rounding\n",
               path, spectrum.asymmetry);
  }
}

Index checked_hidden(std::uint64_t hidden, const linear::Spectrum& spectrum) {
  if (hidden == 0) throw UsageError("say how many hidden dimensions: --hidden d");
  if (hidden > static_cast<std::uint64_t>(spectrum.size())) {
    throw UsageError(
        fmt::format("--hidden {} exceeds the number of features, {}", hidden, spectrum.size()));
  }
  return static_cast<Index>(hidden);
}

}  // namespace

void SigmaOptions::add(CLI::App& command) {
  command
      .add_option("--eigenvalues", eigenvalues_,
                  "Of the second moment, which is diagonal then: numbers with commas between")
      ->type_name("LIST");
  command
      .add_option("--sigma", file_,
                  "Or the second moment itself: a text file with a row a line, numbers separated "
                  "by commas or blanks")
      ->type_name("FILE");
  add_count(command, "--features", features_, "Or the expected one of sparse data: features D");
  command.add_option("--sparsity", sparsity_, "and their sparsity S");
}

linear::Spectrum SigmaOptions::spectrum(std::ostream& err) const {
  const int sources = !eigenvalues_.empty() + !file_.empty() + (features_ > 0 || sparsity_);
  if (sources != 1) {
    throw UsageError(
        "give one second moment: --eigenvalues LIST, --sigma FILE, or --features D --sparsity S");
  }
  if (!eigenvalues_.empty()) {
    const std::vector<double> values = to_numbers("--eigenvalues", eigenvalues_);
    return as_usage([&] {
      return linear::diagonal_spectrum(
          Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size())));
    });
  }
  if (!file_.empty()) {
    const Matrix Sigma = read_matrix(file_);
    linear::Spectrum spectrum = as_usage([&] { return linear::spectrum(Sigma); });
    note_rounding(file_, spectrum, err);
    return spectrum;
  }
  if (features_ == 0 || !sparsity_) throw UsageError("--features D and --sparsity S go together");
  if (!(*sparsity_ >= 0.0 && *sparsity_ < 1.0)) {
    throw UsageError(fmt::format("--sparsity {} must lie in [0, 1)", *sparsity_));
  }
  constexpr std::uint64_t most = 2000;  // the spectrum costs D³
  if (features_ > most) {
    throw UsageError(fmt::format("--features {} exceeds {}", features_, most));
  }
  return linear::spectrum(
      linear::expected_moment(Vector::Constant(static_cast<Index>(features_), 1.0 - *sparsity_)));
}

CriticalPointsCommand::CriticalPointsCommand(CLI::App& parent)
    : command_(parent.add_subcommand("critical-points", critical_examples)) {
  sigma_.add(*command_);
  add_count(*command_, "--hidden", hidden_, "Hidden dimensions d");
  command_
      ->add_option("--model", model_,
                   "Say instead to which of them the first model W of this file is closest, as "
                   "A = W', B = W")
      ->type_name("MODEL.h5");
  output_.add_options(*command_);
  add_common_options(*command_, common_);
}

int CriticalPointsCommand::run(const std::string& command_line, std::ostream& out,
                               std::ostream& err) {
  prepare(*command_, common_, err);
  const linear::Spectrum spectrum = sigma_.spectrum(err);
  if (!model_.empty() && output_.wanted()) {
    throw UsageError("-o holds the list of critical points: leave --model out");
  }
  output_.check();
  if (!model_.empty()) {
    const Matrix W = read_models(model_, {.allow_wide = true}).models.front().W;
    const auto where = as_usage([&] { return linear::classify({W.transpose(), W}, spectrum); });
    if (common_.json) {
      out << to_json(where).dump(1) << '\n';
    } else {
      print_classification(out, where);
    }
    return ExitCode::done;
  }
  const Index hidden = checked_hidden(hidden_, spectrum);
  const auto points = as_usage([&] { return linear::critical_points(spectrum, hidden); });
  const auto print = [&] {
    if (common_.json) {
      out << critical_points_json(spectrum, hidden, points).dump(1) << '\n';
    } else {
      print_critical_points(out, spectrum, points);
    }
  };
  const auto write = [&] {
    output_.write("skeleta linear critical-points", command_line, *command_, common_,
                  critical_points_results(spectrum, points));
  };
  return deliver({write, print, output_.told(common_)}, ExitCode::done, out, err);
}

LinearFlowCommand::LinearFlowCommand(CLI::App& parent)
    : command_(parent.add_subcommand("flow", flow_examples)) {
  CLI::App& command = *command_;
  sigma_.add(command);
  add_count(command, "--hidden", hidden_, "Hidden dimensions d");
  command
      .add_option("--rule", rule_,
                  "untied, encoder (the tied flow of the notes), decoder (its twin), gradient (of "
                  "the tied loss), or all [all]")
      ->check(one_of({"untied", "encoder", "decoder", "gradient", "all"}))
      ->type_name("NAME");
  command.add_option("--scale", scale_, "Standard deviation of the entries of the start [0.001]");
  command.add_flag("--aligned", aligned_,
                   "Start aligned instead: all of the first d modes at the strength scale^2, which "
                   "the logistic curve follows");
  command.add_option("--time", time_, "Until then [until all d modes are learned]");
  add_count(command, "--points", points_, "Times to look at [201]");
  command.add_option("--tolerance", tolerance_, "Of the integration [1e-10]");
  output_.add_options(command);
  add_common_options(command, common_);
}

// A mode of strength s₀ needs ln(1/s₀)/(2λ), and what is left of the next mode dies out at the rate
// λ_d − λ_{d+1}, untied; twice the time of both.
std::vector<double> LinearFlowCommand::times(const linear::Spectrum& spectrum) const {
  const Vector& lambda = spectrum.eigenvalues;
  const auto d = static_cast<Index>(hidden_);
  const double slowest = lambda(d - 1);
  if (!(slowest > 0.0) && !time_) {
    throw UsageError(fmt::format("eigenvalue {} is 0, so it is never learned: give --time", d));
  }
  const double gap = d < spectrum.size() ? slowest - lambda(d) : slowest;
  const double rate = gap > 1e-3 * slowest ? gap : slowest;
  const double last = time_ ? *time_ : (std::log(1.0 / (scale_ * scale_)) + 20.0) / rate;
  std::vector<double> result(static_cast<std::size_t>(points_));
  for (std::size_t k = 0; k < result.size(); ++k) {
    result[k] = last * static_cast<double>(k) / static_cast<double>(points_ - 1);
  }
  return result;
}

// W, d × D.
Matrix LinearFlowCommand::start(const linear::Spectrum& spectrum) const {
  const auto d = static_cast<Index>(hidden_);
  if (aligned_) return scale_ * spectrum.eigenvectors.leftCols(d).transpose();
  sampling::PointStream random({.seed = common_.seed, .purpose = sampling::Purpose::start}, 0);
  sampling::NormalStream normal(random);
  return Matrix::NullaryExpr(d, spectrum.size(), [&] { return scale_ * normal(); });
}

namespace {

void record(FlowRun& run, const linear::LinearAutoencoder& at, const Matrix& Sigma,
            const linear::Spectrum& spectrum, const Matrix& imbalance) {
  run.loss.push_back(linear::loss(at, Sigma));
  run.strength.push_back(linear::mode_strengths(at, spectrum));
  run.imbalance_drift.push_back((linear::imbalance(at) - imbalance).norm());
}

}  // namespace

// Also from tied weights, which it leaves.
FlowRun LinearFlowCommand::untied(const Matrix& W, const Matrix& Sigma,
                                  const linear::Spectrum& spectrum) const {
  FlowRun run{.rule = "untied", .end = {W.transpose(), W}};
  const Matrix before = linear::imbalance(run.end);
  run.summary = linear::untied_flow(
      run.end, Sigma, times_, {.absolute_tolerance = tolerance_, .relative_tolerance = tolerance_},
      [&](double, const linear::LinearAutoencoder& at) {
        record(run, at, Sigma, spectrum, before);
        return true;  // the guard calls the work off
      });
  run.classification = linear::classify(run.end, spectrum);
  return run;
}

FlowRun LinearFlowCommand::tied(linear::TiedRule rule, Matrix W, const Matrix& Sigma,
                                const linear::Spectrum& spectrum) const {
  FlowRun run{.rule = to_string(rule)};
  const Matrix before = linear::imbalance({W.transpose(), W});
  run.summary = linear::tied_flow(
      rule, W, Sigma, times_, {.absolute_tolerance = tolerance_, .relative_tolerance = tolerance_},
      [&](double, const Matrix& at) {
        record(run, {at.transpose(), at}, Sigma, spectrum, before);
        return true;
      });
  run.end = {W.transpose(), W};
  run.classification = linear::classify(run.end, spectrum);
  return run;
}

int LinearFlowCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  prepare(*command_, common_, err);
  const linear::Spectrum spectrum = sigma_.spectrum(err);
  const Index hidden = checked_hidden(hidden_, spectrum);
  for (const auto& [flag, value] :
       {std::pair{"--scale", scale_}, std::pair{"--tolerance", tolerance_},
        std::pair{"--time", time_.value_or(1.0)}}) {
    if (!(value > 0.0 && std::isfinite(value))) {
      throw UsageError(fmt::format("{} {} must be a positive number", flag, value));
    }
  }
  if (points_ < 2 || points_ > 100'000) {
    throw UsageError(fmt::format("--points {} must lie between 2 and 100000", points_));
  }
  output_.check();
  times_ = times(spectrum);
  const Matrix Sigma = linear::data_matrix(spectrum), W = start(spectrum);
  const InterruptGuard guard;
  std::vector<FlowRun> runs;
  const auto wanted = [&](const std::string& rule) { return rule_ == "all" || rule_ == rule; };
  if (wanted("untied")) runs.push_back(untied(W, Sigma, spectrum));
  for (const auto rule :
       {linear::TiedRule::encoder, linear::TiedRule::decoder, linear::TiedRule::gradient}) {
    if (wanted(to_string(rule))) runs.push_back(tied(rule, W, Sigma, spectrum));
  }
  const auto print = [&] {
    if (common_.json) {
      out << flows_json(spectrum, hidden, times_, runs).dump(1) << '\n';
    } else {
      print_flows(out, spectrum, hidden, times_, runs);
    }
  };
  const auto write = [&] {
    output_.write("skeleta linear flow", command_line, *command_, common_,
                  flows_results(spectrum, hidden, times_, runs));
  };
  const bool whole = std::all_of(runs.begin(), runs.end(), [](const FlowRun& run) {
    return run.summary.stop_reason == optimize::FlowStop::end;
  });
  return deliver({write, print, output_.told(common_)},
                 whole ? ExitCode::done : ExitCode::precision_missed, out, err);
}

MomentsCommand::MomentsCommand(CLI::App& parent)
    : command_(parent.add_subcommand("moments", moments_examples)) {
  CLI::App& command = *command_;
  add_count(command, "--features", features_, "Number of features D");
  CLI::Option* sparsity =
      command.add_option("--sparsity", sparsity_, "Sparsity S, or several with commas between")
          ->type_name("LIST");
  command.add_option("--density", density_, "Density p = 1 - S likewise")
      ->type_name("LIST")
      ->excludes(sparsity);
  command.add_option("--samples", samples_, "Numbers of samples T likewise")->type_name("LIST");
  add_count(command, "--measure-up-to", measure_up_to_,
            "Draw a data set for each T up to this; beyond only formulas [1e8]");
  command.add_option("--confidence", confidence_, "Of the bounds [0.95]");
  output_.add_options(command);
  add_common_options(command, common_);
}

int MomentsCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  prepare(*command_, common_, err);
  if (features_ == 0) throw UsageError("say how many features: --features D");
  constexpr std::uint64_t most = 5000;  // D × D numbers for each thread
  if (features_ > most) throw UsageError(fmt::format("--features {} exceeds {}", features_, most));
  const bool by_density = !density_.empty();
  if (!by_density && sparsity_.empty()) {
    throw UsageError("say how sparse the features are: --sparsity S or --density p");
  }
  if (samples_.empty()) throw UsageError("say how many samples: --samples T");
  std::vector<MomentRow> rows;
  for (const double value :
       to_numbers(by_density ? "--density" : "--sparsity", by_density ? density_ : sparsity_)) {
    const double density = by_density ? value : 1.0 - value;
    if (!(density > 0.0 && density <= 1.0)) {
      throw UsageError(by_density ? fmt::format("--density {} must lie in (0, 1]", value)
                                  : fmt::format("--sparsity {} must lie in [0, 1)", value));
    }
    for (const double samples : to_numbers("--samples", samples_)) {
      if (!(samples >= 1.0 && samples <= 1e15 && samples == std::floor(samples))) {
        throw UsageError(
            fmt::format("--samples {} must be a whole number from 1 to 1e15", samples));
      }
      rows.push_back({as_usage([&] {
                        return linear::moment_law(static_cast<Index>(features_), density,
                                                  static_cast<std::uint64_t>(samples), confidence_);
                      }),
                      {}});
    }
  }
  output_.check();
  const InterruptGuard guard;
  ProgressDisplay display(err, common_.quiet);
  bool interrupted = false;
  for (MomentRow& row : rows) {
    if (row.law.samples > measure_up_to_) continue;
    const auto start = std::chrono::steady_clock::now();
    const linear::SparseData data(Vector::Constant(row.law.features, row.law.density),
                                  row.law.samples, common_.seed);
    Matrix Sigma;
    try {
      Sigma = linear::second_moment(data, common_.threads, [&](const Progress& p) {
        display.show(p.done, p.planned, "blocks", fmt::format("density {:g}", row.law.density));
        return true;  // the guard calls the work off
      });
    } catch (const Interrupted&) {
      interrupted = true;  // the formulas and what was measured before are a result
      break;
    }
    row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    row.measured = linear::measure(Sigma, row.law);
  }
  const auto print = [&] {
    if (common_.json) {
      nlohmann::ordered_json json = moments_json(rows);
      json["seed"] = common_.seed;
      out << json.dump(1) << '\n';
    } else {
      print_moments(out, rows);
    }
  };
  const auto write = [&] {
    output_.write("skeleta linear moments", command_line, *command_, common_,
                  moments_results(rows));
  };
  // A file would look finished.
  return deliver({interrupted ? std::function<void()>{} : write, print, output_.told(common_)},
                 interrupted ? ExitCode::interrupted : ExitCode::done, out, err);
}

LinearCommand::LinearCommand(CLI::App& program)
    : command_(program.add_subcommand("linear", linear_examples)),
      critical_points_(*command_),
      flow_(*command_),
      moments_(*command_) {
  command_->require_subcommand(0, 1);
}

int LinearCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  if (critical_points_.chosen()) return critical_points_.run(command_line, out, err);
  if (flow_.chosen()) return flow_.run(command_line, out, err);
  if (moments_.chosen()) return moments_.run(command_line, out, err);
  out << command_->help();
  return ExitCode::done;
}

}  // namespace skeleta::program
