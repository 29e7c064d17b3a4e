#pragma once

#include <cstdint>
#include <span>

#include "skeleta/training/minima.h"
#include "skeleta/training/train.h"

namespace skeleta::training {

/// What the ends of independent starts say about minima that none of them met.
struct Unseen {
  std::uint64_t starts = 0;  ///< n, how many there were,
  std::uint64_t best = 0;    ///< how many of them ended at the least minimum,
  std::uint64_t once = 0;    ///< and how many where no other did; an end at no minimum counts.
  /// The probability that the next start ends where none did: once/n (Good & Turing: Good,
  /// Biometrika 40 (1953) 237). 1 if n = 0.
  double probability = 1.0;
  /// Of that: √(once(1 − once/n) + 2·twice)/n (Esty, Ann. Statist. 11 (1983) 905).
  double standard_error = 0.0;
  /// One minimum that starts end at with at least this probability was met with 95 %: 1 −
  /// .05^{1/n}.
  double detectable = 1.0;
};

/// Of so many starts that ended in these minima. Cost: a look at each.
Unseen unseen(std::span<const Minimum> minima, std::uint64_t starts);

/// How often a search is asked whether it may end: after every so many starts. By looking often it
/// ends a little early: the estimate at the end is low by a fraction of its error.
inline constexpr std::uint64_t look_every = 10;

/// A rule for ending a search: the best minimum was found at least twice, and the probability of an
/// unseen one is at most `most`.
bool seen_enough(const Unseen& unseen, double most);

/// Whether the starts of a training so far tell enough by that rule: asked after every look_every
/// of them. Cost: that of minima_of.
bool seen_enough(std::span<const TrainedModel> starts, const Features& features, double most);

}  // namespace skeleta::training
