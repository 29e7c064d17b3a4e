#pragma once

#include <cstdint>
#include <span>

#include "skeleta/exact/dictionary.h"
#include "skeleta/storage/dictionary_file.h"

namespace skeleta::program {

/// The dictionary with a random rotation of its own for each feature, the same for w_i and o_i:
/// lengths and A_ii are kept, as are thresholds and jumps, and nothing of how features lie to each
/// other. Features come in the given order, each with random numbers of its own, so that it has the
/// same direction in any order.
Dictionary random_directions(const Dictionary& dictionary, std::span<const Index> order,
                             std::uint64_t seed, int threads);

/// Evaluates `count` outputs among random directions, with options as the dictionary's, and puts
/// what it finds into run.compared and run.summary: half of them those with the largest v_i p_i,
/// each for itself; the others at random from the rest, for as many features as that has. All, if
/// there are no more.
void compare_with_random(const Dictionary& dictionary, const Features& features, Index count,
                         std::uint64_t seed, const exact::DictionaryOptions& options,
                         storage::DictionaryRun& run);

}  // namespace skeleta::program
