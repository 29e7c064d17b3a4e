#include "problem_words.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "skeleta/measure/law_text.h"

namespace skeleta::program {
namespace {

std::string shortened(std::string text) {
  constexpr std::size_t most = 60;
  if (text.size() > most) text.replace(most - 3, std::string::npos, "...");
  return text;
}

bool other_values(const DataLaw& law) {
  for (const ValueLaw& value : law.values) {
    if (value != ValueLaw()) return true;
  }
  return false;
}

}  // namespace

std::string law_words(const Features& features) {
  if (features.plain()) return "";
  const DataLaw& law = *features.law;
  const bool values = other_values(law), groups = !law.activity.independent();
  return fmt::format("{}{}{}",
                     values ? fmt::format("values {}", shortened(to_string(law.values))) : "",
                     values && groups ? ", " : "",
                     groups ? fmt::format("groups {}", shortened(to_string(law.activity))) : "");
}

std::string model_words(const Autoencoder& model) {
  std::string words;
  const auto add = [&](const std::string& word) {
    words += fmt::format("{}{}", words.empty() ? "" : ", ", word);
  };
  if (!model.tied()) add("untied weights");
  if (model.activation != Activation::relu) add(to_string(model.activation));
  if (model.noise > 0.0) add(fmt::format("hidden noise {}", model.noise));
  return words;
}

void add_law(nlohmann::ordered_json& json, const Features& features) {
  if (features.plain()) return;
  const DataLaw& law = *features.law;
  json["values"] = to_string(law.values);
  json["groups"] = to_string(law.activity);
}

void add_model(nlohmann::ordered_json& json, const Autoencoder& model) {
  if (model.tied_relu()) return;
  json["decoder"] = model.tied() ? "tied" : "untied";
  json["activation"] = to_string(model.activation);
  json["noise"] = model.noise;
}

}  // namespace skeleta::program
