#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/storage/result_file.h"
#include "storage/schema_table.h"

namespace skeleta::storage {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();  ///< Where there is no number.
constexpr const char* by_run = "runs[].";  ///< Where the JSON has what is of one instance.

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// What a chain of pointers to members, or of what else can be invoked, leads to.
template <class From, class First, class... Rest>
decltype(auto) follow(From& from, First first, Rest... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return std::invoke(first, from);
  } else {
    return follow(std::invoke(first, from), rest...);
  }
}

/// Pointers to a member of each record of a list, or of a list of pointers.
template <class List, class... Path>
auto members(List& list, Path... path) {
  std::vector<decltype(&follow(list.front(), path...))> pointers;
  for (auto& record : list) pointers.push_back(&follow(record, path...));
  return pointers;
}

/// A row of the schema table and what of a record it holds: a number, an enumeration, a word, or a
/// list or matrix of numbers, which lies along further axes and is padded to the longest. The same
/// row writes and reads.
template <class Record>
class Field {
 public:
  /// Only described.
  Field(DatasetEntry described) : entry(std::move(described)) {}

  /// `path` leads from the record to the member: pointers to members, or what else can be invoked
  /// with a reference. What it computes is written, but not read.
  template <class... Path>
  Field(DatasetEntry described, Path... path) : entry(std::move(described)) {
    gather = [path...](const DatasetEntry& row, const std::vector<const Record*>& records) {
      return column(row, records,
                    [&](const Record& r) -> decltype(auto) { return follow(r, path...); });
    };
    using Member = decltype(follow(std::declval<Record&>(), path...));
    if constexpr (std::is_lvalue_reference_v<Member> &&
                  !std::is_const_v<std::remove_reference_t<Member>>) {
      scatter = [path...](const ResultFile& file, const ResultDataset& from, std::size_t k,
                          Record& record) { assign(file, from, k, follow(record, path...)); };
    }
  }

  DatasetEntry entry;
  std::function<ResultDataset(const DatasetEntry&, const std::vector<const Record*>&)> gather;
  std::function<void(const ResultFile&, const ResultDataset&, std::size_t, Record&)> scatter;

 private:
  // Of a number 0, of a list 1, of a matrix 2.
  template <class T>
  static constexpr int rank = std::is_same_v<T, Matrix> ? 2 : !std::is_arithmetic_v<T>;

  // Numbers as they are stored: also the signed integer of the same bits.
  template <class T>
  using Stored = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

  // A column of what `get` takes from each record.
  template <class Get>
  static ResultDataset column(const DatasetEntry& row, const std::vector<const Record*>& records,
                              Get get) {
    using T = std::remove_cvref_t<decltype(get(*records.front()))>;
    ResultDataset result{row.path(), {records.size()}, {}};
    if constexpr (std::is_same_v<T, std::string>) {
      std::vector<std::string> words;
      for (const Record* record : records) words.push_back(get(*record));
      result.values = category_of(words);
    } else if constexpr (std::is_enum_v<T>) {
      Category category{{}, names<T>()};
      for (const Record* record : records) {
        category.values.push_back(static_cast<std::int8_t>(get(*record)));
      }
      result.values = std::move(category);
    } else if constexpr (rank<T> == 0) {
      std::vector<Stored<T>> values;
      for (const Record* record : records) values.push_back(static_cast<Stored<T>>(get(*record)));
      result.values = std::move(values);
    } else {
      padded(result, row, records, get);
    }
    return result;
  }

  template <class Get>
  static void padded(ResultDataset& result, const DatasetEntry& row,
                     const std::vector<const Record*>& records, Get get) {
    using T = std::remove_cvref_t<decltype(get(*records.front()))>;
    using Number = Stored<std::remove_cvref_t<decltype(*std::declval<const T&>().data())>>;
    std::size_t rows = 1, columns = 0;
    for (const Record* record : records) {
      const auto& x = get(*record);
      if constexpr (rank<T> == 2) {
        rows = std::max(rows, static_cast<std::size_t>(x.rows()));
        columns = std::max(columns, static_cast<std::size_t>(x.cols()));
      } else {
        columns = std::max(columns, static_cast<std::size_t>(x.size()));
      }
    }
    std::vector<Number> values(records.size() * rows * columns, padding<Number>(row));
    Number* to = values.data();
    for (const Record* record : records) {
      const auto& x = get(*record);
      if constexpr (rank<T> == 2) {
        Eigen::Map<RowMajor>(to, static_cast<Index>(rows), static_cast<Index>(columns))
            .topLeftCorner(x.rows(), x.cols()) = x;
      } else {
        std::transform(x.begin(), x.end(), to, [](auto v) { return static_cast<Number>(v); });
      }
      to += rows * columns;
    }
    if (rank<T> == 2) result.shape.push_back(rows);
    result.shape.push_back(columns);
    result.values = std::move(values);
  }

  // The least whole number that may stand there.
  template <class Number>
  static Number padding(const DatasetEntry& row) {
    if constexpr (std::is_same_v<Number, double>) {
      return std::numeric_limits<double>::quiet_NaN();
    } else {
      return static_cast<Number>(row.range.low);
    }
  }

  // What the k-th record holds, padding included.
  template <class T>
  static void assign(const ResultFile& file, const ResultDataset& from, std::size_t k, T& to) {
    if constexpr (std::is_same_v<T, std::string>) {
      to = from.word(k);
    } else if constexpr (std::is_enum_v<T>) {
      const std::optional<T> found = named<T>(from.word(k));
      if (!found) {
        file.refuse(from.path + " is '" + from.word(k) + "', which this program does not know");
      }
      to = *found;
    } else if constexpr (rank<T> == 0) {
      to = static_cast<T>(std::get<std::vector<Stored<T>>>(from.values)[k]);
    } else {
      using Number = std::remove_cvref_t<decltype(*to.data())>;
      const auto& values = std::get<std::vector<Stored<Number>>>(from.values);
      const std::size_t columns = from.shape.back();
      if constexpr (rank<T> == 1) {
        to.resize(static_cast<decltype(to.size())>(columns));
        const auto* const first = values.data() + k * columns;
        std::transform(first, first + columns, to.begin(),
                       [](auto v) { return static_cast<Number>(v); });
      } else {
        const std::size_t rows = from.shape[from.shape.size() - 2];
        to = Eigen::Map<const RowMajor>(values.data() + k * rows * columns,
                                        static_cast<Index>(rows), static_cast<Index>(columns));
      }
    }
  }
};

template <class Record>
using Fields = std::vector<Field<Record>>;

/// The fields as those of a group.
template <class Record>
Fields<Record> block(const char* group, const char* present, Fields<Record> fields,
                     const char* place = nullptr) {
  for (Field<Record>& field : fields) set_block(field.entry, group, present, place);
  return fields;
}

/// Lists one after the other.
template <class List, class... Lists>
List joined(List first, const Lists&... others) {
  (first.insert(first.end(), others.begin(), others.end()), ...);
  return first;
}

/// The rows of fields.
template <class... Lists>
Rows rows_of(const Lists&... lists) {
  Rows rows;
  const auto add = [&](const auto& fields) {
    for (const auto& field : fields) {
      if constexpr (requires { field.entry; }) {
        rows.push_back(field.entry);
      } else {
        rows.push_back(field);
      }
    }
  };
  (add(lists), ...);
  return rows;
}

/// Adds the columns of the records, which may lie along several axes: `along` are their lengths.
/// Columns without an entry are left out.
template <class Record>
void put(Results& results, const Fields<Record>& fields,
         const std::vector<const std::type_identity_t<Record>*>& records,
         const std::vector<std::size_t>& along = {}) {
  if (records.empty()) return;
  for (const Field<Record>& field : fields) {
    if (!field.gather) continue;
    ResultDataset column = field.gather(field.entry, records);
    if (column.shape.back() == 0) continue;
    if (!along.empty()) {
      column.shape.erase(column.shape.begin());
      column.shape.insert(column.shape.begin(), along.begin(), along.end());
    }
    results.add(column.path, std::move(column.shape), std::move(column.values));
  }
}

template <class Record>
void put(Results& results, const Fields<Record>& fields,
         const std::vector<std::type_identity_t<Record>>& records,
         const std::vector<std::size_t>& along = {}) {
  std::vector<const Record*> pointers;
  for (const Record& record : records) pointers.push_back(&record);
  put(results, fields, pointers, along);
}

/// Fills in the records from the columns that the file has. Throws FileError if one is missing that
/// every file has, or a word is none of its enumeration.
template <class Record>
void get(const ResultFile& file, const Fields<Record>& fields,
         const std::vector<std::type_identity_t<Record>*>& records) {
  for (const Field<Record>& field : fields) {
    if (!field.scatter) continue;
    const ResultDataset* column = file.find(field.entry.path());
    if (column == nullptr && field.entry.present == "always") file.at(field.entry.path());
    if (column == nullptr) continue;
    for (std::size_t k = 0; k < records.size(); ++k) field.scatter(file, *column, k, *records[k]);
  }
}

template <class Record>
void get(const ResultFile& file, const Fields<Record>& fields,
         std::vector<std::type_identity_t<Record>>& records) {
  std::vector<Record*> pointers;
  for (Record& record : records) pointers.push_back(&record);
  get(file, fields, pointers);
}

}  // namespace skeleta::storage
