#include "core/processors.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <map>

namespace skeleta {
namespace {

using Files = std::map<std::string, std::string>;

std::optional<int> limit(const Files& files) {
  return control_group_processors([&](const std::string& path) -> std::optional<std::string> {
    const auto file = files.find(path);
    if (file == files.end()) return std::nullopt;
    return file->second;
  });
}

constexpr const char* groups = "/proc/self/cgroup";
constexpr const char* mounts = "/proc/self/mountinfo";
constexpr const char* unified =
    "24 1 0:5 / /dev rw,nosuid - devtmpfs udev rw\n"
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* hybrid =
    "31 25 0:27 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw\n"
    "33 25 0:28 / /sys/fs/cgroup/memory rw shared:12 - cgroup cgroup rw,memory\n"
    "32 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct\n";

TEST(Processors, NoControlGroupsAreNoLimit) {
  EXPECT_EQ(limit({}), std::nullopt);
  EXPECT_EQ(limit({{groups, "0::/\n"}, {mounts, unified}}), std::nullopt);
  EXPECT_EQ(limit({{groups, "nonsense\n:\n"}, {mounts, "x y - z\n\n1 2 3 4 5 6 - cgroup2\n"}}),
            std::nullopt);
}

TEST(Processors, ReadsTheQuotaOfVersionTwo) {
  const auto with = [](const char* text) {
    return limit({{groups, "0::/job\n"}, {mounts, unified}, {"/sys/fs/cgroup/job/cpu.max", text}});
  };
  EXPECT_EQ(with("max 100000\n"), std::nullopt);
  EXPECT_EQ(with("400000 100000\n"), 4);
  EXPECT_EQ(with("150000 100000\n"), 2);  // rounded up
  EXPECT_EQ(with("1000 100000\n"), 1);
  EXPECT_EQ(with(""), std::nullopt);
  EXPECT_EQ(with("12"), std::nullopt);
  EXPECT_EQ(with("100000 0"), std::nullopt);
}

TEST(Processors, TakesTheLeastOfAllGroupsAbove) {
  Files files{{groups, "0::/slurm/job_7/step_0\n"},
              {mounts, unified},
              {"/sys/fs/cgroup/slurm/cpu.max", "800000 100000\n"},
              {"/sys/fs/cgroup/slurm/job_7/cpu.max", "300000 100000\n"},
              {"/sys/fs/cgroup/slurm/job_7/step_0/cpu.max", "max 100000\n"},
              {"/sys/fs/cgroup/slurm/job_8/cpu.max", "100000 100000\n"}};
  EXPECT_EQ(limit(files), 3);
  files["/sys/fs/cgroup/cpu.max"] = "200000 100000\n";
  EXPECT_EQ(limit(files), 2);
}

TEST(Processors, ReadsTheQuotaOfVersionOne) {
  Files files{{groups, "8:memory:/m\n4:cpu,cpuacct:/docker/abc\n0::/elsewhere\n"},
              {mounts, hybrid},
              {"/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "500000\n"},
              {"/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n"},
              {"/sys/fs/cgroup/memory/m/cpu.cfs_quota_us", "100000\n"}};
  EXPECT_EQ(limit(files), 5);
  files["/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us"] = "-1\n";
  EXPECT_EQ(limit(files), std::nullopt);
}

// The mount shows the container's own group as its root; or the group is not below it at all.
TEST(Processors, FindsTheGroupOfAContainer) {
  const std::string mounted = "35 24 0:30 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  for (const std::string group : {"/docker/abc", "/docker/abc/inner", "/other", "/../../up"}) {
    EXPECT_EQ(limit({{groups, "0::" + group + "\n"},
                     {mounts, mounted},
                     {"/sys/fs/cgroup/cpu.max", "300000 100000"}}),
              3)
        << group;
  }
  EXPECT_EQ(limit({{groups, "0::/docker/abc/inner\n"},
                   {mounts, mounted},
                   {"/sys/fs/cgroup/inner/cpu.max", "200000 100000"},
                   {"/sys/fs/cgroup/cpu.max", "300000 100000"}}),
            2);
}

// As `taskset -c N`.
TEST(Processors, AreThoseThatTheProcessIsBoundTo) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (std::size_t k = 0; k < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++k) {
    if (CPU_ISSET(k, &before)) CPU_SET(k, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_processors(), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_GE(usable_processors(), 1);
  EXPECT_LE(usable_processors(), CPU_COUNT(&before));
}

}  // namespace
}  // namespace skeleta
