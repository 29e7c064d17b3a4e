#include "storage/source_image.h"

#include <fstream>

#include "skeleta/storage/file_error.h"
#include "storage/checked_copy.h"
#include "storage/child.h"
#include "storage/first_rank.h"
#include "storage/input_bytes.h"
#include "storage/seal.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;

// One open file: that another one takes its name meanwhile changes nothing.
std::vector<char> read_from(std::ifstream& stream, const fs::path& file, std::uintmax_t first,
                            std::uintmax_t count) {
  std::vector<char> bytes(count);
  stream.seekg(static_cast<std::streamoff>(first));
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  if (!stream) throw FileError(file, "cannot be read to its end");
  return bytes;
}

SourceImage load_here(const fs::path& file, Extent extent) {
  check_readable(file, "an HDF5 file");
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::uintmax_t>(std::max<std::streamoff>(stream.tellg(), 0));
  if (size >= seal_size && is_sealed(read_from(stream, file, size - seal_size, seal_size))) {
    SourceImage image{read_from(stream, file, 0, size), true};
    if (check_seal(image.bytes) != Seal::intact) {
      throw FileError(file,
                      "is damaged: its checksum is not that of its content; take a copy of it "
                      "from elsewhere, or make it again");
    }
    image.bytes.resize(size - seal_size);
    return image;
  }
  return {in_child(file, size, [&] { return checked_copy(file, extent); }), false};
}

}  // namespace

SourceImage load_image(const fs::path& file, Extent extent) {
  SourceImage image;
  read_by_first(
      file, [&] { image = load_here(file, extent); },
      [&](Parcel& parcel) { parcel(image.bytes, image.sealed); });
  return image;
}

}  // namespace skeleta::storage
