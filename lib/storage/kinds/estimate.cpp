#include <fmt/format.h>

#include <cmath>
#include <set>
#include <stdexcept>

#include "skeleta/geometry/feature_dimensionality.h"
#include "skeleta/storage/run_file.h"
#include "storage/kinds/models.h"
#include "storage/read_kind.h"

namespace skeleta::storage {
namespace {

using Run = EstimateRun;
using Runs = std::vector<Run>;
constexpr const char* number = "number of the instance in the model file";
constexpr const char* one_run = "[].";  // JSON is made of one run at a time

// Along [instance].
const Fields<Run>& loss_fields() {
  using Loss = IntegralBySkeleton;
  static const auto fields = joined(
      block<Run>(
          "/loss", "always",
          {
              {axis("instance", number).as("instance"), &Run::instance},
              {word("method", "instance", "how the loss was computed"), &Run::method},
              {word("kernel", "instance", "how Gx was formed: from G, or through the hidden layer"),
               &Run::kernel},
              {real("value", "instance", "integral loss, summed over the features")
                   .cites("mathematics.md, Proposition 1.4")
                   .as("loss.value"),
               &Run::loss, &Loss::value},
              {magnitude("value_standard_error", "instance", "standard error of value")
                   .cites("mathematics.md, Proposition 9.2")
                   .as("loss.standard_error"),
               &Run::loss, &Loss::standard_error},
              {real("confidence", "instance",
                    "confidence of the interval [low, high]; NaN, as are these, if the error is "
                    "an estimate")
                   .as("loss.confidence")
                   .from(0, 1)
                   .or_nan(),
               &Run::loss, &Loss::confidence},
              {real("low", "instance", "lower end of the interval of value")
                   .cites("mathematics.md, Proposition 9.2")
                   .as("loss.low"),
               &Run::loss, &Loss::low},
              {real("high", "instance", "upper end of the interval, error_bound included")
                   .cites("mathematics.md, Proposition 9.3")
                   .as("loss.high"),
               &Run::loss, &Loss::high},
              {magnitude("error_bound", "instance", "bound on what was not evaluated or not exact")
                   .cites("mathematics.md, Theorem 3.7; sampled: mathematics.md, Proposition 9.3")
                   .as("loss.error_bound"),
               &Run::loss, &Loss::error_bound},
              {whole("value_samples", "instance", "number of samples; 0 if exact").as("samples"),
               &Run::loss, &Loss::samples},
              {whole("non_finite", "instance", "samples that were NaN or Inf, left out"),
               &Run::loss, &Loss::non_finite},
              {word("stop_reason", "instance", "why the computation ended")
                   .cites("mathematics.md, Remark 9.6"),
               &Run::loss, &Loss::stop_reason},
              {real("seconds", "instance", "wall time of the numerics").from(0).in("s"),
               &Run::seconds},
          },
          one_run),
      block<Run>(
          "/loss", "since 1.2",
          {
              {real("skewness", "instance", "of the sampling error").as("loss.skewness"),
               &Run::loss, &Loss::skewness},
              {real("kurtosis", "instance", "excess, of the sampling error").as("loss.kurtosis"),
               &Run::loss, &Loss::kurtosis},
              {magnitude("effective_samples", "instance",
                         "unweighted samples worth as much as the weighted ones")
                   .as("loss.effective_samples"),
               &Run::loss, &Loss::effective_samples},
              {magnitude("variance_ratio", "instance",
                         "foreseen variance with control variates over that without; 1 without "
                         "any")
                   .cites("mathematics.md, Proposition 9.5")
                   .as("loss.variance_ratio"),
               &Run::loss, &Loss::variance_ratio},
          },
          one_run));
  return fields;
}

// What an instance knows of Q_l, which it need not have evaluated.
struct Part {
  SkeletonPart part{.probability = nan, .mean = nan, .contribution = nan, .standard_error = nan};
  bool evaluated = false;
};

// Along [instance, l].
const Fields<Part>& part_fields() {
  static const auto fields = joined(
      block<Part>("/loss", "always",
                  {{axis("l", "number of active features: the skeleton Q_l").as("l")}},
                  "skeletons[]."),
      block<Part>("/loss", "always",
                  {
                      {real("probability", "instance l", "P(N = l), exact; NaN where not evaluated")
                           .cites("mathematics.md, Proposition 4.1")
                           .from(0, 1)
                           .or_nan(),
                       &Part::part, &SkeletonPart::probability},
                      {real("mean", "instance l", "mean loss on Q_l; NaN if never sampled"),
                       &Part::part, &SkeletonPart::mean},
                      {real("contribution", "instance l", "probability times mean")
                           .cites("mathematics.md, Definition 1.3"),
                       &Part::part, &SkeletonPart::contribution},
                      {magnitude("standard_error", "instance l", "standard error of contribution"),
                       &Part::part, &SkeletonPart::standard_error},
                      {whole("samples", "instance l", "number of samples on Q_l; 0 if exact"),
                       &Part::part, &SkeletonPart::samples},
                  },
                  "[].skeletons[]."),
      block<Part>("/loss", "since 1.6",
                  {
                      {whole("evaluated", "instance l", "1 if the instance evaluated Q_l; 0 if not")
                           .from(0, 1),
                       &Part::evaluated},
                  }));
  return fields;
}

// Along [instance].
const Fields<Run>& tail_fields() {
  using Tail = OneSparse;
  static const auto fields = block<Run>(
      "/tail", "always",
      {
          {axis("instance", number), &Run::instance},
          {real("one_sparse_contribution", "instance", "loss on Q_0 and Q_1").as("contribution"),
           &Run::one_sparse, &Tail::contribution},
          {real("one_sparse_share", "instance", "its share of the whole loss").as("share"),
           &Run::one_sparse, &Tail::share},
          {real("rest", "instance", "loss on Q_2 and beyond"), &Run::one_sparse, &Tail::rest},
          {magnitude("rest_standard_error", "instance", "standard error of rest"), &Run::one_sparse,
           &Tail::rest_standard_error},
          {magnitude("rest_bound", "instance", "rigorous upper bound of rest")
               .cites("mathematics.md, Proposition 4.6"),
           &Run::one_sparse, &Tail::rest_bound},
          {real("probability_of_rest", "instance", "P(N >= 2), exact")
               .cites("mathematics.md, Proposition 4.1")
               .from(0, 1)
               .or_nan(),
           &Run::one_sparse, &Tail::probability_of_rest},
          {magnitude("union_bound", "instance", "union bound of probability_of_rest")
               .cites("mathematics.md, Proposition 4.2"),
           &Run::one_sparse, &Tail::union_bound},
          {magnitude("chernoff_bound", "instance", "Chernoff bound of probability_of_rest")
               .cites("mathematics.md, Proposition 4.2"),
           &Run::one_sparse, &Tail::chernoff_bound},
      },
      "[].one_sparse.");
  return fields;
}

struct Stratum {
  Index run = 0;
  double planned = 0.0;
  StratumState state{};
  std::uint64_t replicates = 0, entries = 0, controls = 0;
};

// Along [stratum].
const Fields<Stratum>& state_fields() {
  constexpr const char* sampled = "since 1.2, if the loss was sampled";
  using State = StratumState;
  static const auto fields = joined(
      block<Stratum>(
          "/state", sampled,
          {
              {axis("stratum", "skeletons that are sampled together")},
              {axis("replicate", "randomisation of the points")},
              {axis("entry", "place in the flat statistics")},
              {whole("run", "stratum", "place of the stratum's run along instance"), &Stratum::run},
              {real("planned", "stratum", "samples in all that the stratum's run was going for")
                   .from(0),
               &Stratum::planned},
              {whole("first", "stratum", "first skeleton of the stratum"), &Stratum::state,
               &State::first},
              {whole("last", "stratum", "last skeleton of the stratum"), &Stratum::state,
               &State::last},
              {whole("non_finite", "stratum", "samples left out of moments"), &Stratum::state,
               &State::non_finite},
              {whole("chunks", "stratum replicate",
                     "complete chunks of samples; -1 beyond the stratum's last replicate")
                   .from(-1),
               &Stratum::state, &State::chunks},
              {whole("end", "stratum replicate",
                     "samples of the incomplete chunk after them, which moments lack; -1 likewise")
                   .from(-1),
               &Stratum::state, &State::end},
              {real("moments", "stratum entry",
                    "of each skeleton or replicate: count, mean, sums of the 2nd, 3rd, 4th powers "
                    "of the deviations, of each output; NaN beyond entries"),
               &Stratum::state, &State::moments},
          }),
      block<Stratum>(
          "/state", "since 1.6, if the loss was sampled",
          {
              {whole("replicates", "stratum", "number of replicates of the stratum"),
               &Stratum::replicates},
              {whole("entries", "stratum", "number of its moments"), &Stratum::entries},
              {whole("controls", "stratum", "number of its coefficients"), &Stratum::controls},
          }),
      block<Stratum>(
          "/state", "since 1.2, if control variates were subtracted",
          {
              {axis("control", "control variate")},
              {real("coefficients", "stratum control",
                    "of the control variates, then which outputs are not sampled, if any; NaN "
                    "beyond controls")
                   .cites("mathematics.md, Proposition 9.5"),
               &Stratum::state, &State::coefficients},
          }));
  return fields;
}

// Along [instance].
const Fields<geometry::ColumnGeometry>& geometry_fields() {
  using Columns = geometry::ColumnGeometry;
  using geometry::Coherence;
  static const auto fields = block<Columns>(
      "/geometry", "since 1.1",
      {
          {axis("instance", number)},
          {axis("feature", "feature")},
          {word("polytope", "polytope", "polytopes that columns are known to form")},
          {real("polytope_dimensionality", "polytope",
                "dimensionality of each vertex of the polytope")},
          {magnitude("norm", "instance feature", "length of the column w_i of W"), &Columns::norm},
          {magnitude("dimensionality", "instance feature",
                     "feature dimensionality, norm² over the sum of the squared inner products of "
                     "w_i/norm with all columns")
               .cites("mathematics.md, Proposition 7.4"),
           &Columns::dimensionality},
          {whole("represented", "instance",
                 "number of columns of at least a tenth of the longest one, between which "
                 "coherence is taken"),
           &Columns::coherence, &Coherence::columns},
          {real("coherence_signed", "instance",
                "largest cosine between two columns; NaN for fewer than two"),
           &Columns::coherence, &Coherence::signed_max},
          {real("coherence_absolute", "instance", "largest absolute cosine between two columns"),
           &Columns::coherence, &Coherence::absolute},
          {real("signed_bound", "instance",
                "simplex or orthoplex bound: coherence_signed is never below it")
               .cites("mathematics.md, Proposition 7.5"),
           &Columns::signed_bound},
          {real("welch_bound", "instance", "Welch bound: coherence_absolute is never below it")
               .cites("mathematics.md, Proposition 7.5"),
           &Columns::welch_bound},
          {real("orthoplex_bound", "instance",
                "orthoplex bound of lines: coherence_absolute is never below it; 0 where it does "
                "not hold")
               .cites("mathematics.md, Proposition 7.5"),
           &Columns::orthoplex_bound},
          {magnitude("dimensions_per_feature", "instance",
                     "hidden dimensions over the squared Frobenius norm of W"),
           &Columns::dimensions_per_feature},
          {magnitude(
               "distance_to_first", "instance",
               "root-mean-square distance of the columns to those of the first instance, after "
               "the best turn, reflection and relabelling that were found"),
           &Columns::distance_to_first},
      });
  return fields;
}

void check_word(const char* name, const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\r\n") == std::string::npos) return;
  throw std::invalid_argument(fmt::format("{} = '{}' must be one word", name, word));
}

void check_geometry(const Run& run, const Run& first) {
  if (run.geometry.has_value() != first.geometry.has_value()) {
    throw std::invalid_argument(fmt::format("one of the instances {} and {} has no geometry",
                                            run.instance, first.instance));
  }
  if (!run.geometry) return;
  for (const auto& [name, column] : {std::pair{"norm", &run.geometry->norm},
                                     {"dimensionality", &run.geometry->dimensionality}}) {
    if (column->size() == run.model.features()) continue;
    throw std::invalid_argument(
        fmt::format("instance {}: /geometry/{} has {} entries for {} features", run.instance, name,
                    column->size(), run.model.features()));
  }
}

void check_run(const Run& run, const Run& first) {
  validate(run.model);
  validate(run.features, run.model.features());
  check_word("method", run.method);
  check_word("kernel", run.kernel);
  if (run.model.hidden() != first.model.hidden() ||
      run.model.features() != first.model.features()) {
    throw std::invalid_argument(fmt::format(
        "instance {} is {} x {}, but instance {} is {} x {}", run.instance, run.model.hidden(),
        run.model.features(), first.instance, first.model.hidden(), first.model.features()));
  }
  if (run.features.density != first.features.density ||
      run.features.importance != first.features.importance) {
    throw std::invalid_argument(
        fmt::format("instances {} and {} differ in density or importance: one file holds one",
                    run.instance, first.instance));
  }
  if (run.loss.skeletons.empty()) {
    throw std::invalid_argument(fmt::format("instance {} evaluated no skeleton", run.instance));
  }
  check_geometry(run, first);
}

// The instances share the union of the skeletons that they evaluated.
void put_parts(Results& results, const Runs& runs) {
  std::set<std::int64_t> all;
  for (const Run& run : runs) {
    for (const SkeletonPart& part : run.loss.skeletons) all.insert(part.l);
  }
  const std::vector<std::int64_t> l(all.begin(), all.end());
  std::vector<Part> parts(runs.size() * l.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const SkeletonPart& part : runs[i].loss.skeletons) {
      const auto k = std::lower_bound(l.begin(), l.end(), part.l) - l.begin();
      parts[i * l.size() + static_cast<std::size_t>(k)] = {part, true};
    }
  }
  results.add("/loss/l", l);
  put(results, part_fields(), parts, {runs.size(), l.size()});
}

void put_loss(Results& results, const Runs& runs) {
  put(results, loss_fields(), runs);
  put_parts(results, runs);
  put(results, tail_fields(), runs);
}

void get_parts(const ResultFile& file, Runs& runs) {
  const auto& l = file.values<std::int64_t>("/loss/l");
  std::vector<Part> parts(runs.size() * l.size());
  get(file, part_fields(), parts);
  const bool marked = file.find("/loss/evaluated") != nullptr;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    SkeletonPart& part = parts[k].part;
    part.l = l[k % l.size()];
    const bool evaluated = marked ? parts[k].evaluated : !std::isnan(part.probability);
    if (evaluated) runs[k / l.size()].loss.skeletons.push_back(part);
  }
}

void put_states(Results& results, const Runs& runs) {
  std::vector<Stratum> strata;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const SamplingState& all = runs[i].state;
    for (const StratumState& state : all.strata) {
      strata.push_back({static_cast<Index>(i), all.planned, state, state.chunks.size(),
                        state.moments.size(), state.coefficients.size()});
    }
  }
  put(results, state_fields(), strata);
}

// Cuts the padding off; before 1.6 it was told by its values.
void trim(const ResultFile& file, Stratum& stratum) {
  StratumState& state = stratum.state;
  if (file.find("/state/entries") == nullptr) {
    constexpr auto beyond = static_cast<std::uint64_t>(-1);
    std::erase(state.chunks, beyond);
    std::erase(state.end, beyond);
    std::erase_if(state.moments, [](double x) { return std::isnan(x); });
    std::erase_if(state.coefficients, [](double x) { return std::isnan(x); });
    return;
  }
  const auto cut = [&](auto& list, std::uint64_t count, const char* name) {
    if (count > list.size()) file.refuse(fmt::format("/state/{} exceeds its axis", name));
    list.resize(count);
  };
  cut(state.chunks, stratum.replicates, "replicates");
  cut(state.end, stratum.replicates, "replicates");
  cut(state.moments, stratum.entries, "entries");
  cut(state.coefficients, stratum.controls, "controls");
}

void get_states(const ResultFile& file, Runs& runs) {
  const ResultDataset* axis = file.find("/state/stratum");
  if (axis == nullptr) return;
  std::vector<Stratum> strata(axis->shape.front());
  get(file, state_fields(), strata);
  for (Stratum& stratum : strata) {
    const auto k = static_cast<std::size_t>(stratum.run);
    if (k >= runs.size()) {
      file.refuse(fmt::format("/state/run holds {}, but there are {} runs", k, runs.size()));
    }
    trim(file, stratum);
    runs[k].state.planned = stratum.planned;
    runs[k].state.strata.push_back(std::move(stratum.state));
  }
}

void put_geometry(Results& results, const Runs& runs, const std::vector<std::int64_t>& instances) {
  if (!runs.front().geometry) return;
  std::vector<const geometry::ColumnGeometry*> all;
  for (const Run& run : runs) all.push_back(&*run.geometry);
  std::vector<std::string> names;
  std::vector<double> values;
  for (const geometry::NamedDimensionality& polytope : geometry::named_dimensionalities()) {
    names.push_back(polytope.name);
    values.push_back(polytope.value());
  }
  results.add("/geometry/instance", instances);
  results.add("/geometry/polytope", category_of(names));
  results.add("/geometry/polytope_dimensionality", values);
  put(results, geometry_fields(), all);
}

// Files of version 1.0 have none.
void get_geometry(const ResultFile& file, Runs& runs) {
  if (file.find("/geometry/instance") == nullptr) return;
  std::vector<geometry::ColumnGeometry*> all;
  for (Run& run : runs) all.push_back(&run.geometry.emplace());
  get(file, geometry_fields(), all);
}

}  // namespace

Rows estimate_rows() {
  return rows_of(loss_fields(), part_fields(), tail_fields(), state_fields(), geometry_fields());
}

Results loss_results(const EstimateRun& run) {
  Results results;
  put_loss(results, {run});
  return results;
}

void write_estimate(const std::filesystem::path& target, const Provenance& provenance,
                    const Runs& runs, bool overwrite) {
  if (runs.empty()) throw std::invalid_argument("runs is empty: a file needs at least one");
  for (const Run& run : runs) check_run(run, runs.front());
  std::vector<std::int64_t> instances;
  for (const Run& run : runs) instances.push_back(run.instance);
  Results results;
  results.add("/model/instance", instances);
  std::vector<const Autoencoder*> models;
  for (const Run& run : runs) models.push_back(&run.model);
  put_models(results, models);
  put_features(results, runs.front().features);
  put_loss(results, runs);
  put_states(results, runs);
  put_geometry(results, runs, instances);
  write_result(target, "skeleta estimate", provenance, results, overwrite);
}

RunFile read_run(const std::filesystem::path& path) {
  ModelFile models;
  const ResultFile file = read_kind(path, "skeleta estimate", &models);
  const auto& instances = file.values<std::int64_t>("/model/instance");
  for (const char* group : {"/loss", "/tail", "/geometry"}) {
    const std::string axis = group + std::string("/instance");
    const bool may_be_absent = file.find("/geometry/instance") == nullptr && axis[1] == 'g';
    if (may_be_absent || file.values<std::int64_t>(axis) == instances) continue;
    file.refuse(axis + " and /model/instance differ");
  }
  RunFile result{file.filetype, file.build, file.provenance, Runs(instances.size())};
  Runs& runs = result.estimates;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].model = std::move(models.models[i]);
    runs[i].features = models.features(i);
  }
  get(file, loss_fields(), runs);
  get(file, tail_fields(), runs);
  get_parts(file, runs);
  get_states(file, runs);
  get_geometry(file, runs);
  for (Run& run : runs) {
    run.loss.rest = run.one_sparse.rest;
    run.loss.rest_standard_error = run.one_sparse.rest_standard_error;
    if (file.find("/loss/effective_samples")) continue;  // before version 1.2
    run.loss.effective_samples = static_cast<double>(run.loss.samples);
  }
  return result;
}

}  // namespace skeleta::storage
