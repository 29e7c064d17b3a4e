#pragma once

#include <zlib.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace skeleta::storage {

/// Files of tensors, written by the letter of their formats and without any check, so that wrong
/// ones can be written too.

template <class T>
std::string raw(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

inline std::string little(std::uint64_t number, int bytes) {
  return {reinterpret_cast<const char*>(&number), static_cast<std::size_t>(bytes)};
}

/// A tensor with its numbers as bytes.
struct Written {
  std::string name, type;  ///< "F32" of safetensors, "<f4" of NumPy.
  std::vector<std::size_t> shape;
  std::string bytes;
};

inline std::string list_text(const std::vector<std::size_t>& numbers) {
  std::string text;
  for (const std::size_t number : numbers) text += std::to_string(number) + ",";
  return text;
}

inline std::string safetensors_of(const std::string& header, const std::string& data) {
  return little(header.size(), 8) + header + data;
}

inline std::string safetensors(const std::vector<Written>& tensors) {
  std::string header = R"({"__metadata__":{"format":"pt"})", data;
  for (const Written& tensor : tensors) {
    std::string shape = list_text(tensor.shape);
    if (!shape.empty()) shape.pop_back();
    header += ",\"" + tensor.name + R"(":{"dtype":")" + tensor.type + R"(","shape":[)" + shape +
              R"(],"data_offsets":[)" + std::to_string(data.size()) + "," +
              std::to_string(data.size() + tensor.bytes.size()) + "]}";
    data += tensor.bytes;
  }
  return safetensors_of(header + "}  ", data);
}

inline std::string npy_of(const std::string& header, const std::string& data, int version = 1) {
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
         little(header.size(), version == 1 ? 2 : 4) + header + data;
}

inline std::string npy(const Written& array, bool fortran = false, int version = 1) {
  return npy_of("{'descr': '" + array.type + "', 'fortran_order': " + (fortran ? "True" : "False") +
                    ", 'shape': (" + list_text(array.shape) + "), }   \n",
                array.bytes, version);
}

inline std::string deflated(const std::string& bytes) {
  z_stream zlib{};
  deflateInit2(&zlib, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&zlib, bytes.size()), '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  zlib.avail_in = static_cast<uInt>(bytes.size());
  zlib.next_out = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_out = static_cast<uInt>(packed.size());
  deflate(&zlib, Z_FINISH);
  packed.resize(zlib.total_out);
  deflateEnd(&zlib);
  return packed;
}

/// How a zip archive is written, and what is wrong with it.
struct ZipManner {
  bool deflate = false, zip64 = false;
  std::uint64_t claimed_size = 0;  ///< Of every entry; 0: the true one.
  int flags = 0, method = -1;      ///< −1: the true one.
  std::uint64_t disk = 0;
  std::string comment{};
};

inline std::string zip(const std::vector<std::pair<std::string, std::string>>& files,
                       const ZipManner& manner = {}) {
  std::string archive, directory;
  for (const auto& [name, bytes] : files) {
    const std::string packed = manner.deflate ? deflated(bytes) : bytes;
    const std::uint64_t size = manner.claimed_size ? manner.claimed_size : bytes.size();
    const std::uint64_t full = 0xFFFFFFFF, first = archive.size();
    const auto method =
        static_cast<std::uint64_t>(manner.method >= 0 ? manner.method : (manner.deflate ? 8 : 0));
    const auto flags = static_cast<std::uint64_t>(manner.flags);
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    const std::string common = little(flags, 2) + little(method, 2) + little(0, 4) +
                               little(crc, 4) + little(manner.zip64 ? full : packed.size(), 4) +
                               little(manner.zip64 ? full : size, 4) + little(name.size(), 2);
    std::string extra;
    if (manner.zip64)
      extra = little(1, 2) + little(24, 2) + little(size, 8) + little(packed.size(), 8);
    archive += "PK\3\4" + little(20, 2) + common + little(extra.size(), 2) + name + extra + packed;
    if (manner.zip64) extra += little(first, 8);
    directory += "PK\1\2" + little(20, 2) + little(20, 2) + common + little(extra.size(), 2) +
                 little(0, 2) + little(manner.disk, 2) + little(0, 2) + little(0, 4) +
                 little(manner.zip64 ? full : first, 4) + name + extra;
  }
  const std::uint64_t begin = archive.size(), count = files.size();
  archive += directory;
  if (manner.zip64) {
    const std::uint64_t end = archive.size();
    archive += "PK\6\6" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) +
               little(0, 4) + little(count, 8) + little(count, 8) + little(directory.size(), 8) +
               little(begin, 8);
    archive += "PK\6\7" + little(0, 4) + little(end, 8) + little(1, 4);
  }
  return archive + "PK\5\6" + little(manner.disk, 2) + little(manner.disk, 2) +
         little(manner.zip64 ? 0xFFFF : count, 2) + little(manner.zip64 ? 0xFFFF : count, 2) +
         little(manner.zip64 ? 0xFFFFFFFF : directory.size(), 4) +
         little(manner.zip64 ? 0xFFFFFFFF : begin, 4) + little(manner.comment.size(), 2) +
         manner.comment;
}

inline std::string npz(const std::vector<Written>& arrays, const ZipManner& manner = {}) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const Written& array : arrays) files.emplace_back(array.name + ".npy", npy(array));
  return zip(files, manner);
}

}  // namespace skeleta::storage
