#include "certificate_output.h"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "errors.h"
#include "model_input.h"
#include "print.h"
#include "skeleta/certify/polygon.h"
#include "skeleta/storage/output_file.h"

namespace skeleta::program {

CertificateOutput::CertificateOutput(const std::string& output, bool force, std::ostream& notes)
    : output_(output),
      target_(output.empty() ? "" : resolve_links(output)),
      notes_(notes),
      overwrite_(force) {
  if (target_.empty()) return;
  check_output(target_, "", true);
  lock_.emplace(target_, &notes_);
  if (!force && std::filesystem::is_regular_file(target_)) {
    std::string text = bytes_of(target_);
    if (certify::is_certificate(text)) earlier_ = std::move(text);
  }
  overwrite_ = force || earlier_.has_value();
  check_output(target_, "", overwrite_);
}

void CertificateOutput::refuse(const std::string& why) const {
  throw UsageError(
      fmt::format("{}: {}; name another file, or replace it with --force", output_, why));
}

void CertificateOutput::write(const std::string& text) {
  storage::write_output(target_, text, overwrite_);
  overwrite_ = true;
}

void CertificateOutput::checkpoint_if_due(const std::function<std::string()>& text) {
  if (!wanted() || Clock::now() - last_ < 50 * cost_) return;
  const auto before = Clock::now();
  try {
    write(text());
    failed_ = false;
  } catch (const std::exception& error) {
    if (!failed_) print_to(notes_, "skeleta: no checkpoint: {}; the run goes on\n", error.what());
    failed_ = true;
  }
  last_ = Clock::now();
  cost_ = last_ - before;
}

std::string bytes_of(const std::string& path) {
  if (std::filesystem::is_directory(path)) {
    throw UsageError(fmt::format("{}: is a directory, not a certificate", path));
  }
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) throw UsageError(fmt::format("{}: cannot be read", path));
  return bytes;
}

}  // namespace skeleta::program
