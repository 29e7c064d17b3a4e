#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::testing {

/// A model with its loss to the last digit, from tests/oracle (which knows nothing of lib).
struct OracleCase {
  std::string name;
  Autoencoder model;
  Features features;
  double loss = 0.0;
  Vector probability, contributions, gradient_b;
  Matrix gradient_W;
  Matrix hessian;  // empty but in hessian_table.json
};

inline Vector to_vector(const nlohmann::json& values) {
  Vector result(static_cast<Index>(values.size()));
  for (Index i = 0; i < result.size(); ++i) result(i) = values[static_cast<std::size_t>(i)];
  return result;
}

inline Matrix to_matrix(const nlohmann::json& rows) {
  Matrix result(static_cast<Index>(rows.size()), static_cast<Index>(rows.at(0).size()));
  for (Index k = 0; k < result.rows(); ++k) {
    result.row(k) = to_vector(rows[static_cast<std::size_t>(k)]).transpose();
  }
  return result;
}

inline std::vector<OracleCase> oracle_table(const std::string& name = "exact_loss_table.json") {
  std::ifstream file(SKELETA_SOURCE_DIR "/tests/oracle/" + name);
  std::vector<OracleCase> cases;
  for (const nlohmann::json& entry : nlohmann::json::parse(file)) {
    cases.push_back({entry.at("name"),
                     {to_matrix(entry.at("W")), to_vector(entry.at("b"))},
                     {to_vector(entry.at("density")), to_vector(entry.at("importance"))},
                     entry.at("loss"),
                     to_vector(entry.at("probability")),
                     to_vector(entry.at("contributions")),
                     to_vector(entry.at("gradient_b")),
                     to_matrix(entry.at("gradient_W")),
                     entry.contains("hessian") ? to_matrix(entry.at("hessian")) : Matrix()});
  }
  return cases;
}

}  // namespace skeleta::testing
