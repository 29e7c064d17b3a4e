#include "storage/npz.h"

#include <algorithm>

#include "skeleta/storage/file_error.h"
#include "storage/npy.h"
#include "storage/zip.h"

namespace skeleta::storage {
namespace {

class NpzFile : public TensorFile {
 public:
  explicit NpzFile(std::unique_ptr<InputBytes> bytes)
      : TensorFile(bytes->file()), bytes_(std::move(bytes)), entries_(zip_directory(*bytes_)) {
    const auto pickle = [](const ZipEntry& entry) { return entry.name.ends_with("/data.pkl"); };
    if (std::any_of(entries_.begin(), entries_.end(), pickle)) {
      refuse(
          "is a file of torch.save, which only Python can read: write its tensors with "
          "safetensors.torch.save_file or numpy.savez");
    }
    for (const ZipEntry& entry : entries_) add(entry);
  }

  std::unique_ptr<ByteStream> open(const Tensor& tensor) const override {
    const auto k = static_cast<std::size_t>(&tensor - tensors_.data());
    auto stream = open_entry(*bytes_, entries_[k]);
    read_npy_header(*stream, entries_[k].size, tensor.name, file());
    return stream;
  }

 private:
  // What is no array, or damaged, does no harm as long as nobody wants it.
  void add(const ZipEntry& entry) {
    constexpr std::string_view ending = ".npy";
    std::string name = entry.name;
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
    try {
      tensors_.push_back(
          read_npy_header(*open_entry(*bytes_, entry), entry.size, name, file()).tensor);
    } catch (const FileError& error) {
      tensors_.push_back({name});
      tensors_.back().refusal = error.sentence();
    }
  }

  std::unique_ptr<InputBytes> bytes_;
  std::vector<ZipEntry> entries_;
};

}  // namespace

std::unique_ptr<TensorFile> open_npz(std::unique_ptr<InputBytes> bytes) {
  return std::make_unique<NpzFile>(std::move(bytes));
}

}  // namespace skeleta::storage
