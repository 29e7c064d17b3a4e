#include <fmt/format.h>

#include "certify/certificate_lines.h"
#include "skeleta/certify/polygon.h"

namespace skeleta::certify {
namespace {

constexpr std::string_view title = "skeleta polygon certificate 1";

// The numbers of a stage, in the order of the text.
struct Field {
  const char* name;
  double* first;
  double* second;  // null: there is one
};
std::vector<Field> fields(PolygonStage& stage) {
  return {{"column", stage.column.data(), &stage.column[1]},
          {"shortest", &stage.shortest, nullptr},
          {"longest", &stage.longest, nullptr},
          {"widest", &stage.widest, nullptr},
          {"well_column", stage.well_column.data(), &stage.well_column[1]},
          {"well_angle", stage.well_angle.data(), &stage.well_angle[1]},
          {"slack", &stage.slack, nullptr},
          {"near_column", stage.near_column.data(), &stage.near_column[1]},
          {"near_angle", stage.near_angle.data(), &stage.near_angle[1]},
          {"minimum", &stage.lower, &stage.upper}};
}

PolygonStage read_stage(CertificateLines& lines) {
  PolygonStage stage;
  stage.corners = static_cast<Index>(lines.count(lines.after("corners"), 100));
  for (const Field& field : fields(stage)) {
    std::string_view text = lines.after(field.name);
    *field.first = lines.take_number(text);
    if (field.second != nullptr) *field.second = lines.take_number(text);
    if (!text.empty()) lines.refuse("nothing more is expected");
  }
  stage.tree = lines.tree();
  return stage;
}

}  // namespace

std::string certificate_text(const PolygonProof& proof) {
  std::string text = fmt::format("{}\n", title);
  for (const PolygonStage& original : proof.stages) {
    PolygonStage stage = original;
    text += fmt::format("corners {}\n", stage.corners);
    for (const Field& field : fields(stage)) {
      text += fmt::format("{} {:a}", field.name, *field.first);
      if (field.second != nullptr) text += fmt::format(" {:a}", *field.second);
      text += '\n';
    }
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
