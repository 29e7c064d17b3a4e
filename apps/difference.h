#pragma once

#include <initializer_list>
#include <string>

#include "errors.h"
#include "skeleta/core/version.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// Why a file that `build` wrote cannot be continued by this program, in one clause; "" if it can.
std::string build_difference(const BuildInfo& build);

/// The first option of two TOML texts that differs, in one clause, as in "its starts is 4, not 5";
/// "" if none does. Keys of `free` may differ.
std::string options_difference(const std::string& earlier, const std::string& now,
                               std::initializer_list<const char*> free);

/// Likewise if nothing shows that the file is as a program of ours wrote it: what it says of the
/// state to go on from cannot be trusted then.
std::string seal_difference(const storage::Provenance& provenance);

/// What `read` reads of a file that is to be continued; a UsageError of it also says what to do.
template <class Read>
auto read_earlier(Read read) {
  try {
    return read();
  } catch (const UsageError& error) {
    throw UsageError(std::string(error.what()) + "; choose another name, or --force");
  }
}

/// Throws UsageError, which says that `output` cannot be continued, unless the clause is empty.
void refuse_to_continue(const std::string& output, const std::string& clause);

}  // namespace skeleta::program
