#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace skeleta::storage {

/// The world's errors: a file that is missing, damaged, of the wrong content, or cannot be written.
/// what() is one line, "FILE: sentence", whose sentence names the object in the file and the cause.
class FileError : public std::runtime_error {
 public:
  /// The message is "FILE: SENTENCE".
  FileError(const std::filesystem::path& file, const std::string& sentence)
      : std::runtime_error(file.string() + ": " + sentence), sentence_(sentence) {}

  /// what() without the name of the file.
  const std::string& sentence() const { return sentence_; }

 private:
  std::string sentence_;
};

}  // namespace skeleta::storage
