#include "thomson_report.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;

constexpr Index most_shown = 8;         // of a list of numbers
constexpr std::size_t most_parts = 16;  // of a table's rows

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.4f}", value) : "-";
}

std::string plural(Index count, const std::string& word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string status(thomson::ProofStatus status) {
  return status == thomson::ProofStatus::proven ? "proven" : "best known";
}

// All of a short list; both ends of a long one.
template <class List, class Format>
std::string ends(const List& list, Format&& format) {
  const auto size = static_cast<Index>(std::size(list));
  std::string text;
  for (Index i = 0; i < size; ++i) {
    if (size > most_shown && i == most_shown / 2) {
      text += " ...";
      i = size - most_shown / 2;
    }
    text += (text.empty() ? "" : " ") + format(list[static_cast<std::size_t>(i)]);
  }
  return text;
}

std::string ends(const Vector& values) {
  return ends(std::vector<double>(values.begin(), values.end()),
              [](double value) { return fmt::format("{:.6f}", value); });
}

std::string ends(const std::vector<Index>& columns) {
  return ends(columns, [](Index j) { return std::to_string(j); });
}

// "12 points with 5 neighbours", by falling number of points.
std::string histogram(const std::vector<Index>& coordination, Index dimension) {
  std::map<Index, Index> counts;
  for (const Index neighbours : coordination) ++counts[neighbours];
  std::vector<std::pair<Index, Index>> rows(counts.begin(), counts.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [neighbours, points] : rows) {
    text += fmt::format(
        "{}{} with {}", text.empty() ? "" : ", ", plural(points, "point"),
        dimension == 3 ? plural(neighbours, "neighbour") : plural(neighbours, "nearest neighbour"));
  }
  return text;
}

void print_known(std::ostream& out, const thomson::Solution& solution) {
  if (!solution.known) {
    fmt::print(out, "known energy     none\n");
    return;
  }
  const thomson::KnownMinimum& known = *solution.known;
  fmt::print(out, "known energy     {:<20.14g} {}: {}{}\n", known.energy, status(known.status),
             known.name.empty() ? "" : known.name + ", ", known.source);
  fmt::print(out, "difference       {:.2g}\n", solution.difference);
}

// Rows of numbers, one for each column of X.
Json columns_json(const Matrix& X) {
  Json array = Json::array();
  for (const auto column : X.colwise()) {
    array.push_back(std::vector<double>(column.begin(), column.end()));
  }
  return array;
}

Json list(const Vector& values) {
  return std::vector<double>(values.begin(), values.end());
}

// A whole number as such, as far as a double can tell.
Json whole(double value) {
  return value < 0x1p53 ? Json(static_cast<std::uint64_t>(value)) : Json(value);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string describe(const thomson::Reference& reference) {
  if (reference.constructed) {
    return fmt::format("{}, {}: {}", reference.name, status(reference.status), reference.source);
  }
  if (!std::isfinite(reference.difference)) return "best of random starts; nothing is known";
  return fmt::format("best of random starts, {:.1g} above the best known ({})",
                     reference.difference, reference.source);
}

void print_energies(std::ostream& out, const MatchedModel& model) {
  fmt::print(out, "\n{:<10}  {:>14}  {:>14}  {:>12}  {:>12}  {}\n", "energy", "of the columns",
             "of reference", "ratio", "rms distance", "reference");
  for (const thomson::EnergyMatch& one : model.match.energies) {
    fmt::print(out, "{:<10}  {:>14.9g}  {:>14.9g}  {:>12}  {:>12}  {}\n", thomson::name(one.kind),
               one.energy, one.reference.energy,
               std::isfinite(one.energy_ratio) ? fmt::format("{:.7g}", one.energy_ratio) : "-",
               fmt::format("{:.3g}", one.match.rms), describe(one.reference));
  }
  const bool negative = std::any_of(model.match.energies.begin(), model.match.energies.end(),
                                    [](const auto& one) { return one.reference.energy < 0.0; });
  if (negative) fmt::print(out, "of negative energies, a ratio below 1 means more energy\n");
  for (const thomson::PairEnergy& energy : model.impossible) {
    fmt::print(out,
               "{:<10}  infinite: the sphere of 1 dimension is two places, so points coincide\n",
               thomson::name(energy));
  }
  for (const auto& [i, j] : model.coincident) {
    fmt::print(out, "columns {} and {} have the same direction\n", i, j);
  }
}

void print_coherence(std::ostream& out, const thomson::ModelMatch& match) {
  fmt::print(out, "\ncosine of two columns  {:>8} at most; no set has less than {}\n",
             number(match.coherence.signed_max), number(match.simplex_bound));
  fmt::print(out, "its absolute value     {:>8} at most; Welch bound {}, orthoplex bound {}\n",
             number(match.coherence.absolute), number(match.welch_bound),
             match.orthoplex_bound > 0.0 ? number(match.orthoplex_bound) : "-");
}

// The columns whose nearest polytope is the same one, and how far they are from it.
struct Nearest {
  Index columns = 0;
  double value = 0.0, low = 1.0, high = 0.0, distance = 0.0;
};

void print_dimensionality(std::ostream& out, const thomson::ModelMatch& match) {
  std::map<std::string, Nearest> rows;
  for (const Index j : match.columns) {
    const auto& nearest = match.nearest[static_cast<std::size_t>(j)];
    Nearest& row = rows[nearest.name];
    ++row.columns;
    row.value = nearest.value;
    row.low = std::min(row.low, match.dimensionality(j));
    row.high = std::max(row.high, match.dimensionality(j));
    row.distance = std::max(row.distance, nearest.distance);
  }
  std::vector<std::pair<std::string, Nearest>> sorted(rows.begin(), rows.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.second.value > b.second.value; });
  fmt::print(out, "\nfeature dimensionality, sum {:.4f}\n", match.dimensionality.sum());
  for (const auto& [name, row] : sorted) {
    fmt::print(out, "  {:>12}  {:.4f} .. {:.4f}, nearest: {} {:.4f}, at most {:.2g} away\n",
               plural(row.columns, "column"), row.low, row.high, name, row.value, row.distance);
  }
}

std::string describe(const thomson::Part& part) {
  if (part.nearest == "point") return "alone";
  if (part.nearest.empty()) return "no configuration of that size has a name";
  return fmt::format("nearest: {}, rms distance {:.2g}", part.nearest, part.distance);
}

void print_parts(std::ostream& out, const thomson::ModelMatch& match) {
  fmt::print(out, "\n{}", plural(static_cast<Index>(match.parts.size()), "orthogonal part"));
  if (match.parts.size() > 1) {
    fmt::print(out, "; largest cosine between two of them {:.2g}", match.interference);
  }
  fmt::print(out, "\n");
  for (std::size_t k = 0; k < std::min(most_parts, match.parts.size()); ++k) {
    const thomson::Part& part = match.parts[k];
    fmt::print(out, "  {} in {} ({}): {}\n",
               plural(static_cast<Index>(part.columns.size()), "column"),
               plural(part.dimension, "dimension"), ends(part.columns), describe(part));
  }
  if (match.parts.size() > most_parts) {
    fmt::print(out, "  {} further parts (all are in --json)\n", match.parts.size() - most_parts);
  }
  double largest = 0.0;
  for (const auto& pair : match.opposite_pairs) largest = std::max(largest, pair.distance);
  fmt::print(out, "{}", plural(static_cast<Index>(match.opposite_pairs.size()), "antipodal pair"));
  if (!match.opposite_pairs.empty()) fmt::print(out, ", at most {:.2g} from opposite", largest);
  fmt::print(out, "\n");
}

Json energy_json(const thomson::EnergyMatch& one) {
  return {{"energy", one.energy},
          {"reference_energy", one.reference.energy},
          {"energy_ratio", one.energy_ratio},
          {"rms_distance", one.match.rms},
          {"rms_lower_bound", one.match.lower_bound},
          {"reference", text_or_null(one.reference.name)},
          {"reference_constructed", one.reference.constructed},
          {"reference_status", status(one.reference.status)},
          {"reference_source", one.reference.source},
          {"reference_difference", one.reference.difference}};
}

// An energy that no configuration has, or that was not computed, is null.
Json energies_json(const MatchedModel& model) {
  Json json = Json::object();
  for (const auto& one : model.match.energies) json[thomson::name(one.kind)] = energy_json(one);
  for (const auto& energy : model.impossible) json[thomson::name(energy)] = nullptr;
  return json;
}

Json other_json(const std::optional<OtherModel>& other) {
  if (!other) return nullptr;
  return {{"model", other->path},
          {"instance", other->instance},
          {"rms_distance", other->match.rms},
          {"rms_lower_bound", other->match.lower_bound}};
}

Json dimensionality_json(const thomson::ModelMatch& match) {
  Json array = Json::array();
  for (Index j = 0; j < match.dimensionality.size(); ++j) {
    const auto& nearest = match.nearest[static_cast<std::size_t>(j)];
    array.push_back({{"value", match.dimensionality(j)},
                     {"nearest", nearest.name},
                     {"nearest_value", nearest.value},
                     {"distance", nearest.distance}});
  }
  return array;
}

Json parts_json(const thomson::ModelMatch& match) {
  Json array = Json::array();
  for (const thomson::Part& part : match.parts) {
    array.push_back({{"columns", part.columns},
                     {"dimension", part.dimension},
                     {"nearest", text_or_null(part.nearest)},
                     {"distance", part.distance}});
  }
  return array;
}

}  // namespace

void print_solution(std::ostream& out, const thomson::Solution& solution, std::uint64_t asked,
                    const ThomsonRun& run) {
  const Matrix& X = solution.best.points;
  const thomson::Portrait& portrait = solution.portrait;
  fmt::print(out, "{} on the unit sphere of R^{}, energy {}, seed {}\n\n",
             plural(X.cols(), "point"), X.rows(), thomson::name(solution.energy_kind), run.seed);
  fmt::print(out, "energy           {:.14g}\n", solution.best.energy);
  fmt::print(out, "gradient norm    {:.2g}{}\n", solution.best.gradient_norm,
             solution.best.converged ? "" : ", not converged");
  print_known(out, solution);
  fmt::print(out, "starts           {}{}, of which {} ended there\n", solution.starts,
             solution.starts < asked ? fmt::format(" of {}, interrupted", asked) : "",
             solution.hits);
  fmt::print(out, "coordination     {}\n", histogram(portrait.coordination, X.rows()));
  fmt::print(out, "inner products   {}\n", ends(portrait.inner_products));
  fmt::print(out, "Gram spectrum    {}\n", ends(portrait.gram_spectrum));
  fmt::print(out, "symmetry order   {}{:.16g}\n", portrait.symmetry.complete ? "" : "at least ",
             portrait.symmetry.order);
}

nlohmann::ordered_json solution_json(const thomson::Solution& solution, std::uint64_t asked,
                                     const ThomsonRun& run) {
  const auto known = [&](auto&& field) -> Json {
    return solution.known ? Json(field(*solution.known)) : Json(nullptr);
  };
  return {
      {"energy", solution.best.energy},
      {"gradient_norm", solution.best.gradient_norm},
      {"converged", solution.best.converged},
      {"starts", solution.starts},
      {"hits", solution.hits},
      {"failed", solution.failed},
      {"stop_reason", solution.starts < asked ? "interrupted" : "starts"},
      {"symmetry_order", whole(solution.portrait.symmetry.order)},
      {"symmetry_complete", solution.portrait.symmetry.complete},
      {"known_energy", known([](const auto& minimum) { return minimum.energy; })},
      {"known_status", known([](const auto& minimum) { return status(minimum.status); })},
      {"known_name", known([](const auto& minimum) { return text_or_null(minimum.name); })},
      {"known_source", known([](const auto& minimum) { return minimum.source; })},
      {"difference", solution.difference},
      {"energy_kind", thomson::name(solution.energy_kind)},
      {"dimension", solution.best.points.rows()},
      {"points", columns_json(solution.best.points)},
      {"coordination", solution.portrait.coordination},
      {"inner_products", list(solution.portrait.inner_products)},
      {"gram_spectrum", list(solution.portrait.gram_spectrum)},
      {"seed", run.seed},
      {"threads", run.threads},
      {"seconds", run.seconds},
  };
}

void print_match(std::ostream& out, const std::string& path, const MatchedModel& model) {
  const thomson::ModelMatch& match = model.match;
  const auto counted = static_cast<Index>(match.columns.size());
  fmt::print(out, "{}, instance {}: {} in {}\n", path, model.instance, plural(counted, "column"),
             plural(model.hidden, "dimension"));
  if (!match.excluded.empty()) {
    fmt::print(out, "left out: {} ({}), zero or shorter than {:g} of the longest\n",
               plural(static_cast<Index>(match.excluded.size()), "column"), ends(match.excluded),
               model.shortest);
  }
  if (counted < 2) {
    fmt::print(out, "nothing to compare: two columns at least are needed\n");
    return;
  }
  print_energies(out, model);
  if (model.other) {
    fmt::print(out, "rms distance to {}, instance {}: {:.3g}\n", model.other->path,
               model.other->instance, model.other->match.rms);
  }
  print_coherence(out, match);
  print_dimensionality(out, match);
  print_parts(out, match);
}

nlohmann::ordered_json match_json(const std::string& path, const MatchedModel& model,
                                  const ThomsonRun& run) {
  const thomson::ModelMatch& match = model.match;
  Json pairs = Json::array();
  for (const auto& pair : match.opposite_pairs) {
    pairs.push_back({{"columns", {pair.first, pair.second}}, {"distance", pair.distance}});
  }
  // The first energy is Coulomb's, unless it was impossible.
  const auto coulomb = std::find_if(match.energies.begin(), match.energies.end(),
                                    [](const auto& one) { return one.kind == thomson::coulomb; });
  const bool has_coulomb = coulomb != match.energies.end();
  return {
      {"model", path},
      {"instance", model.instance},
      {"features", model.features},
      {"hidden", model.hidden},
      {"columns", match.columns},
      {"excluded", match.excluded},
      {"energy_ratio", has_coulomb ? Json(coulomb->energy_ratio) : Json(nullptr)},
      {"rms_distance", has_coulomb ? Json(coulomb->match.rms) : Json(nullptr)},
      {"energies", energies_json(model)},
      {"against", other_json(model.other)},
      {"coherence",
       {{"signed", match.coherence.signed_max},
        {"simplex_bound", match.simplex_bound},
        {"absolute", match.coherence.absolute},
        {"welch_bound", match.welch_bound},
        {"orthoplex_bound", match.orthoplex_bound}}},
      {"feature_dimensionality", dimensionality_json(match)},
      {"parts", parts_json(match)},
      {"interference", match.interference},
      {"antipodal_pairs", pairs},
      {"coincident_pairs", model.coincident},
      {"seed", run.seed},
      {"threads", run.threads},
      {"seconds", run.seconds},
  };
}

}  // namespace skeleta::program
