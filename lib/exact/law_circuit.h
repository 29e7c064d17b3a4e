#pragma once

#include <vector>

#include "skeleta/measure/activity_tree.h"

namespace skeleta::exact {

/// An activity tree made ready for the sums of law_kernel.h: what does not depend on the nodes.
/// Each step k of the circuit stands for its part of the generating function, split by the number
/// of active features below it: none (a constant), one, at least two.
struct LawCircuit {
  explicit LawCircuit(const ActivityTree& tree);
  LawCircuit(std::vector<ActivityTree::Step> steps_, const ActivityTree::Operand& root_);

  /// P(nothing below an operand is active).
  double none_of(const ActivityTree::Operand& operand) const {
    return operand.constant +
           (operand.step < 0 ? 0.0 : operand.slope * none[static_cast<std::size_t>(operand.step)]);
  }

  /// The parts of a step from those of its operands: one is left·one + right·one of them, rest the
  /// same of their rests and, of a product, both·(one + rest)(one + rest). Which can be other than
  /// 0.
  struct Terms {
    double left = 0.0, right = 0.0, both = 0.0;
    bool has_one = true, has_rest = false;
  };

  std::vector<ActivityTree::Step> steps;
  std::vector<Terms> terms;  ///< Of each step.
  ActivityTree::Operand root;
  std::vector<Index> user;      ///< Which step uses each; −1: the root.
  std::vector<double> none;     ///< Of each step.
  std::vector<double> outside;  ///< The derivative by each step if nothing outside it is active.
  std::vector<LawCircuit> factors;  ///< Whose product a tree's whole is; a factor itself has none.
};

}  // namespace skeleta::exact
