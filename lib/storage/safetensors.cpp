#include "storage/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "skeleta/storage/file_error.h"

namespace skeleta::storage {
namespace {

constexpr std::uint64_t length_size = 8, most_header = 100'000'000;
constexpr std::size_t most_axes = 32, most_tensors = 100'000;

struct Dtype {
  std::string_view name;
  std::size_t size;
  std::optional<NumberType> type = {};
};
constexpr Dtype dtypes[] = {{"F16", 2, NumberType::float16},
                            {"BF16", 2, NumberType::bfloat16},
                            {"F32", 4, NumberType::float32},
                            {"F64", 8, NumberType::float64},
                            {"BOOL", 1},
                            {"U8", 1},
                            {"I8", 1},
                            {"F8_E5M2", 1},
                            {"F8_E4M3", 1},
                            {"I16", 2},
                            {"U16", 2},
                            {"I32", 4},
                            {"U32", 4},
                            {"I64", 8},
                            {"U64", 8}};

struct Described {
  std::string name, dtype;
  std::vector<std::uint64_t> shape, offsets;
};

// Takes the header's events as they come: only what a header may have, so that no text makes it
// grow deep or large. The names of its members are those of nlohmann-json.
class HeaderEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderEvents(const InputBytes& bytes) : bytes_(bytes) {}

  std::vector<Described> take() { return std::move(described_); }

  bool start_object(std::size_t) override {
    require(depth_ < 2, "an object within a tensor");
    if (++depth_ == 2) {
      fields_.clear();
      require(described_.size() < most_tensors, "more than 100000 tensors");
      if (!metadata_) described_.push_back({name_, {}, {}, {}});
    }
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && !metadata_) {
      require(fields_.size() == 3 && described_.back().offsets.size() == 2,
              "no dtype, shape or data_offsets of two numbers");
    }
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) {
      name_ = name;
      metadata_ = name == "__metadata__";
      require(names_.insert(name).second, "two tensors of this name");
      return true;
    }
    field_ = name;
    require(fields_.insert(name).second, "a field twice");
    require(metadata_ || name == "dtype" || name == "shape" || name == "data_offsets",
            "an unknown field");
    return true;
  }
  bool string(std::string& text) override {
    require(depth_ == 2 && (metadata_ || field_ == "dtype"), "a text");
    if (!metadata_) described_.back().dtype = text;
    return true;
  }
  bool start_array(std::size_t) override {
    require(depth_ == 2 && !metadata_ && !in_list_ && field_ != "dtype", "a list");
    in_list_ = true;
    return true;
  }
  bool end_array() override {
    in_list_ = false;
    return true;
  }
  bool number_unsigned(std::uint64_t number) override {
    require(in_list_, "a number");
    auto& list = field_ == "shape" ? described_.back().shape : described_.back().offsets;
    require(list.size() < most_axes, "a list too long");
    list.push_back(number);
    return true;
  }
  bool number_integer(std::int64_t) override { return refuse_value("a negative number"); }
  bool number_float(double, const std::string&) override {
    return refuse_value("a number that is not whole or too large");
  }
  bool null() override { return refuse_value("null"); }
  bool boolean(bool) override { return refuse_value("a boolean"); }
  bool binary(binary_t&) override { return refuse_value("bytes"); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    bytes_.refuse(
        fmt::format("is damaged: its header is not JSON, from byte {} of it on", position));
  }

 private:
  bool refuse_value(const char* what) {
    require(false, what);
    return false;
  }
  void require(bool holds, const char* what) const {
    if (holds) return;
    bytes_.refuse(fmt::format("is no safetensors file, or damaged: its header has {}{}", what,
                              name_.empty() ? "" : fmt::format(" at '{}'", printable(name_))));
  }

  const InputBytes& bytes_;
  std::vector<Described> described_;
  std::unordered_set<std::string> names_, fields_;
  std::string name_, field_;  // of the tensor, and of what of it
  int depth_ = 0;             // of objects
  bool metadata_ = false, in_list_ = false;
};

// What was described, without regard to where it lies.
Tensor tensor_of(const InputBytes& bytes, const Described& described) {
  Tensor tensor{described.name, {described.shape.begin(), described.shape.end()}};
  const auto* const dtype = std::find_if(std::begin(dtypes), std::end(dtypes),
                                         [&](const Dtype& d) { return d.name == described.dtype; });
  if (dtype == std::end(dtypes) || !dtype->type) {
    tensor.refusal = fmt::format("{} is of type {}: F16, BF16, F32 and F64 are read",
                                 printable(tensor.name), printable(described.dtype));
  } else {
    tensor.type = *dtype->type;
  }
  const std::uint64_t length = described.offsets[1] - described.offsets[0];  // ≥ 0, see below
  if (dtype != std::end(dtypes) && byte_count(tensor.shape, dtype->size) != length) {
    bytes.refuse(fmt::format("is damaged: {} has shape {} and type {}, but {} bytes",
                             printable(tensor.name), shape_text(tensor.shape), described.dtype,
                             length));
  }
  return tensor;
}

// The tensors must lie in the file one after the other.
void check_places(const InputBytes& bytes, const std::vector<Described>& described,
                  std::uint64_t size) {
  std::vector<const Described*> in_order;
  for (const Described& tensor : described) in_order.push_back(&tensor);
  std::sort(in_order.begin(), in_order.end(),
            [](const Described* a, const Described* b) { return a->offsets < b->offsets; });
  std::uint64_t end = 0;
  for (const Described* tensor : in_order) {
    const std::uint64_t first = tensor->offsets[0], last = tensor->offsets[1];
    const std::string name = printable(tensor->name);
    if (last < first) bytes.refuse(fmt::format("is damaged: {} ends before it begins", name));
    if (last > size) {
      bytes.refuse(fmt::format("is damaged: {} ends {} bytes behind the end of the file", name,
                               last - size));
    }
    if (first < end) bytes.refuse(fmt::format("is damaged: {} overlaps another tensor", name));
    if (first > end) {
      bytes.refuse(
          fmt::format("is damaged: the {} bytes before {} belong to no tensor", first - end, name));
    }
    end = last;
  }
  if (end != size) {
    bytes.refuse(fmt::format("is damaged: its last {} bytes belong to no tensor", size - end));
  }
}

class SafetensorsFile : public TensorFile {
 public:
  explicit SafetensorsFile(std::unique_ptr<InputBytes> bytes)
      : TensorFile(bytes->file()), bytes_(std::move(bytes)) {
    const std::uint64_t length = little_endian(bytes_->text(0, length_size).data(), length_size);
    data_ = length_size + length;
    HeaderEvents events(*bytes_);
    {
      const std::string header = bytes_->text(length_size, length);
      nlohmann::json::sax_parse(header, &events);
    }
    const std::vector<Described> described = events.take();
    check_places(*bytes_, described, bytes_->size() - data_);
    for (const Described& tensor : described) {
      tensors_.push_back(tensor_of(*bytes_, tensor));
      begins_.push_back(tensor.offsets[0]);
    }
  }

  std::unique_ptr<ByteStream> open(const Tensor& tensor) const override {
    const auto k = static_cast<std::size_t>(&tensor - tensors_.data());
    return std::make_unique<RangeStream>(*bytes_, data_ + begins_[k],
                                         *byte_count(tensor.shape, number_size(tensor.type)));
  }

 private:
  std::unique_ptr<InputBytes> bytes_;
  std::uint64_t data_;
  std::vector<std::uint64_t> begins_;
};

}  // namespace

bool is_safetensors(const InputBytes& bytes) {
  if (bytes.size() < length_size + 2) return false;
  const std::uint64_t length = little_endian(bytes.text(0, length_size).data(), length_size);
  return length >= 2 && length <= most_header && length <= bytes.size() - length_size &&
         bytes.text(length_size, 1) == "{";
}

std::unique_ptr<TensorFile> open_safetensors(std::unique_ptr<InputBytes> bytes) {
  return std::make_unique<SafetensorsFile>(std::move(bytes));
}

}  // namespace skeleta::storage
