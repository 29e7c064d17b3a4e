#include "storage/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "skeleta/core/function_ref.h"
#include "skeleta/storage/file_error.h"

namespace skeleta::storage {
namespace {

using namespace std::literals;

constexpr std::string_view npy_magic = "\x93NUMPY";
constexpr std::uint64_t most_text = 65'536;
constexpr std::size_t most_axes_of_array = 32;

// The dictionary of a header, {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, in any
// order: of Python's literals those that can stand there, and no others.
class HeaderText {
 public:
  HeaderText(std::string_view text, FunctionRef<void(const std::string&)> refuse)
      : rest_(text), size_(text.size()), refuse_(refuse) {}

  void parse(Tensor& tensor) {
    expect('{');
    bool type = false, order = false, shape = false;
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !type) {
        type = true;
        take_type(tensor);
      } else if (key == "fortran_order" && !order) {
        order = true;
        tensor.column_major = truth();
      } else if (key == "shape" && !shape) {
        shape = true;
        tensor.shape = lengths();
      } else {
        fail();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip();
    if (!rest_.empty() || !type || !order || !shape) fail();
  }

 private:
  void fail() const {
    refuse_(fmt::format("is damaged: its header is not understood from character {} on",
                        size_ - rest_.size()));
  }
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n'))
      rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail();
  }
  std::string_view quoted() {
    skip();
    const char quote = rest_.starts_with('"') ? '"' : '\'';
    expect(quote);
    const std::size_t end = rest_.find(quote);
    if (end == std::string_view::npos) fail();
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool truth() {
    skip();
    for (const auto& [word, value] : {std::pair{"False"sv, false}, std::pair{"True"sv, true}}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail();
    return false;
  }
  Shape lengths() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      std::size_t length = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), length);
      if (error != std::errc() || shape.size() == most_axes_of_array) fail();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      shape.push_back(length);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }
  void take_type(Tensor& tensor) {
    skip();
    if (rest_.starts_with('[')) refuse_("is a structured array: store its fields apart");
    const std::string_view descr = quoted();
    const std::string_view number = descr.substr(descr.empty() ? 0 : 1);
    const bool order = descr.starts_with('<') || descr.starts_with('>') || descr.starts_with('=');
    const bool known = order && (number == "f2" || number == "f4" || number == "f8");
    if (!known) {
      refuse_(fmt::format("is of type '{}': floats of 2, 4 and 8 bytes (f2, f4, f8) are read",
                          printable(descr)));
    }
    tensor.big_endian = descr.front() == '>';
    tensor.type = number == "f2"   ? NumberType::float16
                  : number == "f4" ? NumberType::float32
                                   : NumberType::float64;
  }

  std::string_view rest_;
  std::size_t size_;
  FunctionRef<void(const std::string&)> refuse_;
};

class NpyFile : public TensorFile {
 public:
  explicit NpyFile(std::unique_ptr<InputBytes> bytes)
      : TensorFile(bytes->file()), bytes_(std::move(bytes)) {
    RangeStream stream(*bytes_, 0, bytes_->size());
    NpyHeader header = read_npy_header(stream, bytes_->size(), "the array", file());
    header_ = header.size;
    tensors_.push_back(std::move(header.tensor));
  }

  std::unique_ptr<ByteStream> open(const Tensor&) const override {
    return std::make_unique<RangeStream>(*bytes_, header_, bytes_->size() - header_);
  }

 private:
  std::unique_ptr<InputBytes> bytes_;
  std::uint64_t header_;
};

}  // namespace

NpyHeader read_npy_header(ByteStream& stream, std::uint64_t size, const std::string& name,
                          const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& sentence) {
    throw FileError(file, fmt::format("{} {}", printable(name), sentence));
  };
  const auto next = [&](std::uint64_t count) {
    std::string text(count, '\0');
    stream.read(text);
    return text;
  };
  NpyHeader header{{name}, npy_magic.size() + 2};
  if (size < header.size + 4) refuse("is no NumPy array");
  const std::string begin = next(header.size);
  if (!begin.starts_with(npy_magic)) refuse("is no NumPy array");
  const int version = begin[npy_magic.size()];
  if (version < 1 || version > 3) refuse(fmt::format("is a NumPy array of format {}", version));
  const std::size_t length_size = version == 1 ? 2 : 4;
  const std::uint64_t length = little_endian(next(length_size).data(), length_size);
  header.size += length_size + length;
  if (length > most_text || header.size > size) refuse("is damaged: its header is too long");
  const std::string text = next(length);
  HeaderText(text, refuse).parse(header.tensor);
  const auto bytes = byte_count(header.tensor.shape, number_size(header.tensor.type));
  if (bytes != size - header.size) {
    refuse(fmt::format("is damaged: its shape is {}, but it has {} bytes",
                       shape_text(header.tensor.shape), size - header.size));
  }
  return header;
}

std::unique_ptr<TensorFile> open_npy(std::unique_ptr<InputBytes> bytes) {
  return std::make_unique<NpyFile>(std::move(bytes));
}

}  // namespace skeleta::storage
