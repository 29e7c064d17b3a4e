#include "exact/pattern_tree.h"

#include <algorithm>

#include "measure/activity_sweep.h"

namespace skeleta::exact {
namespace {

// The nodes but the root, and how many sets are possible, of a PatternTree that is not made.
struct PatternCount {
  PatternCount() = default;
  explicit PatternCount(double constant)
      : patterns(constant == 0.0 ? 0.0 : 1.0), none(constant != 0.0) {}
  static PatternCount variable() {
    PatternCount count;
    count.nodes = count.patterns = 1.0;
    return count;
  }

  friend PatternCount operator+(PatternCount a, const PatternCount& b) {
    a.nodes += b.nodes;
    a.patterns += b.patterns - (a.none && b.none ? 1.0 : 0.0);
    a.none = a.none || b.none;
    return a;
  }
  friend PatternCount operator*(PatternCount a, const PatternCount& b) {
    if (a.patterns == 0.0 || b.patterns == 0.0) return PatternCount(0.0);
    a.nodes = std::min(a.nodes + a.patterns * b.nodes, b.nodes + b.patterns * a.nodes);
    a.patterns *= b.patterns;
    a.none = a.none && b.none;
    return a;
  }
  friend PatternCount operator*(double, const PatternCount& a) { return a; }

  double nodes = 0.0, patterns = 0.0;
  bool none = false;  // whether the empty set is possible
};

}  // namespace

PatternTree::PatternTree(double constant)
    : nodes_{{.possible = constant != 0.0, .probability = constant}} {}

PatternTree PatternTree::variable(Index feature) {
  PatternTree tree(0.0);
  tree.nodes_.push_back({.parent = 0,
                         .feature = static_cast<std::uint32_t>(feature) & 0x7fffffffu,
                         .possible = true,
                         .probability = 1.0});
  return tree;
}

PatternTree operator*(double factor, PatternTree a) {
  for (PatternTree::Node& node : a.nodes_) node.probability *= factor;
  return a;
}

PatternTree operator+(const PatternTree& a, const PatternTree& b) {
  PatternTree sum = a;
  const auto shift = static_cast<std::uint32_t>(a.nodes_.size() - 1);
  sum.nodes_.reserve(a.nodes_.size() + b.nodes_.size() - 1);
  sum.nodes_[0].probability += b.nodes_[0].probability;
  sum.nodes_[0].possible = sum.nodes_[0].possible || b.nodes_[0].possible;
  for (std::size_t s = 1; s < b.nodes_.size(); ++s) {
    PatternTree::Node node = b.nodes_[s];
    if (node.parent > 0) node.parent += shift;
    sum.nodes_.push_back(node);
  }
  return sum;
}

// The operands have no feature in common: each set of one is followed by all of the other, in the
// order that makes fewer nodes.
PatternTree operator*(const PatternTree& a, const PatternTree& b) {
  const auto sets = [](const PatternTree& tree) {
    return static_cast<std::size_t>(std::ranges::count_if(
        tree.nodes_, [](const PatternTree::Node& node) { return node.possible; }));
  };
  const std::size_t of_a = sets(a), of_b = sets(b);
  if (of_a == 0 || of_b == 0) return PatternTree(0.0);
  const std::size_t a_first = a.nodes_.size() + of_a * (b.nodes_.size() - 1);
  const std::size_t b_first = b.nodes_.size() + of_b * (a.nodes_.size() - 1);
  return a_first <= b_first ? PatternTree::followed(a, b) : PatternTree::followed(b, a);
}

PatternTree PatternTree::followed(const PatternTree& a, const PatternTree& b) {
  PatternTree product = a;
  auto& nodes = product.nodes_;
  for (PatternTree::Node& node : nodes) {
    node.probability *= b.nodes_[0].probability;
    node.possible = node.possible && b.nodes_[0].possible;
  }
  for (std::uint32_t base = 0; base < a.nodes_.size(); ++base) {
    if (!a.nodes_[base].possible) continue;
    const auto shift = static_cast<std::uint32_t>(nodes.size() - 1);
    for (std::size_t s = 1; s < b.nodes_.size(); ++s) {
      PatternTree::Node node = b.nodes_[s];
      node.parent = node.parent > 0 ? node.parent + shift : base;
      node.probability *= a.nodes_[base].probability;
      nodes.push_back(node);
    }
  }
  return product;
}

PatternTree PatternTree::of(const ActivityTree& tree, std::span<const Index> features) {
  ActivitySweep<PatternTree> sweep(tree);
  return sweep.up([&](Index j) {
    if (!std::ranges::binary_search(features, j)) return PatternTree(1.0);
    return tree.density()(j) > 0.0 ? variable(j) : PatternTree(0.0);
  });
}

PatternTree::Size PatternTree::size_of(const ActivityTree& tree, std::span<const Index> features) {
  ActivitySweep<PatternCount> sweep(tree);
  const PatternCount count = sweep.up([&](Index j) {
    if (!std::ranges::binary_search(features, j)) return PatternCount(1.0);
    return tree.density()(j) > 0.0 ? PatternCount::variable() : PatternCount(0.0);
  });
  return {1.0 + count.nodes, count.patterns};
}

}  // namespace skeleta::exact
