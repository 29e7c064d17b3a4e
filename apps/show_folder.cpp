#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "errors.h"
#include "output_lock.h"
#include "print.h"
#include "result_report.h"
#include "shard_file.h"
#include "show.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;

struct FoundShard {
  ShardFile file;
  std::optional<std::string> writer;  // who is at work on it
};

// The shards of one run.
struct FoundRun {
  std::vector<FoundShard> shards;

  const ShardFile& first() const { return shards.front().file; }
};

struct Folder {
  std::vector<FoundRun> runs;
  std::vector<std::pair<std::string, std::string>> begun;  // without a file so far, and by whom
  std::vector<std::string> unreadable;                     // a sentence each
};

// By name, so that the order is always the same.
std::vector<std::filesystem::path> files_in(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

void add(Folder& folder, ShardFile file) {
  const auto run = std::ranges::find_if(folder.runs, [&](const FoundRun& other) {
    return other.first().shards.count == file.shards.count &&
           other_run(file, other.first()).empty();
  });
  FoundRun& place = run == folder.runs.end() ? folder.runs.emplace_back() : *run;
  std::optional<std::string> writer = writer_of(file.path);
  place.shards.push_back({std::move(file), std::move(writer)});
}

Folder read(const std::string& path) {
  Folder folder;
  for (const std::filesystem::path& file : files_in(path)) {
    if (const std::string target = target_of_lock(file.filename()); !target.empty()) {
      const std::string name = file.parent_path() / target;
      const auto writer = writer_of(name);
      if (writer && !std::filesystem::exists(name)) folder.begun.emplace_back(name, *writer);
    } else if (file.extension() == ".h5") {
      try {
        if (auto shard = read_shard(file)) add(folder, std::move(*shard));
      } catch (const UsageError& error) {
        folder.unreadable.emplace_back(error.what());
      }
    }
  }
  return folder;
}

// Shards that some file has, finished or not.
Shards present(const FoundRun& run, bool finished) {
  Shards shards{run.first().shards.count, {}};
  for (const FoundShard& shard : run.shards) {
    const std::vector<std::uint64_t>& which = shard.file.shards.which;
    if (shard.file.finished() || !finished) {
      shards.which.insert(shards.which.end(), which.begin(), which.end());
    }
  }
  std::ranges::sort(shards.which);
  const auto twice = std::unique(shards.which.begin(), shards.which.end());
  shards.which.erase(twice, shards.which.end());
  return shards;
}

std::uint64_t items_of(const FoundRun& run) {
  std::uint64_t items = 0;
  for (const FoundShard& shard : run.shards) items += shard.file.items.size();
  return items;
}

void print(std::ostream& out, const std::string& path, const FoundRun& run) {
  const ShardFile& first = run.first();
  const char* items = first.command->shards->items;
  print_to(out, "{}: {}, {} shards of {} {}\n", path, first.filetype, first.shards.count,
           first.total, items);
  const Shards finished = present(run, true), there = present(run, false);
  if (!finished.which.empty()) print_to(out, "finished  {}\n", ranges(finished.which));
  for (const FoundShard& shard : run.shards) {
    if (shard.file.finished()) continue;
    print_to(out, "{}  {}: {} of {} {}{}, {}\n", shard.writer ? "running " : "stopped ",
             ranges(shard.file.shards.which), shard.file.items.size(), shard.file.planned(), items,
             shard.writer ? ", " + *shard.writer : "", shard.file.path);
  }
  if (!there.all()) print_to(out, "missing   {}\n", ranges(there.missing()));
  if (finished.all()) {
    print_to(out, "complete: skeleta merge puts it together\n");
  } else {
    print_to(out, "{} of {} {}\n", items_of(run), first.total, items);
  }
}

Json json_of(const FoundRun& run) {
  const ShardFile& first = run.first();
  Json running = Json::array(), stopped = Json::array();
  for (const FoundShard& shard : run.shards) {
    if (shard.file.finished()) continue;
    Json one{{"file", shard.file.path},
             {"shards", shard.file.shards.which},
             {"items", shard.file.items.size()},
             {"planned", shard.file.planned()}};
    if (shard.writer) one["writer"] = *shard.writer;
    (shard.writer ? running : stopped).push_back(one);
  }
  return {{"filetype", first.filetype},
          {"shards", first.shards.count},
          {"items", items_of(run)},
          {"planned", first.total},
          {"finished", present(run, true).which},
          {"running", running},
          {"stopped", stopped},
          {"missing", present(run, false).missing()}};
}

}  // namespace

void show_folder(std::ostream& out, const std::string& path, bool json) {
  const Folder folder = read(path);
  if (folder.runs.empty() && folder.begun.empty() && folder.unreadable.empty()) {
    throw UsageError(
        fmt::format("{} has no files of shards: sweep, train and others write them "
                    "with --shard",
                    path));
  }
  if (json) {
    Json runs = Json::array(), begun = Json::array();
    for (const FoundRun& run : folder.runs) runs.push_back(json_of(run));
    for (const auto& [file, writer] : folder.begun) {
      begun.push_back({{"file", file}, {"writer", writer}});
    }
    return print_json(out, {{"runs", runs}, {"begun", begun}, {"unreadable", folder.unreadable}});
  }
  for (const FoundRun& run : folder.runs) {
    if (&run != &folder.runs.front()) out << '\n';
    print(out, path, run);
  }
  for (const auto& [file, writer] : folder.begun) {
    print_to(out, "begun     {}: {}, nothing written yet\n", file, writer);
  }
  for (const std::string& sentence : folder.unreadable) {
    print_to(out, "unread    {}\n", sentence);
  }
}

}  // namespace skeleta::program
