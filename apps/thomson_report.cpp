#include "thomson_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "option_table.h"
#include "print.h"
#include "result_report.h"
#include "skeleta/geometry/feature_dimensionality.h"
#include "skeleta/thomson/known_minimum.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_shown = 8;   // of a list of numbers
constexpr std::size_t most_parts = 16;  // of a table's rows

// --- from rows to JSON ---------------------------------------------------------------------------

const char* word_of(thomson::ProofStatus status) {
  return status == thomson::ProofStatus::proven ? "proven" : "best known";
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

// A whole number as such, as far as a double can tell.
Json whole(double value) {
  return value < 0x1p53 ? Json(static_cast<std::uint64_t>(value)) : Json(value);
}

// Of d rows of N numbers N rows of d.
Json transposed(const Json& rows) {
  Json columns = Json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) columns[j][i] = rows[i][j];
  }
  return columns;
}

// More dimensions than points change nothing, but for the memory, of which a damaged file could ask
// for any amount.
auto known_minimum(const std::string& energy, std::size_t points, Index dimension) {
  const auto count = static_cast<Index>(points);
  return thomson::known_minimum(thomson::parse_pair_energy(energy), count,
                                std::min(dimension, count));
}

// What the columns are compared with: constructed where it is known so well.
void add_reference(Json& match, const std::string& energy, std::size_t points, Index dimension) {
  const auto known = known_minimum(energy, points, dimension);
  const bool constructed = known && known->points.size() > 0;
  match["reference"] = constructed ? text_or_null(known->name) : Json();
  match["reference_constructed"] = constructed;
  match["reference_status"] =
      word_of(constructed ? known->status : thomson::ProofStatus::best_known);
  match["reference_source"] = known ? known->source : "random starts";
}

// An energy that no configuration has, or that was not computed, is null.
Json energies_json(const Json& rows, const Json& kinds, std::size_t columns, Index dimension) {
  Json energies = Json::object();
  for (std::size_t e = 0; columns >= 2 && e < kinds.size(); ++e) {
    const std::string kind = kinds[e];
    Json& match = energies[kind] = rows[e];
    match.erase("points");
    if (at(match, "reference_energy").is_null()) {
      match = nullptr;
    } else {
      add_reference(match, kind, columns, dimension);
    }
  }
  return energies;
}

Json dimensionality_json(const Json& column) {
  const auto* named = geometry::nearest_named(number(at(column, "nearest_value")), 1.0);
  return {{"value", at(column, "dimensionality")},
          {"nearest", named ? Json(named->name) : Json()},
          {"nearest_value", at(column, "nearest_value")},
          {"distance", at(column, "nearest_distance")}};
}

// The parts of the columns that count, each with its columns.
Json parts_json(const Json& columns) {
  std::map<std::int64_t, Json> parts;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const Json& column = columns[j];
    if (at(column, "part") < 0) continue;
    Json& part = parts[at(column, "part").get<std::int64_t>()];
    part["columns"].push_back(j);
    std::string name = text(at(column, "part_nearest"));
    std::replace(name.begin(), name.end(), '_', ' ');
    part["dimension"] = at(column, "part_dimension");
    part["nearest"] = name == "none" ? Json(nullptr) : Json(name);
    part["distance"] = at(column, "part_distance");
  }
  Json list = Json::array();
  for (auto& [number, part] : parts) list.push_back(std::move(part));
  return list;
}

// Without the padding.
template <class Tell>
Json pairs_json(const Json& run, const char* name, Tell&& tell) {
  Json pairs = Json::array();
  for (const Json& pair : run.value(name, Json::array())) {
    if (at(pair, "first") >= 0)
      pairs.push_back(tell(pair, Json{at(pair, "first"), at(pair, "second")}));
  }
  return pairs;
}

Json against_json(Json run, const Json& options) {
  if (!run.contains("against")) return nullptr;
  Json against{{"model", stored_option(options, "against", std::string())},
               {"instance", stored_option(options, "against-instance", std::uint64_t{0})}};
  against.update(at(run, "against"));
  return against;
}

Json matched_json(Json run, const Json& kinds, const Json& options) {
  Json& columns = run["columns"];  // padded
  while (columns.size() > at(run, "features").get<std::size_t>()) columns.erase(columns.size() - 1);
  Json counted = Json::array(), excluded = Json::array(), dimensionality = Json::array();
  for (std::size_t j = 0; j < columns.size(); ++j) {
    (at(columns[j], "part") < 0 ? excluded : counted).push_back(j);
    dimensionality.push_back(dimensionality_json(columns[j]));
  }
  const Json energies =
      energies_json(at(run, "energies"), kinds, counted.size(), at(run, "hidden"));
  const Json coulomb = energies.value("coulomb", Json());
  const auto of_coulomb = [&](const char* key) {
    return coulomb.is_null() ? Json() : coulomb[key];
  };
  return {
      {"model", stored_option(options, "model", std::string())},
      {"instance", at(run, "instance")},
      {"features", at(run, "features")},
      {"hidden", at(run, "hidden")},
      {"columns", counted},
      {"excluded", excluded},
      {"shortest", options.value("shortest", Json())},
      {"energy_ratio", of_coulomb("energy_ratio")},
      {"rms_distance", of_coulomb("rms_distance")},
      {"energies", energies},
      {"against", against_json(run, options)},
      {"coherence", at(run, "coherence")},
      {"feature_dimensionality", dimensionality},
      {"parts", parts_json(columns)},
      {"interference", at(run, "interference")},
      {"antipodal_pairs",
       pairs_json(run, "antipodal_pairs",
                  [](const Json& pair, const Json& columns) -> Json {
                    return {{"columns", columns}, {"distance", at(pair, "distance")}};
                  })},
      {"coincident_pairs", pairs_json(run, "coincident_pairs",
                                      [](const Json&, const Json& columns) { return columns; })},
      {"seconds", at(run, "seconds")},
  };
}

// --- for people ----------------------------------------------------------------------------------

std::string rounded(const Json& value) {
  return value.is_null() ? "-" : fmt::format("{:.4f}", number(value));
}

std::string plural(std::size_t count, const std::string& word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

// All of a short list; both ends of a long one.
std::string ends(const Json& list, const char* format) {
  std::string text;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list.size() > most_shown && i == most_shown / 2) {
      text += " ...";
      i = list.size() - most_shown / 2;
    }
    text += (text.empty() ? "" : " ") + fmt::format(fmt::runtime(format), number(list[i]));
  }
  return text;
}

// "12 points with 5 neighbours", by falling number of points.
std::string histogram(const Json& coordination, std::size_t dimension) {
  std::map<std::size_t, std::size_t> counts;
  for (const Json& neighbours : coordination) ++counts[neighbours.get<std::size_t>()];
  std::vector<std::pair<std::size_t, std::size_t>> rows(counts.begin(), counts.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [neighbours, points] : rows) {
    text += fmt::format("{}{} with {}", text.empty() ? "" : ", ", plural(points, "point"),
                        plural(neighbours, dimension == 3 ? "neighbour" : "nearest neighbour"));
  }
  return text;
}

void print_known(std::ostream& out, const Json& solution) {
  if (at(solution, "known_energy").is_null()) {
    print_to(out, "known energy     none\n");
    return;
  }
  const Json& name = at(solution, "known_name");
  print_to(out, "known energy     {:<20.14g} {}: {}{}\n", number(at(solution, "known_energy")),
           text(at(solution, "known_status")), name.is_null() ? "" : text(name) + ", ",
           text(at(solution, "known_source")));
  print_to(out, "difference       {:.2g}\n", number(at(solution, "difference")));
}

std::string described_reference(const Json& match) {
  const std::string source = at(match, "reference_source");
  if (at(match, "reference_constructed")) {
    return fmt::format("{}, {}: {}",
                       at(match, "reference").is_null() ? "" : text(at(match, "reference")),
                       text(at(match, "reference_status")), source);
  }
  if (at(match, "reference_difference").is_null()) {
    return "best of random starts; nothing is known";
  }
  return fmt::format("best of random starts, {:.1g} above the best known ({})",
                     number(at(match, "reference_difference")), source);
}

void print_energies(std::ostream& out, const Json& model) {
  print_to(out, "\n{:<10}  {:>14}  {:>14}  {:>12}  {:>12}  {}\n", "energy", "of the columns",
           "of reference", "ratio", "rms distance", "reference");
  constexpr double infinite = std::numeric_limits<double>::infinity();  // of columns that coincide
  bool negative = false;
  for (const auto& [name, match] : at(model, "energies").items()) {
    if (match.is_null()) continue;
    const double reference = number(at(match, "reference_energy"));
    negative = negative || reference < 0.0;
    const Json& ratio = at(match, "energy_ratio");
    print_to(out, "{:<10}  {:>14.9g}  {:>14.9g}  {:>12}  {:>12}  {}\n", name,
             number(at(match, "energy"), infinite), reference,
             ratio.is_null() ? "-" : fmt::format("{:.7g}", number(ratio)),
             fmt::format("{:.3g}", number(at(match, "rms_distance"))), described_reference(match));
  }
  if (negative) print_to(out, "of negative energies, a ratio below 1 means more energy\n");
  for (const auto& [name, match] : at(model, "energies").items()) {
    if (!match.is_null()) continue;
    print_to(out, "{:<10}  infinite: the sphere of 1 dimension is two places, so points coincide\n",
             name);
  }
  for (const Json& pair : at(model, "coincident_pairs")) {
    print_to(out, "columns {} and {} have the same direction\n", number(pair[0]), number(pair[1]));
  }
}

void print_coherence(std::ostream& out, const Json& coherence) {
  print_to(out, "\ncosine of two columns  {:>8} at most; no set has less than {}\n",
           rounded(at(coherence, "signed")), rounded(at(coherence, "simplex_bound")));
  const Json& orthoplex = at(coherence, "orthoplex_bound");
  print_to(out, "its absolute value     {:>8} at most; Welch bound {}, orthoplex bound {}\n",
           rounded(at(coherence, "absolute")), rounded(at(coherence, "welch_bound")),
           number(orthoplex) > 0.0 ? rounded(orthoplex) : "-");
}

// The columns whose nearest polytope is the same one, and how far they are from it.
struct Nearest {
  std::size_t columns = 0;
  double value = 0.0, low = 1.0, high = 0.0, distance = 0.0;
};

void print_dimensionality(std::ostream& out, const Json& match) {
  const Json& all = at(match, "feature_dimensionality");
  std::map<std::string, Nearest> rows;
  double sum = 0.0;
  for (const Json& one : all) sum += number(at(one, "value"));
  for (const std::size_t j : at(match, "columns")) {
    Nearest& row = rows[text(at(entry(all, j), "nearest"))];
    const double value = number(at(entry(all, j), "value"));
    ++row.columns;
    row.value = number(at(entry(all, j), "nearest_value"));
    row.low = std::min(row.low, value);
    row.high = std::max(row.high, value);
    row.distance = std::max(row.distance, number(at(entry(all, j), "distance")));
  }
  std::vector<std::pair<std::string, Nearest>> sorted(rows.begin(), rows.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.second.value > b.second.value; });
  print_to(out, "\nfeature dimensionality, sum {:.4f}\n", sum);
  for (const auto& [name, row] : sorted) {
    print_to(out, "  {:>12}  {:.4f} .. {:.4f}, nearest: {} {:.4f}, at most {:.2g} away\n",
             plural(row.columns, "column"), row.low, row.high, name, row.value, row.distance);
  }
}

std::string described_part(const Json& part) {
  if (at(part, "nearest").is_null()) return "no configuration of that size has a name";
  if (at(part, "nearest") == "point") return "alone";
  return fmt::format("nearest: {}, rms distance {:.2g}", text(at(part, "nearest")),
                     number(at(part, "distance")));
}

void print_parts(std::ostream& out, const Json& match) {
  const Json &parts = at(match, "parts"), &pairs = at(match, "antipodal_pairs");
  print_to(out, "\n{}", plural(parts.size(), "orthogonal part"));
  if (parts.size() > 1) {
    print_to(out, "; largest cosine between two of them {:.2g}", number(at(match, "interference")));
  }
  print_to(out, "\n");
  for (std::size_t k = 0; k < std::min(most_parts, parts.size()); ++k) {
    print_to(out, "  {} in {} ({}): {}\n", plural(at(parts[k], "columns").size(), "column"),
             plural(at(parts[k], "dimension"), "dimension"), ends(at(parts[k], "columns"), "{}"),
             described_part(parts[k]));
  }
  if (parts.size() > most_parts) {
    print_to(out, "  {} further parts (all are in --json)\n", parts.size() - most_parts);
  }
  double largest = 0.0;
  for (const Json& pair : pairs) largest = std::max(largest, number(at(pair, "distance")));
  print_to(out, "{}", plural(pairs.size(), "antipodal pair"));
  if (!pairs.empty()) print_to(out, ", at most {:.2g} from opposite", largest);
  print_to(out, "\n");
}

}  // namespace

Json solution_json(Json rows, const storage::ResultFile&) {
  const Json run = entry(at(rows, "runs"), 0);
  Json energy = entry(at(run, "energies"), 0);
  const Json points = transposed(at(energy, "points"));
  const std::string kind = entry(at(rows, "energy_kinds"), 0);
  const std::size_t dimension = entry(points, 0).size();
  const auto known = known_minimum(kind, points.size(), static_cast<Index>(dimension));
  Json& spectrum = rows["gram_spectrum"];  // padded
  while (spectrum.size() > points.size()) spectrum.erase(spectrum.size() - 1);
  Json json{{"energy", at(energy, "reference_energy")},
            {"difference", at(energy, "reference_difference")}};
  for (const char* key : {"reference_energy", "reference_difference", "points"}) energy.erase(key);
  json.update(energy);
  json["stop_reason"] = at(run, "stop_reason");
  json["symmetry_order"] = whole(number(at(energy, "symmetry_order")));
  json["known_status"] = known ? Json(word_of(known->status)) : Json();
  json["known_name"] = known ? text_or_null(known->name) : Json();
  json["known_source"] = known ? Json(known->source) : Json();
  json["energy_kind"] = kind;
  json["dimension"] = dimension;
  json["points"] = points;
  for (const char* key : {"coordination", "inner_products", "gram_spectrum"}) json[key] = rows[key];
  return json;
}

Json match_json(Json rows, const storage::ResultFile& file) {
  const Json options = stored_options(file.provenance.options_toml);
  Json all = Json::array();
  for (const Json& run : at(rows, "runs")) {
    all.push_back(matched_json(run, at(rows, "energy_kinds"), options));
  }
  return all_instances(options) ? all : all.front();
}

void print_solution(std::ostream& out, const Json& solution) {
  const Json& points = at(solution, "points");
  const auto starts = at(solution, "starts").get<std::uint64_t>(),
             asked = solution.value("asked", starts);
  const bool refined = starts < asked || text(at(solution, "stop_reason")) != "interrupted";
  print_to(out, "{} on the unit sphere of R^{}, energy {}, seed {}\n\n",
           plural(points.size(), "point"), entry(points, 0).size(),
           text(at(solution, "energy_kind")), at(solution, "seed").get<std::uint64_t>());
  print_to(out, "energy           {:.14g}\n", number(at(solution, "energy")));
  print_to(out, "gradient norm    {:.2g}{}\n", number(at(solution, "gradient_norm")),
           at(solution, "converged") ? ""
           : refined                 ? ", not converged"
                                     : ", interrupted before it was refined");
  print_known(out, solution);
  print_to(out, "starts           {}{}, of which {} ended there\n", starts,
           starts < asked ? fmt::format(" of {}, interrupted", asked) : "",
           at(solution, "hits").get<std::uint64_t>());
  print_to(out, "coordination     {}\n",
           histogram(at(solution, "coordination"), entry(points, 0).size()));
  print_to(out, "inner products   {}\n", ends(at(solution, "inner_products"), "{:.6f}"));
  print_to(out, "Gram spectrum    {}\n", ends(at(solution, "gram_spectrum"), "{:.6f}"));
  print_to(out, "symmetry order   {}{:.16g}\n",
           at(solution, "symmetry_complete") ? "" : "at least ",
           number(at(solution, "symmetry_order")));
}

void print_match(std::ostream& out, const Json& match) {
  const std::size_t counted = at(match, "columns").size();
  print_to(out, "{}, instance {}: {} in {}\n", text(at(match, "model")),
           number(at(match, "instance")), plural(counted, "column"),
           plural(at(match, "hidden"), "dimension"));
  if (!at(match, "excluded").empty()) {
    print_to(out, "left out: {} ({}), zero or shorter than {:g} of the longest\n",
             plural(at(match, "excluded").size(), "column"), ends(at(match, "excluded"), "{}"),
             number(at(match, "shortest")));
  }
  if (counted < 2) {
    print_to(out, "nothing to compare: two columns at least are needed\n");
    return;
  }
  print_energies(out, match);
  if (const Json& other = at(match, "against"); !other.is_null()) {
    print_to(out, "rms distance to {}, instance {}: {:.3g}\n", text(at(other, "model")),
             number(at(other, "instance")), number(at(other, "rms_distance")));
  }
  print_coherence(out, at(match, "coherence"));
  print_dimensionality(out, match);
  print_parts(out, match);
}

}  // namespace skeleta::program
