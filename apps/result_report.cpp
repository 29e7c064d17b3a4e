#include "result_report.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;
using storage::Category;
using storage::ResultDataset;

constexpr std::size_t most_rows = 40;

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

// The values from `place` on, nested from the given axis on.
Json nested(const ResultDataset& dataset, std::size_t axis, std::size_t& place) {
  if (axis == dataset.shape.size()) return value_at(dataset, place++);
  Json list = Json::array();
  for (std::size_t k = 0; k < dataset.shape[axis]; ++k) {
    list.push_back(nested(dataset, axis + 1, place));
  }
  return list;
}

// Of a flag true or false; of flags in a list the places, from 1, where they are set.
Json json_from(const ResultDataset& dataset, bool flag, std::size_t axis, std::size_t place) {
  if (!flag) {
    for (std::size_t k = axis; k < dataset.shape.size(); ++k) place *= dataset.shape[k];
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
  return !value.empty() && std::all_of(value.begin(), value.end(), is_missing);
}

// Without the objects in objects that say nothing, such as what was measured if nothing was.
void prune(Json& json) {
  for (auto& [name, value] : json.items()) {
    if (value.is_structured()) prune(value);
  }
  if (!json.is_object()) return;
  for (auto item = json.begin(); item != json.end();) {
    item = item->is_object() && is_missing(*item) ? json.erase(item) : std::next(item);
  }
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
    for (std::size_t k = 0; k < std::min(rows, most_rows); ++k) {
      width = std::max(width, text_at(*column, k).size());
    }
    widths.push_back(width);
  }
  const auto print_row = [&](auto&& cell) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      fmt::print(out, "{}{:>{}}", c == 0 ? "" : "  ", cell(*columns[c]), widths[c]);
    }
    out << '\n';
  };
  out << '\n';
  print_row([](const ResultDataset& column) { return column.name(); });
  for (std::size_t k = 0; k < std::min(rows, most_rows); ++k) {
    print_row([k](const ResultDataset& column) { return text_at(column, k); });
  }
  if (rows > most_rows) fmt::print(out, "... {} rows in all\n", rows);
}

}  // namespace

void print_result(std::ostream& out, const storage::ResultFile& file) {
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
    fmt::print(out, "{} [{}]: {}\n", dataset->path, fmt::join(axes_of(*dataset), ", "),
               storage::description(dataset->path).long_name);
  }
}

nlohmann::ordered_json to_json(const std::vector<ResultDataset>& datasets) {
  Json json = Json::object();
  for (const ResultDataset& dataset : datasets) {
    const storage::Description described = storage::description(dataset.path);
    if (!described.json.empty()) put(json, described.json, dataset, described.flag, 0, 0);
  }
  prune(json);
  return json;
}

nlohmann::ordered_json result_json(const storage::ResultFile& file) {
  Json json{{"filetype", file.filetype}};
  json.update(to_json(file.datasets));
  for (const ResultDataset& dataset : file.datasets) {
    std::size_t place = 0;
    json[dataset.group().substr(1)][dataset.name()] = nested(dataset, 0, place);
  }
  return json;
}

}  // namespace skeleta::program
