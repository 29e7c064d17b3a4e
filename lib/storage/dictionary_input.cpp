#include "skeleta/storage/dictionary_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "skeleta/storage/file_error.h"
#include "storage/dictionary_axes.h"
#include "storage/dictionary_keys.h"
#include "storage/feature_names.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;

// A vector, with what it is called.
struct Named {
  std::string name;
  Vector values;
};

class DictionaryReader {
 public:
  DictionaryReader(const fs::path& path, const DictionaryNames& names)
      : file_(open_tensors(path)), names_(names) {}

  DictionaryInput read() {
    const Tensor& decoder = need_tensor(*file_, Role::decoder, names_.decoder);
    matrix_shape(*file_, decoder);  // of several models, say so first
    const Tensor* const encoder = find_tensor(*file_, Role::encoder, names_.encoder);
    const auto b_enc = biases(Role::b_enc, names_.b_enc);
    const auto b_dec = biases(Role::b_dec, names_.b_dec);
    const auto threshold = thresholds();
    const auto density = densities();
    const auto importance = importances();
    refuse_other_problems();

    std::vector<LengthClaim> claims;
    claim(claims, b_enc, true);
    claim(claims, threshold, true);
    claim(claims, density, true);
    claim(claims, importance, true);
    claim(claims, b_dec, false);
    const DecoderAxis axis = decoder_axis(*file_, decoder, claims, names_.orientation);
    result_.decoder = matrix(decoder, axis.axis, "decoder");
    note("{} has shape {}: {} features in {} dimensions, a {} each ({})", printable(decoder.name),
         shape_text(decoder.shape), result_.features(), result_.hidden(),
         axis.axis == FeatureAxis::first ? "row" : "column", axis.reason);
    if (encoder) read_encoder(*encoder, decoder, axis.axis);
    result_.b_enc = of_all(b_enc);
    if (b_dec) {
      result_.b_dec = b_dec->values;
      note("{} is a mean that is subtracted from what is read: no part of the loss",
           printable(b_dec->name));
    }
    result_.threshold = of_all(threshold);
    result_.density = of_all(density);
    result_.importance = of_all(importance);
    if (names_.feature_names) {
      result_.names =
          read_feature_names(*names_.feature_names, static_cast<std::size_t>(result_.features()));
    }
    note_unread();
    return std::move(result_);
  }

 private:
  template <class... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    result_.notes.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  const Tensor* used(const Tensor* tensor) {
    if (tensor) used_.push_back(tensor);
    return tensor;
  }

  // The bias that is added; model files have also one that is subtracted.
  std::optional<Named> biases(Role role, const std::string& given) {
    const Tensor* const tensor = used(find_tensor(*file_, role, given));
    if (!tensor) return {};
    Named bias{tensor->name, read_vector(*file_, *tensor)};
    require_finite(*file_, *tensor, bias.values);
    const std::string name = folded(tensor->name);
    if (name == ".b" || name == ".model.b") {
      for (double& x : bias.values) x = 0.0 - x;  // no −0
      note("{} is subtracted before the activation: b_enc = -b", printable(tensor->name));
    }
    return bias;
  }

  void refuse_negative(const Named& numbers, const char* what) {
    for (Index k = 0; k < numbers.values.size(); ++k) {
      if (numbers.values(k) >= 0.0) continue;
      file_->refuse(fmt::format("{}[{}] is {}: {} must not be negative", printable(numbers.name), k,
                                numbers.values(k), what));
    }
  }

  std::optional<Named> thresholds() {
    const Tensor* const tensor = used(find_tensor(*file_, Role::threshold, names_.threshold));
    if (!tensor) return {};
    Named threshold{tensor->name, read_vector(*file_, *tensor)};
    if (folded(tensor->name).ends_with("log_threshold")) {
      threshold.values = threshold.values.array().exp();
      note("{}: the thresholds are exp of it", printable(tensor->name));
    }
    require_finite(*file_, *tensor, threshold.values);
    refuse_negative(threshold, "a threshold");
    return threshold;
  }

  std::optional<Named> importances() {
    const Tensor* const tensor = used(find_tensor(*file_, Role::importance, ""));
    if (!tensor) return {};
    Named importance{tensor->name, read_vector(*file_, *tensor)};
    require_finite(*file_, *tensor, importance.values);
    refuse_negative(importance, "an importance");
    return importance;
  }

  // What a model file says of its model and its data besides, /NAME, /model/NAME or /data/NAME:
  // null if it does not.
  const Tensor* said(const std::string& name) {
    for (const Tensor& tensor : file_->tensors()) {
      const std::string path = folded(tensor.name);
      for (const char* group : {".", ".model.", ".data."}) {
        if (path == group + name) return used(&tensor);
      }
    }
    return nullptr;
  }

  // Dictionaries are ReLUs and JumpReLUs without noise, of independent features that are uniform on
  // [0, 1] while they are active: a model of another kind must not be taken for one.
  void refuse_other_problems() {
    const auto is = [&](const Tensor* tensor, double number) {
      return tensor == nullptr || (read_vector(*file_, *tensor).array() == number).all();
    };
    const auto refuse = [&](const Tensor& tensor, const char* what) {
      file_->refuse(
          fmt::format("{} says {}: no dictionary, of which only ReLU and JumpReLU without "
                      "noise, on independent features uniform on [0, 1], are known",
                      printable(tensor.name), what));
    };
    const Tensor* const activation = said("activation");
    const bool jumps = find_tensor(*file_, Role::threshold, names_.threshold) != nullptr;
    if (!is(activation, jumps ? 2.0 : 0.0)) {
      refuse(*activation, jumps ? "that there is no JumpReLU, though there are its thresholds"
                                : "that outputs are no ReLU");
    }
    if (const Tensor* const noise = said("noise"); !is(noise, 0.0)) {
      refuse(*noise, "that there is hidden noise");
    }
    const Tensor* const law = said("value_law");
    const bool uniform = is(law, 0.0);  // ValueKind::uniform
    const bool first = is(said("value_first"), 0.0), second = is(said("value_second"), 1.0);
    if (law != nullptr && !(uniform && first && second)) {
      refuse(*law, "that values are not uniform on [0, 1]");
    }
    if (const Tensor* const groups = said("node_kind"); groups != nullptr) {
      refuse(*groups, "that features come in groups");
    }
  }

  std::optional<Named> densities() {
    if (!names_.density_file) {
      const Tensor* const tensor = used(find_tensor(*file_, Role::density, names_.density));
      return tensor ? std::optional(density_of(*file_, *tensor)) : std::nullopt;
    }
    const auto file = open_tensors(*names_.density_file);
    const bool single = names_.density.empty() && file->tensors().size() == 1;
    const Tensor& tensor =
        single ? file->tensors().front() : need_tensor(*file, Role::density, names_.density);
    return density_of(*file, tensor);
  }

  // Probabilities, or their logarithms to base 10, as feature densities are often kept.
  Named density_of(const TensorFile& file, const Tensor& tensor) {
    Vector values = read_vector(file, tensor);
    const std::string name = printable(tensor.name);
    const auto require = [&](auto is_good, const char* rule) {
      for (Index k = 0; k < values.size(); ++k) {
        if (is_good(values(k))) continue;
        file.refuse(fmt::format("{}[{}] is {}: {}", name, k, values(k), rule));
      }
    };
    require([](double x) { return !std::isnan(x); }, "every number must be finite");
    const bool logarithms = values.maxCoeff() <= 0.0 && values.minCoeff() < 0.0;
    if (logarithms) {
      values = values.unaryExpr([](double x) { return std::pow(10.0, x); });  // of −∞: 0
      note("{} has no positive number: taken as the densities' logarithms to base 10", name);
    } else {
      require([](double p) { return p >= 0.0 && p <= 1.0; },
              "every density must lie in [0, 1], or every one be a logarithm to base 10");
      if (folded(tensor.name).ends_with("sparsity") && values.maxCoeff() > 0.0) {
        file.refuse(fmt::format(
            "{} has positive numbers, so that it is not of logarithms of densities, and may be 1 "
            "minus them: store it as density",
            name));
      }
    }
    return {tensor.name, std::move(values)};
  }

  static void claim(std::vector<LengthClaim>& claims, const std::optional<Named>& vector,
                    bool of_features) {
    if (!vector || (of_features && vector->values.size() == 1)) return;  // one number for all
    claims.push_back({vector->name, static_cast<std::size_t>(vector->values.size()), of_features});
  }

  // A single number is that of all features.
  std::optional<Vector> of_all(const std::optional<Named>& vector) {
    if (!vector) return {};
    if (vector->values.size() == result_.features()) return vector->values;
    note("{} is one number, that of every feature", printable(vector->name));
    return Vector::Constant(result_.features(), vector->values(0));
  }

  FloatMatrix matrix(const Tensor& tensor, FeatureAxis axis, const char* what) {
    used(&tensor);
    FloatMatrix matrix = read_features(*file_, tensor, axis);
    if (tensor.type == NumberType::float64) {
      note(
          "{} is float64: rounded to float32, and losses and their bounds are those of what is "
          "rounded",
          printable(tensor.name));
    }
    Index dead = 0;
    for (Index j = 0; j < matrix.cols(); ++j) dead += (matrix.col(j).array() == 0.0F).all();
    if (dead > 0) note("{} of the {} features have a zero {}", dead, matrix.cols(), what);
    return matrix;
  }

  void read_encoder(const Tensor& encoder, const Tensor& decoder, FeatureAxis of_decoder) {
    const FeatureAxis axis = encoder_axis(*file_, encoder, decoder, of_decoder);
    result_.encoder = matrix(encoder, axis, "encoder");
    note("{} has shape {}: a {} is a feature's{}", printable(encoder.name),
         shape_text(encoder.shape), axis == FeatureAxis::first ? "row" : "column",
         result_.features() == result_.hidden() ? ", the other way than the decoder's" : "");
  }

  void note_unread() {
    constexpr std::size_t most = 20;
    std::vector<std::string> unread;
    for (const Tensor& tensor : file_->tensors()) {
      if (std::find(used_.begin(), used_.end(), &tensor) != used_.end()) continue;
      if (unread.size() < most) unread.push_back(printable(tensor.name));
    }
    const std::size_t count = file_->tensors().size() - used_.size();
    if (count == 0) return;
    note("not read: {}{}", fmt::join(unread, ", "),
         count > unread.size() ? fmt::format(" and {} more", count - unread.size()) : "");
  }

  std::unique_ptr<TensorFile> file_;
  const DictionaryNames& names_;
  DictionaryInput result_;
  std::vector<const Tensor*> used_;
};

}  // namespace

DictionaryInput read_dictionary(const fs::path& file, const DictionaryNames& names) {
  try {
    return DictionaryReader(file, names).read();
  } catch (const std::bad_alloc&) {
    throw FileError(file, "its dictionary does not fit into the memory");
  }
}

}  // namespace skeleta::storage
