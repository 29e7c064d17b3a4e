#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace skeleta::storage {

/// CRC-64/XZ (ECMA-182, reflected): finds every change within 64 bits in a row, and any other one
/// but for a chance of 2^−64. Against damage, not against forgery.
std::uint64_t crc64(std::span<const char> bytes);

/// The last bytes of a run file, behind what HDF5 calls its end: "skeleta crc64 = " and the CRC of
/// all bytes before in 16 hexadecimal digits. HDF5 and every tool built on it passes over them; one
/// that changes the file drops them.
inline constexpr std::size_t seal_size = 32;

enum class Seal {
  none,    ///< Of another origin, or changed by another tool.
  intact,  ///< As this program wrote it.
  broken,  ///< Damaged.
};

void add_seal(std::vector<char>& bytes);

/// Whether the file ends like a seal. Only its last seal_size bytes matter.
bool is_sealed(std::span<const char> end);

Seal check_seal(std::span<const char> bytes);

}  // namespace skeleta::storage
