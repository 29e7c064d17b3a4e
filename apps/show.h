#pragma once

#include <iosfwd>
#include <string>

namespace skeleta::program {

/// What is in a model or run file, in words or as one JSON value; with `geometry` what its columns
/// look like instead. Throws UsageError for a file that cannot be read or has no model.
void show_file(std::ostream& out, const std::string& path, bool geometry, bool json);

/// Which shards of which runs a folder has: finished, running (locked), stopped, missing. Throws
/// UsageError if there are none.
void show_folder(std::ostream& out, const std::string& path, bool json);

}  // namespace skeleta::program
