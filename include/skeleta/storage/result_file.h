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
  std::vector<std::int8_t> values;    ///< Row-major.
  std::vector<std::string> meanings;  ///< One for each number that may occur.
};

/// A dataset as data/schema.md describes it; axes are datasets too, and come before what lies
/// along them.
struct ResultDataset {
  std::string path;                ///< "/critical/loss"
  std::vector<std::size_t> shape;  ///< The last axis runs fastest.
  /// Row-major. Bytes are texts in UTF-8 along the last axis, with zeros behind.
  std::variant<std::vector<double>, std::vector<std::int64_t>, Category, std::vector<std::uint8_t>>
      values;

  /// "/critical".
  std::string group() const { return path.substr(0, path.find('/', 1)); }
  /// "loss".
  std::string name() const { return path.substr(path.find('/', 1) + 1); }
  /// Of a category.
  const std::string& word(std::size_t k) const;
  /// The k-th text.
  std::string text(std::size_t k) const;
};

/// The words of a category, its meanings in order of appearance.
Category category_of(const std::vector<std::string>& words);

/// What a run found, as the datasets of its file, in the order of the schema table. An axis that is
/// not added only counts: 0, 1, …. Throws std::logic_error for a dataset that the schema has not.
class Results {
 public:
  /// Numbers, row-major, or words, or texts.
  using Values = decltype(ResultDataset::values);

  /// An axis that counts, where nothing may lie along it.
  void axis(const std::string& path, Index count);
  /// Along one axis.
  void add(const std::string& path, Values values);
  /// Likewise.
  void add(const std::string& path, const Vector& values);
  /// [rows, columns]
  void add(const std::string& path, const Matrix& values);
  /// [number of texts, bytes of the longest], none of them with a zero in it.
  void add_texts(const std::string& path, const std::vector<std::string>& texts);
  /// Of any shape, the last axis running fastest.
  void add(const std::string& path, std::vector<std::size_t> shape, Values values);

  /// Other values of one that was added, as many.
  void replace(const std::string& path, Values values);

  /// All that was added, in that order.
  const std::vector<ResultDataset>& datasets() const { return datasets_; }

 private:
  std::vector<ResultDataset>::iterator place_of(const std::string& path);

  std::vector<ResultDataset> datasets_;
};

/// A result file as it was read.
struct ResultFile {
  std::filesystem::path file;           ///< Its name.
  std::string filetype;                 ///< "skeleta linear flow", ….
  BuildInfo build;                      ///< The program that wrote it.
  Provenance provenance;                ///< How it came about.
  std::vector<ResultDataset> datasets;  ///< In the order of the schema table.

  /// Null if there is none of this path.
  const ResultDataset* find(const std::string& path) const;
  /// The one word of a category, such as why a run ended; "" if it has several or is not there.
  std::string only_word(const std::string& path) const;
  /// Throws FileError if there is none.
  const ResultDataset& at(const std::string& path) const;
  /// The values of at(path), which must be of type T (else std::bad_variant_access).
  template <class T>
  const std::vector<T>& values(const std::string& path) const {
    return std::get<std::vector<T>>(at(path).values);
  }
  /// Throws FileError about this file.
  [[noreturn]] void refuse(const std::string& sentence) const;
};

/// The kinds of run files: "skeleta estimate", ….
std::vector<std::string> filetypes();

/// Writes a file of any kind; data/schema.md is its description. It appears under its name complete
/// or not at all. Throws std::logic_error for a filetype or dataset that the schema does not have,
/// or another shape; FileError if the file exists and `overwrite` is false, or cannot be written.
void write_result(const std::filesystem::path& target, const std::string& filetype,
                  const Provenance& provenance, const Results& results, bool overwrite);

/// Reads a file of any kind; every number comes back bit by bit. Datasets that the schema does not
/// have are passed over. Throws FileError as read_run does.
ResultFile read_result(const std::filesystem::path& file);

/// What files of one kind have, put together along an axis that numbers its entries, such as
/// "/thomson/start": what lies along it first of all, in rising order of the numbers; all else as
/// the first file has it. Throws FileError if a file lacks what the first one has, or differs from
/// it along other axes.
Results put_together(const std::vector<ResultFile>& files, const std::string& axis);

/// What the schema says of a dataset.
struct Description {
  std::vector<std::string> axes;  ///< Names, the last running fastest.
  std::string long_name;          ///< In words.
  /// Its place in the JSON of the run: names of objects in objects with dots between; "points[]" is
  /// a list of objects along an axis, "[]" the one object along an axis of length 1. Empty if it is
  /// not there.
  std::string json;
  bool flag;  ///< 0 or 1
};

/// Throws std::logic_error if the schema has none of this path.
Description description(const std::string& path);

}  // namespace skeleta::storage
