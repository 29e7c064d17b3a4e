#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/tensor_file.h"

namespace skeleta::storage {

/// A file within a zip archive, as the archive's directory says.
struct ZipEntry {
  std::string name;
  std::uint64_t stored = 0;  ///< Bytes in the archive.
  std::uint64_t size = 0;    ///< Bytes that they are.
  std::uint64_t first = 0;   ///< Where they begin in the archive.
  std::uint32_t crc = 0;
  bool deflated = false;  ///< Otherwise they lie there as they are.
  std::string refusal{};  ///< Why they cannot be had, a sentence; empty if they can.
};

/// The directory at the archive's end, zip64 or not. Throws FileError if it is damaged: an entry
/// lies outside of the archive, overlaps another one, or has the name of another one. An entry is
/// refused that is encrypted, packed by other means than deflate, or claims more bytes than deflate
/// can make of what is stored, or, from 256 MB on, a hundred times as many.
std::vector<ZipEntry> zip_directory(const InputBytes& bytes);

/// The bytes of an entry. Throws FileError with its refusal, if any; what is damaged is noticed
/// when its last one is read, at the latest.
std::unique_ptr<ByteStream> open_entry(const InputBytes& bytes, const ZipEntry& entry);

}  // namespace skeleta::storage
