#include <fmt/format.h>

#include "certify/certificate_lines.h"
#include "skeleta/certify/polygon.h"

namespace skeleta::certify {
namespace {

constexpr std::string_view title = "skeleta polygon certificate 1";

// The numbers of a stage, in the order of the text.
struct Field {
  const char* name;
  std::vector<double*> numbers;
};
std::vector<Field> fields(PolygonStage& stage) {
  const auto both = [](std::array<double, 2>& x) { return std::vector<double*>{&x[0], &x[1]}; };
  return {{"column", both(stage.column)},
          {"shortest", {&stage.shortest}},
          {"longest", {&stage.longest}},
          {"widest", {&stage.widest}},
          {"well_column", both(stage.well_column)},
          {"well_angle", both(stage.well_angle)},
          {"slack", {&stage.slack}},
          {"near_column", both(stage.near_column)},
          {"near_angle", both(stage.near_angle)},
          {"minimum", {&stage.lower, &stage.upper}}};
}
// Those that only a steep stage has, after the others.
std::vector<Field> steep_fields(PolygonStage& stage) {
  return {{"modulus", {&stage.modulus[0], &stage.modulus[1], &stage.modulus[2]}},
          {"near_threshold", {&stage.near_threshold[0], &stage.near_threshold[1]}}};
}

void read_fields(CertificateLines& lines, const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    std::string_view text = lines.after(field.name);
    for (double* number : field.numbers) *number = lines.take_number(text);
    if (!text.empty()) lines.refuse("nothing more is expected");
  }
}

std::string text_of(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) {
    text += field.name;
    for (const double* number : field.numbers) text += fmt::format(" {:a}", *number);
    text += '\n';
  }
  return text;
}

PolygonStage read_stage(CertificateLines& lines) {
  PolygonStage stage;
  stage.corners = static_cast<Index>(lines.count(lines.after("corners"), 100));
  read_fields(lines, fields(stage));
  if (lines.comes("modulus ")) read_fields(lines, steep_fields(stage));
  stage.tree = lines.tree();
  return stage;
}

}  // namespace

std::string certificate_text(const PolygonProof& proof) {
  std::string text = fmt::format("{}\n", title);
  for (const PolygonStage& original : proof.stages) {
    PolygonStage stage = original;
    text += fmt::format("corners {}\n", stage.corners);
    text += text_of(fields(stage));
    if (stage.steep()) text += text_of(steep_fields(stage));
    text += tree_text(stage.tree);
  }
  return text + digest_line(text);
}

PolygonProof read_certificate(std::string_view text) {
  CertificateLines lines(text);
  if (lines.next() != title) lines.refuse(fmt::format("'{}' is expected", title));
  PolygonProof proof;
  while (!lines.comes("digest ")) proof.stages.push_back(read_stage(lines));
  lines.end();
  if (proof.stages.empty()) lines.refuse("the certificate is empty");
  return proof;
}

bool is_certificate(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.starts_with("skeleta ") && line.find(" certificate ") != std::string_view::npos;
}

}  // namespace skeleta::certify
