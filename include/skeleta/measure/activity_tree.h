#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"

namespace skeleta {

/// The kinds of nodes of an activity tree. The numbers are those in files.
enum class ActivityKind : std::uint8_t {
  feature = 0,      ///< A leaf: on means that the feature is active.
  independent = 1,  ///< On: the children are on or off independently of each other.
  exclusive = 2     ///< On: at most one child is on; their probabilities add up to at most 1.
};

/// Names of the enumeration, in its order.
constexpr auto names_of(ActivityKind) {
  return std::to_array<std::string_view>({"feature", "independent", "exclusive"});
}

/// One node: what it is, and the probability that it is on given that its parent is (or always, at
/// the top, where the nodes are independent of each other).
struct ActivityNode {
  ActivityKind kind = ActivityKind::feature;  ///< A leaf, or which kind of group.
  Index parent = -1;                          ///< An earlier node that is a group; −1 at the top.
  Index feature = -1;                         ///< Which feature a leaf is; −1 for groups.
  double probability = 1.0;                   ///< In [0, 1].
  bool operator==(const ActivityNode&) const = default;  ///< All four alike.
};

/// Nodes with each one's parent before it: a piece of a tree, which may be put into a group.
using ActivityNodes = std::vector<ActivityNode>;

/// The pieces. A group is on with probability p, and what it says holds while it is on; what is
/// inside a group that is off is off.
namespace activity {

/// Feature j, active with probability p.
ActivityNodes feature(Index j, double p);
/// Members that are on or off independently of each other while the group is on.
ActivityNodes independent(const std::vector<ActivityNodes>& members, double p = 1.0);
/// At most one member is on; their probabilities add up to at most 1. Of n members, n − 1 ulps of 1
/// more or less are the rounding of what they were computed from: then one of them is on.
ActivityNodes exclusive(const std::vector<ActivityNodes>& members, double p = 1.0);
/// All of these features are active together, or none of them.
ActivityNodes together(std::span<const Index> features, double p);
/// Feature j is active with probability p, and only then may the children be, each with its own
/// conditional probability.
ActivityNodes parent(Index j, double p, const std::vector<ActivityNodes>& children);
/// Pieces side by side, independent of each other.
ActivityNodes join(const std::vector<ActivityNodes>& pieces);

}  // namespace activity

/// Which features are active together: a sum-product tree with one leaf for each feature
/// (mathematics.md, Proposition 11.2).
///
/// Let φ_j stand for what an active feature j contributes (y for counting, y·E e^{saU} for a
/// transform, …). While a node is on its generating function is φ_j (feature), Π_c (1 − p_c + p_c
/// F_c) (independent) or 1 − Σ p_c + Σ p_c F_c (exclusive) with the functions F_c of its children;
/// the whole is that of an independent group of the nodes at the top. Every law below, and every
/// expectation E Π_j (φ_j or 1), is one pass over this arithmetic circuit; ActivitySweep
/// (measure/activity_sweep.h) evaluates it for any kind of number: real and complex ones, dual ones
/// (own feature marked), polynomials in y (skeleton by skeleton) or in s (moments).
///
/// "Together" is an independent group whose members have probability 1, "parent and children" one
/// whose first member is a feature of probability 1: there are no other kinds. A group with one
/// member, and an independent group of probability 1, change nothing, to the bit: independent()
/// tells whether that is all there is, and then the densities are the whole law.
///
/// The circuit: groups are halved again and again, so that each step has two operands, a + b·(an
/// earlier step) with a, b ≥ 0: no step subtracts. At most 2D − 1 steps, depth log₂ of each group.
class ActivityTree {
 public:
  ActivityTree() = default;  ///< Without features.

  /// Features 0, …, D − 1, where D is the number of leaves. Throws std::invalid_argument, with node
  /// or feature and value, if a probability is outside [0, 1], an exclusive group's add up to more
  /// than 1 (beyond rounding), a group is empty or of an unknown kind, a parent is not an earlier
  /// group, or a feature is missing or has two places.
  explicit ActivityTree(ActivityNodes nodes);

  /// Feature j is active with probability density[j], independently of all others.
  static ActivityTree independent(const Vector& density);

  /// D.
  Index features() const { return density_.size(); }
  /// As they were given.
  const ActivityNodes& nodes() const { return nodes_; }
  /// P(feature j is active), D entries.
  const Vector& density() const { return density_; }
  /// True if the features are independent: then density() says all.
  bool independent() const { return independent_; }

  /// P(all of these features are active); they must be distinct. Cost: their number times the
  /// depth.
  double probability_of_all(std::span<const Index> features) const;
  /// P(i and j are active): D × D, density on the diagonal. Cost D² times the depth.
  Matrix pair_probabilities() const;

  /// constant + slope·(value of a step), both ≥ 0.
  struct Operand {
    Index step = -1;        ///< Its place; −1 if there is none and the constant is all.
    double constant = 0.0;  ///< What is added.
    double slope = 1.0;     ///< What the step's value is multiplied by.
  };
  /// What a step computes: φ of a feature, or the product or the sum of its operands.
  enum class Operation : std::uint8_t { leaf, product, sum };
  /// One step of the circuit.
  struct Step {
    Operation operation = Operation::leaf;  ///< What it computes.
    Index feature = -1;                     ///< Of a leaf.
    Index leaves = 1;                       ///< How many are below.
    Operand left{};                         ///< Of a product or sum.
    Operand right{};                        ///< Likewise.
  };
  /// The circuit, operands before those that use them. Empty without features; then root() is 1.
  const std::vector<Step>& steps() const { return steps_; }
  /// The whole generating function.
  const Operand& root() const { return root_; }

 private:
  void compile(const std::vector<std::vector<Index>>& children);
  Operand combine(Operation operation, std::span<const Operand> operands);

  ActivityNodes nodes_;
  std::vector<Index> leaf_;  // node of each feature
  Vector density_;
  bool independent_ = true;
  std::vector<Step> steps_;
  Operand root_{-1, 1.0, 0.0};
};

/// The nodes as flat arrays of numbers, one entry each, as files hold them.
struct ActivityArrays {
  std::vector<std::uint8_t> kind;     ///< ActivityKind.
  std::vector<std::int64_t> parent;   ///< As in ActivityNode.
  std::vector<std::int64_t> feature;  ///< As in ActivityNode.
  std::vector<double> probability;    ///< As in ActivityNode.
};
/// The tree's nodes, in their order.
ActivityArrays to_arrays(const ActivityTree& tree);
/// Throws std::invalid_argument if the lengths differ, and as ActivityTree's constructor.
ActivityTree from_arrays(const ActivityArrays& arrays);

}  // namespace skeleta
