#include "certify_phases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "errors.h"
#include "print.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_points = 50;

std::uint64_t boxes_of(const ProvenPhases& proven) {
  std::uint64_t boxes = 0;
  for (const certify::PhaseProof& proof : proven.proofs) boxes += proof.tree.size();
  return boxes;
}

// "3 drop, 5 antipodal".
std::string counts_of(const ProvenPhases& proven) {
  constexpr auto names = names_of(certify::PhaseName{});
  std::vector<std::string> words;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto count = std::count_if(proven.proofs.begin(), proven.proofs.end(),
                                     [&](const certify::PhaseProof& proof) {
                                       return proof.phase == static_cast<certify::PhaseName>(k);
                                     });
    if (count > 0) words.push_back(fmt::format("{} {}", count, names[k]));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string phases_statement(const ProvenPhases& proven) {
  return fmt::format(
      "Two features in one dimension, loss and interference penalty: the phase of all global "
      "minima "
      "at {} points is proven: {}.",
      proven.proofs.size(), counts_of(proven));
}

}  // namespace

std::string flaw_words(const ProvenPhases& proven) {
  const certify::PhaseFlaw& flaw = *proven.flaw;
  const certify::PhasePoint& point = proven.proofs[flaw.proof].point;
  const std::string place =
      flaw.leaf < 0 ? "" : fmt::format(", character {} of the tree", flaw.leaf);
  return fmt::format("importance {:.12g}, density {:.12g}, interference {:.12g}{}: {}",
                     point.importance, point.density, point.interference, place, flaw.cause);
}

namespace {

// How much less an antipodal pair loses than the better of the others; "" where it is not the
// phase.
std::string lead_of(const certify::PhaseProof& proof) {
  const auto [drop, dedicate, antipodal] = certify::phase_losses(proof);
  if (!std::isfinite(antipodal)) return "";
  return fmt::format("{:.2g}", std::min(drop, dedicate) - antipodal);
}

bool is_informative(const certify::CriticalInterference& surface) {
  return std::isfinite(surface.low) && std::isfinite(surface.high);
}

// JSON has no infinities.
Json end_of(double x) {
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}

Json json_of_point(const certify::PhaseProof& proof) {
  const auto losses = certify::phase_losses(proof);
  return {{"importance", proof.point.importance},
          {"density", proof.point.density},
          {"interference", proof.point.interference},
          {"phase", to_string(proof.phase)},
          {"lower", proof.lower},
          {"upper", proof.upper},
          {"gap", proof.upper - proof.lower},
          {"drop", losses[0]},
          {"dedicate", losses[1]},
          {"antipodal", end_of(losses[2])},
          {"columns", proof.columns},
          {"thresholds", proof.thresholds},
          {"boxes", proof.tree.size()}};
}

}  // namespace

bool ProvenPhases::decided() const {
  return std::none_of(proofs.begin(), proofs.end(), [](const certify::PhaseProof& proof) {
    return proof.phase == certify::PhaseName::undecided;
  });
}

certify::PhaseGrid PhaseWords::grid() const {
  if (sparsities.empty() && densities.empty()) {
    throw UsageError(
        "--phases needs --sparsities S1,S2,... or --densities p1,p2,...: a list, A:B:N or "
        "A:B:N:log");
  }
  certify::PhaseGrid grid{importances, densities, interferences};
  for (const double sparsity : sparsities) grid.density.push_back(1.0 - sparsity);
  if (grid.importance.empty()) grid.importance = {1.0};
  if (grid.interference.empty()) grid.interference = {0.0};
  return grid;
}

void print_phases(std::ostream& out, const ProvenPhases& proven, bool checked) {
  if (proven.flaw) {
    print_to(out, "not proven: {}\n", flaw_words(proven));
    return;
  }
  if (proven.proofs.size() <= most_points) {
    print_to(out, "{:>10}  {:>10}  {:>12}  {:<9}  {:>13}  {:>13}  {:>9}\n", "importance", "density",
             "interference", "phase", "min >=", "min <=", "lead");
    for (const certify::PhaseProof& proof : proven.proofs) {
      print_to(out, "{:>10.5g}  {:>10.5g}  {:>12.5g}  {:<9}  {:>13.8g}  {:>13.8g}  {:>9}\n",
               proof.point.importance, proof.point.density, proof.point.interference,
               to_string(proof.phase), proof.lower, proof.upper, lead_of(proof));
    }
  }
  const auto surface = certify::critical_interference(proven.proofs);
  const auto told = std::count_if(surface.begin(), surface.end(), is_informative);
  if (told > 0 && told <= static_cast<std::ptrdiff_t>(most_points)) {
    print_to(out, "antipodal up to, and no more from, an interference of\n");
    for (const certify::CriticalInterference& line : surface) {
      if (!is_informative(line)) continue;
      print_to(out, "{:>10.5g}  {:>10.5g}  {:>12.5g}  {:>12.5g}\n", line.importance, line.density,
               line.low, line.high);
    }
  }
  print_to(out, "{}\n{} {} boxes in {:.2g} s\n", phases_statement(proven),
           checked ? "checked:" : "proven with", boxes_of(proven), proven.seconds);
}

nlohmann::ordered_json json_of_phases(const ProvenPhases& proven, int threads) {
  Json json{{"features", 2}, {"hidden", 1}, {"threads", threads}, {"seconds", proven.seconds}};
  if (proven.interrupted) json["interrupted"] = true;
  Json& certified = json["certified"] = Json{{"proven", !proven.flaw && proven.decided()}};
  if (proven.flaw) {
    certified["flaw"] = flaw_words(proven);
    return json;
  }
  certified["boxes"] = boxes_of(proven);
  certified["statement"] = phases_statement(proven);
  certified["method"] = "branch and bound over the columns, thresholds minimised out";
  certified["rounding"] = "intervals";
  certified["points"] = Json::array();
  for (const certify::PhaseProof& proof : proven.proofs) {
    certified["points"].push_back(json_of_point(proof));
  }
  certified["critical_interference"] = Json::array();
  for (const certify::CriticalInterference& line : certify::critical_interference(proven.proofs)) {
    certified["critical_interference"].push_back({{"importance", line.importance},
                                                  {"density", line.density},
                                                  {"low", end_of(line.low)},
                                                  {"high", end_of(line.high)}});
  }
  return json;
}

}  // namespace skeleta::program
