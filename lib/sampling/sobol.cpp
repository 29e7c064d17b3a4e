#include "sampling/sobol.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <boost/random/detail/sobol_table.hpp>
#include <stdexcept>

namespace skeleta::sampling {
namespace {

using Table = boost::random::detail::qrng_tables::sobol;

std::uint64_t reversed(std::uint64_t word, unsigned width) {
  std::uint64_t result = 0;
  for (unsigned i = 0; i < width; ++i) result = (result << 1) | ((word >> i) & 1u);
  return result;
}

// Direction numbers V[k] = m_k/2^(k+1) with the first digit in the lowest bit. With the primitive
// polynomial z^s + a_1 z^(s−1) + … + a_{s−1} z + 1 and m_0, …, m_{s−1} from the table, the rest are
//   m_k = 2 a_1 m_{k−1} ^ 2² a_2 m_{k−2} ^ … ^ 2^s m_{k−s} ^ m_{k−s}   (a_s = 1).
// Here 2^r m_{k−r} over 2^(k+1) is V[k−r] itself, and m_{k−s} over 2^(k+1) is V[k−s] moved s digits
// further from the point: up, in this order of bits.
std::array<std::uint64_t, 64> direction_numbers(std::size_t dimension) {
  std::array<std::uint64_t, 64> v{};
  if (dimension == 0) {  // the van der Corput sequence
    for (unsigned k = 0; k < 64; ++k) v[k] = std::uint64_t{1} << k;
    return v;
  }
  const auto polynomial = static_cast<std::uint32_t>(Table::polynomial(dimension - 1));
  const auto degree = static_cast<unsigned>(std::bit_width(polynomial)) - 1;
  for (unsigned k = 0; k < 64; ++k) {
    if (k < degree) {
      v[k] = reversed(Table::minit(dimension - 1, k), k + 1);
      continue;
    }
    v[k] = v[k - degree] << degree;
    for (unsigned r = 1; r <= degree; ++r) {
      if ((polynomial >> (degree - r)) & 1u) v[k] ^= v[k - r];
    }
  }
  return v;
}

}  // namespace

const std::size_t SobolSequence::most_dimensions = Table::max_dimension;

SobolSequence::SobolSequence(std::size_t dimensions) {
  if (dimensions > most_dimensions) {
    throw std::invalid_argument(fmt::format("dimensions = {}: the table of Sobol numbers has {}",
                                            dimensions, most_dimensions));
  }
  steps_.reserve(dimensions * bits);
  for (std::size_t c = 0; c < dimensions; ++c) {
    std::uint64_t sum = 0;
    for (const std::uint64_t v : direction_numbers(c)) steps_.push_back(sum ^= v);
  }
}

void SobolSequence::digits(std::size_t dimension, std::uint64_t first,
                           std::span<std::uint64_t> digits) const {
  const std::uint64_t* const steps = steps_.data() + dimension * bits;
  std::uint64_t x = 0;
  for (std::uint64_t rest = first; rest != 0; rest &= rest - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(rest));
    x ^= k == 0 ? steps[0] : steps[k] ^ steps[k - 1];
  }
  for (std::size_t i = 0; i < digits.size(); ++i) {
    digits[i] = x;
    x ^= steps[static_cast<std::size_t>(std::countr_one(first + i)) & (bits - 1)];
  }
}

}  // namespace skeleta::sampling
