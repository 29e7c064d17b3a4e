#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/core/version.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::storage {

/// Words that are stored as numbers: value k means meanings[k].
struct Category {
  std::vector<std::int8_t> values;
  std::vector<std::string> meanings;
};

/// A dataset as data/schema.md describes it; axes are datasets too, and come before what lies
/// along them.
struct ResultDataset {
  std::string path;                ///< "/critical/loss"
  std::vector<std::size_t> shape;  ///< The last axis runs fastest.
  std::variant<std::vector<double>, std::vector<std::int64_t>, Category> values;

  std::string group() const { return path.substr(0, path.find('/', 1)); }
  std::string name() const { return path.substr(path.find('/', 1) + 1); }
};

/// The datasets of a result that is made in one go and is not continued.
class Results {
 public:
  using Values = std::variant<std::vector<double>, std::vector<std::int64_t>, Category>;

  /// 0, 1, …, count − 1: an axis that only counts.
  void axis(const std::string& path, Index count);
  /// Along one axis.
  void add(const std::string& path, Values values);
  void add(const std::string& path, const Vector& values);
  /// [rows, columns]
  void add(const std::string& path, const Matrix& values);
  void add(const std::string& path, std::vector<std::size_t> shape, Values values);

  const std::vector<ResultDataset>& datasets() const { return datasets_; }

 private:
  std::vector<ResultDataset> datasets_;
};

/// A result file as it was read.
struct ResultFile {
  std::string filetype;
  BuildInfo build;  ///< The program that wrote it.
  Provenance provenance;
  std::vector<ResultDataset> datasets;  ///< In the order of the schema table.

  /// Null if there is none of this path.
  const ResultDataset* find(const std::string& path) const;
};

/// The kinds of result files: "skeleta linear flow", ….
const std::vector<std::string>& result_filetypes();

/// Writes a result file; data/schema.md is its description. It appears under its name complete or
/// not at all. Throws std::logic_error for a filetype or dataset that the schema does not have, or
/// another shape; FileError if the file exists and `overwrite` is false, or cannot be written.
void write_result(const std::filesystem::path& target, const std::string& filetype,
                  const Provenance& provenance, const Results& results, bool overwrite);

/// Reads a file that write_result wrote; every number comes back bit by bit. Datasets that the
/// schema does not have are passed over. Throws FileError as read_run does.
ResultFile read_result(const std::filesystem::path& file);

/// What the schema says of a dataset. Throws std::logic_error if it has none of this path.
std::string long_name(const std::string& path);
std::vector<std::string> axes_of(const std::string& path);

}  // namespace skeleta::storage
