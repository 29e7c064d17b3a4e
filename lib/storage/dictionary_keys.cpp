#include "storage/dictionary_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace skeleta::storage {
namespace {

// Names that stand alone or behind a point, folded. One that begins with a point is a whole path of
// HDF5, of model and run files; one that begins with = is a whole name.
struct Usual {
  const char* what;
  std::vector<std::string_view> names;
};

const Usual& usual(Role role) {
  static const Usual all[] = {
      {"decoder",
       {"w_dec", "decoder.weight", "dec.weight", "decoder", "=w", ".w", ".w_in", ".model.w",
        ".model.w_in"}},
      {"encoder", {"w_enc", "encoder.weight", "enc.weight", "encoder", ".w_out", ".model.w_out"}},
      {"b_enc",
       {"b_enc", "encoder.bias", "enc.bias", "latent_bias", ".b", ".bias", ".model.b",
        ".model.bias"}},
      {"b_dec", {"b_dec", "decoder.bias", "dec.bias", "pre_bias", "=bias"}},
      {"threshold", {"threshold", "log_threshold", ".jump", ".model.jump"}},
      {"density",
       {"density", "feature_density", "log_density", "log10_density", "log_feature_density",
        "sparsity", "feature_sparsity", "log_sparsity", "log_feature_sparsity"}},
      {"importance", {"importance"}}};
  return all[static_cast<std::size_t>(role)];
}

bool stands_alone(const std::string& name, std::string_view usual) {
  if (usual.starts_with('=')) return name == usual.substr(1);
  return name == usual || (name.starts_with('.') && std::string_view(name).substr(1) == usual);
}

bool stands_behind(const std::string& name, std::string_view usual) {
  return !usual.starts_with('=') && !usual.starts_with('.') && name.size() > usual.size() &&
         name.ends_with(usual) && name[name.size() - usual.size() - 1] == '.';
}

std::vector<const Tensor*> matching(const TensorFile& file, Role role,
                                    bool (*matches)(const std::string&, std::string_view)) {
  std::vector<const Tensor*> found;
  for (const Tensor& tensor : file.tensors()) {
    const std::string name = folded(tensor.name);
    const auto& names = usual(role).names;
    if (std::any_of(names.begin(), names.end(),
                    [&](std::string_view usual) { return matches(name, usual); })) {
      found.push_back(&tensor);
    }
  }
  return found;
}

}  // namespace

std::string folded(const std::string& name) {
  std::string result = name;
  for (char& c : result) {
    c = c == '/' ? '.' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

const Tensor* find_tensor(const TensorFile& file, Role role, const std::string& given) {
  const std::string what = usual(role).what;
  if (!given.empty()) {
    for (const Tensor& tensor : file.tensors()) {
      if (tensor.name == given || tensor.name == "/" + given) return &tensor;
    }
    file.refuse(fmt::format("has no {}, which is to be the {} (it holds: {})", printable(given),
                            what, file.names()));
  }
  for (const auto matches : {stands_alone, stands_behind}) {
    const std::vector<const Tensor*> found = matching(file, role, matches);
    if (found.size() == 1) return found.front();
    if (found.size() > 1) {
      file.refuse(
          fmt::format("has {} and {}, each of which may be the {}: name the one that is meant",
                      printable(found[0]->name), printable(found[1]->name), what));
    }
  }
  return nullptr;
}

const Tensor& need_tensor(const TensorFile& file, Role role, const std::string& given) {
  const Tensor* const found = find_tensor(file, role, given);
  if (found != nullptr) return *found;
  file.refuse(fmt::format("has no {}: name the key that is meant (it holds: {})", usual(role).what,
                          file.names()));
}

}  // namespace skeleta::storage
