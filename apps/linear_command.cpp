#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "commands.h"
#include "exit_code.h"
#include "linear_report.h"
#include "model_input.h"
#include "numbers.h"
#include "print.h"
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
    R"(All critical points of the linear loss, with their losses and numbers of ways
down.

Examples:
  skeleta linear critical-points --eigenvalues 5,4,3,2,1 --hidden 2
  skeleta linear critical-points --sigma sigma.csv --hidden 2 --json
  skeleta linear critical-points --features 6 --sparsity 0.9 --hidden 2
  skeleta linear critical-points --sigma sigma.csv --hidden 2 --model run.h5
                         where the columns of a model stand among them
)";

constexpr const char* flow_examples =
    R"(Flows of the linear model from a small random start: they learn one eigenvector
after the other.

Examples:
  skeleta linear flow --eigenvalues 5,4,3,2,1 --hidden 2
  skeleta linear flow --eigenvalues 8,4,2,1 --hidden 3 --rule untied -o flow.h5
  skeleta linear flow --eigenvalues 3,2,1 --hidden 2 --aligned --json
)";

constexpr const char* moments_examples =
    R"(How far Sigma/T, with Sigma the sum of xx' over T sparse samples, is from its
mean and from a multiple of the identity.

Examples:
  skeleta linear moments --features 100 --sparsity 0.98 --samples 1e6
  skeleta linear moments --features 100 --sparsity 0.9,0.99 --samples 1e3,1e5
  skeleta linear moments --features 4 --density 0.1 --groups 'exclusive(0,1)' \
    --values half-normal:1 --samples 1e5
  skeleta linear moments --model model.h5 --samples 1e5
                         features, densities, values and groups of a file
)";

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
      if (!value || !std::isfinite(*value)) {
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

void note_rounding(const std::string& path, const linear::Spectrum& spectrum, std::ostream& err) {
  if (spectrum.negative < 0.0) {
    print_to(err, "note: --sigma {}: its least eigenvalue, {:.3g}, is taken for rounding and 0\n",
             path, spectrum.negative);
  }
  if (spectrum.asymmetry > 0.0) {
    print_to(err,
             "note: --sigma {}: it differs from its transpose by {:.3g}, which is taken for "
             "rounding\n",
             path, spectrum.asymmetry);
  }
}

// Where the second moment Σ of the linear model comes from.
class SigmaOptions {
 public:
  void declare(OptionTable& options);
  /// Σ = UΛUᵀ, with a note on `err` if rounding of a file was mended. Throws UsageError unless
  /// exactly one source is given and valid.
  linear::Spectrum spectrum(std::ostream& err) const;
  Index hidden(const linear::Spectrum& spectrum) const;

 private:
  std::vector<double> eigenvalues_;
  std::string file_;
  std::optional<std::uint64_t> features_, hidden_;
  std::optional<double> sparsity_;
};

void SigmaOptions::declare(OptionTable& options) {
  options.add("--eigenvalues", &eigenvalues_, "LIST",
              "Of the second moment, which is diagonal then: numbers with commas between");
  options
      .add("--sigma", &file_, "FILE",
           "Or the second moment itself: a text file with a row a line, numbers separated by "
           "commas or blanks")
      .may_change();
  options.add("--features", &features_, "D", "Or the expected one of sparse data: features D");
  options.add("--sparsity", &sparsity_, "S", "and their sparsity S");
  options.add("--hidden", &hidden_, "d", "Hidden dimensions");
}

linear::Spectrum SigmaOptions::spectrum(std::ostream& err) const {
  const int sources = !eigenvalues_.empty() + !file_.empty() + (features_ || sparsity_);
  if (sources != 1) {
    throw UsageError(
        "give one second moment: --eigenvalues LIST, --sigma FILE, or --features D --sparsity S");
  }
  if (!eigenvalues_.empty()) {
    return as_usage([&] {
      return linear::diagonal_spectrum(
          Eigen::Map<const Vector>(eigenvalues_.data(), static_cast<Index>(eigenvalues_.size())));
    });
  }
  if (!file_.empty()) {
    const Matrix Sigma = read_matrix(file_);
    linear::Spectrum spectrum = as_usage([&] { return linear::spectrum(Sigma); });
    note_rounding(file_, spectrum, err);
    return spectrum;
  }
  if (!features_ || !sparsity_) throw UsageError("--features D and --sparsity S go together");
  if (!(*sparsity_ >= 0.0 && *sparsity_ < 1.0)) {
    throw UsageError(fmt::format("--sparsity {} must lie in [0, 1)", *sparsity_));
  }
  constexpr std::uint64_t most = 2000;  // the spectrum costs D³
  if (*features_ > most) {
    throw UsageError(fmt::format("--features {} exceeds {}", *features_, most));
  }
  return linear::spectrum(
      linear::expected_moment(Vector::Constant(static_cast<Index>(*features_), 1.0 - *sparsity_)));
}

Index SigmaOptions::hidden(const linear::Spectrum& spectrum) const {
  if (!hidden_) throw UsageError("say how many hidden dimensions: --hidden d");
  if (*hidden_ > static_cast<std::uint64_t>(spectrum.size())) {
    throw UsageError(
        fmt::format("--hidden {} exceeds the number of features, {}", *hidden_, spectrum.size()));
  }
  return static_cast<Index>(*hidden_);
}

Fingerprint fingerprint(const linear::Spectrum& spectrum) {
  return Fingerprint().add(Matrix(spectrum.eigenvalues)).add(spectrum.eigenvectors);
}

// With a table of its own.
Findings told(Findings findings, std::function<void(std::ostream&)> text) {
  findings.text = std::move(text);
  return findings;
}

class CriticalPoints : public Command {
 public:
  void declare(OptionTable& options) override {
    sigma_.declare(options);
    options.add(
        "--model", &model_, "MODEL.h5",
        "Say instead to which of them the first model W of this file is closest, as A = W', "
        "B = W");
  }
  int run(Run& run) override;

 private:
  int classify(Run& run, const linear::Spectrum& spectrum) const;

  SigmaOptions sigma_;
  std::string model_;
};

int CriticalPoints::classify(Run& run, const linear::Spectrum& spectrum) const {
  if (run.output_wanted()) {
    throw UsageError("-o holds the list of critical points: leave --model out");
  }
  const Matrix W = read_models(model_, {.allow_wide = true}).models.front().W;
  const auto where = as_usage([&] { return linear::classify({W.transpose(), W}, spectrum); });
  return run.finish({{},
                     [&] { return to_json(where); },
                     [&](std::ostream& out) { print_classification(out, where); }},
                    ExitCode::done);
}

int CriticalPoints::run(Run& run) {
  const linear::Spectrum spectrum = sigma_.spectrum(run.err());
  if (!model_.empty()) return classify(run, spectrum);
  const Index hidden = sigma_.hidden(spectrum);
  run.identify(fingerprint(spectrum));
  if (const auto file = run.earlier(read_result)) return run.show_again(*file, ExitCode::done);
  const auto points = as_usage([&] { return linear::critical_points(spectrum, hidden); });
  const auto text = [&](std::ostream& out) { print_critical_points(out, spectrum, points); };
  return run.finish(
      told(run.findings(storage::critical_points_results(spectrum, hidden, points)), text),
      ExitCode::done);
}

class Flow : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  void check() const;
  FlowRun untied(const Matrix& W, const Matrix& Sigma, const linear::Spectrum& spectrum) const;
  FlowRun tied(linear::TiedRule rule, Matrix W, const Matrix& Sigma,
               const linear::Spectrum& spectrum) const;
  Matrix start(const linear::Spectrum& spectrum, std::uint64_t seed) const;
  std::vector<double> times(const linear::Spectrum& spectrum) const;

  SigmaOptions sigma_;
  std::uint64_t points_ = 201;
  std::string rule_ = "all";
  double scale_ = 1e-3, tolerance_ = 1e-10;
  std::optional<double> time_;
  bool aligned_ = false;

  Index hidden_ = 0;
  std::vector<double> times_;
};

void Flow::declare(OptionTable& options) {
  sigma_.declare(options);
  options
      .add("--rule", &rule_, "NAME",
           "untied, encoder (the tied flow of the notes: mathematics.md, Remark 8.7), decoder (its "
           "twin), gradient (of the tied loss), or all")
      .one_of({"untied", "encoder", "decoder", "gradient", "all"});
  options.add("--scale", &scale_, "R", "Standard deviation of the entries of the start");
  options.add("--aligned", &aligned_, "",
              "Start aligned instead: all of the first d modes at the strength scale^2, which the "
              "logistic curve follows");
  options.add("--time", &time_, "T", "Until then").default_is("until all d modes are learned");
  options.add("--points", &points_, "N", "Times to look at");
  options.add("--tolerance", &tolerance_, "R", "Of the integration");
}

// A mode of strength s₀ needs ln(1/s₀)/(2λ), and what is left of the next mode dies out at the rate
// λ_d − λ_{d+1}, untied; twice the time of both.
std::vector<double> Flow::times(const linear::Spectrum& spectrum) const {
  const Vector& lambda = spectrum.eigenvalues;
  const Index d = hidden_;
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
Matrix Flow::start(const linear::Spectrum& spectrum, std::uint64_t seed) const {
  const Index d = hidden_;
  if (aligned_) return scale_ * spectrum.eigenvectors.leftCols(d).transpose();
  sampling::PointStream random({.seed = seed, .purpose = sampling::Purpose::start}, 0);
  sampling::NormalStream normal(random);
  return Matrix::NullaryExpr(d, spectrum.size(), [&] { return scale_ * normal(); });
}

void record(FlowRun& run, const linear::LinearAutoencoder& at, const Matrix& Sigma,
            const linear::Spectrum& spectrum, const Matrix& imbalance) {
  run.loss.push_back(linear::loss(at, Sigma));
  run.strength.push_back(linear::mode_strengths(at, spectrum));
  run.imbalance_drift.push_back((linear::imbalance(at) - imbalance).norm());
}

// Also from tied weights, which it leaves.
FlowRun Flow::untied(const Matrix& W, const Matrix& Sigma, const linear::Spectrum& spectrum) const {
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

FlowRun Flow::tied(linear::TiedRule rule, Matrix W, const Matrix& Sigma,
                   const linear::Spectrum& spectrum) const {
  FlowRun run{.rule = to_string(rule)};
  const Matrix before = linear::imbalance({W.transpose(), W});
  run.summary = linear::tied_flow(
      rule, W, Sigma, times_, {.absolute_tolerance = tolerance_, .relative_tolerance = tolerance_},
      [&](double, const Matrix& at) {
        record(run, {at.transpose(), at}, Sigma, spectrum, before);
        return true;  // the guard calls the work off
      });
  run.end = {W.transpose(), W};
  run.classification = linear::classify(run.end, spectrum);
  return run;
}

void Flow::check() const {
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
}

int Flow::run(Run& run) {
  const linear::Spectrum spectrum = sigma_.spectrum(run.err());
  hidden_ = sigma_.hidden(spectrum);
  check();
  times_ = times(spectrum);
  run.identify(fingerprint(spectrum));
  const std::string end = to_string(optimize::FlowStop::end);
  if (const auto file = run.earlier(read_result)) {
    return run.show_again(*file,
                          exit_code(false, true, file->only_word("/flow/stop_reason") == end));
  }
  const Matrix Sigma = linear::data_matrix(spectrum), W = start(spectrum, run.seed());
  run.begin();
  std::vector<FlowRun> runs;
  bool interrupted = false;
  const auto wanted = [&](const std::string& rule) { return rule_ == "all" || rule_ == rule; };
  try {
    if (wanted("untied")) runs.push_back(untied(W, Sigma, spectrum));
    for (const auto rule :
         {linear::TiedRule::encoder, linear::TiedRule::decoder, linear::TiedRule::gradient}) {
      if (wanted(to_string(rule))) runs.push_back(tied(rule, W, Sigma, spectrum));
    }
  } catch (const Interrupted&) {
    if (runs.empty()) throw;  // the finished flows are told
    interrupted = true;
  }
  const bool whole = std::all_of(runs.begin(), runs.end(), [](const FlowRun& flow) {
    return flow.summary.stop_reason == optimize::FlowStop::end;
  });
  Findings findings =
      told(run.findings(storage::flows_results(spectrum, hidden_, times_, runs)),
           [&](std::ostream& out) { print_flows(out, spectrum, hidden_, times_, runs); });
  if (interrupted) findings.write = {};  // a file would look finished
  return run.finish(findings, exit_code(interrupted, true, whole));
}

class Moments : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  struct Setting {
    Features features;
    MomentRow row;
  };

  void read_data();
  void check() const;
  // Of one density or sparsity of the list; of the file without.
  Features features_of(std::optional<double> value) const;
  void add_settings(Run& run);
  // Draws a data set for each row; false if it was called off.
  bool measure(Run& run);
  std::vector<MomentRow> rows() const;

  std::optional<std::uint64_t> features_;
  std::string model_, values_, groups_;
  std::uint64_t measure_up_to_ = 100'000'000;
  std::vector<double> sparsity_, density_, samples_;
  double confidence_ = 0.95;

  storage::ModelFile data_;
  std::vector<Setting> settings_;
};

void Moments::declare(OptionTable& options) {
  options.add("--features", &features_, "D", "Number of features");
  options.add("--sparsity", &sparsity_, "LIST", "Sparsity S, or several with commas between")
      .not_with({"--density"});
  options.add("--density", &density_, "LIST", "Density p = 1 - S likewise");
  options.add("--values", &values_, "LAW", "Law of an active feature's value, as of estimate")
      .default_is("uniform:0,1");
  options.add("--groups", &groups_, "GROUPS", "Features that are not independent, as of estimate")
      .default_is("independent");
  options
      .add("--model", &model_, "MODEL.h5",
           "Features of this file, as far as no other option says what they are")
      .may_change();
  options.add("--samples", &samples_, "LIST", "Numbers of samples T likewise");
  options.add("--measure-up-to", &measure_up_to_, "N",
              "Draw a data set for each T up to this; beyond only formulas");
  options.add("--confidence", &confidence_, "C", "Of the bounds");
}

void Moments::read_data() {
  if (model_.empty() == !features_) {
    throw UsageError("say how many features: --features D, or --model MODEL.h5");
  }
  constexpr std::uint64_t most = 5000;  // D × D numbers for each thread
  if (features_ && *features_ > most) {
    throw UsageError(fmt::format("--features {} exceeds {}", *features_, most));
  }
  if (features_ && *features_ == 0) throw UsageError("--features 0 must be at least 1");
  data_ = features_ ? sizes_alone(static_cast<Index>(*features_))
                    : read_models(model_, {.allow_wide = true});
  if (data_.models.front().features() > static_cast<Index>(most)) {
    throw UsageError(fmt::format("--model {} has {} features, more than {}", model_,
                                 data_.models.front().features(), most));
  }
}

void Moments::check() const {
  if (density_.empty() && sparsity_.empty() && model_.empty()) {
    throw UsageError("say how sparse the features are: --sparsity S or --density p");
  }
  if (samples_.empty()) throw UsageError("say how many samples: --samples T");
  const bool by_density = !density_.empty();
  for (const double value : by_density ? density_ : sparsity_) {
    const double density = by_density ? value : 1.0 - value;
    if (density > 0.0 && density <= 1.0) continue;
    throw UsageError(by_density ? fmt::format("--density {} must lie in (0, 1]", value)
                                : fmt::format("--sparsity {} must lie in [0, 1)", value));
  }
  for (const double samples : samples_) {
    if (samples >= 1.0 && samples <= 1e15 && samples == std::floor(samples)) continue;
    throw UsageError(fmt::format("--samples {} must be a whole number from 1 to 1e15", samples));
  }
}

Features Moments::features_of(std::optional<double> value) const {
  DataOptions data;
  data.values = values_;
  data.groups = groups_;
  if (value && !density_.empty()) data.density = fmt::format("{}", *value);
  if (value && density_.empty()) data.sparsity = *value;
  return resolve_features(data_, model_, data);
}

void Moments::add_settings(Run& run) {
  Fingerprint inputs;
  const auto add = [&](std::optional<double> value) {
    const Features features = features_of(value);
    inputs.add(features);
    for (const double samples : samples_) {
      settings_.push_back({features,
                           {as_usage([&] {
                              return linear::moment_law(
                                  features, static_cast<std::uint64_t>(samples), confidence_);
                            }),
                            {}}});
    }
  };
  const std::vector<double>& list = density_.empty() ? sparsity_ : density_;
  for (const double value : list) add(value);
  if (list.empty()) add({});
  if (!model_.empty()) run.identify(inputs);
}

bool Moments::measure(Run& run) {
  ProgressDisplay display(run.err(), run.quiet());
  try {
    for (Setting& setting : settings_) {
      const Features& features = setting.features;
      auto& row = setting.row;
      if (row.law.samples > measure_up_to_) continue;
      const double start = run.seconds();
      const linear::SparseData data(features, row.law.samples, run.seed());
      const Matrix Sigma = linear::second_moment(data, run.threads(), [&](const Progress& p) {
        display.show(p.done, p.planned, "blocks", fmt::format("density {:g}", row.law.density));
        return true;  // the guard calls the work off
      });
      row.seconds = run.seconds() - start;
      row.measured = linear::measure(Sigma, row.law, linear::expected_moment(features));
    }
    return true;
  } catch (const Interrupted&) {
    return false;  // the formulas and what was measured before are a result
  }
}

std::vector<MomentRow> Moments::rows() const {
  std::vector<MomentRow> rows;
  for (const Setting& setting : settings_) rows.push_back(setting.row);
  return rows;
}

int Moments::run(Run& run) {
  read_data();
  check();
  add_settings(run);
  if (const auto file = run.earlier(read_result)) return run.show_again(*file, ExitCode::done);
  run.begin();
  const bool whole = measure(run);
  const std::vector<MomentRow> rows = this->rows();
  const Features& data = settings_.front().features;
  Findings findings = told(run.findings(storage::moments_results(rows)),
                           [&](std::ostream& out) { print_moments(out, rows, data); });
  if (!whole) findings.write = {};  // a file would look finished
  return run.finish(findings, exit_code(!whole, true, true));
}

}  // namespace

CommandEntry linear_commands() {
  return {"linear", linear_examples};
}

CommandEntry critical_points_command() {
  return {"linear critical-points", critical_examples, make_command<CriticalPoints>};
}

CommandEntry linear_flow_command() {
  return {"linear flow", flow_examples, make_command<Flow>};
}

CommandEntry moments_command() {
  return {"linear moments", moments_examples, make_command<Moments>};
}

}  // namespace skeleta::program
