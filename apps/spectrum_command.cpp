#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "commands.h"
#include "exit_code.h"
#include "model_input.h"
#include "progress_display.h"
#include "skeleta/storage/spectrum_file.h"
#include "training_options.h"

namespace skeleta::program {
namespace {

constexpr const char* spectrum_examples =
    R"(Eigenvalues of the Hessian of a loss: is it a minimum, and how flat?

Examples:
  skeleta spectrum model.h5
  skeleta spectrum run.h5 --instance all -o spectrum.h5
                         all ends of a training, and from how many samples on
                         the best one is preferred
  skeleta spectrum model.h5 --objective one-sparse --json
Minutes beyond some 20 features.
Eigenvalues of 0 are explained: by rotations of the hidden space, by features
that are dropped, or not at all. The learning coefficient is half the rank at a
minimum whose flat directions are all explained, and refused elsewhere
(analysis/mathematics.md, Proposition 10.5).
)";

using storage::SpectrumOfModel;

class Spectrum : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  void read(Run& run);
  void set_crossings();

  std::string model_, instance_ = "0", objective_ = "exact";
  DataOptions data_;
  double interference_ = 0.0, weight_decay_ = 0.0, zero_ = training::SpectrumOptions{}.zero,
         slope_ = training::SpectrumOptions{}.slope;

  Features features_;
  std::vector<Autoencoder> models_;
  std::vector<Index> instances_;
  training::SpectrumOptions how_;
  std::vector<SpectrumOfModel> found_;
};

void Spectrum::declare(OptionTable& options) {
  options.add("model", &model_, "MODEL.h5", "Model file, or a run file that holds models")
      .may_change();
  options.add("--instance", &instance_, "k", "Which model of the file: k or 'all'");
  data_.declare(options);
  options.add("--objective", &objective_, "NAME",
              "Of which loss: exact, one-sparse or k-sparse:K (K up to 5)");
  options
      .add("--interference", &interference_, "L",
           "The objective has L times the sum of <w_i, w_j>^2 over i != j added")
      .within(0.0);
  options
      .add("--weight-decay", &weight_decay_, "L",
           "The objective has L times the sum of squares of all weights added")
      .within(0.0);
  options
      .add("--zero", &zero_, "Z", "Eigenvalues up to Z times the largest |eigenvalue| count as 0")
      .within(0.0);
  options
      .add(
          "--tolerance", &slope_, "T",
          "The gradient vanishes if its norm is at most T times the loss of a model that answers 0")
      .within(0.0);
}

void Spectrum::read(Run& run) {
  if (model_.empty()) throw UsageError("spectrum needs a model: skeleta spectrum MODEL.h5");
  storage::ModelFile file = read_models(model_, {});
  instances_ = resolve_instances(instance_, file.models.size(), model_);
  const NamedObjective objective = objective_named(objective_);
  how_.objective = objective.kind;
  how_.k = objective.k.value_or(how_.k);
  using training::ObjectiveKind;
  const bool sparse = how_.objective == ObjectiveKind::one_sparse ||
                      (how_.objective == ObjectiveKind::k_sparse && how_.k <= 5);
  if (!sparse && how_.objective != ObjectiveKind::exact) {
    throw UsageError(fmt::format(
        "--objective {}: the spectrum is that of exact, one-sparse or k-sparse:K with K up to 5",
        objective_));
  }
  // With one active feature it is the same for all densities.
  const bool open = !data_.has_density() && file.density.empty();
  if (open && how_.objective == ObjectiveKind::one_sparse) data_.density = "0.5";
  features_ = resolve_features(file, model_, data_, instances_);
  if (open) data_.density.clear();
  for (const Index k : instances_) models_.push_back(file.models[static_cast<std::size_t>(k)]);
  const Autoencoder& first = models_.front();
  const bool plain =
      features_.plain() && first.activation == Activation::relu && first.noise == 0.0;
  if (!plain && how_.objective != ObjectiveKind::exact) {
    throw UsageError(fmt::format(
        "--objective {}: with few active features the spectrum is that of ReLU models without "
        "noise on independent features with uniform values: take --objective exact, or leave "
        "--values and --groups out",
        objective_));
  }
  how_.penalty = {interference_, weight_decay_};
  how_.zero = zero_;
  how_.slope = slope_;
  how_.threads = run.threads();
  run.identify(Fingerprint().add(features_).add(models_));
}

// Of all minima with a coefficient against the best of them.
void Spectrum::set_crossings() {
  const SpectrumOfModel* best = nullptr;
  for (const SpectrumOfModel& one : found_) {
    if (std::isnan(one.spectrum.learning_coefficient)) continue;
    if (best == nullptr || one.spectrum.value < best->spectrum.value) best = &one;
  }
  if (best == nullptr) return;
  const training::Spectrum least = best->spectrum;
  for (SpectrumOfModel& one : found_) {
    one.crossing = training::free_energy_crossing(
        one.spectrum.value - least.value,
        least.learning_coefficient - one.spectrum.learning_coefficient);
  }
}

int Spectrum::run(Run& run) {
  read(run);
  if (const auto file = run.earlier(read_result, {model_})) {
    return run.show_again(*file, ExitCode::done);
  }
  run.begin();
  ProgressDisplay display(run.err(), run.quiet());
  for (std::size_t k = 0; k < models_.size(); ++k) {
    const double start = k == 0 ? 0.0 : run.seconds();
    SpectrumOfModel& one = found_.emplace_back();
    one.instance = instances_[k];
    one.spectrum = as_usage([&] { return training::spectrum(models_[k], features_, how_); });
    one.seconds = run.seconds() - start;
    display.show(k + 1, models_.size(), "models", "");
  }
  set_crossings();
  return run.finish(run.findings(storage::spectrum_results(found_)), ExitCode::done);
}

}  // namespace

CommandEntry spectrum_command() {
  return {"spectrum", spectrum_examples, make_command<Spectrum>};
}

}  // namespace skeleta::program
