#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "skeleta/model/autoencoder.h"
#include "skeleta/storage/result_file.h"
#include "skeleta/thomson/match.h"
#include "skeleta/thomson/solve.h"

namespace skeleta::storage {

/// One instance of a model beside the configurations of as many points.
struct MatchedModel {
  Index instance = 0;                                 ///< Its number in the model file.
  Index features = 0;                                 ///< D.
  Index hidden = 0;                                   ///< d.
  thomson::ModelMatch match{};                        ///< What its columns are close to.
  std::vector<std::pair<Index, Index>> coincident{};  ///< Columns of one direction.
  std::optional<geometry::Congruence> other{};        ///< Distance to the columns of another model.
  double seconds = 0.0;                               ///< Wall time.
};

/// What a file of thomson solve holds: the points as a model of one instance (b = 0), and /thomson;
/// `asked` starts were wanted.
Results solution_results(const thomson::Solution& solution, std::uint64_t asked);

/// That of all the starts of these files of solve, which are of one energy and distinct starts; as
/// one solve() would have found it, to the last bit.
Results merged_solution(std::vector<ResultFile> files, const thomson::PairEnergy& energy);

/// What a file of thomson match holds: /thomson, where the configurations are turned and relabelled
/// to lie over the columns they were matched with, padded with NaN where models differ in size or
/// have no such energy; and the models, if there are (none of a sweep, whose cells differ).
Results match_results(const std::vector<Autoencoder>& models,
                      const std::vector<MatchedModel>& matches,
                      const std::vector<thomson::PairEnergy>& energies);

}  // namespace skeleta::storage
