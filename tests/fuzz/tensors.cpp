// Files of arrays: safetensors, npz, npy, as their first bytes say. HDF5's own parser is left out:
// its files are read in a child process, and mutated by tests/trust/mutations_test.py.
#include "storage/tensor_file.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  using namespace skeleta::storage;
  constexpr std::uint64_t most = 1 << 20;
  if (bytes.size() > 3 && bytes[1] == 'H' && bytes[2] == 'D' && bytes[3] == 'F') return;
  const auto file = open_tensors(file_of(bytes));
  for (const Tensor& tensor : file->tensors()) {
    const auto count = byte_count(tensor.shape, number_size(tensor.type));
    if (!tensor.refusal.empty() || !count || *count > most) continue;
    std::vector<char> numbers(*count);
    file->open(tensor)->read(numbers);
  }
}
