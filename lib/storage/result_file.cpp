#include "skeleta/storage/result_file.h"

#include <algorithm>
#include <new>
#include <stdexcept>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/output_file.h"
#include "storage/entries.h"
#include "storage/file_header.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/replace_file.h"
#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

void write(Hdf5Writer& file, const ResultDataset& dataset) {
  std::visit(
      Overloaded{
          [&](const Category& category) {
            file.write_category(dataset.path, {dataset.shape, category.values}, category.meanings);
          },
          [&]<class T>(const std::vector<T>& values) {
            file.write(dataset.path, Array<T>{dataset.shape, values});
          }},
      dataset.values);
}

// The meanings are those that occur, in order of appearance: readers see words, not numbers.
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

ResultDataset read(const Hdf5Reader& file, const DatasetEntry& entry) {
  const std::string path = entry.path();
  ResultDataset dataset{path, file.shape(path), {}};
  switch (entry.element) {
    case Element::float64:
      dataset.values = read_entry<double>(file, path);
      break;
    case Element::int64:
      dataset.values = read_entry<std::int64_t>(file, path);
      break;
    case Element::int8:
      dataset.values = category_of(file.read_category(path));
      break;
  }
  return dataset;
}

std::size_t size_of(const Results::Values& values) {
  return std::visit(Overloaded{[](const Category& c) { return c.values.size(); },
                               [](const auto& list) { return list.size(); }},
                    values);
}

}  // namespace

void Results::axis(const std::string& path, Index count) {
  Array<std::int64_t> numbers = counting(count);
  datasets_.push_back({path, numbers.shape, std::move(numbers.values)});
}

void Results::add(const std::string& path, Values values) {
  const std::size_t size = size_of(values);
  add(path, {size}, std::move(values));
}

void Results::add(const std::string& path, const Vector& values) {
  add(path, std::vector<double>(values.begin(), values.end()));
}

void Results::add(const std::string& path, const Matrix& values) {
  const RowMajor rows = values;
  add(path, {static_cast<std::size_t>(values.rows()), static_cast<std::size_t>(values.cols())},
      std::vector<double>(rows.data(), rows.data() + rows.size()));
}

void Results::add(const std::string& path, std::vector<std::size_t> shape, Values values) {
  datasets_.push_back({path, std::move(shape), std::move(values)});
}

const ResultDataset* ResultFile::find(const std::string& path) const {
  const auto found = std::find_if(datasets.begin(), datasets.end(),
                                  [&](const ResultDataset& one) { return one.path == path; });
  return found == datasets.end() ? nullptr : &*found;
}

const std::vector<std::string>& result_filetypes() {
  static const std::vector<std::string> kinds{
      "skeleta linear critical-points", "skeleta linear flow",   "skeleta linear moments",
      "skeleta thomson solve",          "skeleta thomson match", "skeleta approximate"};
  return kinds;
}

void write_result(const std::filesystem::path& target, const std::string& filetype,
                  const Provenance& provenance, const Results& results, bool overwrite) {
  const auto& kinds = result_filetypes();
  if (std::find(kinds.begin(), kinds.end(), filetype) == kinds.end()) {
    throw std::logic_error("no kind of result file: " + filetype);
  }
  check_output(target, overwrite);
  Hdf5Writer file(target);
  write_header(file, filetype.c_str(), provenance);
  for (const ResultDataset& dataset : results.datasets()) write(file, dataset);
  replace_file(target, file.image(), overwrite);
}

ResultFile read_result(const std::filesystem::path& path) {
  try {
    const Hdf5Reader file(path);
    const std::string filetype = file.text("/", "filetype").value_or("");
    const auto& kinds = result_filetypes();
    const bool known = std::find(kinds.begin(), kinds.end(), filetype) != kinds.end();
    check_kind(file, known ? filetype.c_str() : "result");
    ResultFile result{filetype, read_build(file), read_provenance(file), {}};
    for (const DatasetEntry& entry : dataset_entries()) {
      if (file.has(entry.path())) result.datasets.push_back(read(file, entry));
    }
    return result;
  } catch (const std::bad_alloc&) {
    throw FileError(path, "does not fit into the memory");
  }
}

std::string long_name(const std::string& path) {
  return dataset_entry(path).long_name;
}

std::vector<std::string> axes_of(const std::string& path) {
  return dataset_entry(path).axes;
}

}  // namespace skeleta::storage
