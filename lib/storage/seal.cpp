#include "storage/seal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace skeleta::storage {
namespace {

constexpr std::string_view mark = "skeleta crc64 = ";
static_assert(mark.size() + 16 == seal_size);

constexpr std::array<std::uint64_t, 256> make_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t n = 0; n < table.size(); ++n) {
    std::uint64_t value = n;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1) != 0 ? 0xC96C5795D7870F42u : 0u);
    }
    table[n] = value;
  }
  return table;
}

std::string seal_of(std::span<const char> bytes) {
  return fmt::format("{}{:016x}", mark, crc64(bytes));
}

}  // namespace

std::uint64_t crc64(std::span<const char> bytes) {
  static constexpr std::array<std::uint64_t, 256> table = make_table();
  std::uint64_t value = ~std::uint64_t{0};
  for (const char byte : bytes) {
    value = table[(value ^ static_cast<unsigned char>(byte)) & 0xff] ^ (value >> 8);
  }
  return ~value;
}

void add_seal(std::vector<char>& bytes) {
  const std::string seal = seal_of(bytes);
  bytes.insert(bytes.end(), seal.begin(), seal.end());
}

bool is_sealed(std::span<const char> end) {
  if (end.size() < seal_size) return false;
  const auto last = end.last(seal_size);
  return std::equal(mark.begin(), mark.end(), last.begin());
}

Seal check_seal(std::span<const char> bytes) {
  if (!is_sealed(bytes)) return Seal::none;
  const std::string seal = seal_of(bytes.first(bytes.size() - seal_size));
  const auto last = bytes.last(seal_size);
  return std::equal(seal.begin(), seal.end(), last.begin()) ? Seal::intact : Seal::broken;
}

}  // namespace skeleta::storage
