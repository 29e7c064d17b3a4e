#include <fmt/format.h>

#include <algorithm>

#include "certify/certificate_lines.h"
#include "skeleta/certify/phase.h"

namespace skeleta::certify {
namespace {

constexpr std::string_view phase_title = "skeleta phase certificate 2";

// The numbers of a proof, in the order of the text.
struct PhaseField {
  const char* name;
  std::vector<double*> numbers;
};
std::vector<PhaseField> phase_fields(PhaseProof& proof) {
  return {{"point", {&proof.point.importance, &proof.point.density, &proof.point.interference}},
          {"minimum", {&proof.lower, &proof.upper}},
          {"columns", {proof.columns.data(), &proof.columns[1]}},
          {"thresholds", {proof.thresholds.data(), &proof.thresholds[1]}},
          {"longest", {proof.longest.data(), &proof.longest[1]}}};
}

PhaseProof read_phase(CertificateLines& lines) {
  PhaseProof proof;
  constexpr auto names = names_of(PhaseName{});
  const auto name = std::find(names.begin(), names.end(), lines.after("phase"));
  if (name == names.end()) {
    lines.refuse(fmt::format("one of {} is expected", fmt::join(names, ", ")));
  }
  proof.phase = static_cast<PhaseName>(name - names.begin());
  for (const PhaseField& field : phase_fields(proof)) {
    std::string_view text = lines.after(field.name);
    for (double* number : field.numbers) *number = lines.take_number(text);
    if (!text.empty()) lines.refuse("nothing more is expected");
  }
  proof.tree = lines.tree();
  return proof;
}

}  // namespace

std::string certificate_text(const std::vector<PhaseProof>& proofs) {
  std::string text = fmt::format("{}\n", phase_title);
  for (PhaseProof proof : proofs) {
    text += fmt::format("phase {}\n", to_string(proof.phase));
    for (const PhaseField& field : phase_fields(proof)) {
      text += field.name;
      for (const double* number : field.numbers) text += fmt::format(" {:a}", *number);
      text += '\n';
    }
    text += tree_text(proof.tree);
  }
  return text + digest_line(text);
}

std::vector<PhaseProof> read_phase_certificate(std::string_view text) {
  CertificateLines lines(text);
  if (lines.next() != phase_title) lines.refuse(fmt::format("'{}' is expected", phase_title));
  std::vector<PhaseProof> proofs;
  while (!lines.comes("digest ")) proofs.push_back(read_phase(lines));
  lines.end();
  if (proofs.empty()) lines.refuse("the certificate is empty");
  return proofs;
}

}  // namespace skeleta::certify
