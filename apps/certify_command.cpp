#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "certificate_output.h"
#include "certify_phases.h"
#include "commands.h"
#include "errors.h"
#include "interrupt.h"
#include "model_input.h"
#include "print.h"
#include "program.h"
#include "progress_display.h"
#include "skeleta/certify/block_minimum.h"
#include "skeleta/certify/polygon.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"

namespace skeleta::program {
namespace {

constexpr const char* certify_examples =
    R"(The only minimum of the one-sparse loss in two dimensions, with a proof of it:
the regular pentagon for 5 features, the regular hexagon for 6. The certificate
of a proof can be checked without believing the program that found it: again
here, or by analysis/python/skeleta_analysis/check_certificate.py.
With --axis-columns the least whole loss of up to 4 features each of whose
columns lies on an axis: how the axes are shared, with a proof.
With --phases what two features of unequal importance do in one dimension: drop
the second, dedicate the dimension to it, or both, as an antipodal pair; each
point of a grid with a proof, interference being penalised as by train.

Examples:
  skeleta certify --features 5 --hidden 2
  skeleta certify --features 6 --hidden 2 -o hexagon.txt
  skeleta certify --check hexagon.txt
  skeleta certify --features 5 --hidden 2 --stable
                         also where the minima of the whole loss are
  skeleta certify --features 5 --hidden 2 --unique
                         also that from S = 0.99984 on there is only one
  skeleta certify --features 4 --hidden 2 --axis-columns --sparsity 0.9
  skeleta certify --phases --importances 0.05:20:40:log \
    --densities 0.01:1:40:log --interferences 0,0.001,0.01 -o phases.txt

For few features and the whole loss see skeleta approximate --certify. What is
proven: analysis/mathematics.md, Theorem 6.4; how: analysis/proofs.md.
)";

using Json = nlohmann::ordered_json;

// What was proven, or found to be so again.
struct Verified {
  certify::PolygonProof proof;
  std::optional<certify::PolygonFlaw> flaw{};
  double seconds = 0.0;
};

std::string words_of(const certify::PolygonFlaw& flaw) {
  if (flaw.leaf < 0) return fmt::format("{} corners: {}", flaw.corners, flaw.cause);
  return fmt::format("{} corners, character {} of the tree: {}", flaw.corners, flaw.leaf,
                     flaw.cause);
}

// Of the whole loss, if the proof says something of it; else "".
std::string corollary_of(const certify::PolygonProof& proof) {
  if (!(proof.last().slack > 0.0)) return "";
  if (proof.last().steep()) {
    if (certify::pentagon_unique_sparsity(proof.last()) >= 1.0) return "";
    return fmt::format(
        "So the whole loss of five equal features in 2 dimensions has exactly one global minimum, "
        "up to rotations, reflections and relabelling, at every sparsity from {:.5f} on (below 1): "
        "a regular pentagon with equal thresholds.",
        certify::pentagon_unique_sparsity(proof.last()));
  }
  return fmt::format(
      "So have all global minima of the whole loss, of equal features and at every sparsity from "
      "{:.4f} on (below 1).",
      certify::pentagon_sparsity(proof.last()));
}

Json json_of(const Verified& verified, const std::string& checked, int threads) {
  const certify::PolygonStage& last = verified.proof.last();
  Json json{{"features", last.corners}, {"hidden", 2}};
  if (!checked.empty()) json["checked"] = checked;
  json["threads"] = threads;
  json["seconds"] = verified.seconds;
  Json& certified = json["certified"] = Json{{"proven", !verified.flaw.has_value()}};
  if (verified.flaw) {
    certified["flaw"] = words_of(*verified.flaw);
    return json;
  }
  certified["lower"] = last.lower;
  certified["upper"] = last.upper;
  certified["gap"] = last.upper - last.lower;
  certified["boxes"] = verified.proof.boxes();
  certified["unique"] = true;
  certified["statement"] = verified.proof.statement();
  certified["method"] = "cycle bound";
  certified["rounding"] = "intervals";
  if (last.steep()) {
    certified["whole_loss"] = {{"slack", last.slack},
                               {"columns", last.near_column},
                               {"gaps", last.near_angle},
                               {"thresholds", last.near_threshold},
                               {"modulus", last.modulus},
                               {"from_sparsity", certify::pentagon_unique_sparsity(last)},
                               {"statement", corollary_of(verified.proof)}};
  } else if (last.slack > 0.0) {
    certified["stable"] = {{"slack", last.slack},
                           {"columns", last.near_column},
                           {"gaps", last.near_angle},
                           {"from_sparsity", certify::pentagon_sparsity(last)},
                           {"statement", corollary_of(verified.proof)}};
  }
  certified["column"] = last.column;
  certified["loss_per_feature"] = {last.lower / static_cast<double>(last.corners),
                                   last.upper / static_cast<double>(last.corners)};
  return json;
}

std::string split_words(const certify::BlockMinimum& found) {
  std::vector<std::size_t> sizes;
  for (const auto& block : found.blocks) sizes.push_back(block.size());
  std::sort(sizes.rbegin(), sizes.rend());
  return fmt::format("{}", fmt::join(sizes, " + "));
}

std::string statement_of(const certify::BlockMinimum& found, double density) {
  return fmt::format(
      "The loss of {} features of density {:.12g} in {} dimensions, every column on an axis, is at "
      "least {:.12g}, and {:.12g} is reached with {} features on the axes{}.",
      found.model.features(), density, found.model.hidden(), found.lower, found.upper,
      split_words(found), found.split_proven ? ", which no other split reaches" : "");
}

Json json_of(const certify::BlockMinimum& found, double density, int threads, double seconds) {
  Json json{{"features", found.model.features()},
            {"hidden", found.model.hidden()},
            {"density", density},
            {"threads", threads},
            {"seconds", seconds}};
  json["certified"] = Json{{"proven", found.stop_reason == certify::CertifyStop::gap},
                           {"lower", found.lower},
                           {"upper", found.upper},
                           {"gap", found.upper - found.lower},
                           {"boxes", found.boxes},
                           {"unique", found.split_proven},
                           {"statement", statement_of(found, density)},
                           {"method", "blocks of one dimension"},
                           {"rounding", "proven bound"},
                           {"stop_reason", to_string(found.stop_reason)},
                           {"blocks", found.blocks}};
  return json;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Certify : public Command {
 public:
  void declare(OptionTable& options) override;
  int run(Run& run) override;

 private:
  int polygon(Run& run, const std::optional<std::string>& certificate) const;
  int axes(Run& run) const;
  int phases(Run& run, const std::optional<std::string>& certificate) const;
  ProvenPhases prove_phases(Run& run, CertificateOutput& output) const;
  bool asks_for(const certify::PolygonProof& proof) const;
  int told(Run& run, const Verified& verified, const CertificateOutput& output, bool known) const;
  void say_where(Run& run, const CertificateOutput& output, bool known) const;
  void refuse_lonely_flags() const;
  Verified prove(Run& run) const;
  Verified check_again(const std::string& path, const std::string& certificate) const;

  std::optional<Index> features_, hidden_;
  std::string output_, check_;
  PhaseWords phases_;
  bool axes_ = false, stable_ = false, unique_ = false;
  std::optional<double> density_, sparsity_, relative_gap_;

  int threads_ = 0;
  bool json_ = false, quiet_ = false, force_ = false;
};

void Certify::declare(OptionTable& options) {
  options
      .add("--features", &features_, "D", "Number of features: 5 or 6; with --axis-columns up to 4")
      .not_with({"--check"});
  options.add("--hidden", &hidden_, "d", "Hidden dimensions").default_is("2; --phases: 1");
  options
      .add("--stable", &stable_, "",
           "Also that models of hardly more loss are near the pentagon: those that are best for "
           "the whole loss of sparse features")
      .not_with({"--check", "--axis-columns"});
  options
      .add("--unique", &unique_, "",
           "Also that the whole loss of very sparse features has one minimum, a regular pentagon")
      .not_with({"--check", "--axis-columns", "--stable"});
  options
      .add("--axis-columns", &axes_, "",
           "The whole loss, of models whose columns have at most one entry that is not 0")
      .not_with({"--check", "--output"});
  options
      .add("--phases", &phases_.asked, "",
           "Two features in one dimension: which of drop, dedicate and antipodal is the minimum")
      .not_with({"--check", "--axis-columns", "--stable", "--unique"});
  options
      .add("--importances", &phases_.importances, "I1,I2,...",
           "--phases: of the second feature, the first having 1: a list, A:B:N or A:B:N:log")
      .within(0.0)
      .default_is("1");
  options.add("--sparsities", &phases_.sparsities, "S1,S2,...", "--phases: of both, likewise")
      .within(0.0, 1.0)
      .not_with({"--densities"});
  options.add("--densities", &phases_.densities, "p1,p2,...", "--phases: p = 1 - S")
      .within(0.0, 1.0);
  options
      .add("--interferences", &phases_.interferences, "L1,L2,...",
           "--phases: L of the penalty L * sum of (w_i * w_j)^2 over i != j, likewise")
      .within(0.0)
      .default_is("0");
  options.add("--sparsity", &sparsity_, "S", "--axis-columns: of all features")
      .within(0.0, 1.0)
      .not_with({"--density"});
  options.add("--density", &density_, "p", "--axis-columns: p = 1 - S").within(0.0, 1.0);
  options
      .add("--rel-gap", &relative_gap_, "G",
           "--axis-columns, --phases: until upper - lower <= G upper, of each axis or point")
      .default_is(fmt::format("{}; --phases: 0.0001", certify::CertifyOptions{}.relative_gap));
  options
      .add("-o,--output", &output_, "CERT.txt",
           "Write the certificate: numbers and boxes, as text; one that is there is gone on from, "
           "or checked and shown")
      .not_with({"--check"});
  options.add("--check", &check_, "CERT.txt",
              "Check a certificate: every number and every box again");
  options.add("--force", &force_, "", "Replace whatever has the name of -o");
  options.add("--threads", &threads_, "N", "Threads; 0: all. Changes nothing of the proof")
      .within(0.0, 4096.0);
  options.add("--json", &json_, "", "Print one JSON object and nothing else");
  options.add("--quiet", &quiet_, "", "No progress");
}

Verified Certify::prove(Run& run) const {
  ProgressDisplay display(run.err(), quiet_);
  const auto progress = [&](std::uint64_t boxes) {
    display.show(fmt::format("{} boxes", boxes));
    return !InterruptGuard::requested();
  };
  if (stable_) return {certify::prove_pentagon_stable(threads_, progress)};
  if (unique_) return {certify::prove_pentagon_steep(threads_, progress)};
  return {certify::prove_polygon(*features_, threads_, progress)};
}

// Reads a certificate of either kind.
template <class Read>
auto read_as(const std::string& path, const std::string& text, Read read) {
  try {
    return read(text);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
}

Verified Certify::check_again(const std::string& path, const std::string& certificate) const {
  Verified verified;
  verified.proof = read_as(path, certificate, certify::read_certificate);
  verified.flaw = certify::check(verified.proof, threads_);
  return verified;
}

int Certify::polygon(Run& run, const std::optional<std::string>& certificate) const {
  if (features_ && hidden_.value_or(2) != 2) {
    throw UsageError(
        fmt::format("--hidden {}: certify proves polygons in 2 dimensions; for 1 and few features "
                    "see skeleta approximate --certify",
                    *hidden_));
  }
  if (features_ && *features_ != 5 && *features_ != 6) {
    throw UsageError(
        fmt::format("--features {} must be 5 or 6: with fewer the least one-sparse loss in 2 "
                    "dimensions is 0, and for more no proof is known",
                    *features_));
  }
  if (stable_ && *features_ != 5) throw UsageError("--stable is for --features 5");
  if (unique_ && *features_ != 5) throw UsageError("--unique is for --features 5");
  CertificateOutput output(output_, force_, run.err());
  const bool known = output.earlier().has_value();
  const auto start = std::chrono::steady_clock::now();
  Verified verified = certificate ? check_again(check_, *certificate)
                      : known     ? check_again(output_, *output.earlier())
                                  : prove(run);
  verified.seconds = seconds_since(start);
  if (known) {
    if (!asks_for(verified.proof)) output.refuse("has the certificate of another statement");
    if (verified.flaw)
      output.refuse("has a certificate that is not proven: " + words_of(*verified.flaw));
  } else if (output.wanted()) {
    output.write(certify::certificate_text(verified.proof));
  }
  return told(run, verified, output, known);
}

// Is it what this command would prove?
bool Certify::asks_for(const certify::PolygonProof& proof) const {
  const certify::PolygonStage& last = proof.last();
  const double slack = stable_ ? certify::pentagon_slack : unique_ ? certify::pentagon_well : 0.0;
  return last.corners == *features_ && last.steep() == unique_ && last.slack == slack;
}

int Certify::told(Run& run, const Verified& verified, const CertificateOutput& output,
                  bool known) const {
  if (json_) {
    const int threads = resolve_threads(threads_);
    print_to(run.out(), "{}\n", json_of(verified, check_, threads).dump(2));
  } else if (verified.flaw) {
    print_to(run.out(), "not proven: {}\n", words_of(*verified.flaw));
  } else {
    const std::string corollary = corollary_of(verified.proof);
    print_to(run.out(), "{}\n{}{}{} {} boxes in {:.2g} s\n", verified.proof.statement(), corollary,
             corollary.empty() ? "" : "\n",
             check_.empty() && !known ? "proven with" : "checked:", verified.proof.boxes(),
             verified.seconds);
  }
  say_where(run, output, known);
  return verified.flaw ? ExitCode::failed : ExitCode::done;
}

// Goes on from the first points of the grid, if the file of -o has them: these are checked.
ProvenPhases Certify::prove_phases(Run& run, CertificateOutput& output) const {
  const certify::PhaseGrid grid = phases_.grid();
  const double gap = relative_gap_.value_or(1e-4);
  const std::size_t count = grid.points().size();
  ProvenPhases proven;
  if (output.earlier()) {
    proven.proofs = read_as(output_, *output.earlier(), certify::read_phase_certificate);
    if (!certify::begins(grid, gap, proven.proofs)) {
      output.refuse("has the certificate of other points or of another gap");
    }
    proven.flaw = certify::check(proven.proofs, threads_);
    if (proven.flaw) output.refuse("has a certificate that is not proven: " + flaw_words(proven));
    if (proven.proofs.size() < count && !quiet_) {
      print_to(run.err(), "going on after {} of {} points\n", proven.proofs.size(), count);
    }
  }
  ProgressDisplay display(run.err(), quiet_);
  const auto text = [&] { return certify::certificate_text(proven.proofs); };
  const auto progress = [&](std::size_t done) {
    display.show(fmt::format("{} of {} points", done, count),
                 static_cast<double>(done) / static_cast<double>(count));
    if (done < count) output.checkpoint_if_due(text);
    return !InterruptGuard::requested();
  };
  try {
    as_usage([&] { certify::go_on(grid, gap, proven.proofs, threads_, progress); });
  } catch (const Interrupted&) {
    if (proven.proofs.empty()) throw;
    proven.interrupted = true;
  }
  return proven;
}

int Certify::phases(Run& run, const std::optional<std::string>& certificate) const {
  if (features_.value_or(2) != 2 || hidden_.value_or(1) != 1) {
    throw UsageError("--phases is of --features 2 --hidden 1");
  }
  CertificateOutput output(output_, force_, run.err());
  const auto start = std::chrono::steady_clock::now();
  ProvenPhases proven;
  if (certificate) {
    proven.proofs = read_as(check_, *certificate, certify::read_phase_certificate);
    proven.flaw = certify::check(proven.proofs, threads_);
  } else {
    proven = prove_phases(run, output);
  }
  proven.seconds = seconds_since(start);
  const std::string text = output.wanted() ? certify::certificate_text(proven.proofs) : "";
  const bool known = output.wanted() && output.earlier() == text && !proven.interrupted;
  if (output.wanted() && !known) output.write(text);
  if (json_) {
    print_to(run.out(), "{}\n", json_of_phases(proven, resolve_threads(threads_)).dump(2));
  } else {
    print_phases(run.out(), proven, certificate.has_value() || known);
  }
  say_where(run, output, known);
  if (proven.flaw) return ExitCode::failed;
  if (proven.interrupted) return ExitCode::interrupted;
  return proven.decided() ? ExitCode::done : ExitCode::precision_missed;
}

int Certify::axes(Run& run) const {
  if (!density_ && !sparsity_) {
    throw UsageError("say how sparse the features are with --sparsity S or --density p");
  }
  const double density = density_ ? *density_ : 1.0 - *sparsity_;
  certify::CertifyOptions options;
  options.threads = threads_;
  if (relative_gap_) options.relative_gap = *relative_gap_;
  ProgressDisplay display(run.err(), quiet_);
  const auto start = std::chrono::steady_clock::now();
  const certify::BlockMinimum found = as_usage([&] {
    return certify::certify_blocks(Features::uniform(*features_, density), hidden_.value_or(2),
                                   options, [&](const certify::CertifiedMinimum& state) {
                                     display.show(fmt::format("{} features on an axis, {} boxes",
                                                              state.model.features(), state.boxes));
                                     return !InterruptGuard::requested();
                                   });
  });
  const double seconds = seconds_since(start);
  if (json_) {
    const int threads = resolve_threads(threads_);
    print_to(run.out(), "{}\n", json_of(found, density, threads, seconds).dump(2));
  } else {
    print_to(run.out(), "{}\nproven with {} boxes in {:.2g} s; stopped by {}\n",
             statement_of(found, density), found.boxes, seconds, to_string(found.stop_reason));
  }
  const bool precise = found.stop_reason == certify::CertifyStop::gap;
  return precise ? ExitCode::done : ExitCode::precision_missed;
}

void Certify::say_where(Run& run, const CertificateOutput& output, bool known) const {
  if (!output.wanted() || quiet_) return;
  if (known) {
    print_to(run.err(), "{} has the proof already: it was checked (--force proves it again)\n",
             output_);
  } else if (!json_) {
    print_to(run.err(), "written to {}\n", output_);
  }
}

void Certify::refuse_lonely_flags() const {
  if (relative_gap_ && !(*relative_gap_ > 0.0 && std::isfinite(*relative_gap_))) {
    throw UsageError(fmt::format("--rel-gap {} must be a positive number", *relative_gap_));
  }
  for (const auto& [flag, given] : {std::pair{"--importances", !phases_.importances.empty()},
                                    std::pair{"--sparsities", !phases_.sparsities.empty()},
                                    std::pair{"--densities", !phases_.densities.empty()},
                                    std::pair{"--interferences", !phases_.interferences.empty()}}) {
    if (given && !phases_.asked) throw UsageError(fmt::format("{} needs --phases", flag));
  }
  if (!features_ && check_.empty() && !phases_.asked) {
    throw UsageError(
        "certify needs a number of features or a certificate: skeleta certify --features 5 "
        "--hidden 2, or --check CERT.txt");
  }
  for (const auto& [flag, given] :
       {std::pair{"--sparsity", sparsity_.has_value()},
        std::pair{"--density", density_.has_value()},
        std::pair{"--rel-gap", relative_gap_.has_value() && !phases_.asked}}) {
    if (given && !axes_) throw UsageError(fmt::format("{} needs --axis-columns", flag));
  }
}

int Certify::run(Run& run) {
  refuse_lonely_flags();
  const InterruptGuard guard;
  if (axes_) return axes(run);
  std::optional<std::string> certificate;
  if (!check_.empty()) certificate = bytes_of(check_);
  const bool of_phases = certificate && certificate->starts_with("skeleta phase ");
  return phases_.asked || of_phases ? phases(run, certificate) : polygon(run, certificate);
}

}  // namespace

CommandEntry certify_command() {
  return {.name = "certify",
          .words = certify_examples,
          .make = make_command<Certify>,
          .computes = false,
          .in_python = true};
}

}  // namespace skeleta::program
