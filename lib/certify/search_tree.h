#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "certify/interval.h"

namespace skeleta::certify {

/// Sides of a box, all of one length of list.
using Sides = std::vector<Interval>;

/// What is known of a box: proven, for a reason that is one letter, or to be cut across a side.
struct Verdict {
  char reason = 0;       ///< A letter; 0: not proven.
  std::size_t side = 0;  ///< Of a box that is not: which to cut, below 10.
};

/// A statement about every point of some boxes. Its verdict is a function of the box alone, safe to
/// ask from several threads at once.
class Problem {
 public:
  virtual ~Problem() = default;
  /// Boxes that together hold all that the statement is about.
  virtual std::vector<Sides> roots() const = 0;
  virtual Verdict judge(const Sides& box) const = 0;
  /// Is the statement true on the box for this very reason?
  virtual bool holds(const Sides& box, char reason) const = 0;
};

/// The halves of a box. Sides that are cut some tens of times from multiples of 2⁻²⁰ have ends that
/// are exact, so that a reader with other arithmetic has the same boxes.
std::array<Sides, 2> halves(const Sides& box, std::size_t side);

/// A box that no reason holds for after so many cuts is left open.
inline constexpr int most_cuts = 100;
inline constexpr char open_leaf = '?';

/// The proof of a problem: its trees, one after the other, in preorder: a digit is a box cut across
/// that side, before its lower and its upper half; a letter is a proven box; open_leaf one that is
/// not. Parallel by subtrees; the same for any number of threads. `progress` hears between rounds,
/// on the caller's thread, how many boxes there are so far, and says whether to go on; if not,
/// Interrupted is thrown. After a round with more than `most_boxes` in all, what is not looked at
/// yet is left open.
std::string grow(const Problem& problem, int threads,
                 const std::function<bool(std::uint64_t boxes)>& progress = {},
                 std::uint64_t most_boxes = std::numeric_limits<std::uint64_t>::max());

/// What is wrong with a proof.
struct Flaw {
  std::size_t place = 0;  ///< Of the character in the tree.
  std::string cause;      ///< A sentence's end: "the box … is not proven by 'h'".
};

/// The first flaw of a proof, if there is one: every leaf is evaluated again, for its own reason.
std::optional<Flaw> flaw(const Problem& problem, std::string_view tree, int threads);

}  // namespace skeleta::certify
