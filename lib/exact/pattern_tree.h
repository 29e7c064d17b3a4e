#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "skeleta/measure/activity_tree.h"

namespace skeleta::exact {

/// Which features may be active together, each pattern with its probability. A node is a set of
/// features, its parent's and one more; the root is the empty set. Of a hundred features of which
/// one is active at a time there are 101, of n independent ones 2ⁿ.
class PatternTree {
 public:
  struct Node {
    std::uint32_t parent = 0;
    std::uint32_t feature : 31 = 0;
    bool possible : 1 = false;  // or only what larger sets begin with
    double probability = 0.0;   // that just these are active
  };

  /// That of those of `features` (in increasing order) that are ever active, whatever the others
  /// do. Probabilities are products and sums without cancellation, of what the activity tree's
  /// nodes have. Cost: some times its nodes.
  static PatternTree of(const ActivityTree& tree, std::span<const Index> features);
  /// Of what `of` would make; infinity or NaN if that is no number.
  struct Size {
    double nodes = 1.0, patterns = 1.0;
  };
  static Size size_of(const ActivityTree& tree, std::span<const Index> features);

  /// [0] is the root; parents come before their children. A set may be there twice.
  const std::vector<Node>& nodes() const { return nodes_; }

  // What a sweep over the activity tree takes: Σ P(pattern) Π_{k in pattern} y_k.
  PatternTree() = default;
  explicit PatternTree(double constant);
  friend PatternTree operator+(const PatternTree& a, const PatternTree& b);
  friend PatternTree operator*(const PatternTree& a, const PatternTree& b);
  friend PatternTree operator*(double factor, PatternTree a);

 private:
  static PatternTree variable(Index feature);
  static PatternTree followed(const PatternTree& a, const PatternTree& b);

  std::vector<Node> nodes_;
};

}  // namespace skeleta::exact
