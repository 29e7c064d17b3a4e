#pragma once

#include <optional>
#include <string>

#include "skeleta/core/function_ref.h"

// How many processors this process may keep busy.
namespace skeleta {

/// The contents of a file; nothing if it cannot be read.
using ReadFile = FunctionRef<std::optional<std::string>(const std::string& path)>;

/// Processors that the quota of the process's control groups is worth, rounded up: the least of its
/// group and all above, of version 1 (cpu.cfs_quota_us) and 2 (cpu.max). Nothing if none limits it.
/// `read` is asked for /proc/self/cgroup, /proc/self/mountinfo and the groups' own files.
std::optional<int> control_group_processors(ReadFile read);

/// Of this machine's processors those that this process is bound to (taskset, Slurm, cpuset), and
/// no more than its control groups allow; at least 1.
int usable_processors();

}  // namespace skeleta
