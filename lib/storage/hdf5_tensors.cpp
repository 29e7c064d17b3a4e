#include "storage/hdf5_tensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "skeleta/storage/file_error.h"
#include "storage/child.h"
#include "storage/first_rank.h"
#include "storage/foreign_dataset.h"
#include "storage/foreign_link.h"
#include "storage/hdf5_reader.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t most_listed = 2000;
constexpr int most_groups = 4;

bool is_single(const Hdf5Reader& file, const std::string& path) {
  const ObjectHandle dataset = file.open_numbers(path);
  const TypeHandle type(check(H5Dget_type(dataset.id()), file.file(), "read the type of", path));
  return H5Tget_class(type.id()) == H5T_FLOAT && H5Tget_size(type.id()) <= sizeof(float) &&
         !is_packed(file, path);
}

// What the file holds, in the child: [{"name", and "shape", "single" or "refusal"}].
class Listing {
 public:
  explicit Listing(const fs::path& path) : file_(Hdf5Reader::in_place(path)) { group("/", 0); }

  std::vector<char> bytes() const {
    const std::string text = list_.dump(-1, ' ', false, Json::error_handler_t::replace);
    return {text.begin(), text.end()};
  }

 private:
  void group(const std::string& path, int depth) {
    const ObjectHandle group(
        check(H5Oopen(file_.id(), path.c_str(), H5P_DEFAULT), file_.file(), "open", path));
    const std::size_t left = most_listed - links_;
    std::pair<std::vector<std::string>, std::size_t> names({}, left);
    const auto add = [](hid_t, const char* name, const H5L_info_t*, void* to) -> herr_t {
      auto& [list, most] = *static_cast<decltype(names)*>(to);
      if (list.size() == most) return 1;
      list.emplace_back(name);
      return 0;
    };
    check(H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names), file_.file(),
          "list", path);
    links_ += names.first.size();
    for (const std::string& name : names.first) link(path + (depth > 0 ? "/" : "") + name, depth);
  }

  void link(const std::string& path, int depth) {
    Json entry = {{"name", path}};
    try {
      if (!leads_to_object(file_, path)) return;
      const ObjectHandle object(
          check(H5Oopen(file_.id(), path.c_str(), H5P_DEFAULT), file_.file(), "open", path));
      const H5I_type_t kind = H5Iget_type(object.id());
      if (kind == H5I_GROUP && depth + 1 < most_groups) group(path, depth + 1);
      if (kind != H5I_DATASET) return;
      entry["shape"] = file_.shape(path);
      entry["single"] = is_single(file_, path);
    } catch (const FileError& error) {
      entry["refusal"] = error.sentence();
    }
    list_.push_back(std::move(entry));
  }

  Hdf5Reader file_;
  std::size_t links_ = 0;
  Json list_ = Json::array();
};

// All numbers, in the child, as the native type that the listing says.
std::vector<char> numbers(const fs::path& path, const std::string& name, bool single) {
  const Hdf5Reader file = Hdf5Reader::in_place(path);
  const Array<double> array = read_foreign(file, name);
  std::vector<char> bytes(array.values.size() * (single ? sizeof(float) : sizeof(double)));
  if (single) {
    std::copy(array.values.begin(), array.values.end(), reinterpret_cast<float*>(bytes.data()));
  } else {
    std::memcpy(bytes.data(), array.values.data(), bytes.size());
  }
  return bytes;
}

// What a child makes of the file.
std::vector<char> made_by_child(const fs::path& path, std::uint64_t size,
                                FunctionRef<std::vector<char>()> work) {
  std::vector<char> bytes;
  read_by_first(
      path, [&] { bytes = in_child(path, size, work); }, [&](Parcel& parcel) { parcel(bytes); });
  return bytes;
}

class MemoryStream : public ByteStream {
 public:
  MemoryStream(std::vector<char> bytes, const TensorFile& file)
      : bytes_(std::move(bytes)), file_(file) {}

  void read(std::span<char> to) override {
    if (to.size() > bytes_.size() - next_) file_.refuse("changed while it was read");
    std::copy_n(bytes_.data() + next_, to.size(), to.data());
    next_ += to.size();
  }

 private:
  std::vector<char> bytes_;
  const TensorFile& file_;
  std::size_t next_ = 0;
};

class Hdf5Tensors : public TensorFile {
 public:
  Hdf5Tensors(const fs::path& path, std::uint64_t size) : TensorFile(path), size_(size) {
    const std::vector<char> listing =
        made_by_child(path, size, [&] { return Listing(path).bytes(); });
    for (const Json& entry : Json::parse(listing)) {
      Tensor& tensor = tensors_.emplace_back(Tensor{entry.at("name")});
      if (entry.contains("refusal")) {
        tensor.refusal = entry.at("refusal");
        continue;
      }
      tensor.shape = entry.at("shape").get<Shape>();
      tensor.type = entry.at("single") ? NumberType::float32 : NumberType::float64;
    }
  }

  std::unique_ptr<ByteStream> open(const Tensor& tensor) const override {
    return std::make_unique<MemoryStream>(
        made_by_child(
            file(), size_,
            [&] { return numbers(file(), tensor.name, tensor.type == NumberType::float32); }),
        *this);
  }

 private:
  std::uint64_t size_;
};

}  // namespace

std::unique_ptr<TensorFile> open_hdf5(const fs::path& file, std::uint64_t size) {
  return std::make_unique<Hdf5Tensors>(file, size);
}

}  // namespace skeleta::storage
