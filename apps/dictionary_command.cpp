#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "dictionary_comparison.h"
#include "dictionary_report.h"
#include "exit_code.h"
#include "model_input.h"
#include "print.h"
#include "progress_display.h"
#include "result_report.h"
#include "skeleta/exact/dictionary.h"
#include "skeleta/geometry/coherence.h"
#include "skeleta/storage/dictionary_file.h"
#include "skeleta/storage/dictionary_input.h"
#include "skeleta/storage/file_error.h"

namespace skeleta::program {
namespace {

constexpr const char* dictionary_examples =
    R"(The exact loss of a dictionary of up to some 10^5 features, such as a sparse
autoencoder's or word vectors: feature by feature, what disturbs each, and how
well it is detected.

Examples:
  skeleta dictionary data/trained/n80_m20_S0.98.h5
  skeleta dictionary words.h5 --names words.txt --skeletons 40 -o words_run.h5
                             stopped or not: again continues it
  skeleta dictionary sae.safetensors --density-file log_feature_density.npy
  skeleta dictionary words.h5 --fit-thresholds --json
Files are HDF5, safetensors, npz or npy; the usual key names are known.
)";

constexpr Index piece_size = storage::dictionary_piece;

using storage::DictionaryFeature;
using storage::DictionaryRun;

class DictionaryCommand : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  void read(Run& run);
  void start();
  void divide(const Run& run);
  std::int64_t features_of(std::size_t pieces) const;
  bool compute(Run& run);
  void add(std::int64_t piece, const exact::OutputFigures& found);
  Findings findings(const Run& run) const;
  int code(bool interrupted) const;

  std::string file_, orientation_;
  std::string names_file_, density_file_;
  storage::DictionaryNames keys_;
  bool tied_ = false;
  std::optional<Index> skeletons_;
  Index top_ = 10, neighbours_ = 10, compare_ = 512;
  std::uint64_t maximum_nodes_ = 1 << 14;
  DataOptions data_;
  exact::DictionaryOptions options_;

  Dictionary dictionary_;
  Features features_;
  std::vector<std::string> names_;  // as given now, or none
  DictionaryRun result_;
  bool divided_ = false;
  std::vector<std::int64_t> pieces_;  // of this shard
};

void DictionaryCommand::declare(OptionTable& options) {
  options
      .add("dictionary", &file_, "FILE",
           "Weights of the dictionary: HDF5 (also a model file), safetensors, npz or npy")
      .may_change();
  options.add("--decoder", &keys_.decoder, "KEY", "Name of the decoder in the file")
      .default_is("the usual ones: W_dec, decoder.weight, ...");
  options.add("--encoder", &keys_.encoder, "KEY", "Likewise of the encoder")
      .default_is("W_enc, encoder.weight, ...");
  options.add("--bias", &keys_.b_enc, "KEY", "Likewise of the bias that is added to its outputs")
      .default_is("b_enc, encoder.bias, ...");
  options.add("--thresholds", &keys_.threshold, "KEY", "Likewise of the thresholds of a JumpReLU")
      .default_is("threshold, log_threshold");
  options.add("--density-key", &keys_.density, "KEY", "Likewise of the densities")
      .default_is("density, feature_density, ...");
  options
      .add("--density-file", &density_file_, "FILE",
           "Densities in a file of their own, of any of the formats")
      .may_change();
  options.add("--names", &names_file_, "FILE", "Names of the features: a text file, a name a line")
      .may_change();
  options
      .add("--orientation", &orientation_, "WAY",
           "Which axis of the decoder is the features', where its shape does not tell")
      .one_of({"feature-rows", "feature-columns"})
      .default_is("told by the shapes");
  options.add("--tied", &tied_, "",
              "Read the features along their own directions; leave the encoder");
  data_.declare(options);
  options.add("--rel-tol", &options_.relative_target, "R", "Error of each feature's loss, relative")
      .within(1e-12, 0.1);
  options.add("--max-nodes", &maximum_nodes_, "N", "Nodes for one feature").within(64.0);
  options
      .add("--skeletons", &skeletons_, "L",
           "Split the loss by the number of active features, 0 ... L")
      .within(0.0, 10000.0);
  options.add("--neighbours", &neighbours_, "N", "How many disturbing features to name of each")
      .within(0.0, 1000.0);
  options.add("--fit-thresholds", &options_.fit_thresholds, "",
              "Choose each threshold so that its feature's loss is least");
  options
      .add("--compare", &compare_, "N",
           "Outputs to evaluate among random directions too (as many features with the same "
           "lengths, densities and thresholds; fitted ones are fitted again); 0 means none")
      .within(0.0);
  options.add("--top", &top_, "N", "Features to list").within(0.0).may_change();
}

void DictionaryCommand::read(Run& run) {
  if (file_.empty()) throw UsageError("dictionary needs a file: skeleta dictionary FILE");
  if (!orientation_.empty()) {
    keys_.orientation = orientation_ == "feature-rows" ? storage::Orientation::feature_rows
                                                       : storage::Orientation::feature_columns;
  }
  if (!density_file_.empty()) keys_.density_file = density_file_;
  if (!names_file_.empty()) keys_.feature_names = names_file_;
  storage::DictionaryInput input = [&] {
    try {
      return storage::read_dictionary(file_, keys_);
    } catch (const storage::FileError& error) {
      throw UsageError(error.what());
    }
  }();
  for (const std::string& note : input.notes) print_to(run.err(), "note: {}\n", note);
  const Index count = input.features();
  dictionary_.W = std::move(input.decoder);
  if (input.encoder && !tied_) dictionary_.W_out = std::move(*input.encoder);
  dictionary_.b = input.b_enc ? Vector(-*input.b_enc) : Vector(Vector::Zero(count));
  if (input.threshold) dictionary_.jump = *input.threshold;
  names_ = std::move(input.names);
  storage::ModelFile sizes = sizes_alone(count);
  if (input.density) sizes.density = {*input.density};
  if (input.importance) sizes.importance = {*input.importance};
  features_ = resolve_features(sizes, file_, data_);
  if (!features_.plain()) {
    throw UsageError(
        "skeleta dictionary knows independent features with values uniform on [0, 1]: "
        "leave --values and --groups away");
  }
  if (options_.fit_thresholds && input.threshold) {
    print_to(run.err(), "note: --fit-thresholds keeps the jumps and fits the biases\n");
  }
  options_.threads = run.threads();
  options_.neighbours = std::min(neighbours_, count - 1);
  options_.maximum_nodes = static_cast<Index>(maximum_nodes_);
  if (skeletons_) options_.skeletons = *skeletons_;
  Fingerprint inputs;
  inputs.add(features_).add(dictionary_.W).add(dictionary_.W_out).add(dictionary_.b);
  inputs.add(dictionary_.jump);
  if (!names_.empty()) run.label(Fingerprint().add(names_));
  run.identify(inputs);
}

void DictionaryCommand::start() {
  storage::DictionarySummary& whole = result_.summary;
  whole.features = dictionary_.features();
  whole.hidden = dictionary_.hidden();
  whole.mean_active = features_.density.sum();
  whole.welch_bound =
      whole.features > 1 ? geometry::welch_bound(whole.features, whole.hidden) : 0.0;
  result_.by_count = Vector::Zero(options_.skeletons + 1);
  result_.names = names_;
}

void DictionaryCommand::divide(const Run& run) {
  const std::int64_t count = dictionary_.features();
  const auto total = static_cast<std::uint64_t>((count + piece_size - 1) / piece_size);
  const Shards& shards = run.shards_of(total, "pieces of 512 features");
  divided_ = run.divided();
  for (std::uint64_t piece = 0; piece < total; ++piece) {
    if (shards.has(piece)) pieces_.push_back(static_cast<std::int64_t>(piece));
  }
}

// Only the last piece of all may be shorter.
std::int64_t DictionaryCommand::features_of(std::size_t pieces) const {
  if (pieces == 0) return 0;
  const std::int64_t last = pieces_[pieces - 1];
  return static_cast<std::int64_t>(pieces - 1) * piece_size +
         std::min<std::int64_t>(piece_size, dictionary_.features() - last * piece_size);
}

void DictionaryCommand::add(std::int64_t number, const exact::OutputFigures& found) {
  const auto neighbours = static_cast<std::size_t>(options_.neighbours);
  std::vector<DictionaryFeature> piece;
  for (std::size_t k = 0; k < found.figures.size(); ++k) {
    const Index i = number * piece_size + static_cast<Index>(k);
    DictionaryFeature feature{found.figures[k], features_.density(i), features_.importance(i)};
    for (std::size_t n = 0; n < neighbours; ++n) {
      feature.neighbour_feature.push_back(found.neighbours[k * neighbours + n].feature);
      feature.neighbour_share.push_back(found.neighbours[k * neighbours + n].share);
    }
    feature.feature = i;
    piece.push_back(std::move(feature));
  }
  result_.add(std::move(piece), found.by_count);
  if (divided_ && skeletons_) result_.parts.push_back({number, found.by_count});
}

// In pieces of one size, so that sums have the same bits wherever a run was stopped.
bool DictionaryCommand::compute(Run& run) {
  try {
    if (result_.compared.empty() && compare_ > 0) {
      compare_with_random(dictionary_, features_, compare_, run.seed(), options_, result_);
    }
    const exact::DictionaryEvaluator evaluator(dictionary_, features_, options_);
    ProgressDisplay display(run.err(), run.quiet());
    const Index count = features_of(pieces_.size());
    const auto done =
        static_cast<std::size_t>((result_.summary.done + piece_size - 1) / piece_size);
    std::vector<exact::OutputRange> ranges;
    for (std::size_t k = done; k < pieces_.size(); ++k) {
      const Index first = pieces_[k] * piece_size;
      ranges.push_back({first, std::min(piece_size, dictionary_.features() - first)});
    }
    evaluator.evaluate_each(ranges, [&](std::size_t k, const exact::OutputFigures& found) {
      add(pieces_[done + k], found);
      display.show(static_cast<std::uint64_t>(result_.summary.done),
                   static_cast<std::uint64_t>(count), "features",
                   fmt::format("loss so far {:.6g}", result_.summary.loss));
      if (result_.summary.done < count) run.checkpoint_if_due(findings(run));
    });
    return false;
  } catch (const Interrupted&) {
    if (result_.features.empty()) throw;
    return true;
  }
}

Findings DictionaryCommand::findings(const Run& run) const {
  Findings findings = run.findings(storage::dictionary_results(result_));
  findings.text = [this](std::ostream& out) {
    print_dictionary(out, result_, static_cast<std::size_t>(top_));
  };
  return findings;
}

int DictionaryCommand::code(bool interrupted) const {
  const bool met = std::ranges::all_of(
      result_.features, [](const DictionaryFeature& f) { return f.figures.met_target; });
  return exit_code(interrupted, true, met);
}

int DictionaryCommand::run(Run& run) {
  read(run);
  start();
  divide(run);
  if (const auto file = run.earlier(read_result, {file_, density_file_, names_file_})) {
    result_ = storage::dictionary_run(*file);
    const bool ended = result_.summary.done == features_of(pieces_.size());
    if (ended && !names_.empty() && names_ != result_.names) {
      print_to(run.err(), "note: the run is finished: its file keeps the names it has\n");
    }
    if (!names_.empty() || !ended) result_.names = names_;
    if (ended) {
      return run.finish_again(findings(run), code(false));
    }
  }
  run.begin();
  const bool interrupted = compute(run);
  return run.finish(findings(run), code(interrupted));
}

void merge_dictionaries(const std::vector<std::string>& paths, const std::filesystem::path& target,
                        const storage::Provenance& provenance, bool overwrite) {
  std::vector<storage::ResultFile> files;
  for (const std::string& path : paths) files.push_back(read_result(path));
  const DictionaryRun whole = storage::merged_dictionary(files);
  storage::write_result(target, "skeleta dictionary", provenance,
                        storage::dictionary_results(whole), overwrite);
}

std::uint64_t planned_dictionaries(const storage::ResultFile& file, const nlohmann::ordered_json&) {
  const std::int64_t count = file.values<std::int64_t>("/dictionary/features").front();
  return static_cast<std::uint64_t>((count + piece_size - 1) / piece_size);
}

const Mergeable shards_of_dictionaries{"pieces of 512 features", "/dictionary/feature", piece_size,
                                       planned_dictionaries, merge_dictionaries};

}  // namespace

CommandEntry dictionary_command() {
  return {"dictionary", dictionary_examples,     make_command<DictionaryCommand>,
          true,         &shards_of_dictionaries, true};
}

}  // namespace skeleta::program
