#include "result_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "approximation_report.h"
#include "basins_report.h"
#include "errors.h"
#include "option_table.h"
#include "print.h"
#include "spectrum_report.h"
#include "thomson_report.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;
using storage::Category;
using storage::ResultDataset;

constexpr std::size_t most_table_rows = 40;

Json value_at(const ResultDataset& dataset, std::size_t k) {
  if (const auto* category = std::get_if<Category>(&dataset.values)) {
    return category->meanings[static_cast<std::size_t>(category->values[k])];
  }
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&dataset.values)) {
    return (*integers)[k];
  }
  const double value = std::get<std::vector<double>>(dataset.values)[k];
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

bool is_text(const ResultDataset& dataset) {
  return std::holds_alternative<std::vector<std::uint8_t>>(dataset.values);
}

// The values from `place` on, nested from the given axis on; of texts `place` counts these.
Json nested(const ResultDataset& dataset, std::size_t axis, std::size_t& place) {
  if (axis == dataset.shape.size()) return value_at(dataset, place++);
  if (is_text(dataset) && axis + 1 == dataset.shape.size()) return dataset.text(place++);
  Json list = Json::array();
  for (std::size_t k = 0; k < dataset.shape[axis]; ++k) {
    list.push_back(nested(dataset, axis + 1, place));
  }
  return list;
}

// Of a flag true or false; of flags in a list the places, from 1, where they are set.
Json json_from(const ResultDataset& dataset, bool flag, std::size_t axis, std::size_t place) {
  if (!flag) {
    const std::size_t rank = dataset.shape.size() - (is_text(dataset) ? 1 : 0);
    for (std::size_t k = axis; k < rank; ++k) place *= dataset.shape[k];
    return nested(dataset, axis, place);
  }
  const auto& flags = std::get<std::vector<std::int64_t>>(dataset.values);
  if (axis == dataset.shape.size()) return flags[place] != 0;
  Json set = Json::array();
  for (std::size_t k = 0; k < dataset.shape[axis]; ++k) {
    if (flags[place * dataset.shape[axis] + k] != 0) set.push_back(k + 1);
  }
  return set;
}

// Puts a dataset where its description says (result_file.h).
void put(Json& object, const std::string& where, const ResultDataset& dataset, bool flag,
         std::size_t axis, std::size_t place) {
  const std::size_t dot = where.find('.');
  std::string name = where.substr(0, dot);
  if (dot == std::string::npos) {
    object[name] = json_from(dataset, flag, axis, place);
    return;
  }
  const std::string rest = where.substr(dot + 1);
  if (!name.ends_with("[]")) {
    put(object[name], rest, dataset, flag, axis, place);
    return;
  }
  name.resize(name.size() - 2);
  for (std::size_t k = 0; k < dataset.shape[axis]; ++k) {
    put(name.empty() ? object : object[name][k], rest, dataset, flag, axis + 1,
        place * dataset.shape[axis] + k);
  }
}

bool is_missing(const Json& value) {
  if (!value.is_structured()) return value.is_null();
  return std::all_of(value.begin(), value.end(), is_missing);
}

// Leaves the optional objects, whose names end with '?', out if they say nothing.
void settle(Json& json) {
  if (!json.is_structured()) return;
  for (Json& value : json) settle(value);
  if (!json.is_object()) return;
  Json settled = Json::object();
  for (auto& [name, value] : json.items()) {
    const bool optional = name.ends_with("?");
    if (optional && is_missing(value)) continue;
    settled[optional ? name.substr(0, name.size() - 1) : name] = std::move(value);
  }
  json = std::move(settled);
}

// A kind whose JSON is more than its rows each in its place, with a table of its own.
struct Kind {
  const char* filetype;
  const char* needs;  // a dataset that files before 1.7 lack
  Json (*json)(Json rows, const storage::ResultFile& file);
  void (*print)(std::ostream& out, const Json& run);
};

constexpr Kind kinds[] = {
    {"skeleta thomson solve", "/thomson/starts", solution_json, print_solution},
    {"skeleta thomson match", "/thomson/seconds", match_json, print_match},
    {"skeleta approximate", "/approximation/epsilon", approximation_json, print_approximation},
    {"skeleta basins", "/basins/done", basins_json, print_basins},
    {"skeleta spectrum", "/spectrum/loss", spectrum_json, print_spectrum_of_model},
};

const Kind* kind_of(const storage::ResultFile& file) {
  for (const Kind& kind : kinds) {
    if (file.filetype == kind.filetype && file.find(kind.needs) != nullptr) return &kind;
  }
  return nullptr;
}

std::string text_at(const ResultDataset& dataset, std::size_t k) {
  const Json value = value_at(dataset, k);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.8g}", value.get<double>());
  return value.is_null() ? "-" : value.dump();
}

std::vector<std::string> axes_of(const ResultDataset& dataset) {
  return storage::description(dataset.path).axes;
}

// The datasets along one axis, as the columns of a table.
void print_table(std::ostream& out, const std::vector<const ResultDataset*>& columns) {
  const std::size_t rows = columns.front()->shape.front();
  std::vector<std::size_t> widths;
  for (const ResultDataset* column : columns) {
    std::size_t width = column->name().size();
    for (std::size_t k = 0; k < std::min(rows, most_table_rows); ++k) {
      width = std::max(width, text_at(*column, k).size());
    }
    widths.push_back(width);
  }
  const auto print_row = [&](auto&& cell) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      print_to(out, "{}{:>{}}", c == 0 ? "" : "  ", cell(*columns[c]), widths[c]);
    }
    out << '\n';
  };
  out << '\n';
  print_row([](const ResultDataset& column) { return column.name(); });
  for (std::size_t k = 0; k < std::min(rows, most_table_rows); ++k) {
    print_row([k](const ResultDataset& column) { return text_at(column, k); });
  }
  if (rows > most_table_rows) print_to(out, "... {} rows in all\n", rows);
}

void print_datasets(std::ostream& out, const storage::ResultFile& file) {
  std::vector<const ResultDataset*> wide;
  for (std::size_t first = 0; first < file.datasets.size(); ++first) {
    const ResultDataset& axis = file.datasets[first];
    if (axis.shape.size() != 1) {
      wide.push_back(&axis);
      continue;
    }
    if (axes_of(axis) != std::vector{axis.name()}) continue;
    std::vector<const ResultDataset*> columns;
    for (const ResultDataset& dataset : file.datasets) {
      if (dataset.group() == axis.group() && axes_of(dataset) == std::vector{axis.name()}) {
        columns.push_back(&dataset);
      }
    }
    if (columns.size() > 1) print_table(out, columns);
  }
  if (!wide.empty()) out << '\n';
  for (const ResultDataset* dataset : wide) {
    print_to(out, "{} [{}]: {}\n", dataset->path, fmt::join(axes_of(*dataset), ", "),
             storage::description(dataset->path).long_name);
  }
}

Json listed(const Json& run) {
  return run.is_array() ? run : Json::array({run});
}

}  // namespace

nlohmann::ordered_json json_of_rows(const std::vector<ResultDataset>& datasets) {
  Json json = Json::object();
  for (const ResultDataset& dataset : datasets) {
    const storage::Description described = storage::description(dataset.path);
    if (!described.json.empty()) put(json, described.json, dataset, described.flag, 0, 0);
  }
  settle(json);
  return json;
}

void print_result(std::ostream& out, const storage::ResultFile& file) {
  const Kind* kind = kind_of(file);
  if (kind == nullptr) return print_datasets(out, file);
  const Json runs = listed(run_json(file));
  for (const Json& run : runs) {
    if (&run != &runs.front()) out << '\n';
    kind->print(out, run);
  }
}

nlohmann::ordered_json run_json(const storage::ResultFile& file) {
  const Kind* kind = kind_of(file);
  Json json = json_of_rows(file.datasets);
  if (kind != nullptr) json = kind->json(std::move(json), file);
  if (!json.is_array()) return with_origin(std::move(json), file.provenance);
  for (Json& run : json) run = with_origin(std::move(run), file.provenance);
  return json;
}

nlohmann::ordered_json with_origin(Json run, const storage::Provenance& from) {
  run["seed"] = from.seed;
  run["threads"] = from.threads;
  if (!run.contains("seconds")) run["seconds"] = from.seconds;
  return run;
}

nlohmann::ordered_json result_json(const storage::ResultFile& file) {
  const Json run = run_json(file);
  Json json{{"filetype", file.filetype}};
  if (kind_of(file) == nullptr) {
    json.update(run);
  } else {
    json["runs"] = listed(run);
  }
  for (const ResultDataset& dataset : file.datasets) {
    std::size_t place = 0;
    json[dataset.group().substr(1)][dataset.name()] = nested(dataset, 0, place);
  }
  return json;
}

void print_json(std::ostream& out, const Json& json) {
  out << json.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
}

bool all_instances(const Json& options) {
  return stored_option(options, "instance", std::string()) == "all";
}

const Json& at(const Json& object, const char* key) {
  if (object.is_object() && object.contains(key)) return *object.find(key);
  throw UsageError(fmt::format(
      "the file has no {}, which belongs to its kind: another program has changed it", key));
}

const Json& entry(const Json& list, std::size_t place) {
  if (list.is_array() && place < list.size())
    return *(list.begin() + static_cast<std::ptrdiff_t>(place));
  throw UsageError(fmt::format(
      "the file has no entry {} in a list that belongs to its kind: another program has changed it",
      place));
}

double number(const Json& value, double otherwise) {
  return value.is_number() ? value.get<double>() : otherwise;
}

std::string text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : "-";
}

}  // namespace skeleta::program
