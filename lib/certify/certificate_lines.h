#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skeleta::certify {

/// The most characters of a tree in one line of a certificate.
inline constexpr std::size_t tree_line = 100;

/// "tree SIZE", and its lines.
std::string tree_text(std::string_view tree);
/// The last line of a certificate: a digest of the text before it, FNV-1a of 64 bits.
std::string digest_line(std::string_view text);

/// Reads a certificate line by line. All of it throws std::invalid_argument, with the number of the
/// line, where the text is not what is expected.
class CertificateLines {
 public:
  explicit CertificateLines(std::string_view text) : text_(text), rest_(text) {}

  std::string_view next();
  /// What follows a word at the beginning of the next line.
  std::string_view after(std::string_view word);
  /// Does the next line begin with this?
  bool comes(std::string_view word) const { return rest_.substr(0, word.size()) == word; }
  /// Takes a hexadecimal float, as "{:a}" writes it, off the rest of a line.
  double take_number(std::string_view& text) const;
  std::size_t count(std::string_view text, std::size_t most) const;
  /// What tree_text wrote.
  std::string tree();
  /// What digest_line wrote; nothing may follow.
  void end();

  [[noreturn]] void refuse(const std::string& cause) const;

 private:
  std::string_view text_, rest_;
  std::size_t number_ = 0;
};

}  // namespace skeleta::certify
