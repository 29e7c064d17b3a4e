#include "certify/certificate_lines.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace skeleta::certify {

std::string tree_text(std::string_view tree) {
  std::string text = fmt::format("tree {}\n", tree.size());
  for (std::size_t n = 0; n < tree.size(); n += tree_line) {
    text += fmt::format("{}\n", tree.substr(n, tree_line));
  }
  return text;
}

std::string digest_line(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("digest {:016x}\n", hash);
}

std::string_view CertificateLines::next() {
  const std::size_t end = rest_.find('\n');
  ++number_;
  if (end == std::string_view::npos) refuse("a whole line is expected");
  const std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return line;
}

std::string_view CertificateLines::after(std::string_view word) {
  const std::string_view line = next();
  if (line.substr(0, word.size() + 1) != std::string(word) + " ") {
    refuse(fmt::format("'{} …' is expected", word));
  }
  return line.substr(word.size() + 1);
}

double CertificateLines::take_number(std::string_view& text) const {
  double value = 0.0;
  const bool negative = text.substr(0, 1) == "-";
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const bool hexadecimal = digits.substr(0, 2) == "0x";
  const char* const first = digits.data() + (hexadecimal ? 2 : 0);
  const auto [end, error] =
      std::from_chars(first, text.data() + text.size(), value, std::chars_format::hex);
  if (!hexadecimal || error != std::errc() || !std::isfinite(value)) {
    refuse("a hexadecimal number is expected, like 0x1.8p-3");
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return negative ? -value : value;
}

std::size_t CertificateLines::count(std::string_view text, std::size_t most) const {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count > most) {
    refuse(fmt::format("a whole number up to {} is expected", most));
  }
  return count;
}

std::string CertificateLines::tree() {
  const std::size_t size = count(after("tree"), 1'000'000'000);
  std::string tree;
  while (tree.size() < size) {
    const std::string_view line = next();
    if (line.empty() || line.size() > tree_line || tree.size() + line.size() > size) {
      refuse("a line of the tree is expected");
    }
    tree += line;
  }
  return tree;
}

void CertificateLines::end() {
  const std::string expected = digest_line(text_.substr(0, text_.size() - rest_.size()));
  if (std::string(next()) + "\n" != expected) {
    refuse("the digest is not that of the lines above: the certificate has been changed");
  }
  if (!rest_.empty()) refuse("the certificate goes on after its end");
}

void CertificateLines::refuse(const std::string& cause) const {
  throw std::invalid_argument(fmt::format("line {} of the certificate: {}", number_, cause));
}

}  // namespace skeleta::certify
