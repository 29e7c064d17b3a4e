#pragma once

#include <string>

#include "storage/hdf5_reader.h"
#include "storage/schema_table.h"

namespace skeleta::storage {

/// Checks all datasets of a run file that the schema table has, before any number is read:
/// - those of a group that are present under the same condition are all there, or none;
/// - axes of one name are equally long in all groups, and of rank 1;
/// - each dataset has the shape of its axes, and integers where the table says so.
/// Throws FileError, which names the first that breaks a rule.
void check_layout(const Hdf5Reader& file);

/// Checks what numbers of several datasets have to do with each other: no integer axis has a number
/// twice, and lower ends are not above upper ones. Throws FileError.
void check_relations(const Hdf5Reader& file);

/// Throws FileError, naming the entry, unless all numbers lie in the range of the table.
template <class T>
void check_range(const Hdf5Reader& file, const DatasetEntry& entry, const Array<T>& array);

}  // namespace skeleta::storage
