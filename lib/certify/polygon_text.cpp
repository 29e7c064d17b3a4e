#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <stdexcept>

#include "skeleta/certify/polygon.h"

namespace skeleta::certify {
namespace {

constexpr std::string_view title = "skeleta polygon certificate 1";
constexpr std::size_t line_width = 100;

// FNV-1a, 64 bits.
std::uint64_t digest(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

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

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::size_t number() const { return number_; }
  bool ended() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::string_view next() {
    const std::size_t end = rest_.find('\n');
    ++number_;
    if (end == std::string_view::npos) refuse("a whole line is expected");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  // What follows a word.
  std::string_view after(std::string_view word) {
    const std::string_view line = next();
    if (line.substr(0, word.size() + 1) != std::string(word) + " ") {
      refuse(fmt::format("'{} …' is expected", word));
    }
    return line.substr(word.size() + 1);
  }
  [[noreturn]] void refuse(const std::string& cause) const {
    throw std::invalid_argument(fmt::format("line {} of the certificate: {}", number_, cause));
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// A hexadecimal float, as "{:a}" writes it; the rest of the line.
double take_number(std::string_view& text, const Lines& lines) {
  double value = 0.0;
  const bool hexadecimal = text.substr(0, 2) == "0x";
  const char* const first = text.data() + (hexadecimal ? 2 : 0);
  const auto [end, error] =
      std::from_chars(first, text.data() + text.size(), value, std::chars_format::hex);
  if (!hexadecimal || error != std::errc() || !std::isfinite(value)) {
    lines.refuse("a positive hexadecimal number is expected, like 0x1.8p-3");
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return value;
}

std::size_t take_count(std::string_view text, const Lines& lines, std::size_t most) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count > most) {
    lines.refuse(fmt::format("a whole number up to {} is expected", most));
  }
  return count;
}

PolygonStage read_stage(Lines& lines) {
  PolygonStage stage;
  stage.corners = static_cast<Index>(take_count(lines.after("corners"), lines, 100));
  for (const Field& field : fields(stage)) {
    std::string_view text = lines.after(field.name);
    *field.first = take_number(text, lines);
    if (field.second != nullptr) *field.second = take_number(text, lines);
    if (!text.empty()) lines.refuse("nothing more is expected");
  }
  const std::size_t size = take_count(lines.after("tree"), lines, 1'000'000'000);
  while (stage.tree.size() < size) {
    const std::string_view line = lines.next();
    if (line.empty() || line.size() > line_width || stage.tree.size() + line.size() > size) {
      lines.refuse("a line of the tree is expected");
    }
    stage.tree += line;
  }
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
    text += fmt::format("tree {}\n", stage.tree.size());
    for (std::size_t n = 0; n < stage.tree.size(); n += line_width) {
      text += stage.tree.substr(n, line_width) + '\n';
    }
  }
  return text + fmt::format("digest {:016x}\n", digest(text));
}

PolygonProof read_certificate(std::string_view text) {
  Lines lines(text);
  if (lines.next() != title) lines.refuse(fmt::format("'{}' is expected", title));
  PolygonProof proof;
  while (lines.rest().substr(0, 7) != "digest ") proof.stages.push_back(read_stage(lines));
  const std::string_view covered = text.substr(0, text.size() - lines.rest().size());
  const std::string expected = fmt::format("{:016x}", digest(covered));
  if (lines.after("digest") != expected) {
    lines.refuse("the digest is not that of the lines above: the certificate has been changed");
  }
  if (!lines.ended()) lines.refuse("the certificate goes on after its end");
  if (proof.stages.empty()) lines.refuse("the certificate is empty");
  return proof;
}

}  // namespace skeleta::certify
