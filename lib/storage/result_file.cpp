#include "skeleta/storage/result_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <new>
#include <numeric>
#include <stdexcept>
#include <tuple>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/output_file.h"
#include "storage/file_header.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/kinds/kinds.h"
#include "storage/layout.h"
#include "storage/read_kind.h"
#include "storage/read_models.h"
#include "storage/replace_file.h"
#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

bool is_kind(const std::string& filetype) {
  const std::vector<std::string> all = filetypes();
  return std::find(all.begin(), all.end(), filetype) != all.end();
}

template <class T>
std::vector<T> read_numbers(const Hdf5Reader& file, const DatasetEntry& entry) {
  Array<T> array = file.read<T>(entry.path());
  check_range(file, entry, array);
  return std::move(array.values);
}

ResultDataset read(const Hdf5Reader& file, const DatasetEntry& entry) {
  const std::string path = entry.path();
  ResultDataset dataset{path, file.shape(path), {}};
  switch (entry.element) {
    case Element::float64:
      dataset.values = read_numbers<double>(file, entry);
      break;
    case Element::int64:
      dataset.values = read_numbers<std::int64_t>(file, entry);
      break;
    case Element::int8:
      dataset.values = category_of(file.read_category(path));
      break;
    case Element::uint8:
      dataset.values = read_numbers<std::uint8_t>(file, entry);
      break;
  }
  return dataset;
}

ResultDataset counted(const std::string& path, std::size_t size) {
  std::vector<std::int64_t> count(size);
  std::iota(count.begin(), count.end(), 0);
  return {path, {size}, std::move(count)};
}

bool of_models(const DatasetEntry& entry) {
  return !entry.is_axis() && (entry.group == "/model" || entry.group == "/data");
}

ResultFile read_file(const Hdf5Reader& file, const std::string& filetype, ModelFile* models) {
  check_kind(file, filetype.c_str());
  ResultFile result{file.file(), filetype, read_build(file), read_provenance(file), {}};
  if (models) {
    *models = read_models_from(file, {.allow_wide = true});
    if (models->density.empty()) file.refuse("has no dataset /data/density");
  }
  for (const DatasetEntry& entry : dataset_entries()) {
    if (models && of_models(entry)) continue;
    if (file.has(entry.path())) result.datasets.push_back(read(file, entry));
  }
  return result;
}

// `wanted` names the kind once the file is open.
template <class Wanted>
ResultFile read_path(const std::filesystem::path& path, Wanted wanted, ModelFile* models) {
  try {
    const Hdf5Reader file(path);
    return read_file(file, wanted(file), models);
  } catch (const std::bad_alloc&) {
    throw FileError(path, "does not fit into the memory");
  }
}

}  // namespace

const std::string& ResultDataset::word(std::size_t k) const {
  const Category& category = std::get<Category>(values);
  return category.meanings[static_cast<std::size_t>(category.values[k])];
}

std::string ResultDataset::text(std::size_t k) const {
  const auto& bytes = std::get<std::vector<std::uint8_t>>(values);
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(k * shape.back());
  const auto last = first + static_cast<std::ptrdiff_t>(shape.back());
  return {first, std::find(first, last, 0)};
}

Category category_of(const std::vector<std::string>& words) {
  Category category;
  for (const std::string& word : words) {
    auto& meanings = category.meanings;
    const auto found = std::find(meanings.begin(), meanings.end(), word);
    category.values.push_back(static_cast<std::int8_t>(found - meanings.begin()));
    if (found == meanings.end()) meanings.push_back(word);
  }
  return category;
}

void Results::replace(const std::string& path, Values values) {
  const auto one = std::find_if(datasets_.begin(), datasets_.end(),
                                [&](const ResultDataset& dataset) { return dataset.path == path; });
  if (one == datasets_.end()) throw std::logic_error("no dataset " + path);
  one->values = std::move(values);
}

void Results::axis(const std::string& path, Index count) {
  ResultDataset axis = counted(path, static_cast<std::size_t>(count));
  add(path, std::move(axis.shape), std::move(axis.values));
}

void Results::add(const std::string& path, Values values) {
  const std::size_t size = std::visit(
      [](const auto& list) {
        if constexpr (requires { list.values; }) {
          return list.values.size();
        } else {
          return list.size();
        }
      },
      values);
  add(path, {size}, std::move(values));
}

void Results::add(const std::string& path, const Vector& values) {
  add(path, std::vector<double>(values.begin(), values.end()));
}

void Results::add(const std::string& path, const Matrix& values) {
  const Matrix rows = values.transpose();  // they run fastest
  add(path, {static_cast<std::size_t>(values.rows()), static_cast<std::size_t>(values.cols())},
      std::vector<double>(rows.data(), rows.data() + rows.size()));
}

void Results::add_texts(const std::string& path, const std::vector<std::string>& texts) {
  std::size_t width = 1;  // no axis is empty
  for (const std::string& text : texts) width = std::max(width, text.size());
  std::vector<std::uint8_t> bytes(texts.size() * width, 0);
  for (std::size_t k = 0; k < texts.size(); ++k) {
    std::ranges::copy(texts[k], bytes.begin() + static_cast<std::ptrdiff_t>(k * width));
  }
  add(path, {texts.size(), width}, std::move(bytes));
}

std::vector<ResultDataset>::iterator Results::place_of(const std::string& path) {
  return std::lower_bound(datasets_.begin(), datasets_.end(), dataset_place(path),
                          [](const ResultDataset& dataset, std::size_t place) {
                            return dataset_place(dataset.path) < place;
                          });
}

void Results::add(const std::string& path, std::vector<std::size_t> shape, Values values) {
  const auto is_there = [&](auto place, const std::string& name) {
    return place != datasets_.end() && place->path == name;
  };
  const DatasetEntry& entry = dataset_entry(path);
  for (std::size_t k = 0; k < std::min(shape.size(), entry.axes.size()); ++k) {
    const std::string axis = entry.group + "/" + entry.axes[k];
    const auto place = place_of(axis);
    if (axis != path && !is_there(place, axis)) datasets_.insert(place, counted(axis, shape[k]));
  }
  ResultDataset dataset{path, std::move(shape), std::move(values)};
  const auto place = place_of(path);
  if (is_there(place, path)) {
    *place = std::move(dataset);  // an axis that counted until now
  } else {
    datasets_.insert(place, std::move(dataset));
  }
}

const ResultDataset* ResultFile::find(const std::string& path) const {
  const auto found = std::find_if(datasets.begin(), datasets.end(),
                                  [&](const ResultDataset& one) { return one.path == path; });
  return found == datasets.end() ? nullptr : &*found;
}

std::string ResultFile::only_word(const std::string& path) const {
  const ResultDataset* dataset = find(path);
  const auto* category = dataset == nullptr ? nullptr : std::get_if<Category>(&dataset->values);
  if (category == nullptr) return "";
  const auto& all = category->values;
  const bool several =
      std::adjacent_find(all.begin(), all.end(), std::not_equal_to<>()) != all.end();
  return several ? "" : dataset->word(0);
}

const ResultDataset& ResultFile::at(const std::string& path) const {
  const ResultDataset* dataset = find(path);
  if (dataset == nullptr) refuse(fmt::format("has no dataset {}", path));
  return *dataset;
}

void ResultFile::refuse(const std::string& sentence) const {
  throw FileError(file, sentence);
}

std::vector<std::string> filetypes() {
  std::vector<std::string> all;
  for (const Kind& kind : kinds()) {
    all.insert(all.end(), kind.filetypes.begin(), kind.filetypes.end());
  }
  return all;
}

void write_result(const std::filesystem::path& target, const std::string& filetype,
                  const Provenance& provenance, const Results& results, bool overwrite) {
  if (!is_kind(filetype)) throw std::logic_error("no kind of run file: " + filetype);
  check_output(target, overwrite);
  Hdf5Writer file(target);
  write_header(file, filetype.c_str(), provenance);
  for (const ResultDataset& dataset : results.datasets()) {
    std::visit([&](const auto& values) { file.write(dataset.path, dataset.shape, values); },
               dataset.values);
  }
  replace_file(target, file.image(), overwrite);
}

ResultFile read_result(const std::filesystem::path& path) {
  const auto its_own = [](const Hdf5Reader& file) {
    const std::string filetype = file.text("/", "filetype").value_or("");
    return is_kind(filetype) ? filetype : "run";
  };
  return read_path(path, its_own, nullptr);
}

ResultFile read_kind(const std::filesystem::path& path, const std::string& filetype,
                     ModelFile* models) {
  return read_path(
      path, [&](const Hdf5Reader&) { return filetype; }, models);
}

std::string filetype_of(const std::filesystem::path& file) {
  return Hdf5Reader(file, Extent::attributes).text("/", "filetype").value_or("");
}

namespace {

// By file and place there, in rising order of the numbers.
using Places = std::vector<std::pair<const ResultFile*, std::size_t>>;

Places in_order(const std::vector<ResultFile>& files, const std::string& axis) {
  std::vector<std::tuple<std::int64_t, const ResultFile*, std::size_t>> all;
  for (const ResultFile& file : files) {
    const auto& numbers = file.values<std::int64_t>(axis);
    for (std::size_t k = 0; k < numbers.size(); ++k) all.emplace_back(numbers[k], &file, k);
  }
  std::sort(all.begin(), all.end());
  Places places;
  for (const auto& [number, file, k] : all) places.emplace_back(file, k);
  return places;
}

// Rows of this dataset, in that order.
template <class T>
std::vector<T> rows_in(const Places& places, const ResultDataset& like) {
  std::size_t width = 1;
  for (std::size_t k = 1; k < like.shape.size(); ++k) width *= like.shape[k];
  std::vector<T> values;
  for (const auto& [file, k] : places) {
    const ResultDataset& from = file->at(like.path);
    if (!std::equal(from.shape.begin() + 1, from.shape.end(), like.shape.begin() + 1,
                    like.shape.end())) {
      file->refuse(like.path + " has another shape than in the other files");
    }
    const auto* const first = std::get<std::vector<T>>(from.values).data() + k * width;
    values.insert(values.end(), first, first + width);
  }
  return values;
}

}  // namespace

Results put_together(const std::vector<ResultFile>& files, const std::string& axis) {
  const Places places = in_order(files, axis);
  const std::string name = axis.substr(axis.rfind('/') + 1),
                    group = axis.substr(0, axis.rfind('/'));
  Results results;
  for (const ResultDataset& one : files.front().datasets) {
    if (one.group() != group || dataset_entry(one.path).axes.front() != name) {
      results.add(one.path, one.shape, one.values);
      continue;
    }
    std::vector<std::size_t> shape = one.shape;
    shape.front() = places.size();
    if (std::holds_alternative<std::vector<double>>(one.values)) {
      results.add(one.path, shape, rows_in<double>(places, one));
    } else {
      results.add(one.path, shape, rows_in<std::int64_t>(places, one));
    }
  }
  return results;
}

Description description(const std::string& path) {
  const DatasetEntry& entry = dataset_entry(path);
  return {entry.axes, entry.long_name, entry.json, entry.is_flag()};
}

}  // namespace skeleta::storage
