#include "exact/law_circuit.h"

namespace skeleta::exact {

LawCircuit::LawCircuit(const ActivityTree& tree)
    : steps(tree.steps()),
      root(tree.root()),
      user(steps.size(), -1),
      leaf(static_cast<std::size_t>(tree.features()), -1),
      none(steps.size(), 0.0),
      outside(steps.size(), 0.0) {
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const auto& step = steps[k];
    if (step.operation == ActivityTree::Operation::leaf) {
      leaf[static_cast<std::size_t>(step.feature)] = static_cast<Index>(k);
      continue;
    }
    for (const auto* operand : {&step.left, &step.right}) {
      user[static_cast<std::size_t>(operand->step)] = static_cast<Index>(k);
    }
    const double left = none_of(step.left), right = none_of(step.right);
    none[k] = step.operation == ActivityTree::Operation::product ? left * right : left + right;
  }
  if (root.step >= 0) outside[static_cast<std::size_t>(root.step)] = root.slope;
  for (std::size_t k = steps.size(); k-- > 0;) {
    const auto& step = steps[k];
    if (step.operation == ActivityTree::Operation::leaf) continue;
    const bool product = step.operation == ActivityTree::Operation::product;
    outside[static_cast<std::size_t>(step.left.step)] =
        outside[k] * step.left.slope * (product ? none_of(step.right) : 1.0);
    outside[static_cast<std::size_t>(step.right.step)] =
        outside[k] * step.right.slope * (product ? none_of(step.left) : 1.0);
  }
}

}  // namespace skeleta::exact
