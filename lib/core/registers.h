#pragma once

namespace skeleta {

/// Length of the longest vector registers that this source is compiled for. A vector type (GCC's
/// and Clang's extension) should be no longer: it would be split, but moved through memory.
#if defined(__AVX512F__)
constexpr int register_bytes = 64;
#elif defined(__AVX__)
constexpr int register_bytes = 32;
#else
constexpr int register_bytes = 16;
#endif

}  // namespace skeleta
