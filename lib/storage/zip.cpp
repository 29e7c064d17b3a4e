#include "storage/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "skeleta/storage/file_error.h"

namespace skeleta::storage {
namespace {

using namespace std::literals;

// Records of the format: signature, and size without what has a variable length.
constexpr std::string_view end_mark = "PK\5\6"sv, end64_mark = "PK\6\6"sv,
                           locator_mark = "PK\6\7"sv, entry_mark = "PK\1\2"sv,
                           local_mark = "PK\3\4"sv;
constexpr std::uint64_t end_size = 22, end64_size = 56, locator_size = 20, entry_size = 46,
                        local_size = 30;
constexpr std::uint64_t full16 = 0xFFFF, full32 = 0xFFFF'FFFF;  // the number is in zip64's record
// Deflate makes at most 258 bytes of 2 bits, of zeros. Gigabytes of these are no weights but a
// bomb.
constexpr std::uint64_t most_ratio = 1032, large = 1 << 28, most_ratio_of_large = 100;
constexpr int stored_method = 0, deflate_method = 8;

// Numbers of a record, which the caller knows to be long enough.
class Record {
 public:
  explicit Record(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number(std::size_t first, std::size_t size) const {
    return little_endian(bytes_.data() + first, size);
  }

 private:
  std::string_view bytes_;
};

[[noreturn]] void refuse_archive(const InputBytes& bytes, const std::string& what) {
  bytes.refuse("is a damaged zip archive: " + what);
}

struct Directory {
  std::uint64_t first = 0, size = 0, count = 0;
};

// The last record of the archive may be followed by a comment, and nothing else.
std::uint64_t find_end(const InputBytes& bytes) {
  const std::uint64_t span = std::min(bytes.size(), end_size + full16);
  const std::uint64_t first = bytes.size() - span;
  const std::string tail = bytes.text(first, span);
  if (span >= end_size) {
    for (std::size_t at = span - end_size + 1; at-- > 0;) {
      if (tail.compare(at, end_mark.size(), end_mark) != 0) continue;
      if (at + end_size + little_endian(tail.data() + at + 20, 2) == span) return first + at;
    }
  }
  refuse_archive(bytes, "its directory is not at its end");
}

Directory find_directory(const InputBytes& bytes) {
  std::uint64_t end = find_end(bytes);
  const std::string last = bytes.text(end, end_size);
  const Record record(last);
  Directory directory{record.number(16, 4), record.number(12, 4), record.number(10, 2)};
  std::uint64_t disk = record.number(4, 2) | record.number(6, 2);
  const std::string locator =
      end >= locator_size ? bytes.text(end - locator_size, locator_size) : "";
  if (locator.starts_with(locator_mark)) {
    const std::uint64_t first = Record(locator).number(8, 8);
    if (end < locator_size + end64_size || first > end - locator_size - end64_size) {
      refuse_archive(bytes, "its zip64 record lies elsewhere");
    }
    const std::string text = bytes.text(first, end64_size);
    const Record record64(text);
    if (!text.starts_with(end64_mark)) refuse_archive(bytes, "its zip64 record lies elsewhere");
    directory = {record64.number(48, 8), record64.number(40, 8), record64.number(32, 8)};
    disk = record64.number(16, 4) | record64.number(20, 4);
    end = first;
  }
  if (disk != 0) bytes.refuse("is a part of a zip archive");
  if (directory.size > end || directory.first > end - directory.size ||
      directory.count > directory.size / entry_size) {
    refuse_archive(bytes, "its directory lies elsewhere");
  }
  return directory;
}

// In zip64's record those numbers stand, in this order, that are full in the entry.
void take_zip64(const InputBytes& bytes, std::string_view extra, ZipEntry& entry) {
  std::array<std::uint64_t*, 3> numbers{&entry.size, &entry.stored, &entry.first};
  while (extra.size() >= 4) {
    const std::uint64_t kind = little_endian(extra.data(), 2),
                        size = little_endian(extra.data() + 2, 2);
    extra.remove_prefix(4);
    if (size > extra.size()) break;
    if (kind == 1) {
      std::size_t at = 0;
      for (std::uint64_t* number : numbers) {
        if (*number != full32) continue;
        if (at + 8 > size) refuse_archive(bytes, "a zip64 record is too short");
        *number = little_endian(extra.data() + at, 8);
        at += 8;
      }
      return;
    }
    extra.remove_prefix(size);
  }
}

// Why the entry's bytes cannot be had, which does no harm as long as nobody wants them.
void refuse_use(std::uint64_t flags, std::uint64_t method, ZipEntry& entry) {
  const std::string shown = printable(entry.name);
  constexpr std::uint64_t encrypted = 1;
  entry.deflated = method == deflate_method;
  const std::uint64_t ratio = entry.size < large ? most_ratio : most_ratio_of_large;
  const bool possible =
      entry.deflated ? entry.size / ratio <= entry.stored : entry.size == entry.stored;
  if (flags & encrypted) {
    entry.refusal = shown + " is encrypted";
  } else if (method != stored_method && method != deflate_method) {
    entry.refusal =
        fmt::format("{} is packed by zip's method {}: deflate or none is read", shown, method);
  } else if (!possible) {
    entry.refusal = fmt::format("{} claims to be {} bytes, of which {} are stored", shown,
                                entry.size, entry.stored);
  }
}

// Leaves entry.first at its local record, and takes the entry off the directory.
ZipEntry take_entry(const InputBytes& bytes, std::string_view& directory) {
  if (directory.size() < entry_size || !directory.starts_with(entry_mark)) {
    refuse_archive(bytes, "an entry of its directory has no beginning");
  }
  const Record record(directory);
  const std::uint64_t name = record.number(28, 2), extra = record.number(30, 2),
                      comment = record.number(32, 2);
  if (name + extra + comment > directory.size() - entry_size) {
    refuse_archive(bytes, "an entry of its directory is cut off");
  }
  ZipEntry entry;
  entry.name = directory.substr(entry_size, name);
  entry.crc = static_cast<std::uint32_t>(record.number(16, 4));
  entry.stored = record.number(20, 4);
  entry.size = record.number(24, 4);
  entry.first = record.number(42, 4);
  take_zip64(bytes, directory.substr(entry_size + name, extra), entry);
  refuse_use(record.number(8, 2), record.number(10, 2), entry);
  directory.remove_prefix(entry_size + name + extra + comment);
  return entry;
}

// From the local record to the bytes behind it, all before the directory.
void find_bytes(const InputBytes& bytes, std::uint64_t end, ZipEntry& entry) {
  const std::string shown = printable(entry.name);
  if (end < local_size || entry.first > end - local_size) {
    refuse_archive(bytes, shown + " lies outside of it");
  }
  const std::string local = bytes.text(entry.first, local_size);
  const Record record(local);
  const std::uint64_t name = record.number(26, 2), extra = record.number(28, 2);
  const std::uint64_t first = entry.first + local_size + name + extra;
  if (!local.starts_with(local_mark) || first > end || entry.stored > end - first ||
      bytes.text(entry.first + local_size, name) != entry.name) {
    refuse_archive(bytes, shown + " is not where its directory says");
  }
  entry.first = first;
}

void refuse_overlaps(const InputBytes& bytes, const std::vector<ZipEntry>& entries) {
  std::vector<const ZipEntry*> sorted;
  for (const ZipEntry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const ZipEntry* a, const ZipEntry* b) { return a->first < b->first; });
  for (std::size_t k = 1; k < sorted.size(); ++k) {
    if (sorted[k - 1]->first + sorted[k - 1]->stored + local_size <= sorted[k]->first) continue;
    refuse_archive(bytes, printable(sorted[k]->name) + " overlaps another entry");
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const ZipEntry* a, const ZipEntry* b) { return a->name < b->name; });
  const auto twice =
      std::adjacent_find(sorted.begin(), sorted.end(),
                         [](const ZipEntry* a, const ZipEntry* b) { return a->name == b->name; });
  if (twice != sorted.end()) {
    refuse_archive(bytes, "it has two entries " + printable((*twice)->name));
  }
}

// Counts and checks what a source of bytes gives of an entry.
class EntryStream : public ByteStream {
 public:
  EntryStream(const InputBytes& bytes, const ZipEntry& entry) : bytes_(bytes), entry_(entry) {}

  void read(std::span<char> to) final {
    if (to.size() > entry_.size - given_) refuse_damage();
    for (std::span<char> rest = to; !rest.empty();) {  // zlib counts in 32 bits
      const std::span<char> part = rest.first(std::min<std::size_t>(rest.size(), 1 << 30));
      fill(part);
      crc_ = ::crc32(crc_, reinterpret_cast<const Bytef*>(part.data()),
                     static_cast<uInt>(part.size()));
      rest = rest.subspan(part.size());
    }
    given_ += to.size();
    if (given_ == entry_.size && (crc_ != entry_.crc || !at_end())) refuse_damage();
  }

 protected:
  virtual void fill(std::span<char> to) = 0;
  virtual bool at_end() = 0;
  [[noreturn]] void refuse_damage() const {
    bytes_.refuse(
        fmt::format("is damaged: {} is not what was put into it", printable(entry_.name)));
  }

 private:
  const InputBytes& bytes_;
  const ZipEntry entry_;
  std::uint64_t given_ = 0;
  uLong crc_ = ::crc32(0, nullptr, 0);
};

class StoredEntry : public EntryStream {
 public:
  StoredEntry(const InputBytes& bytes, const ZipEntry& entry)
      : EntryStream(bytes, entry), range_(bytes, entry.first, entry.stored) {}

 private:
  void fill(std::span<char> to) override { range_.read(to); }
  bool at_end() override { return true; }

  RangeStream range_;
};

class DeflatedEntry : public EntryStream {
 public:
  DeflatedEntry(const InputBytes& bytes, const ZipEntry& entry)
      : EntryStream(bytes, entry), range_(bytes, entry.first, entry.stored) {
    if (::inflateInit2(&zlib_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~DeflatedEntry() override { ::inflateEnd(&zlib_); }

 private:
  void fill(std::span<char> to) override {
    zlib_.next_out = reinterpret_cast<Bytef*>(to.data());
    zlib_.avail_out = static_cast<uInt>(to.size());
    while (zlib_.avail_out > 0) {
      if (!step()) refuse_damage();
    }
  }

  // The end mark may come after the last byte.
  bool at_end() override {
    Bytef beyond = 0;
    zlib_.next_out = &beyond;
    zlib_.avail_out = 1;
    while (!ended_ && zlib_.avail_out == 1 && step()) {
    }
    return ended_ && zlib_.avail_out == 1 && zlib_.avail_in == 0 && range_.left() == 0;
  }

  // Inflates something; false if there is nothing more, or no sense in it.
  bool step() {
    if (ended_) return false;
    if (zlib_.avail_in == 0 && range_.left() > 0) {
      const std::size_t count = std::min<std::uint64_t>(range_.left(), packed_.size());
      range_.read({packed_.data(), count});
      zlib_.next_in = reinterpret_cast<Bytef*>(packed_.data());
      zlib_.avail_in = static_cast<uInt>(count);
    }
    const int result = ::inflate(&zlib_, Z_NO_FLUSH);
    ended_ = result == Z_STREAM_END;
    return ended_ || result == Z_OK;
  }

  RangeStream range_;
  z_stream zlib_{};
  std::array<char, 1 << 16> packed_;
  bool ended_ = false;
};

}  // namespace

std::vector<ZipEntry> zip_directory(const InputBytes& bytes) {
  const Directory place = find_directory(bytes);
  const std::string text = bytes.text(place.first, place.size);
  std::string_view directory = text;
  std::vector<ZipEntry> entries;
  for (std::uint64_t k = 0; k < place.count; ++k) {
    entries.push_back(take_entry(bytes, directory));
    find_bytes(bytes, place.first, entries.back());
  }
  if (!directory.empty()) refuse_archive(bytes, "its directory is longer than its entries");
  refuse_overlaps(bytes, entries);
  return entries;
}

std::unique_ptr<ByteStream> open_entry(const InputBytes& bytes, const ZipEntry& entry) {
  if (!entry.refusal.empty()) bytes.refuse(entry.refusal);
  if (entry.deflated) return std::make_unique<DeflatedEntry>(bytes, entry);
  return std::make_unique<StoredEntry>(bytes, entry);
}

}  // namespace skeleta::storage
