#include "exact/law_circuit.h"

#include <utility>

namespace skeleta::exact {
namespace {

using Operand = ActivityTree::Operand;
using Steps = std::vector<ActivityTree::Step>;

// Appends what is below an operand; the operand with its place there.
Operand copy_below(const Steps& from, Operand operand, Steps& to) {
  auto step = from[static_cast<std::size_t>(operand.step)];
  if (step.operation != ActivityTree::Operation::leaf) {
    step.left = copy_below(from, step.left, to);
    step.right = copy_below(from, step.right, to);
  }
  to.push_back(step);
  operand.step = static_cast<Index>(to.size()) - 1;
  return operand;
}

void add_factors(const Steps& steps, const Operand& operand, std::vector<LawCircuit>& factors) {
  const auto& step = steps[static_cast<std::size_t>(operand.step)];
  if (step.operation == ActivityTree::Operation::product && operand.constant == 0.0 &&
      operand.slope == 1.0) {
    add_factors(steps, step.left, factors);
    add_factors(steps, step.right, factors);
    return;
  }
  Steps below;
  const Operand root = copy_below(steps, operand, below);
  factors.emplace_back(std::move(below), root);
}

}  // namespace

LawCircuit::LawCircuit(const ActivityTree& tree) : LawCircuit(tree.steps(), tree.root()) {
  if (root.step >= 0) add_factors(steps, root, factors);
}

LawCircuit::LawCircuit(std::vector<ActivityTree::Step> steps_, const ActivityTree::Operand& root_)
    : steps(std::move(steps_)),
      terms(steps.size()),
      root(root_),
      user(steps.size(), -1),
      none(steps.size(), 0.0),
      outside(steps.size(), 0.0) {
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const auto& step = steps[k];
    if (step.operation == ActivityTree::Operation::leaf) continue;
    for (const auto* operand : {&step.left, &step.right}) {
      user[static_cast<std::size_t>(operand->step)] = static_cast<Index>(k);
    }
    const double left = none_of(step.left), right = none_of(step.right);
    const bool product = step.operation == ActivityTree::Operation::product;
    none[k] = product ? left * right : left + right;
    const Terms &x = terms[static_cast<std::size_t>(step.left.step)],
                &y = terms[static_cast<std::size_t>(step.right.step)];
    Terms& term = terms[k];
    term = {step.left.slope * (product ? right : 1.0), step.right.slope * (product ? left : 1.0),
            product ? step.left.slope * step.right.slope : 0.0, false, product};
    for (const auto& [operand, slope] : {std::pair(&x, term.left), std::pair(&y, term.right)}) {
      if (slope == 0.0) continue;
      term.has_one = term.has_one || operand->has_one;
      term.has_rest = term.has_rest || operand->has_rest;
    }
    term.has_one = term.has_one || !term.has_rest;  // so that there is something to add
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
