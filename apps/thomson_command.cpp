#include "thomson_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "delivery.h"
#include "errors.h"
#include "foresight.h"
#include "interrupt.h"
#include "model_input.h"
#include "program.h"
#include "progress_display.h"
#include "skeleta/core/parallel.h"
#include "skeleta/thomson/closest_match.h"
#include "thomson_results.h"

namespace skeleta::program {
namespace {

constexpr const char* thomson_examples = R"(Thomson's problem, and how close a model is to it.

Examples:
  skeleta thomson solve --points 12 --dimension 3    the icosahedron, found from random starts
  skeleta thomson match model.h5                     a model's columns beside the best known points
)";

constexpr const char* solve_examples = R"(Points on the sphere of least energy, from random starts.

Examples:
  skeleta thomson solve --points 12 --dimension 3
  skeleta thomson solve --points 24 --dimension 4 --energy log --starts 1000
  skeleta thomson solve --points 9 --dimension 3 --energy relu:0.1 --json
  skeleta thomson solve --points 60 --dimension 3 -o points.h5
)";

constexpr const char* match_examples =
    R"(The directions of a model's columns beside the configurations of least energy that are known,
or found from random starts, for as many points in as many dimensions.

Examples:
  skeleta thomson match model.h5
  skeleta thomson match run.h5 --instance all -o match.h5
  skeleta thomson match sweep.h5 --instance all -o match.h5
  skeleta thomson match model.h5 --energies coulomb,riesz:2,relu:0.1 --starts 200
  skeleta thomson match model.h5 --against other.h5  are they the same, turned and relabelled?
)";

constexpr Index many_points = 2000;      // from here on the cost is told beforehand
constexpr double same_direction = 1e-6;  // |ŵ_i − ŵ_j| of columns that coincide

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

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
std::vector<thomson::PairEnergy> parse_energies(const std::string& list) {
  std::vector<thomson::PairEnergy> energies{thomson::coulomb};
  std::istringstream stream(list);
  for (std::string text; std::getline(stream, text, ',');) {
    const thomson::PairEnergy energy = parse_energy("--energies", text);
    if (std::find(energies.begin(), energies.end(), energy) == energies.end()) {
      energies.push_back(energy);
    }
  }
  return energies;
}

// Refuses what takes more than a century, and what does not fit into memory.
void warn_of_cost(std::ostream& err, const CommonOptions& common, Index points, Index dimension,
                  std::uint64_t starts) {
  const double seconds = thomson::estimated_seconds(points, dimension, starts);
  const std::string work = fmt::format("{} starts of {} points", starts, points);
  const bool told = points > many_points;  // below
  announce({work, seconds / resolve_threads(common.threads), "take fewer --starts"},
           common.quiet || told, err);
  refuse_more_than_memory("--starts", static_cast<double>(starts),
                          static_cast<double>(points * dimension));
  if (common.quiet || !told) return;
  fmt::print(err, "note: {} start{} of {} points take{} some {} on one core; --starts changes it\n",
             starts, starts == 1 ? "" : "s", points, starts == 1 ? "s" : "",
             duration_text(seconds));
}

// As many as take a minute, between 3 and 30; a function of the sizes alone.
std::uint64_t affordable_starts(Index points, Index dimension) {
  const double one = thomson::estimated_seconds(points, dimension, 1);
  return static_cast<std::uint64_t>(std::clamp(60.0 / one, 3.0, 30.0));
}

void add_starts(CLI::App& command, std::uint64_t& starts, const std::string& where) {
  add_count(command, "--starts", starts, fmt::format("Random starts{} [{}]", where, starts))
      ->type_name("K");
}

Index needed(const char* flag, const std::optional<Index>& value, Index least) {
  if (!value) {
    throw UsageError(fmt::format(
        "thomson solve needs {}: skeleta thomson solve --points 12 --dimension 3", flag));
  }
  if (*value < least)
    throw UsageError(fmt::format("{} {} must be at least {}", flag, *value, least));
  return *value;
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
std::vector<ReluAutoencoder> cells_of(const std::string& path) {
  std::vector<ReluAutoencoder> models;
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

}  // namespace

ThomsonSolveCommand::ThomsonSolveCommand(CLI::App& parent)
    : command_(parent.add_subcommand("solve", solve_examples)) {
  CLI::App& command = *command_;
  command.add_option("--points", points_, "How many points, at least 2")->type_name("N");
  command.add_option("--dimension", dimension_, "Of the space: the sphere is S^(d-1)")
      ->type_name("d");
  command
      .add_option("--energy", energy_,
                  "Of each pair at distance r and inner product u: coulomb 1/r, log -log r, "
                  "riesz:S r^-S, relu:C (u - C)+^3 / 3u, which a model's features have [coulomb]")
      ->type_name("ENERGY");
  add_starts(command, starts_, "");
  output_.add_options(command);
  add_common_options(command, common_);
}

int ThomsonSolveCommand::run(const std::string& command_line, std::ostream& out,
                             std::ostream& err) {
  prepare(*command_, common_, err);
  const Index points = needed("--points", points_, 2);
  const Index dimension = needed("--dimension", dimension_, 1);
  const thomson::PairEnergy energy = parse_energy("--energy", energy_);
  output_.check();
  warn_of_cost(err, common_, points, dimension, starts_);

  const auto start = std::chrono::steady_clock::now();
  const InterruptGuard guard;
  ProgressDisplay display(err, common_.quiet, {"starts", "least energy"});
  const auto solution =
      thomson::solve(energy, points, dimension, {starts_, common_.seed, common_.threads},
                     [&](const Progress& progress) {
                       display.show(progress);
                       return true;  // the guard calls the work off
                     });
  const ThomsonRun run{common_.seed, resolve_threads(common_.threads), seconds_since(start)};
  const auto print = [&] {
    if (common_.json) {
      out << solution_json(solution, starts_, run).dump(1) << '\n';
    } else {
      print_solution(out, solution, starts_, run);
    }
  };
  const auto write = [&] {
    output_.write("skeleta thomson solve", command_line, *command_, common_,
                  solution_results(solution, starts_));
  };
  const ExitCode code = solution.starts < starts_ ? ExitCode::interrupted
                        : solution.best.converged ? ExitCode::done
                                                  : ExitCode::precision_missed;
  return deliver({write, print, output_.told(common_)}, code, out, err);
}

ThomsonMatchCommand::ThomsonMatchCommand(CLI::App& parent)
    : command_(parent.add_subcommand("match", match_examples)) {
  CLI::App& command = *command_;
  command
      .add_option("model", model_,
                  "Model file, or a run file that holds one; of a sweep, the best of each cell")
      ->type_name("MODEL.h5");
  command.add_option("--instance", instance_,
                     "Which model of the file, or cell of the sweep: k or 'all' [0]");
  command
      .add_option(
          "--energies", energy_list_,
          "Energies to compare, with commas between them; see thomson solve --help. coulomb "
          "is always one [coulomb,log,relu:0]")
      ->type_name("LIST");
  add_count(command, "--starts", starts_,
            "Random starts where no minimiser can be constructed [30, fewer if they take minutes]")
      ->type_name("K");
  command
      .add_option("--against", against_,
                  "Also the distance to the columns of this model, as many in as many dimensions")
      ->type_name("OTHER.h5");
  command.add_option("--against-instance", against_instance_, "Which model of that file [0]")
      ->type_name("k");
  command
      .add_option("--shortest", options_.shortest,
                  "Leave out columns below this share of the longest one; 0: zero ones only [0.1]")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("R");
  command
      .add_option("--orthogonal", options_.orthogonal,
                  "Columns are orthogonal if their cosine is at most this [0.1]")
      ->type_name("C");
  command
      .add_option("--opposite", options_.opposite,
                  "Columns are opposite if their directions sum to at most this length [0.1]")
      ->type_name("R");
  output_.add_options(command);
  add_common_options(command, common_);
}

const thomson::Reference& ThomsonMatchCommand::reference(const thomson::PairEnergy& energy,
                                                         Index points, Index dimension,
                                                         std::ostream& err) {
  const auto key = std::tuple{thomson::name(energy), points, dimension};
  if (const auto found = references_.find(key); found != references_.end()) return found->second;
  thomson::SolveOptions solve = options_.solve;
  solve.starts = starts_ > 0 ? starts_ : affordable_starts(points, dimension);
  warn_of_cost(err, common_, points, dimension, solve.starts);
  ProgressDisplay display(err, common_.quiet, {"starts", thomson::name(energy) + " energy"});
  return references_[key] =
             thomson::reference(energy, points, dimension, solve, [&](const Progress& progress) {
               display.show(progress);
               return true;
             });
}

MatchedModel ThomsonMatchCommand::matched(const Matrix& W, Index instance, std::ostream& err) {
  const auto start = std::chrono::steady_clock::now();
  MatchedModel result{.instance = instance, .features = W.cols(), .hidden = W.rows()};
  result.match = geometry_alone(W, options_);
  result.shortest = options_.shortest;
  const Matrix unit = directions(W, result.match.columns);
  result.coincident = coincident(unit, result.match.columns);
  if (other_) {
    result.other = {against_, against_instance_, thomson::closest_match(unit, *other_)};
  }
  for (const thomson::PairEnergy& energy : options_.energies) {
    if (unit.cols() < 2) break;
    if (possible(energy, unit.cols(), unit.rows())) {
      result.match.energies.push_back(
          thomson::match_energy(energy, unit, reference(energy, unit.cols(), unit.rows(), err)));
    } else {
      result.impossible.push_back(energy);
    }
  }
  result.seconds = seconds_since(start);
  return result;
}

void ThomsonMatchCommand::read_other() {
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

// No guard: Ctrl-C ends the program at once.
int ThomsonMatchCommand::run(const std::string& command_line, std::ostream& out,
                             std::ostream& err) {
  prepare(*command_, common_, err);
  if (model_.empty()) throw UsageError("match needs a model: skeleta thomson match MODEL.h5");
  options_.energies = parse_energies(energy_list_);
  options_.solve.seed = common_.seed;
  options_.solve.threads = common_.threads;
  const bool sweep = filetype_of(model_) == "skeleta sweep";
  const std::vector<ReluAutoencoder> given =
      sweep ? cells_of(model_) : read_models(model_, {.allow_wide = true}).models;
  read_other();
  output_.check(model_);
  std::vector<MatchedModel> models;
  for (const Index k : resolve_instances(instance_, given.size(), model_)) {
    models.push_back(matched(given[static_cast<std::size_t>(k)].W, k, err));
  }
  const auto write = [&] {
    output_.write("skeleta thomson match", command_line, *command_, common_,
                  match_results(sweep ? std::vector<ReluAutoencoder>{} : given, models));
  };
  return deliver({write, [&] { report(models, out); }, output_.told(common_)}, ExitCode::done, out,
                 err);
}

void ThomsonMatchCommand::report(const std::vector<MatchedModel>& models, std::ostream& out) const {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const MatchedModel& model : models) {
    if (common_.json) {
      array.push_back(match_json(model_, model,
                                 {common_.seed, resolve_threads(common_.threads), model.seconds}));
    } else {
      print_match(out, model_, model);
      if (&model != &models.back()) out << '\n';
    }
  }
  if (common_.json) out << (instance_ == "all" ? array : array.front()).dump(1) << '\n';
}

ThomsonCommand::ThomsonCommand(CLI::App& program)
    : command_(program.add_subcommand("thomson", thomson_examples)),
      solve_(*command_),
      match_(*command_) {
  command_->require_subcommand(0, 1);
}

int ThomsonCommand::run(const std::string& command_line, std::ostream& out, std::ostream& err) {
  if (solve_.chosen()) return solve_.run(command_line, out, err);
  if (match_.chosen()) return match_.run(command_line, out, err);
  out << command_->get_parent()->help();
  return ExitCode::done;
}

}  // namespace skeleta::program
