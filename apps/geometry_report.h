#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "skeleta/geometry/column_geometry.h"
#include "skeleta/model/autoencoder.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// Fills in the geometry of each run's columns.
void describe_geometry(std::vector<storage::EstimateRun>& runs);

/// The geometry of each model's columns.
std::vector<geometry::ColumnGeometry> describe_geometry(const std::vector<Autoencoder>& models);

/// What the columns of the models look like, in words: `path` is in the heading.
void print_geometry(std::ostream& out, const std::string& path,
                    const std::vector<Autoencoder>& models);

/// The same as JSON; its keys are the dataset names of /geometry.
nlohmann::ordered_json geometry_json(const std::vector<Autoencoder>& models);

}  // namespace skeleta::program
