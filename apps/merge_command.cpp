#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "commands.h"
#include "errors.h"
#include "model_input.h"
#include "output_lock.h"
#include "print.h"
#include "shard_file.h"

namespace skeleta::program {
namespace {

constexpr const char* merge_examples =
    R"(Puts the files of a run that was computed in shards together.

Examples:
  skeleta merge shards/*.h5 -o all.h5
  skeleta merge shards/*.h5 -o most.h5 --allow-missing
                         those that are finished: the file says that it is a
                         part, and can be merged with the rest later
A shard is made by --shard i/n of sweep, train, approximate, dictionary and
thomson solve. All datasets have the bits of the run without --shard; seconds
are the sum over the shards.
)";

class Merge : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  void read();
  void check_output(std::ostream& err);
  Shards finished(std::ostream& err) const;
  storage::Provenance provenance(const Shards& shards) const;

  std::vector<std::string> paths_;
  std::string output_, target_;
  bool allow_missing_ = false, force_ = false;

  std::vector<ShardFile> files_;
  std::optional<OutputLock> lock_;
};

void Merge::declare(OptionTable& options) {
  options.add("files", &paths_, "FILE.h5...", "Files of shards of one run");
  options.add("-o,--output", &output_, "FILE.h5", "Write the whole run to this file");
  options.add("--allow-missing", &allow_missing_, "",
              "Go on without shards that are missing or not finished");
  options.add("--force", &force_, "", "Replace the output file");
}

// One after the other: of each only its numbers are kept.
void Merge::read() {
  if (paths_.empty()) {
    throw UsageError("merge needs the files of shards: skeleta merge shards/*.h5 -o all.h5");
  }
  std::map<std::uint64_t, const std::string*> owner;  // by shard
  for (const std::string& path : paths_) {
    std::optional<ShardFile> file = read_shard(path);
    if (!file) {
      throw UsageError(fmt::format("{} is no shard: no run with --shard wrote it", path));
    }
    const ShardFile& first = files_.empty() ? *file : files_.front();
    if (const std::string why = other_run(*file, first); !why.empty()) {
      throw UsageError(fmt::format("{} cannot be merged with {}: {}", path, first.path, why));
    }
    if (file->shards.count != first.shards.count) {
      throw UsageError(fmt::format("{} is one of {} shards, but {} is one of {}", path,
                                   file->shards.count, first.path, first.shards.count));
    }
    for (const std::uint64_t shard : file->shards.which) {
      const auto [place, is_new] = owner.emplace(shard, &path);
      if (is_new) continue;
      throw UsageError(fmt::format("{} and {} both have shard {} of {}", *place->second, path,
                                   shard, file->shards.count));
    }
    files_.push_back(std::move(*file));
  }
}

void Merge::check_output(std::ostream& err) {
  if (output_.empty()) throw UsageError("merge needs the name of the whole run: -o FILE.h5");
  target_ = resolve_links(output_);
  for (const std::string& path : paths_) {
    std::error_code ignored;
    if (!std::filesystem::equivalent(path, target_, ignored)) continue;
    throw UsageError(fmt::format("-o {} is one of the shards: choose another name", output_));
  }
  program::check_output(target_, "", force_);
  lock_.emplace(target_, &err);
}

// Throws UsageError if some are not, unless that is allowed.
Shards Merge::finished(std::ostream& err) const {
  Shards shards{files_.front().shards.count, {}};
  std::string unfinished;
  for (const ShardFile& file : files_) {
    if (file.finished()) {
      shards.which.insert(shards.which.end(), file.shards.which.begin(), file.shards.which.end());
    } else if (unfinished.empty()) {
      unfinished = fmt::format(" ({} has {} of {} {})", file.path, file.items.size(),
                               file.planned(), file.command->shards->items);
    }
  }
  std::ranges::sort(shards.which);
  if (shards.all()) return shards;
  const std::string missing = fmt::format("shards {} of {} are missing or not finished{}",
                                          ranges(shards.missing()), shards.count, unfinished);
  if (!allow_missing_) {
    throw UsageError(fmt::format("{}: --allow-missing goes on without them", missing));
  }
  if (shards.which.empty()) throw UsageError(missing);
  print_to(err, "note: {}: {} is a part of the run\n", missing, output_);
  return shards;
}

storage::Provenance Merge::provenance(const Shards& shards) const {
  storage::Provenance whole = files_.front().provenance;
  whole.options_toml = with_shards(whole.options_toml, shards);
  whole.created_at.clear();
  whole.seconds = 0.0;
  for (const ShardFile& file : files_) {
    if (file.finished()) whole.seconds += file.provenance.seconds;
  }
  return whole;
}

int Merge::run(Run& run) {
  check_output(run.err());
  read();
  const Shards shards = finished(run.err());
  std::vector<std::string> paths;
  std::uint64_t items = 0;
  for (const ShardFile& file : files_) {
    if (!file.finished()) continue;
    paths.push_back(file.path);
    items += file.items.size();
  }
  storage::Provenance provenance = this->provenance(shards);
  provenance.command_line = run.command_line();
  const Mergeable& kind = *files_.front().command->shards;
  kind.merge(paths, target_, provenance, force_);
  print_to(run.out(), "{}: {}, {} of {} shards, {} of {} {}\n", output_, files_.front().filetype,
           shards.which.size(), shards.count, items, files_.front().total, kind.items);
  return ExitCode::done;
}

}  // namespace

CommandEntry merge_command() {
  return {"merge", merge_examples, make_command<Merge>, false};
}

}  // namespace skeleta::program
