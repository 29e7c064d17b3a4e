#include <algorithm>
#include <cmath>
#include <limits>

#include "skeleta/storage/thomson_file.h"
#include "storage/kinds/models.h"

namespace skeleta::storage {
namespace {

using thomson::EnergyMatch;
using thomson::ModelMatch;
using thomson::Solution;
constexpr const char* thomson_group = "/thomson";
constexpr const char* compared = "since 1.4, in files of thomson solve and match with an energy";
constexpr const char* solved = "since 1.4, in files of thomson solve";
constexpr const char* matched = "since 1.4, in files of thomson match";
constexpr const char* matched_energy = "since 1.4, in files of thomson match with an energy";
constexpr const char* by_energy = "runs[].energies[].";

// Of the one instance and energy that was solved.
const Fields<Solution>& solution_fields() {
  using thomson::Equilibrium;
  using thomson::Portrait;
  using thomson::SymmetryGroup;
  const auto known = [](const Solution& s) { return s.known ? s.known->energy : nan; };
  static const auto fields = joined(
      block<Solution>(
          thomson_group, solved,
          {
              {axis("start", "random start")},
              {axis("pair", "two points")},
              {real("start_energy", "start", "where each start ended")},
              {whole("coordination", "feature", "neighbours of the point").as("coordination")},
              {whole("orbit", "feature", "first point that symmetries map this one to")},
              {real("inner_product", "pair", "of two points, sorted upwards").as("inner_products")},
              {real("gram_spectrum", "dimension", "largest eigenvalues of the Gram matrix")
                   .as("gram_spectrum")},
          }),
      block<Solution>(
          thomson_group, solved,
          {
              {real("gradient_norm", "instance energy_kind", "of the energy along the sphere"),
               &Solution::best, &Equilibrium::gradient_norm},
              {whole("converged", "instance energy_kind",
                     "1 if the gradient is as small as rounding lets it")
                   .from(0, 1),
               &Solution::best, &Equilibrium::converged},
              {whole("hits", "instance energy_kind", "starts that ended with this energy"),
               &Solution::hits},
              {real("symmetry_order", "instance energy_kind", "order of the symmetry group"),
               &Solution::portrait, &Portrait::symmetry, &SymmetryGroup::order},
              {whole("symmetry_complete", "instance energy_kind",
                     "0: symmetry_order is a lower bound")
                   .from(0, 1),
               &Solution::portrait, &Portrait::symmetry, &SymmetryGroup::complete},
              {real("known_energy", "instance energy_kind",
                    "the least that is known; NaN if nothing is"),
               known},
          },
          by_energy),
      block<Solution>(thomson_group, solved,
                      {{word("stop_reason", "instance",
                             "why the search ended: all starts are done, or interrupted")}},
                      by_run),
      block<Solution>(
          thomson_group, "since 1.7, in files of thomson solve",
          {
              {whole("asked", "instance energy_kind", "starts that were wanted")},
              {whole("starts", "instance energy_kind", "starts that are done"), &Solution::starts},
              {whole("failed", "instance energy_kind", "of them, without a finite energy"),
               &Solution::failed},
          },
          by_energy));
  return fields;
}

// Along [instance].
const Fields<MatchedModel>& match_fields() {
  using Model = MatchedModel;
  using geometry::Coherence;
  const auto others = [](auto geometry::Congruence::*member) {
    return [member](const Model& model) { return model.other ? (*model.other).*member : nan; };
  };
  static const auto fields =
      joined(block<Model>(
                 thomson_group, matched,
                 {
                     {whole("features", "instance", "number of features of the model").from(1),
                      &Model::features},
                     {whole("hidden", "instance", "its hidden dimensions").from(1), &Model::hidden},
                     {real("coherence_signed", "instance", "largest cosine between two columns")
                          .as("coherence.signed"),
                      &Model::match, &ModelMatch::coherence, &Coherence::signed_max},
                     {real("simplex_bound", "instance", "coherence_signed is never below it")
                          .cites("mathematics.md, Proposition 7.5")
                          .as("coherence.simplex_bound"),
                      &Model::match, &ModelMatch::simplex_bound},
                     {real("coherence_absolute", "instance", "largest absolute cosine")
                          .as("coherence.absolute"),
                      &Model::match, &ModelMatch::coherence, &Coherence::absolute},
                     {real("welch_bound", "instance", "coherence_absolute is never below it")
                          .cites("mathematics.md, Proposition 7.5")
                          .as("coherence.welch_bound"),
                      &Model::match, &ModelMatch::welch_bound},
                     {real("orthoplex_bound", "instance", "likewise; 0 where it does not hold")
                          .cites("mathematics.md, Proposition 7.5")
                          .as("coherence.orthoplex_bound"),
                      &Model::match, &ModelMatch::orthoplex_bound},
                     {real("interference", "instance",
                           "largest absolute cosine of columns in different parts"),
                      &Model::match, &ModelMatch::interference},
                 },
                 by_run),
             block<Model>(
                 thomson_group, "since 1.7, in files of thomson match",
                 {
                     {real("against_rms", "instance",
                           "root-mean-square distance to the columns of --against; NaN without")
                          .as("against?.rms_distance"),
                      others(&geometry::Congruence::rms)},
                     {real("against_lower_bound", "instance", "no turn and relabelling does better")
                          .as("against?.rms_lower_bound"),
                      others(&geometry::Congruence::lower_bound)},
                     {magnitude("seconds", "instance", "wall time of the numerics").in("s"),
                      &Model::seconds},
                 },
                 by_run));
  return fields;
}

// Of each model a list, padded with -1.
const Fields<MatchedModel>& pair_fields() {
  using Model = MatchedModel;
  const auto each = [](auto list, auto member) {
    return [=](const Model& model) {
      std::vector<std::remove_cvref_t<decltype(std::invoke(member, follow(model, list).front()))>>
          values;
      for (const auto& one : follow(model, list)) values.push_back(std::invoke(member, one));
      return values;
    };
  };
  const auto opposite = [&](auto member) {
    return each(
        [](const Model& model) -> auto& { return model.match.opposite_pairs; }, member);
  };
  const auto coincident = [&](auto member) { return each(&Model::coincident, member); };
  using Pair = thomson::OppositePair;
  using Columns = std::pair<Index, Index>;
  static const auto fields = joined(
      block<Model>(thomson_group, "since 1.7, in files of thomson match with antipodal pairs",
                   {
                       {axis("antipodal_pair", "two columns in opposite directions")},
                       {whole("antipodal_first", "instance antipodal_pair", "a column; -1: no more")
                            .from(-1)
                            .as("first"),
                        opposite(&Pair::first)},
                       {whole("antipodal_second", "instance antipodal_pair", "the opposite one")
                            .from(-1)
                            .as("second"),
                        opposite(&Pair::second)},
                       {real("antipodal_distance", "instance antipodal_pair", "from opposite")
                            .as("distance"),
                        opposite(&Pair::distance)},
                   },
                   "runs[].antipodal_pairs[]."),
      block<Model>(
          thomson_group, "since 1.7, in files of thomson match with columns of one direction",
          {
              {axis("coincident_pair", "two columns of one direction")},
              {whole("coincident_first", "instance coincident_pair", "a column; -1: no more")
                   .from(-1)
                   .as("first"),
               coincident(&Columns::first)},
              {whole("coincident_second", "instance coincident_pair", "the other one")
                   .from(-1)
                   .as("second"),
               coincident(&Columns::second)},
          },
          "runs[].coincident_pairs[]."));
  return fields;
}

// Along [instance, energy_kind].
const Fields<EnergyMatch>& energy_fields() {
  using geometry::Congruence;
  using thomson::Reference;
  static const auto fields = joined(
      block<EnergyMatch>(
          thomson_group, compared,
          {{word("energy_kind", "energy_kind", "of a pair of points").as("energy_kinds")}}),
      block<EnergyMatch>(
          thomson_group, compared,
          {
              {real("points", "instance energy_kind dimension feature",
                    "configuration of least energy that is known or was found; of a match, turned "
                    "and relabelled to lie over the columns, NaN where a column was left out")},
              {real("energy", "instance energy_kind", "of points, over unordered pairs")
                   .as("reference_energy"),
               &EnergyMatch::reference, &Reference::energy},
              {real("difference", "instance energy_kind",
                    "energy minus the known one; NaN likewise")
                   .as("reference_difference"),
               &EnergyMatch::reference, &Reference::difference},
          },
          by_energy),
      block<EnergyMatch>(
          thomson_group, matched_energy,
          {
              {real("columns_energy", "instance energy_kind", "of the model's unit columns")
                   .as("energy"),
               &EnergyMatch::energy},
              {real("energy_ratio", "instance energy_kind", "columns_energy over energy"),
               &EnergyMatch::energy_ratio},
              {real("rms_distance", "instance energy_kind",
                    "root-mean-square distance of the unit columns to points"),
               &EnergyMatch::match, &Congruence::rms},
              {real("rms_lower_bound", "instance energy_kind",
                    "no turn and relabelling does better"),
               &EnergyMatch::match, &Congruence::lower_bound},
          },
          by_energy));
  return fields;
}

struct Column {
  double dimensionality = nan, nearest = nan, distance = nan;
  Index part = -1, part_dimension = 0;
  double part_distance = nan;
  std::string part_nearest = "none";
  Index opposite = -1;
  double opposite_distance = nan;
};

// Along [instance, feature].
const Fields<Column>& column_fields() {
  static const auto fields = joined(
      block<Column>(
          thomson_group, matched,
          {
              {real("dimensionality", "instance feature", "feature dimensionality")
                   .cites("mathematics.md, Proposition 7.4"),
               &Column::dimensionality},
              {real("nearest_value", "instance feature", "the nearest one of a named polytope"),
               &Column::nearest},
              {real("nearest_distance", "instance feature", "how far from it"), &Column::distance},
              {whole("part", "instance feature",
                     "orthogonal part; -1 where the column was left out")
                   .from(-1),
               &Column::part},
              {whole("part_dimension", "instance feature", "of the space that the part spans"),
               &Column::part_dimension},
              {real("part_distance", "instance feature",
                    "root-mean-square distance of the part to its nearest named configuration; NaN "
                    "if "
                    "none"),
               &Column::part_distance},
              {whole("opposite", "instance feature", "column in the opposite direction; -1 if none")
                   .from(-1),
               &Column::opposite},
              {real("opposite_distance", "instance feature", "how far from opposite; NaN if none"),
               &Column::opposite_distance},
          },
          "runs[].columns[]."),
      block<Column>(thomson_group, "since 1.7, in files of thomson match",
                    {{word("part_nearest", "instance feature",
                           "nearest named configuration of as many points as the part has, its "
                           "spaces underscores; none without"),
                      &Column::part_nearest}},
                    "runs[].columns[]."));
  return fields;
}

std::vector<std::int64_t> integers(const std::vector<Index>& values) {
  return {values.begin(), values.end()};
}

Category names_of(const std::vector<thomson::PairEnergy>& energies) {
  std::vector<std::string> names;
  for (const thomson::PairEnergy& energy : energies) names.push_back(thomson::name(energy));
  return category_of(names);
}

// y_π(i), turned by Qᵀ: column i of QX lies at column π(i) of Y.
void put_over_columns(const EnergyMatch& match, const std::vector<Index>& columns, Matrix& points) {
  const Matrix& Y = match.reference.points;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    points.col(columns[i]).head(Y.rows()) =
        match.match.orthogonal.transpose() * Y.col(match.match.permutation[i]);
  }
}

// Of all models and energies; NaN where an energy was not compared.
void put_energies(Results& results, const std::vector<MatchedModel>& matches,
                  const std::vector<thomson::PairEnergy>& energies, Index d, Index D) {
  EnergyMatch missing{};
  missing.energy = missing.energy_ratio = nan;
  missing.reference.energy = missing.reference.difference = nan;
  missing.match.rms = missing.match.lower_bound = nan;
  std::vector<EnergyMatch> all;
  std::vector<double> points;
  for (const MatchedModel& model : matches) {
    for (const thomson::PairEnergy& energy : energies) {
      const auto& found = model.match.energies;
      const auto one = std::find_if(found.begin(), found.end(),
                                    [&](const auto& match) { return match.kind == energy; });
      Matrix over = Matrix::Constant(d, D, nan);
      if (one != found.end()) put_over_columns(*one, model.match.columns, over);
      all.push_back(one == found.end() ? missing : *one);
      const Matrix rows = over.transpose();  // they run fastest
      points.insert(points.end(), rows.data(), rows.data() + rows.size());
    }
  }
  results.add("/thomson/energy_kind", names_of(energies));
  results.add(
      "/thomson/points",
      {matches.size(), energies.size(), static_cast<std::size_t>(d), static_cast<std::size_t>(D)},
      std::move(points));
  put(results, energy_fields(), all, {matches.size(), energies.size()});
}

std::string as_word(std::string name) {
  if (name.empty()) return "none";
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// Of one model.
void fill(Column* columns, const ModelMatch& match) {
  for (std::size_t j = 0; j < match.nearest.size(); ++j) {
    columns[j].dimensionality = match.dimensionality(static_cast<Index>(j));
    columns[j].nearest = match.nearest[j].value;
    columns[j].distance = match.nearest[j].distance;
  }
  for (std::size_t k = 0; k < match.parts.size(); ++k) {
    for (const Index j : match.parts[k].columns) {
      columns[j].part = static_cast<Index>(k);
      columns[j].part_dimension = match.parts[k].dimension;
      columns[j].part_distance = match.parts[k].distance;
      columns[j].part_nearest = as_word(match.parts[k].nearest);
    }
  }
  for (const auto& pair : match.opposite_pairs) {
    columns[pair.first].opposite = pair.second;
    columns[pair.second].opposite = pair.first;
    columns[pair.first].opposite_distance = columns[pair.second].opposite_distance = pair.distance;
  }
}

}  // namespace

Rows thomson_rows() {
  return rows_of(
      block(thomson_group, "since 1.4, in files of thomson solve and match",
            {
                axis("instance", "number of the instance in the model file").as("runs[].instance"),
                axis("dimension", "of the space the sphere is in"),
                axis("feature", "point, or feature of the model"),
            }),
      energy_fields(), solution_fields(), match_fields(), column_fields(), pair_fields());
}

Results solution_results(const Solution& solution, std::uint64_t asked) {
  const Matrix& X = solution.best.points;
  const thomson::Portrait& portrait = solution.portrait;
  Vector spectrum = Vector::Zero(X.rows());
  spectrum.head(portrait.gram_spectrum.size()) = portrait.gram_spectrum;
  const Autoencoder model{X, Vector::Zero(X.cols())};
  const Matrix rows = X.transpose();  // they run fastest
  Results results;
  put_models(results, {&model});
  put(results, solution_fields(), {&solution}, {1, 1});
  results.add("/thomson/energy_kind", names_of({solution.energy_kind}));
  results.add("/thomson/points",
              {1, 1, static_cast<std::size_t>(X.rows()), static_cast<std::size_t>(X.cols())},
              std::vector<double>(rows.data(), rows.data() + rows.size()));
  results.add("/thomson/energy", {1, 1}, std::vector<double>{solution.best.energy});
  results.add("/thomson/difference", {1, 1}, std::vector<double>{solution.difference});
  results.add(
      "/thomson/stop_reason",
      category_of({solution.starts < asked || !solution.refined ? "interrupted" : "starts"}));
  results.add("/thomson/asked", {1, 1}, std::vector{static_cast<std::int64_t>(asked)});
  results.add("/thomson/start",
              std::vector<std::int64_t>(solution.numbers.begin(), solution.numbers.end()));
  results.add("/thomson/start_energy", solution.energies);
  results.add("/thomson/coordination", integers(portrait.coordination));
  results.add("/thomson/orbit", integers(portrait.symmetry.orbit));
  results.add("/thomson/inner_product", portrait.inner_products);
  results.add("/thomson/gram_spectrum", spectrum);
  return results;
}

namespace {

// The least energy of a start and its number: the first, if several have it.
std::pair<double, std::int64_t> least_of(const ResultFile& file) {
  const auto& energies = file.values<double>("/thomson/start_energy");
  const auto& numbers = file.values<std::int64_t>("/thomson/start");
  std::pair<double, std::int64_t> least{std::numeric_limits<double>::infinity(), -1};
  for (std::size_t k = 0; k < energies.size(); ++k) {
    if (std::isfinite(energies[k])) least = std::min(least, {energies[k], numbers[k]});
  }
  return least;
}

}  // namespace

Results merged_solution(std::vector<ResultFile> files, const thomson::PairEnergy& energy) {
  std::iter_swap(files.begin(), std::min_element(files.begin(), files.end(),
                                                 [](const ResultFile& a, const ResultFile& b) {
                                                   return least_of(a) < least_of(b);
                                                 }));
  Results results = put_together(files, "/thomson/start");
  std::vector<double> energies;
  for (const ResultDataset& one : results.datasets()) {
    if (one.path == "/thomson/start_energy") energies = std::get<std::vector<double>>(one.values);
  }
  const auto count = [&](const char* path, auto number) {
    results.replace(path, std::vector{static_cast<std::int64_t>(number)});
  };
  count("/thomson/starts", energies.size());
  count("/thomson/asked", energies.size());
  count("/thomson/failed", std::count_if(energies.begin(), energies.end(),
                                         [](double end) { return !std::isfinite(end); }));
  const auto points = static_cast<Index>(files.front().at("/thomson/coordination").shape.front());
  count("/thomson/hits",
        thomson::hits(energy, points, files.front().values<double>("/thomson/energy").front(),
                      energies));
  return results;
}

Results match_results(const std::vector<Autoencoder>& models,
                      const std::vector<MatchedModel>& matches,
                      const std::vector<thomson::PairEnergy>& energies) {
  Index d = 0, D = 0;
  std::vector<std::int64_t> instances;
  std::vector<const Autoencoder*> matched_models;
  for (const MatchedModel& model : matches) {
    d = std::max(d, model.hidden);
    D = std::max(D, model.features);
    instances.push_back(model.instance);
    if (!models.empty())
      matched_models.push_back(&models[static_cast<std::size_t>(model.instance)]);
  }
  const auto width = static_cast<std::size_t>(D);
  std::vector<Column> columns(matches.size() * width);
  for (std::size_t n = 0; n < matches.size(); ++n) {
    fill(columns.data() + n * width, matches[n].match);
  }
  Results results;
  put_models(results, matched_models);
  if (!models.empty()) results.add("/model/instance", instances);
  results.add("/thomson/instance", instances);
  results.axis("/thomson/dimension", d);
  put_energies(results, matches, energies, d, D);
  put(results, match_fields(), matches);
  put(results, pair_fields(), matches);
  put(results, column_fields(), columns, {matches.size(), width});
  return results;
}

}  // namespace skeleta::storage
