#pragma once

#include <span>
#include <vector>

#include "skeleta/measure/activity_tree.h"

namespace skeleta {

/// Evaluates E Π_{j active} φ_j over an activity tree, and its derivatives, for any commutative T
/// with T + T, T * T, double * T and construction from double: one pass up the circuit, one down
/// (reverse mode). Nothing is divided or subtracted, so φ_j = 0 and rare features are as good as
/// any. Buffers are kept from use to use; not thread-safe.
///
/// With T = Series<Complex, 2> and a tangent on leaf i alone, derivative(j) has
/// ∂²/∂φ_i∂φ_j as its tangent: what E x_i x_j e^{sz} needs for all j at once.
template <class T>
class ActivitySweep {
 public:
  /// `tree` must outlive it.
  explicit ActivitySweep(const ActivityTree& tree) : tree_(tree), values_(tree.steps().size()) {}

  /// φ_j of feature j, j = 0, …, D − 1, from `leaf(j)`; returns the expectation.
  /// Cost: less than D products of T and 2D sums.
  template <class Leaf>
  T up(const Leaf& leaf) {
    const auto& steps = tree_.steps();
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const auto& step = steps[k];
      switch (step.operation) {
        case ActivityTree::Operation::leaf:
          values_[k] = leaf(step.feature);
          break;
        case ActivityTree::Operation::product:
          values_[k] = value(step.left) * value(step.right);
          break;
        case ActivityTree::Operation::sum:
          values_[k] = value(step.left) + value(step.right);
          break;
      }
    }
    return value(tree_.root());
  }

  /// After up(): calls visit(j, ∂/∂φ_j) for each feature, the expectation over what the others do
  /// while j is active, times P(j active). Cost: two products of T for each of up().
  template <class Visit>
  void down(const Visit& visit) {
    const auto& steps = tree_.steps();
    if (steps.empty()) return;
    adjoints_.resize(steps.size());
    pass(tree_.root(), T(1.0));
    for (std::size_t k = steps.size(); k-- > 0;) {
      const auto& step = steps[k];
      switch (step.operation) {
        case ActivityTree::Operation::leaf:
          visit(step.feature, static_cast<const T&>(adjoints_[k]));
          break;
        case ActivityTree::Operation::product:
          pass(step.left, adjoints_[k] * value(step.right));
          pass(step.right, adjoints_[k] * value(step.left));
          break;
        case ActivityTree::Operation::sum:
          pass(step.left, adjoints_[k]);
          pass(step.right, adjoints_[k]);
          break;
      }
    }
  }

  /// After up(): the derivative by φ_j of one feature alone. Cost: a product of T for each product
  /// above its leaf.
  T derivative(Index feature) const {
    const auto& steps = tree_.steps();
    std::vector<std::size_t> path;  // from the leaf to the root
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const auto& step = steps[k];
      const bool leaf = step.operation == ActivityTree::Operation::leaf;
      const bool here = leaf ? step.feature == feature
                             : !path.empty() && (uses(step.left, path) || uses(step.right, path));
      if (here) path.push_back(k);
    }
    if (path.empty()) return T(0.0);
    T adjoint = tree_.root().slope * T(1.0);
    for (std::size_t n = path.size(); n-- > 1;) {
      const auto& step = steps[path[n]];
      const bool left = static_cast<std::size_t>(step.left.step) == path[n - 1];
      if (step.operation == ActivityTree::Operation::product) {
        adjoint = adjoint * value(left ? step.right : step.left);
      }
      adjoint = (left ? step.left : step.right).slope * adjoint;
    }
    return adjoint;
  }

  /// The value of an operand after up().
  T value(const ActivityTree::Operand& operand) const {
    if (operand.step < 0) return T(operand.constant);
    const T& x = values_[static_cast<std::size_t>(operand.step)];
    if (operand.constant == 0.0) return operand.slope == 1.0 ? x : operand.slope * x;
    return T(operand.constant) + operand.slope * x;
  }

 private:
  static bool uses(const ActivityTree::Operand& operand, const std::vector<std::size_t>& path) {
    return operand.step >= 0 && static_cast<std::size_t>(operand.step) == path.back();
  }

  // Each step is used by one other.
  void pass(const ActivityTree::Operand& to, const T& adjoint) {
    adjoints_[static_cast<std::size_t>(to.step)] = to.slope == 1.0 ? adjoint : to.slope * adjoint;
  }

  const ActivityTree& tree_;
  std::vector<T> values_, adjoints_;
};

}  // namespace skeleta
