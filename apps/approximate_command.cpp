#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "commands.h"
#include "exit_code.h"
#include "foresight.h"
#include "model_input.h"
#include "print.h"
#include "progress_display.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/storage/approximation_file.h"

namespace skeleta::program {
namespace {

constexpr const char* approximate_examples =
    R"(How good it is to see only few active features at a time.

Examples:
  skeleta approximate --features 5 --sparsity 0.95
                         P(N >= m), and bounds of it
  skeleta approximate --features 20 --table 0.9,0.95,0.99
                         the same for several sparsities
  skeleta approximate model.h5
                         how much of the loss is beyond Q1
  skeleta approximate --features 6 --hidden 2 --sparsity 0.9 --train
                         what training on at most k active features costs
  skeleta approximate --features 6 --hidden 2 --train --sparsities 0.5:0.98:30
  skeleta approximate --features 2 --hidden 1 --sparsity 0.9 --certify
                         a global minimum with a proof, of few features; with
                         -o run.h5 it continues when it is typed again
Why training on few active features bounds the least loss from both sides:
analysis/mathematics.md, Theorem 5.1; how a minimum is proven:
analysis/mathematics.md, Theorem 6.3.
)";

using storage::ApproximationReport;

constexpr double negligible = 1e-12;  // Rows end where P(N >= m) falls below.
constexpr Index most_listed = 1000;

// The largest m whose row is listed: at least 2, where there are so many features.
Index last_row(const ActiveCount& count) {
  const Index most = std::min(count.features(), most_listed);
  Index m = std::min<Index>(2, count.features());
  while (m < most && count.at_least(m + 1) >= negligible) ++m;
  return m;
}

class Approximate : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  void refuse_lonely_flags(const Run& run) const;
  void read_model();
  void read_sizes();
  void check() const;
  Features features_at(double sparsity) const;
  std::optional<storage::ResultFile> go_on_from(Run& run);
  Index k_max(Index usual) const;

  training::CertificateOptions training_options(const Run& run, Index most) const;
  ApproximationReport of_law() const;
  void add_model(const Run& run, Index instance, ApproximationReport& report) const;
  void add_certificate(const Run& run, ProgressDisplay& display, ApproximationReport& report) const;
  void add_curve(const Run& run, ProgressDisplay& display, ApproximationReport& report) const;
  void add_certified(Run& run, ProgressDisplay& display, ApproximationReport& report) const;
  std::vector<std::string> add_minima(Run& run);
  Findings findings(const Run& run) const;

  std::string model_, instance_ = "0";
  std::vector<double> table_, sparsities_;
  std::vector<std::size_t> settings_;  // places in sparsities_: those of this shard
  std::optional<Index> features_, hidden_, k_, k_max_;
  DataOptions data_;
  double epsilon_ = 0.01, relative_gap_ = certify::CertifyOptions{}.relative_gap;
  bool train_ = false, certify_ = false;
  std::uint64_t starts_ = 20, max_boxes_ = certify::CertifyOptions{}.max_boxes;

  // What the command works on.
  storage::ModelFile data_of_file_;  // all but its models
  Features law_;                     // of density 0 unless has_density_
  bool has_density_ = false;
  std::vector<Autoencoder> models_;  // of the file; none without one
  std::vector<Index> instances_;
  std::optional<certify::CertifiedMinimum> earlier_;
  std::vector<ApproximationReport> reports_;
};

void Approximate::declare(OptionTable& options) {
  options.add("model", &model_, "MODEL.h5", "Model file, or a run file that holds one; or none")
      .may_change();
  options.add("--features", &features_, "D", "Number of features, without a model");
  options.add("--hidden", &hidden_, "d",
              "Hidden dimensions, for --train and --certify without a model");
  options.add("--instance", &instance_, "k", "Which model of the file: k or 'all'");
  data_.declare(options);
  options.add("--epsilon", &epsilon_, "E",
              "Print the largest density at which what is ignored stays below E");
  options
      .add("--table", &table_, "S1,S2,...", "Also P(N >= 2) at these sparsities: a list or A:B:N")
      .within(0.0, 1.0);
  options.add("--train", &train_, "",
              "Certificate: minimise the loss on at most k active features and the whole loss, and "
              "compare");
  options.add("--k-max", &k_max_, "K", "--train: for k = 1, ..., K")
      .default_is("3, of other laws 2; 1 with --sparsities; beyond 2 for few features");
  options.add("--starts", &starts_, "N", "--train: random starts of each objective");
  options
      .add("--sparsities", &sparsities_, "S1,S2,...",
           "--train: one certificate for each of these sparsities: a list or A:B:N")
      .within(0.0, 1.0)
      .not_with({"--sparsity", "--density"});
  options.add("--certify", &certify_, "",
              "Bounds of the global minimum by branch and bound; few features only");
  options.add("--k", &k_, "K", "--certify: of the loss on at most K active features");
  options.add("--rel-gap", &relative_gap_, "G", "--certify: until upper - lower <= G upper");
  options.add("--max-boxes", &max_boxes_, "N", "--certify: never bound more boxes").may_change();
}

void Approximate::refuse_lonely_flags(const Run& run) const {
  const auto needs = [&](bool there, const char* what, std::initializer_list<const char*> flags) {
    for (const char* flag : flags) {
      if (!there && run.given(flag)) throw UsageError(fmt::format("{} needs {}", flag, what));
    }
  };
  needs(!model_.empty(), "a model: skeleta approximate MODEL.h5", {"--instance"});
  needs(train_, "--train", {"--k-max", "--starts", "--sparsities"});
  needs(!sparsities_.empty(), "--sparsities, which it divides", {"--shard"});
  needs(certify_, "--certify", {"--k", "--rel-gap", "--max-boxes"});
  if (certify_ && !sparsities_.empty()) {
    throw UsageError("--certify is for one sparsity: give --sparsity S, not --sparsities");
  }
  if (instance_ == "all" && (train_ || certify_)) {
    throw UsageError(
        "--instance all is not for --train or --certify: these do not look at the weights");
  }
  if (!(epsilon_ > 0.0 && epsilon_ < 1.0)) {
    throw UsageError(fmt::format("--epsilon {} must lie between 0 and 1", epsilon_));
  }
  if (!(relative_gap_ > 0.0 && std::isfinite(relative_gap_))) {
    throw UsageError(fmt::format("--rel-gap {} must be a positive number", relative_gap_));
  }
}

void Approximate::read_model() {
  storage::ModelFile file = read_models(model_, {});
  const Autoencoder& first = file.models.front();
  const auto agree = [&](const char* flag, std::optional<Index> asked, Index there) {
    if (asked && *asked != there) {
      throw UsageError(fmt::format("{} {} contradicts {}, which has {}: leave it out", flag, *asked,
                                   model_, there));
    }
  };
  agree("--features", features_, first.features());
  agree("--hidden", hidden_, first.hidden());
  hidden_ = first.hidden();
  has_density_ = data_.has_density() || !file.density.empty();
  instances_ = resolve_instances(instance_, file.models.size(), model_);
  // Other parts bring their own sparsities.
  const bool may_lack = !table_.empty() || !sparsities_.empty();
  if (!has_density_ && may_lack) data_.density = "0";
  law_ = resolve_features(file, model_, data_, instances_);
  models_ = std::exchange(file.models, sizes_alone(law_.size()).models);
  data_of_file_ = std::move(file);
}

void Approximate::read_sizes() {
  constexpr Index most_features = 1'000'000;
  if (!features_) {
    throw UsageError(
        "approximate needs a model or a number of features: skeleta approximate MODEL.h5, or "
        "--features D --sparsity S");
  }
  if (*features_ < 1 || *features_ > most_features) {
    throw UsageError(fmt::format("--features {} must lie in 1..{}", *features_, most_features));
  }
  has_density_ = data_.has_density();
  const bool may_lack = !table_.empty() || !sparsities_.empty();
  if (!has_density_ && may_lack) data_.density = "0";
  data_of_file_ = sizes_alone(*features_);
  law_ = resolve_features(data_of_file_, "", data_);
}

Features Approximate::features_at(double sparsity) const {
  DataOptions data = data_;
  data.density.clear();
  data.sparsity = sparsity;
  return resolve_features(data_of_file_, model_, data, instances_);
}

void Approximate::check() const {
  const Index count = law_.size();
  const auto in_range = [&](const char* flag, std::optional<Index> value, Index first, Index last) {
    if (value && (*value < first || *value > last)) {
      throw UsageError(fmt::format("{} {} must lie in {}..{} for {} features", flag, *value, first,
                                   last, count));
    }
  };
  in_range("--hidden", hidden_, 1, count);
  in_range("--k", k_, 0, count);
  in_range("--k-max", k_max_, 1, count);
  in_range("--k-max", k_max_, 1, training::most_truncated(count));
  if ((train_ || certify_) && !hidden_) {
    throw UsageError(fmt::format("{} needs --hidden d", train_ ? "--train" : "--certify"));
  }
  if (std::find(sparsities_.begin(), sparsities_.end(), 1.0) != sparsities_.end()) {
    throw UsageError("--sparsities: at sparsity 1 nothing is ever active: nothing to train on");
  }
  for (const double sparsity : sparsities_) features_at(sparsity);
  if (!table_.empty() && !law_.data_law().activity.independent()) {
    throw UsageError("--table is of independent features: leave the groups out");
  }
  if (train_) {
    refuse_more_than_memory("--starts", static_cast<double>(starts_),
                            static_cast<double>((*hidden_ + 1) * count));
  }
  const bool trained_here = train_ && sparsities_.empty();
  if ((trained_here || certify_) && !has_density_) {
    throw UsageError("say how sparse the features are with --sparsity S or --density p");
  }
  if (trained_here && !(law_.density.maxCoeff() > 0.0)) {
    throw UsageError("--train: no feature is ever active: nothing to train on");
  }
}

training::CertificateOptions Approximate::training_options(const Run& run, Index most) const {
  training::CertificateOptions options;
  options.most = most;
  options.starts = starts_;
  options.seed = run.seed();
  options.threads = run.threads();
  return options;
}

Index Approximate::k_max(Index usual) const {
  return k_max_.value_or(std::min(usual, training::most_truncated(law_.size())));
}

ApproximationReport Approximate::of_law() const {
  ApproximationReport report;
  report.features = law_.size();
  report.hidden = hidden_;
  report.epsilon = epsilon_;
  const Vector& p = law_.density;
  if (has_density_) {
    report.least_density = p.minCoeff();
    report.most_density = p.maxCoeff();
  }
  const Vector ones = Vector::Ones(law_.size());
  using bounds::OneSparseMeasure;
  report.largest_two_active = bounds::largest_scale(ones, epsilon_, OneSparseMeasure::two_active);
  report.largest_ratio = bounds::largest_scale(ones, epsilon_, OneSparseMeasure::ratio);
  if (!table_.empty()) report.table = bounds::one_sparse_table(law_.size(), table_);
  if (has_density_) {
    const ActivityTree activity = law_.data_law().activity;
    const ActiveCount law(activity);
    const Index last = last_row(law);
    report.count.emplace();
    report.count->tails = bounds::count_tails(activity, last);
    for (Index l = 0; l <= last; ++l) report.count->probability.push_back(law.probability(l));
  }
  return report;
}

void Approximate::add_model(const Run& run, Index instance, ApproximationReport& report) const {
  const Autoencoder& model = models_[static_cast<std::size_t>(instance)];
  // C_2 costs D³ for the gradient; of other laws and models D³ contour integrals.
  const Index most_for_pairs = law_.plain() && model.tied_relu() ? 200 : 30;
  exact::Options options;
  options.threads = run.threads();
  const Index last = report.count->tails.back().m;
  report.model.emplace();
  report.model->instance = instance;
  report.model->loss = approximation::sparse_shares(model, law_, last, options);
  const Index most = std::min<Index>(law_.size() <= most_for_pairs ? 2 : 1, law_.size());
  for (Index k = 0; k <= most; ++k) {
    report.model->gradients.push_back(approximation::gradient_agreement(model, law_, k, options));
  }
}

void Approximate::add_certificate(const Run& run, ProgressDisplay& display,
                                  ApproximationReport& report) const {
  const auto progress = [&](std::uint64_t done, std::uint64_t planned) {
    display.show(done, planned, "starts", "");
    return !InterruptGuard::requested();
  };
  auto result = training::certificate(law_, *hidden_,
                                      training_options(run, k_max(law_.plain() ? 3 : 2)), progress);
  report.interrupted = result.interrupted;
  if (!result.interrupted) report.certificate = std::move(result);
}

void Approximate::add_curve(const Run& run, ProgressDisplay& display,
                            ApproximationReport& report) const {
  const auto count = static_cast<double>(settings_.size());
  for (const std::size_t setting : settings_) {
    const double sparsity = sparsities_[setting];
    const auto progress = [&](std::uint64_t done, std::uint64_t planned) {
      const double part = static_cast<double>(done) / static_cast<double>(planned);
      display.show(fmt::format("sparsity {}: {} of {} starts", sparsity, done, planned),
                   (static_cast<double>(report.curve.size()) + part) / count);
      return !InterruptGuard::requested();
    };
    auto result = training::certificate(features_at(sparsity), *hidden_,
                                        training_options(run, k_max(1)), progress);
    report.interrupted = result.interrupted;
    if (result.interrupted) return;
    report.curve.push_back({sparsity, std::move(result), static_cast<std::int64_t>(setting)});
  }
}

void Approximate::add_certified(Run& run, ProgressDisplay& display,
                                ApproximationReport& report) const {
  certify::CertifyOptions options;
  options.skeletons = k_;
  options.relative_gap = relative_gap_;
  options.max_boxes = max_boxes_;
  options.threads = run.threads();
  report.certified_skeletons = k_;
  const auto progress = [&](const certify::CertifiedMinimum& state) {
    display.show(state.radius < 0.0
                     ? fmt::format("smaller problems first; {} boxes", state.boxes)
                     : fmt::format("{:.7g} <= min <= {:.7g}, gap {:.2g} of it; {} boxes",
                                   state.lower, state.upper, state.gap() / state.upper,
                                   state.boxes));
    if (run.output_wanted()) {
      report.certified = state;
      report.certified->stop_reason = certify::CertifyStop::interrupted;
      report.interrupted = true;
      run.checkpoint_if_due(findings(run));
    }
    return !InterruptGuard::requested();
  };
  try {
    report.certified = certify::certify_minimum(law_, *hidden_, options, progress,
                                                earlier_ ? &*earlier_ : nullptr);
  } catch (const Interrupted&) {
    report.interrupted = true;
    return;
  } catch (const std::invalid_argument& error) {
    if (!earlier_) throw;
    run.refuse_to_continue(error.what());
  }
  report.interrupted = report.certified->stop_reason == certify::CertifyStop::interrupted;
}

// What fails on the way does not take along what was found before: the sentences about it.
std::vector<std::string> Approximate::add_minima(Run& run) {
  std::vector<std::string> failures;
  ProgressDisplay display(run.err(), run.quiet());
  ApproximationReport& only = reports_.front();
  const auto attempt = [&](bool wanted, const char* flag, const std::function<void()>& work) {
    if (!wanted || only.interrupted) return;
    try {
      work();
    } catch (const UsageError&) {
      throw;
    } catch (const std::runtime_error& error) {
      failures.push_back(fmt::format("{}: {}", flag, error.what()));
      only.failed = true;
    }
  };
  attempt(train_ && sparsities_.empty(), "--train", [&] { add_certificate(run, display, only); });
  attempt(!sparsities_.empty(), "--train", [&] { add_curve(run, display, only); });
  attempt(certify_, "--certify", [&] { add_certified(run, display, only); });
  return failures;
}

Findings Approximate::findings(const Run& run) const {
  Findings findings = run.findings(approximation_results(reports_));
  const ApproximationReport& first = reports_.front();
  const bool anything = first.count || !first.table.empty() || train_ || certify_;
  if (!anything) findings.write = {};
  return findings;
}

// What proof there is, is gone on from; the file, if there is nothing left to do.
std::optional<storage::ResultFile> Approximate::go_on_from(Run& run) {
  auto file = run.earlier(read_result, {model_});
  if (!file) return file;
  earlier_ = certified_of(*file);
  const bool whole = file->only_word("/approximation/stop_reason") == "done" &&
                     (!certify_ || file->only_word("/certified/stop_reason") == "gap");
  if (!run.same_options() || !whole) file.reset();
  return file;
}

int Approximate::run(Run& run) {
  refuse_lonely_flags(run);
  model_.empty() ? read_sizes() : read_model();
  check();
  if (const std::size_t count = sparsities_.size(); count > 0) {
    const Shards& shards = run.shards_of(count, "sparsities");
    for (std::size_t k = 0; k < count; ++k) {
      if (shards.has(k)) settings_.push_back(k);
    }
  }
  run.identify(Fingerprint().add(law_).add(models_));
  if (const auto file = go_on_from(run)) return run.show_again(*file, ExitCode::done);
  run.begin();
  const ApproximationReport law = of_law();
  for (const Index instance : has_density_ ? instances_ : std::vector<Index>()) {
    const double start = reports_.empty() ? 0.0 : run.seconds();
    ApproximationReport& one = reports_.emplace_back(law);
    add_model(run, instance, one);
    one.seconds = run.seconds() - start;
  }
  if (reports_.empty()) reports_.push_back(law);
  const double start = run.seconds();
  const std::vector<std::string> failures = add_minima(run);
  reports_.back().seconds += run.seconds() - start;
  const ApproximationReport& first = reports_.front();
  const bool precise =
      !first.certified || first.certified->stop_reason == certify::CertifyStop::gap;
  const Findings findings = this->findings(run);
  if (run.output_wanted() && !findings.write) {
    run.err() << "note: there is nothing to write without a density\n";
  }
  const int code = run.finish(findings, exit_code(first.interrupted, true, precise));
  for (const std::string& failure : failures) print_to(run.err(), "skeleta: {}\n", failure);
  return failures.empty() || code == ExitCode::interrupted ? code : ExitCode::failed;
}

void merge_approximations(const std::vector<std::string>& paths,
                          const std::filesystem::path& target,
                          const storage::Provenance& provenance, bool overwrite) {
  std::vector<storage::ResultFile> files;
  for (const std::string& path : paths) files.push_back(read_result(path));
  storage::write_result(target, "skeleta approximate", provenance,
                        storage::put_together(files, "/approximation/setting"), overwrite);
}

std::uint64_t planned_approximations(const storage::ResultFile&,
                                     const nlohmann::ordered_json& options) {
  return options.at("sparsities").size();
}

const Mergeable shards_of_approximations{"sparsities", "/approximation/setting", 1,
                                         planned_approximations, merge_approximations};

}  // namespace

CommandEntry approximate_command() {
  return {"approximate", approximate_examples, make_command<Approximate>, true,
          &shards_of_approximations};
}

}  // namespace skeleta::program
