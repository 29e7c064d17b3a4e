#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/model/relu_autoencoder.h"

namespace skeleta::exact {

/// One line of tests/oracle/exact_loss_table.json: a small model and its exact results, rounded
/// once. See tests/oracle/README.md for how they were computed.
struct OracleCase {
  std::string name;
  ReluAutoencoder model;
  Features features;
  double loss = 0.0;
  Vector contributions, probability;
  Matrix dW;
  Vector db;
};

inline Vector to_vector(const nlohmann::json& array) {
  Vector result(static_cast<Index>(array.size()));
  for (Index i = 0; i < result.size(); ++i) result(i) = array[static_cast<std::size_t>(i)];
  return result;
}

inline Matrix to_matrix(const nlohmann::json& rows) {
  Matrix result(static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size()));
  for (Index k = 0; k < result.rows(); ++k) {
    result.row(k) = to_vector(rows[static_cast<std::size_t>(k)]).transpose();
  }
  return result;
}

inline std::vector<OracleCase> read_oracle_table() {
  std::ifstream file(SKELETA_SOURCE_DIR "/tests/oracle/exact_loss_table.json");
  std::vector<OracleCase> result;
  for (const auto& line : nlohmann::json::parse(file)) {
    result.push_back({line["name"],
                      {to_matrix(line["W"]), to_vector(line["b"])},
                      {to_vector(line["density"]), to_vector(line["importance"])},
                      line["loss"],
                      to_vector(line["contributions"]),
                      to_vector(line["probability"]),
                      to_matrix(line["gradient_W"]),
                      to_vector(line["gradient_b"])});
  }
  return result;
}

}  // namespace skeleta::exact
