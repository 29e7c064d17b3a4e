#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "output_lock.h"

namespace skeleta::program {

/// The file of `certify -o`: locked while it lives, gone on from or shown if it has a certificate
/// of the same statement, refused untouched if it has anything else.
class CertificateOutput {
 public:
  /// `output` may be empty: then there is no file. Throws UsageError or FileError if it cannot be
  /// made, is being written by another process, or exists without a certificate and without
  /// `force`.
  CertificateOutput(const std::string& output, bool force, std::ostream& notes);

  bool wanted() const { return !target_.empty(); }
  /// The certificate that is there, unless `force` is given.
  const std::optional<std::string>& earlier() const { return earlier_; }
  /// Throws UsageError: the certificate that is there is another one.
  [[noreturn]] void refuse(const std::string& why) const;

  /// Replaces the file by this one, whole at any moment.
  void write(const std::string& text);
  /// The same, as often as writing takes no more than a fiftieth of the time; one that fails costs
  /// a warning.
  void checkpoint_if_due(const std::function<std::string()>& text);

 private:
  using Clock = std::chrono::steady_clock;

  std::string output_, target_;
  std::ostream& notes_;
  std::optional<OutputLock> lock_;
  std::optional<std::string> earlier_;
  bool overwrite_ = false, failed_ = false;
  Clock::time_point last_ = Clock::now();
  Clock::duration cost_{};
};

/// All bytes of a file; UsageError if it is a folder or cannot be read.
std::string bytes_of(const std::string& path);

}  // namespace skeleta::program
