#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "exit_code.h"
#include "foresight.h"
#include "known_configurations.h"
#include "model_input.h"
#include "print.h"
#include "progress_display.h"
#include "result_report.h"
#include "skeleta/training/parameters.h"
#include "training_options.h"
#include "training_report.h"

namespace skeleta::program {
namespace {

constexpr const char* train_examples = R"(Minimises the integral loss from many starts.

Examples:
  skeleta train --features 5 --hidden 2 --sparsity 0.95
  skeleta train --features 80 --hidden 20 --sparsity 0.98 --starts 8 -o run.h5
  skeleta train --features 6 --hidden 2 --density 0.01 --objective one-sparse
  skeleta train --init model.h5 --starts 1      goes on from a trained model
  skeleta train --features 5 --hidden 2 --sparsity 0.95 --model linear
  skeleta train --features 12 --hidden 2 --density 0.001 --search hopping
A run that was stopped continues when it is typed again; with more --starts it
is extended.
)";

class Train : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  void refuse_other_objectives(const Run& run);
  void read_init();
  Features features() const;
  void resolve(Run& run);
  void go_on_from(Run& run);
  Findings findings(const Run& run) const;
  std::uint64_t wanted() const;
  int code(const Run& run) const;

  std::optional<std::uint64_t> features_, hidden_;
  DataOptions data_;
  std::optional<double> importance_decay_;
  TrainingWords words_;
  std::string kind_ = "relu";
  std::uint64_t record_every_ = training::Options{}.record_every;
  bool snapshots_ = false, allow_wide_ = false;
  std::optional<double> unseen_;

  std::optional<storage::ModelFile> init_;  // the file that all starts begin from
  std::uint64_t planned_ = 0;               // starts of this shard
  Index hidden_dimensions_ = 0;
  training::Options training_;
  storage::TrainingRun found_;
};

void Train::declare(OptionTable& options) {
  options.add("--features", &features_, "D", "Number of features");
  options.add("--hidden", &hidden_, "d", "Hidden dimensions");
  data_.declare(options);
  options
      .add("--importance-decay", &importance_decay_, "r", "Importance r^i of feature i = 0, 1, ...")
      .not_with({"--importance"});
  options.add("--objective", &words_.objective, "NAME",
              "What is minimised: exact, one-sparse, k-sparse:K (K = 0, 1, 2, ...) or sampled; the "
              "result is always evaluated exactly; linear is the loss of --model linear");
  words_.declare(options, "--");
  options
      .add("--until-unseen", &unseen_, "P",
           "Make no more starts once the best minimum was found twice and the next start would end "
           "at one not yet seen with an estimated probability of at most P")
      .within(0.0, 1.0)
      .may_change();
  options
      .add("--record-every", &record_every_, "N",
           "The file keeps the objective at the start, after 1, 2, 4, 8, ... and every so many "
           "steps; 0: none")
      .within(0.0);
  options.add("--snapshots", &snapshots_, "", "and W and b");
  options
      .add("--model", &kind_, "KIND",
           "Kind of model: relu, or linear for x -> W'Wx, whose loss is a closed form")
      .one_of({"relu", "linear"});
  options.add("--allow-wide", &allow_wide_, "", "Accept more hidden dimensions than features")
      .may_change();
}

void Train::refuse_other_objectives(const Run& run) {
  if (kind_ == "linear") {
    if (run.given("--objective") && words_.objective != "linear") {
      throw UsageError(
          fmt::format("--model linear has one objective, linear, not {}", words_.objective));
    }
    words_.objective = "linear";
  } else if (words_.objective == "linear") {
    throw UsageError("--objective linear is the loss of --model linear: say that instead");
  }
}

void Train::read_init() {
  if (words_.init == "xavier" || words_.init == "normal") {
    if (!features_ || !hidden_) throw UsageError("train needs sizes: --features D --hidden d");
    if (*hidden_ > *features_ && !allow_wide_) {
      throw UsageError(
          fmt::format("--hidden {} exceeds --features {}: pass --allow-wide if that is meant",
                      *hidden_, *features_));
    }
    return;
  }
  if (!is_there(words_.init)) {
    throw UsageError(
        fmt::format("--init: '{}' is none of xavier, normal, and no file", words_.init));
  }
  init_ = read_models(words_.init, {allow_wide_});
  const Autoencoder& model = init_->models.front();
  for (const auto& [flag, asked, has] : {std::tuple{"--features", features_, model.features()},
                                         std::tuple{"--hidden", hidden_, model.hidden()}}) {
    if (asked && *asked != static_cast<std::uint64_t>(has)) {
      throw UsageError(
          fmt::format("{} {}: the model of {} has {}", flag, *asked, words_.init, has));
    }
  }
}

Features Train::features() const {
  Features features =
      init_ ? resolve_features(*init_, words_.init, data_)
            : resolve_features(sizes_alone(static_cast<Index>(*features_)), "", data_);
  decay_importance(importance_decay_, features);
  return features;
}

void Train::resolve(Run& run) {
  refuse_other_objectives(run);
  read_init();
  TrainingWords words = words_;
  if (init_) words.init = TrainingWords{}.init;
  training_ = to_options(words);
  if (init_) {
    training_.init = training::Init::given;
    training_.model = init_->models.front();
  }
  found_.features = features();
  planned_ = run.shards_of(words_.starts, "starts").items_of(words_.starts);
  training_.record_every = record_every_;
  hidden_dimensions_ = init_ ? training_.model->hidden() : static_cast<Index>(*hidden_);
  training_.seed = run.seed();
  training_.threads = run.threads();
  training_.snapshots = snapshots_;
  if (training_.search == training::Search::hopping) {
    training_.configurations = known_configurations(found_.features.size(), hidden_dimensions_);
  } else if (run.given("--patience")) {
    throw UsageError("--patience is that of --search hopping: add it, or leave --patience out");
  }
  if (unseen_ && run.divided()) {
    throw UsageError(
        "--until-unseen looks at all starts, of which a shard has some: leave it or --shard out");
  }
  training::validate(training_, found_.features, hidden_dimensions_);
  refuse_more_than_memory("--starts", static_cast<double>(words_.starts),
                          static_cast<double>((hidden_dimensions_ + 1) * found_.features.size()));
  Fingerprint inputs;
  inputs.add(found_.features);
  if (training_.model) inputs.add(*training_.model);
  run.identify(inputs);
}

void Train::go_on_from(Run& run) {
  auto file = run.earlier(read_training, {words_.init});
  if (!file) return;
  if (file->run.starts.size() > planned_) {
    run.refuse_to_continue(
        fmt::format("it has {} starts, more than {}", file->run.starts.size(), planned_));
  }
  found_ = std::move(file->run);
  found_.minima.clear();  // of all starts, at the end
}

Findings Train::findings(const Run& run) const {
  const auto write = [&](const auto& path, const auto& provenance, bool overwrite) {
    storage::write_training(path, provenance, found_, overwrite);
  };
  const auto json = [&] { return with_origin(to_json(found_, wanted()), run.provenance()); };
  const auto text = [&](std::ostream& out) {
    print_training(out, found_, wanted());
    print_to(out, "seed {}, {:.3g} s\n", run.seed(), run.seconds());
  };
  return {write, json, text};
}

std::uint64_t Train::wanted() const {
  return settled(found_, unseen_.value_or(-1.0)) ? found_.starts.size() : planned_;
}

int Train::code(const Run& run) const {
  const training::TrainedModel* best = best_of(found_);
  // A noisy gradient is not held to a tolerance, and the default is a wish.
  const bool noisy = training_.objective == training::ObjectiveKind::sampled &&
                     training_.optimizer != training::OptimizerKind::lbfgs;
  const bool asked = run.given("--tolerance") && !noisy;
  return exit_code(found_.starts.size() < wanted(), best != nullptr, !asked || best->is_minimum());
}

int Train::run(Run& run) {
  resolve(run);
  announce({fmt::format("{} starts of {:.3g} steps", planned_, double(words_.steps)),
            nominal_seconds(training_, found_.features, hidden_dimensions_) / run.workers(),
            "take fewer --starts or --steps"},
           run.quiet(), run.err());
  go_on_from(run);
  const bool finished = found_.starts.size() == wanted();
  run.begin();
  ProgressDisplay display(run.err(), run.quiet());
  const auto add = [&](training::TrainedModel&& start) {
    found_.starts.push_back(std::move(start));
    run.checkpoint_if_due(findings(run));
    const training::TrainedModel* best = best_of(found_);
    display.show(found_.starts.size(), planned_, "starts",
                 fmt::format("best loss {:.8g}", best == nullptr ? INFINITY : best->loss.value));
    return found_.starts.size() < wanted();  // the guard calls the work off
  };
  training_.stride = run.shards().count;
  training_.first = run.shards().which.front() + training_.stride * found_.starts.size();
  training_.starts = planned_ - found_.starts.size();
  if (!finished) training::train(found_.features, hidden_dimensions_, training_, add);
  if (found_.starts.empty()) throw Interrupted();
  found_.minima = training::minima_of(found_.starts, found_.features, training_.minima);
  const int code = this->code(run);
  if (code == ExitCode::failed) {
    print_to(run.err(),
             "skeleta: every start diverged: take a smaller --learning-rate, or another --init\n");
  }
  return finished ? run.finish_again(findings(run), code) : run.finish(findings(run), code);
}

void merge_trainings(const std::vector<std::string>& files, const std::filesystem::path& target,
                     const storage::Provenance& provenance, bool overwrite) {
  storage::TrainingRun whole;
  for (const std::string& file : files) {
    storage::TrainingRun part = read_training(file).run;
    std::ranges::move(part.starts, std::back_inserter(whole.starts));
    whole.features = std::move(part.features);
  }
  std::ranges::sort(whole.starts, {}, &training::TrainedModel::start);
  whole.minima = training::minima_of(whole.starts, whole.features, training::Options{}.minima);
  storage::write_training(target, provenance, whole, overwrite);
}

std::uint64_t planned_trainings(const storage::ResultFile&, const nlohmann::ordered_json& options) {
  return options.at("starts");
}

const Mergeable shards_of_trainings{"starts", "/training/start", 1, planned_trainings,
                                    merge_trainings};

}  // namespace

CommandEntry train_command() {
  return {"train", train_examples, make_command<Train>, true, &shards_of_trainings, true};
}

}  // namespace skeleta::program
