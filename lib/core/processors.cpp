#include "core/processors.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

namespace skeleta {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

bool lists(const std::string& commas, const char* word) {
  const std::vector<std::string> words = split(commas, ',');
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One of the two hierarchies of control groups, as far as this process sees it.
struct Hierarchy {
  bool unified = false;  ///< Version 2.
  std::string mount;     ///< Where it is mounted,
  std::string root;      ///< and which of its groups is seen there.
};

// Lines "36 35 98:0 ROOT MOUNT options … - TYPE source options".
std::vector<Hierarchy> hierarchies(const std::string& mountinfo) {
  std::vector<Hierarchy> found;
  for (const std::string& line : split(mountinfo, '\n')) {
    const std::vector<std::string> fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 5 || fields.end() - dash < 4) continue;
    const bool unified = dash[1] == "cgroup2";
    if (unified || (dash[1] == "cgroup" && lists(dash[3], "cpu"))) {
      found.push_back({unified, fields[4], fields[3]});
    }
  }
  return found;
}

// Lines "4:cpu,cpuacct:/path" of version 1, "0::/path" of version 2: the path of this process,
// below what the hierarchy shows. Empty for a group that is not seen there, as in a container.
std::string own_group(const std::string& groups, const Hierarchy& hierarchy) {
  for (const std::string& line : split(groups, '\n')) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (hierarchy.unified ? !controllers.empty() : !lists(controllers, "cpu")) continue;
    std::string path = line.substr(second + 1);
    if (path.find("/..") != std::string::npos) return "";
    if (hierarchy.root != "/") {
      if (!path.starts_with(hierarchy.root)) return "";
      path.erase(0, hierarchy.root.size());
    }
    return path == "/" ? "" : path;
  }
  return "";
}

// "200000 100000" is worth two processors; "max 100000" (or −1, in version 1) is no limit.
std::optional<int> processors(const std::string& quota_and_period) {
  std::istringstream numbers(quota_and_period);
  double quota = 0.0, period = 0.0;
  if (!(numbers >> quota >> period) || quota <= 0.0 || period <= 0.0) return std::nullopt;
  return static_cast<int>(std::clamp(std::ceil(quota / period), 1.0, 1e6));
}

std::optional<int> limit_of_group(const std::string& folder, bool unified, ReadFile read) {
  if (unified) return processors(read(folder + "/cpu.max").value_or(""));
  return processors(read(folder + "/cpu.cfs_quota_us").value_or("") + " " +
                    read(folder + "/cpu.cfs_period_us").value_or(""));
}

std::optional<std::string> contents(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The kernel refuses sets that are too small for its number of processors.
int bound_processors() {
  for (int most = 1024; most <= 1 << 20; most *= 2) {
    cpu_set_t* const set = CPU_ALLOC(most);
    if (set == nullptr) break;
    const std::size_t size = CPU_ALLOC_SIZE(most);
    const bool known = ::sched_getaffinity(0, size, set) == 0;
    const int count = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known) return count;
    if (errno != EINVAL) break;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

std::optional<int> control_group_processors(ReadFile read) {
  const std::string groups = read("/proc/self/cgroup").value_or("");
  std::optional<int> least;
  for (const Hierarchy& hierarchy : hierarchies(read("/proc/self/mountinfo").value_or(""))) {
    std::string group = own_group(groups, hierarchy);
    for (;;) {
      const auto limit = limit_of_group(hierarchy.mount + group, hierarchy.unified, read);
      if (limit && (!least || *limit < *least)) least = limit;
      if (group.empty()) break;
      group.erase(group.rfind('/'));
    }
  }
  return least;
}

int usable_processors() {
  const auto read = [](const std::string& path) { return contents(path); };
  const int bound = std::max(1, bound_processors());
  return std::min(bound, control_group_processors(read).value_or(bound));
}

}  // namespace skeleta
