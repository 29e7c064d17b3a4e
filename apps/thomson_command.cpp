#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "commands.h"
#include "exit_code.h"
#include "foresight.h"
#include "model_input.h"
#include "print.h"
#include "progress_display.h"
#include "skeleta/storage/thomson_file.h"
#include "skeleta/thomson/closest_match.h"

namespace skeleta::program {
namespace {

constexpr const char* thomson_examples = R"(Thomson's problem, and how close a model is to it.

Examples:
  skeleta thomson solve --points 12 --dimension 3
                         the icosahedron, found from random starts
  skeleta thomson match model.h5
                         a model's columns beside the best known points
)";

constexpr const char* solve_examples = R"(Points on the sphere of least energy, from random starts.

Examples:
  skeleta thomson solve --points 12 --dimension 3
  skeleta thomson solve --points 24 --dimension 4 --energy log --starts 1000
  skeleta thomson solve --points 9 --dimension 3 --energy relu:0.1 --json
  skeleta thomson solve --points 60 --dimension 3 -o points.h5
)";

constexpr const char* match_examples =
    R"(The directions of a model's columns beside the configurations of least energy
that are known, or found from random starts, for as many points in as many
dimensions.

Examples:
  skeleta thomson match model.h5
  skeleta thomson match run.h5 --instance all -o match.h5
  skeleta thomson match sweep.h5 --instance all -o match.h5
  skeleta thomson match model.h5 --energies coulomb,riesz:2,relu:0.1
  skeleta thomson match model.h5 --against other.h5
                         are they the same, turned and relabelled?
Why relu:c is the energy of the one-sparse loss: analysis/mathematics.md,
Proposition 7.2.
)";

constexpr Index many_points = 2000;      // from here on the cost is told beforehand
constexpr double same_direction = 1e-6;  // |ŵ_i − ŵ_j| of columns that coincide

thomson::PairEnergy parse_energy(const std::string& flag, const std::string& text) {
  try {
    return thomson::parse_pair_energy(text);
  } catch (const std::invalid_argument&) {
    throw UsageError(fmt::format(
        "{} '{}' is none of coulomb, log, riesz:S with 0 <= S <= 100, relu:C with 0 <= C < 1", flag,
        text));
  }
}

// Coulomb's energy comes first, asked for or not: energy_ratio and rms_distance are about it.
std::vector<thomson::PairEnergy> parse_energies(const std::vector<std::string>& words) {
  std::vector<thomson::PairEnergy> energies{thomson::coulomb};
  for (const std::string& text : words) {
    const thomson::PairEnergy energy = parse_energy("--energies", text);
    if (std::find(energies.begin(), energies.end(), energy) == energies.end()) {
      energies.push_back(energy);
    }
  }
  return energies;
}

// Refuses what takes more than a century, and what does not fit into memory.
void warn_of_cost(Run& run, Index points, Index dimension, std::uint64_t starts) {
  const double seconds = thomson::estimated_seconds(points, dimension, starts);
  const std::string work = fmt::format("{} starts of {} points", starts, points);
  const bool told = points > many_points;  // below
  announce({work, seconds / run.threads(), "take fewer --starts"}, run.quiet() || told, run.err());
  refuse_more_than_memory("--starts", static_cast<double>(starts),
                          static_cast<double>(points * dimension));
  if (run.quiet() || !told) return;
  print_to(run.err(),
           "note: {} start{} of {} points take{} some {} on one core; --starts changes it\n",
           starts, starts == 1 ? "" : "s", points, starts == 1 ? "s" : "", duration_text(seconds));
}

// As many as take a minute, between 3 and 30; a function of the sizes alone.
std::uint64_t affordable_starts(Index points, Index dimension) {
  const double one = thomson::estimated_seconds(points, dimension, 1);
  return static_cast<std::uint64_t>(std::clamp(60.0 / one, 3.0, 30.0));
}

// Two places hold two points.
bool possible(const thomson::PairEnergy& energy, Index points, Index dimension) {
  return dimension > 1 || points <= 2 || energy.potential == thomson::Potential::relu;
}

thomson::ModelMatch geometry_alone(const Matrix& W, thomson::MatchOptions options) {
  options.energies.clear();
  return thomson::match(W, options);
}

// Of the columns of W that count.
Matrix directions(const Matrix& W, const std::vector<Index>& columns) {
  Matrix unit = W(Eigen::all, columns);
  for (auto column : unit.colwise()) column.stableNormalize();
  return unit;
}

// The best models of a sweep, cell by cell.
std::vector<Autoencoder> cells_of(const std::string& path) {
  std::vector<Autoencoder> models;
  for (const storage::SweptCell& cell : read_sweep(path).cells) {
    if (!cell.model.W.allFinite()) {
      throw UsageError(fmt::format("{}, cell {}: every start diverged, so there is no model", path,
                                   models.size()));
    }
    models.push_back(cell.model);
  }
  return models;
}

std::vector<std::pair<Index, Index>> coincident(const Matrix& unit,
                                                const std::vector<Index>& columns) {
  std::vector<std::pair<Index, Index>> pairs;
  for (Index j = 0; j < unit.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      if ((unit.col(i) - unit.col(j)).norm() > same_direction) continue;
      pairs.emplace_back(columns[static_cast<std::size_t>(i)],
                         columns[static_cast<std::size_t>(j)]);
    }
  }
  return pairs;
}

using storage::MatchedModel;

class Solve : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  std::optional<Index> points_, dimension_;
  std::string energy_ = "coulomb";
  std::uint64_t starts_ = thomson::SolveOptions{}.starts;
};

void Solve::declare(OptionTable& options) {
  options.add("--points", &points_, "N", "How many points, at least 2").within(2.0);
  options.add("--dimension", &dimension_, "d", "Of the space: the sphere is S^(d-1)").within(1.0);
  options.add("--energy", &energy_, "ENERGY",
              "Of each pair at distance r and inner product u: coulomb 1/r, log -log r, riesz:S "
              "r^-S, relu:C (u - C)+^3 / 3u, which a model's features have");
  options.add("--starts", &starts_, "K", "Random starts");
}

// Of a file that has ended, as the command that wrote it; none of one that was stopped.
std::optional<int> solved_code(const storage::ResultFile& file) {
  if (file.only_word("/thomson/stop_reason") != "starts") return {};
  const storage::ResultDataset* converged = file.find("/thomson/converged");
  const auto* values =
      converged == nullptr ? nullptr : std::get_if<std::vector<std::int64_t>>(&converged->values);
  return exit_code(false, true, values != nullptr && values->front() == 1);
}

int Solve::run(Run& run) {
  for (const auto& [flag, there] : {std::pair{"--points", points_.has_value()},
                                    std::pair{"--dimension", dimension_.has_value()}}) {
    if (there) continue;
    throw UsageError(fmt::format(
        "thomson solve needs {}: skeleta thomson solve --points 12 --dimension 3", flag));
  }
  const thomson::PairEnergy energy = parse_energy("--energy", energy_);
  const Shards& shards = run.shards_of(starts_, "starts");
  if (const auto file = run.earlier(read_result)) {
    if (const auto code = solved_code(*file)) return run.show_again(*file, *code);
  }
  const std::uint64_t planned = shards.items_of(starts_);
  warn_of_cost(run, *points_, *dimension_, planned);
  run.begin();
  ProgressDisplay display(run.err(), run.quiet(), {"starts", "least energy"});
  const auto solution = thomson::solve(energy, *points_, *dimension_,
                                       {.starts = planned,
                                        .seed = run.seed(),
                                        .threads = run.threads(),
                                        .first = shards.which.front(),
                                        .stride = shards.count},
                                       [&](const Progress& progress) {
                                         display.show(progress);
                                         return true;  // the guard calls the work off
                                       });
  return run.finish(
      run.findings(storage::solution_results(solution, planned)),
      exit_code(solution.starts < planned || !solution.refined, true, solution.best.converged));
}

void merge_solutions(const std::vector<std::string>& paths, const std::filesystem::path& target,
                     const storage::Provenance& provenance, bool overwrite) {
  std::vector<storage::ResultFile> files;
  for (const std::string& path : paths) {
    files.push_back(read_result(path));
    if (files.back().only_word("/thomson/stop_reason") == "starts") continue;
    throw UsageError(fmt::format(
        "{} was stopped before its best configuration was refined: its command goes on", path));
  }
  const std::string energy = stored_options(provenance.options_toml).at("energy");
  storage::write_result(
      target, "skeleta thomson solve", provenance,
      storage::merged_solution(std::move(files), thomson::parse_pair_energy(energy)), overwrite);
}

std::uint64_t planned_starts(const storage::ResultFile&, const nlohmann::ordered_json& options) {
  return options.at("starts");
}

const Mergeable shards_of_solve{"starts", "/thomson/start", 1, planned_starts, merge_solutions};

class Match : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  void read(Run& run);
  void read_other();  // the model of --against
  MatchedModel matched(Run& run, Index instance);
  // Found once for all instances.
  const thomson::Reference& reference(Run& run, const thomson::PairEnergy& energy, Index points,
                                      Index dimension);

  std::string model_, instance_ = "0", against_;
  std::vector<std::string> energies_{"coulomb", "log", "relu:0"};
  Index against_instance_ = 0;
  std::optional<std::uint64_t> starts_;
  thomson::MatchOptions options_;

  bool sweep_ = false;
  std::vector<Autoencoder> given_;
  std::optional<Matrix> other_;  // directions of its columns
  std::map<std::tuple<std::string, Index, Index>, thomson::Reference> references_;  // N points in d
};

void Match::declare(OptionTable& options) {
  options
      .add("model", &model_, "MODEL.h5",
           "Model file, or a run file that holds one; of a sweep, the best of each cell")
      .may_change();
  options.add("--instance", &instance_, "k",
              "Which model of the file, or cell of the sweep: k or 'all'");
  options.add("--energies", &energies_, "LIST",
              "Energies to compare, with commas between them; see thomson solve --help. coulomb is "
              "always one");
  options.add("--starts", &starts_, "K", "Random starts where no minimiser can be constructed")
      .default_is("30, fewer if they take minutes");
  options
      .add("--against", &against_, "OTHER.h5",
           "Also the distance to the columns of this model, as many in as many dimensions")
      .may_change();
  options.add("--against-instance", &against_instance_, "k", "Which model of that file");
  options
      .add("--shortest", &options_.shortest, "R",
           "Leave out columns below this share of the longest one; 0: zero ones only")
      .within(0.0, 1.0);
  options.add("--orthogonal", &options_.orthogonal, "C",
              "Columns are orthogonal if their cosine is at most this");
  options.add("--opposite", &options_.opposite, "R",
              "Columns are opposite if their directions sum to at most this length");
}

const thomson::Reference& Match::reference(Run& run, const thomson::PairEnergy& energy,
                                           Index points, Index dimension) {
  const auto key = std::tuple{thomson::name(energy), points, dimension};
  if (const auto found = references_.find(key); found != references_.end()) return found->second;
  const std::uint64_t starts = starts_.value_or(affordable_starts(points, dimension));
  warn_of_cost(run, points, dimension, starts);
  ProgressDisplay display(run.err(), run.quiet(), {"starts", thomson::name(energy) + " energy"});
  return references_[key] =
             thomson::reference(energy, points, dimension, {starts, run.seed(), run.threads()},
                                [&](const Progress& progress) {
                                  display.show(progress);
                                  return true;
                                });
}

MatchedModel Match::matched(Run& run, Index instance) {
  const Matrix& W = given_[static_cast<std::size_t>(instance)].W;
  const double start = run.seconds();
  MatchedModel result{.instance = instance, .features = W.cols(), .hidden = W.rows()};
  result.match = geometry_alone(W, options_);
  const Matrix unit = directions(W, result.match.columns);
  result.coincident = coincident(unit, result.match.columns);
  if (other_) result.other = thomson::closest_match(unit, *other_);
  for (const thomson::PairEnergy& energy : options_.energies) {
    if (unit.cols() < 2) break;
    if (!possible(energy, unit.cols(), unit.rows())) continue;
    result.match.energies.push_back(
        thomson::match_energy(energy, unit, reference(run, energy, unit.cols(), unit.rows())));
  }
  result.seconds = run.seconds() - start;
  return result;
}

void Match::read_other() {
  if (against_.empty()) return;
  const storage::ModelFile file = read_models(against_, {.allow_wide = true});
  const auto available = static_cast<Index>(file.models.size());
  if (against_instance_ < 0 || against_instance_ >= available) {
    throw UsageError(fmt::format("--against-instance {}: {} holds instances 0 to {}",
                                 against_instance_, against_, available - 1));
  }
  const Matrix& W = file.models[static_cast<std::size_t>(against_instance_)].W;
  other_ = directions(W, geometry_alone(W, options_).columns);
}

void Match::read(Run& run) {
  if (model_.empty()) throw UsageError("match needs a model: skeleta thomson match MODEL.h5");
  options_.energies = parse_energies(energies_);
  sweep_ = filetype_of(model_) == "skeleta sweep";
  given_ = sweep_ ? cells_of(model_) : read_models(model_, {.allow_wide = true}).models;
  read_other();
  Fingerprint inputs;
  inputs.add(given_);
  if (other_) inputs.add(*other_);
  run.identify(inputs);
}

int Match::run(Run& run) {
  read(run);
  const std::vector<Index> instances = resolve_instances(instance_, given_.size(), model_);
  if (const auto file = run.earlier(read_result, {model_, against_})) {
    return run.show_again(*file, ExitCode::done);
  }
  run.begin();
  std::vector<MatchedModel> matches;
  for (const Index k : instances) matches.push_back(matched(run, k));
  const std::vector<Autoencoder> none;
  return run.finish(
      run.findings(storage::match_results(sweep_ ? none : given_, matches, options_.energies)),
      ExitCode::done);
}

}  // namespace

CommandEntry thomson_commands() {
  return {"thomson", thomson_examples};
}

CommandEntry thomson_solve_command() {
  return {"thomson solve", solve_examples, make_command<Solve>, true, &shards_of_solve};
}

CommandEntry thomson_match_command() {
  return {"thomson match", match_examples, make_command<Match>};
}

}  // namespace skeleta::program
