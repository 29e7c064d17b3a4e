#include "run.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "model_input.h"
#include "print.h"
#include "result_report.h"
#include "show.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/exchange.h"
#include "skeleta/core/version.h"

namespace skeleta::program {
namespace {

// Does this process read and write files for all?
bool leads() {
  const Ranks* const ranks = Ranks::current();
  return ranks == nullptr || ranks->first();
}

}  // namespace

Run::Run(std::string filetype, std::string command_line, std::ostream& out, std::ostream& err)
    : filetype_(std::move(filetype)),
      command_line_(std::move(command_line)),
      out_(out),
      err_(err) {}

void Run::declare(OptionTable& options, bool divisible) {
  options_ = &options;
  constexpr double most_threads = 4096.0;  // as resolve_threads
  options
      .add("-o,--output", &common_.output, "FILE.h5",
           "Write the result to this HDF5 file. If it is there from the same command and inputs, "
           "the run goes on from it, or it is shown")
      .not_stored();
  options.add("--force", &common_.force, "", "Start over: replace the output file").not_stored();
  if (divisible) {
    options
        .add(
            "--shard", &common_.shard, "i/n",
            "Compute part i = 0, ..., n - 1 of n only, for skeleta merge; slurm: that of a task of "
            "a job array; slurm/n: likewise, whose numbers are those of the parts")
        .not_stored();  // with the others
  }
  options.add("--seed", &common_.seed, "N", "Seed of all random numbers; 0 is a seed");
  options
      .add("--threads", &common_.threads, "N",
           "Threads, fewer if the process may not have so many; 0 means all cores. Never changes a "
           "digit")
      .within(0.0, most_threads)
      .not_stored();
  options.add("--json", &common_.json, "", "Print one JSON object and nothing else").not_stored();
  options.add("--quiet", &common_.quiet, "", "No progress, no notes").not_stored();
  options
      .add("--config", &common_.config, "FILE.toml",
           "TOML file with values for these options; flags win")
      .not_stored();
}

void Run::prepare() {
  if (!common_.config.empty()) options_->apply_config(common_.config);
  target_ = resolve_links(common_.output);
  if (!common_.shard.empty()) {
    shards_ = shard_named(common_.shard);
    if (!output_wanted()) {
      throw UsageError("--shard needs -o FILE.h5: skeleta merge puts the files together");
    }
  }
  const int asked = resolve_threads(common_.threads);
  budget_.emplace(asked);
  common_.threads = resolve_threads(0);
  if (Ranks* const ranks = Ranks::current()) {
    ranks->tell_threads(common_.threads);
    if (!quiet()) {
      print_to(err_, "note: {} ranks with {} threads in all\n", ranks->size(), ranks->workers());
    }
  }
  if (common_.threads == asked || quiet()) return;
  print_to(err_, "note: this process may not start {} threads (see ulimit -u): it uses {}\n", asked,
           common_.threads);
}

int Run::workers() const {
  const Ranks* const ranks = Ranks::current();
  return ranks != nullptr ? static_cast<int>(ranks->workers()) : threads();
}

void Run::identify(const Fingerprint& inputs) {
  inputs_ = inputs.text();
  Ranks* const ranks = Ranks::current();
  if (ranks == nullptr) return;
  const BuildInfo info = build_info();
  ranks->require_same(info.git_sha1 + info.compiler + info.build,
                      "program, or level of processor,");
  ranks->require_same(options_toml(), "input, or option,");
}

void Run::identify(std::string options_toml, std::uint64_t seed) {
  plan_ = std::move(options_toml);
  plan_seed_ = seed;
}

std::string Run::options_toml() const {
  return with_shards(plan_.empty() ? options_->to_toml(inputs_, labels_) : plan_, shards_);
}

const Shards& Run::shards_of(std::uint64_t total, const char* items) const {
  if (shards_.count <= total) return shards_;
  throw UsageError(fmt::format("--shard {}: there are {} {}, so that some shard has none",
                               common_.shard, total, items));
}

bool Run::earlier_there(const std::vector<std::string>& inputs) {
  if (!output_wanted()) return false;
  return told_by_first([&] { return lock_and_look(inputs); });
}

bool Run::lock_and_look(const std::vector<std::string>& inputs) {
  const auto there = [&] { return std::filesystem::is_regular_file(target_) && !common_.force; };
  overwrite_ = there() || common_.force;
  for (const std::string& input : inputs) check_output(target_, input, overwrite_);
  check_output(target_, "", overwrite_);
  lock_.emplace(target_, quiet() ? nullptr : &err_);
  overwrite_ = there() || common_.force;  // who had the lock before may have made it
  return there();
}

void Run::compare(const BuildInfo& build, const storage::Provenance& provenance) {
  const std::string kind = filetype_of(target_), options = options_toml();
  if (kind != filetype_) throw UsageError(fmt::format("it is a '{}' file", kind));
  std::vector<std::string> free = options_->changeable();
  free.emplace_back("labels");
  const std::string clause = identity_difference(build, provenance, options, free);
  if (!clause.empty()) throw UsageError(clause);
  same_options_ = provenance.options_toml == options;
  earlier_ = provenance;
}

void Run::refuse_to_continue(const std::string& why) const {
  throw UsageError(fmt::format(
      "{} is there already and cannot be continued: {}; choose another name, or --force", target_,
      why));
}

void Run::begin() {
  if (Ranks* const ranks = Ranks::current()) {
    ranks->meet();  // all have read what is to be replaced
    waited_ = ranks->traffic().waited;
  }
  guard_.emplace();
  start_ = last_ = Clock::now();
}

double Run::seconds() const {
  if (ended_) return *ended_;
  return std::chrono::duration<double>(Clock::now() - start_ - spent_).count();
}

storage::Provenance Run::provenance() const {
  return {.command_line = command_line_,
          .options_toml = options_toml(),
          .created_at = "",
          .seed = plan_seed_.value_or(seed()),
          .threads = threads(),
          .seconds = seconds()};
}

Findings Run::findings(storage::Results results) const {
  const auto found = std::make_shared<const storage::Results>(std::move(results));
  const auto file = [this, found]() -> storage::ResultFile {
    return {target_, filetype_, build_info(), provenance(), found->datasets()};
  };
  return {[this, found](const auto& path, const auto& provenance, bool overwrite) {
            storage::write_result(path, filetype_, provenance, *found, overwrite);
          },
          [file] { return run_json(file()); },
          [file](std::ostream& out) { print_result(out, file()); }};
}

void Run::write(const Findings& findings) {
  if (!leads()) return;
  const BorrowedScope none(nullptr);  // whole or not at all
  const Alone alone;
  findings.write(target_, provenance(), overwrite_);
  overwrite_ = true;
}

void Run::checkpoint_if_due(const Findings& findings) {
  if (!leads()) return;
  if (Clock::now() - last_ >= 50 * cost_) checkpoint(findings);
}

void Run::checkpoint(const Findings& findings) {
  if (!output_wanted()) return;
  const auto before = Clock::now();
  const std::string failure = failure_of([&] { write(findings); });
  if (!failure.empty() && !checkpoint_failed_) {
    print_to(err_, "skeleta: no checkpoint: {}; the run goes on\n", failure);
  }
  checkpoint_failed_ = !failure.empty();
  last_ = Clock::now();
  cost_ = last_ - before;
  spent_ += cost_;
}

void Run::print(const Findings& findings) {
  if (!leads()) return;
  const Alone alone;
  if (json()) {
    print_json(out_, findings.json());
  } else {
    findings.text(out_);
  }
  out_.flush();
}

int Run::finish(const Findings& findings, int code) {
  const BorrowedScope none(nullptr);  // what there is is told, called off or not
  const bool wanted = output_wanted() && findings.write;
  ended_ = seconds();
  const std::string failure = wanted ? failure_of([&] { write(findings); }) : "";
  print(findings);
  if (Ranks* const ranks = Ranks::current()) {
    ranks->meet();  // however long that took
    const Ranks::Traffic traffic = ranks->traffic();
    if (!quiet()) {
      print_to(
          err_,
          "note: the ranks met {} times; {:.3g} bytes from this one, {:.3g} from all; it waited "
          "{:.3g} s for them\n",
          traffic.exchanges, double(traffic.sent), double(traffic.received),
          traffic.waited - waited_);
    }
  }
  if (!failure.empty()) {
    print_to(err_, "skeleta: {}\n", failure);
    return ExitCode::failed;
  }
  if (wanted && !json() && !quiet()) print_to(err_, "written to {}\n", common_.output);
  return code;
}

int Run::say_nothing_computed(int code) {
  if (!quiet()) {
    print_to(err_, "{} has the result already: nothing was computed (--force does it again)\n",
             common_.output);
  }
  return code;
}

int Run::show_again(const storage::ResultFile& file, int code) {
  return finish_again({{},
                       [&] { return run_json(file); },
                       [&](std::ostream& out) { show_file(out, target_, false, false); }},
                      code);
}

int Run::finish_again(const Findings& findings, int code) {
  common_.threads = earlier_.threads;
  ended_ = earlier_.seconds;
  print(findings);
  return say_nothing_computed(code);
}

}  // namespace skeleta::program
