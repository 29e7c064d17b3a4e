// Files of arrays: safetensors, npz, npy, as their first bytes say. HDF5's own parser is left out:
// its files are read in a child process, and mutated by tests/trust/mutations_test.py.
#include <string_view>

#include "storage/tensor_file.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  using namespace skeleta::storage;
  constexpr std::uint64_t most = 1 << 20;
  const std::string_view text(bytes.data(), bytes.size());
  const bool ours = text.starts_with("PK\3\4") || text.starts_with("\x93NUMPY") ||
                    (text.size() > 8 && text[8] == '{');
  if (!ours) return;
  const auto file = open_tensors(file_of(bytes));
  for (const Tensor& tensor : file->tensors()) {
    const auto count = byte_count(tensor.shape, number_size(tensor.type));
    if (!tensor.refusal.empty() || !count || *count > most) continue;
    std::vector<char> numbers(*count);
    file->open(tensor)->read(numbers);
  }
}
