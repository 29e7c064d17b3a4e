#include "storage/schema.h"

#include <fmt/format.h>

#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

constexpr const char* introduction = R"(# What is in a run file

This page is generated from the table that writes and checks the files (`lib/storage/kinds`).
Layout version {}.{}. Files are HDF5; arrays are row-major, so Octave, MATLAB, R and Julia show the
axes reversed. Every axis has a dimension scale in the same group. A category is int8 with the
attributes `flag_values` and `flag_meanings`; a text is bytes of UTF-8 along its last axis, with zeros
behind it and the attribute `text_encoding`. Lists of different lengths are padded; their lengths are in
a dataset beside them, since NaN may be a value. The models under `/model` make a run file a model file
too. Readers refuse a number outside of the range below, a shape that is not that of the axes, axes of one
name that differ in length between groups, and a group in which some of the datasets with the same words
under "present" are missing. Where a meaning ends with a statement, such as (mathematics.md, Theorem 3.7), that page of
analysis/ says there what the number is, or proves it; since 1.12 the dataset's attribute `references` names it. `/sweep/seed` has the bits of an unsigned number: add 2^64 where it is negative.

Since 1.5 the last 32 bytes of a file, behind what HDF5 calls its end, are the text `skeleta crc64 = ` and
16 hexadecimal digits: the CRC-64/XZ of all bytes before them, against damage. HDF5 and the tools built on
it pass over them; a tool that changes the file drops them, after which the program still reads the file
but does not continue the run.

## Attributes of the file

| attribute | type | meaning |
|---|---|---|
)";

std::string attribute_rows() {
  std::string rows;
  for (const AttributeEntry& entry : attribute_entries()) {
    rows += fmt::format("| `{}` | {} | {} |\n", entry.name, entry.type, entry.meaning);
  }
  return rows;
}

std::string meaning(const DatasetEntry& entry) {
  if (entry.references.empty()) return entry.long_name;
  return fmt::format("{} ({})", entry.long_name, entry.references);
}

std::string dataset_rows() {
  std::string rows, group;
  for (const DatasetEntry& entry : dataset_entries()) {
    if (entry.group != group) {
      group = entry.group;
      rows += fmt::format("\n## `{}`\n\n", group);
      rows +=
          "| dataset | type | axes | range | units | meaning | present "
          "|\n|---|---|---|---|---|---|---|\n";
    }
    rows += fmt::format("| `{}` | {} | [{}] | {} | {} | {} | {} |\n", entry.name,
                        to_string(entry.element), fmt::join(entry.axes, ", "),
                        entry.element == Element::int8    ? "a word"
                        : entry.element == Element::uint8 ? "a text"
                                                          : to_string(entry.range),
                        entry.units, meaning(entry), entry.present);
  }
  return rows;
}

}  // namespace

std::string schema_markdown() {
  return fmt::format(introduction, format_version.major, format_version.minor) + attribute_rows() +
         dataset_rows();
}

}  // namespace skeleta::storage
