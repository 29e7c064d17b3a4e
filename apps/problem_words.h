#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

/// What a problem is beside the tied ReLU on independent uniform values, in words.
namespace skeleta::program {

/// "values half-normal:1, groups exclusive(0,1)" as --values and --groups have it; "" if the law is
/// plain. Long lists are cut short.
std::string law_words(const Features& features);

/// "untied weights, jumprelu, hidden noise 0.1"; "" for the tied ReLU.
std::string model_words(const Autoencoder& model);

/// Adds "values" and "groups", or "decoder", "activation" and "noise", where there is more to say.
void add_law(nlohmann::ordered_json& json, const Features& features);
void add_model(nlohmann::ordered_json& json, const Autoencoder& model);

}  // namespace skeleta::program
