#include "skeleta/measure/activity_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "core/compensated_sum.h"
#include "core/require.h"

namespace skeleta {

namespace activity {
namespace {

ActivityNodes group(ActivityKind kind, const std::vector<ActivityNodes>& members, double p) {
  ActivityNodes result{{.kind = kind, .probability = p}};
  for (const ActivityNodes& member : members) {
    const auto shift = static_cast<Index>(result.size());
    for (ActivityNode node : member) {
      node.parent = node.parent < 0 ? 0 : node.parent + shift;
      result.push_back(node);
    }
  }
  return result;
}

}  // namespace

ActivityNodes feature(Index j, double p) {
  return {{.kind = ActivityKind::feature, .feature = j, .probability = p}};
}

ActivityNodes independent(const std::vector<ActivityNodes>& members, double p) {
  return group(ActivityKind::independent, members, p);
}

ActivityNodes exclusive(const std::vector<ActivityNodes>& members, double p) {
  return group(ActivityKind::exclusive, members, p);
}

ActivityNodes together(std::span<const Index> features, double p) {
  std::vector<ActivityNodes> members;
  for (const Index j : features) members.push_back(feature(j, 1.0));
  return independent(members, p);
}

ActivityNodes parent(Index j, double p, const std::vector<ActivityNodes>& children) {
  std::vector<ActivityNodes> members{feature(j, 1.0)};
  members.insert(members.end(), children.begin(), children.end());
  return independent(members, p);
}

ActivityNodes join(const std::vector<ActivityNodes>& pieces) {
  ActivityNodes result;
  for (const ActivityNodes& piece : pieces) {
    const auto shift = static_cast<Index>(result.size());
    for (ActivityNode node : piece) {
      if (node.parent >= 0) node.parent += shift;
      result.push_back(node);
    }
  }
  return result;
}

}  // namespace activity

namespace {

bool is_group(ActivityKind kind) {
  return kind == ActivityKind::independent || kind == ActivityKind::exclusive;
}

std::string name(const ActivityNodes& nodes, std::size_t at) {
  return nodes[at].kind == ActivityKind::feature ? fmt::format("feature {}", nodes[at].feature)
                                                 : fmt::format("group at node {}", at);
}

void check_node(const ActivityNodes& nodes, std::size_t at) {
  const ActivityNode& node = nodes[at];
  require(node.kind == ActivityKind::feature || is_group(node.kind),
          fmt::format("node {}: kind {} must be 0 (feature), 1 (independent) or 2 (exclusive)", at,
                      static_cast<int>(node.kind)));
  require(
      node.probability >= 0.0 && node.probability <= 1.0,
      fmt::format("{}: its probability {} must lie in [0, 1]", name(nodes, at), node.probability));
  if (node.parent == -1) return;
  require(node.parent >= 0 && node.parent < static_cast<Index>(at) &&
              is_group(nodes[static_cast<std::size_t>(node.parent)].kind),
          fmt::format("{}: its parent, node {}, must be an earlier node that is a group",
                      name(nodes, at), node.parent));
}

// Node of each feature.
std::vector<Index> find_leaves(const ActivityNodes& nodes) {
  const auto count = std::count_if(nodes.begin(), nodes.end(), [](const ActivityNode& node) {
    return node.kind == ActivityKind::feature;
  });
  std::vector<Index> leaf(static_cast<std::size_t>(count), -1);
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    if (nodes[at].kind != ActivityKind::feature) continue;
    const Index j = nodes[at].feature;
    require(j >= 0 && j < count,
            fmt::format("feature {}: {} features are named, so they must be 0..{}, each once", j,
                        count, count - 1));
    require(leaf[static_cast<std::size_t>(j)] < 0,
            fmt::format("feature {} has two places: it may be in one group only", j));
    leaf[static_cast<std::size_t>(j)] = static_cast<Index>(at);
  }
  return leaf;
}

std::vector<std::vector<Index>> find_children(const ActivityNodes& nodes) {
  std::vector<std::vector<Index>> children(nodes.size());
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    if (nodes[at].parent < 0) continue;
    children[static_cast<std::size_t>(nodes[at].parent)].push_back(static_cast<Index>(at));
  }
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    require(nodes[at].kind == ActivityKind::feature || !children[at].empty(),
            fmt::format("{} has no members", name(nodes, at)));
  }
  return children;
}

// 1 − Σ p, what remains for none of an exclusive group's children, to some ε of itself; a remainder
// that is rounding is 0.
double remainder(const ActivityNodes& nodes, std::size_t group,
                 const std::vector<Index>& children) {
  CompensatedSum sum;
  sum.add(1.0);
  for (const Index c : children) sum.add(-nodes[static_cast<std::size_t>(c)].probability);
  const double remainder = sum.value();
  const double rounding =
      static_cast<double>(children.size() - 1) * std::numeric_limits<double>::epsilon();
  require(remainder >= -rounding,
          fmt::format("exclusive {}: the probabilities of its {} members add up to {}, more than 1",
                      name(nodes, group), children.size(), 1.0 - remainder));
  return remainder > rounding ? remainder : 0.0;
}

// What a node is while its parent is on, from what it is while it is on itself.
ActivityTree::Operand gated(const ActivityTree::Operand& on, double p) {
  return {on.step, (1.0 - p) + p * on.constant, p * on.slope};
}

}  // namespace

ActivityTree::ActivityTree(ActivityNodes nodes) : nodes_(std::move(nodes)) {
  for (std::size_t at = 0; at < nodes_.size(); ++at) check_node(nodes_, at);
  leaf_ = find_leaves(nodes_);
  const auto children = find_children(nodes_);
  std::vector<double> on(nodes_.size());  // P(node is on)
  density_.resize(static_cast<Index>(leaf_.size()));
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    const ActivityNode& node = nodes_[at];
    const double above = node.parent < 0 ? 1.0 : on[static_cast<std::size_t>(node.parent)];
    on[at] = node.probability * above;
    require(on[at] > 0.0 || node.probability == 0.0 || above == 0.0,
            fmt::format("{}: it is active with a probability of {} times {}, below the range of "
                        "double: let one of the two be 0",
                        name(nodes_, at), node.probability, above));
    if (node.kind == ActivityKind::feature) density_(node.feature) = on[at];
  }
  compile(children);
}

ActivityTree ActivityTree::independent(const Vector& density) {
  ActivityNodes nodes(static_cast<std::size_t>(density.size()));
  for (Index j = 0; j < density.size(); ++j) {
    nodes[static_cast<std::size_t>(j)] = {.feature = j, .probability = density(j)};
  }
  return ActivityTree(std::move(nodes));
}

// From the last node to the first, so that children come before their parent.
void ActivityTree::compile(const std::vector<std::vector<Index>>& children) {
  std::vector<Operand> on(nodes_.size());  // generating function of each node while it is on
  const auto gated_child = [&](Index c) {
    return gated(on[static_cast<std::size_t>(c)], nodes_[static_cast<std::size_t>(c)].probability);
  };
  std::vector<Operand> operands;
  for (std::size_t at = nodes_.size(); at-- > 0;) {
    const ActivityNode& node = nodes_[at];
    operands.clear();
    if (node.kind == ActivityKind::feature) {
      on[at] = {static_cast<Index>(steps_.size())};
      steps_.push_back({.feature = node.feature});
    } else if (node.kind == ActivityKind::independent) {
      for (const Index c : children[at]) operands.push_back(gated_child(c));
      on[at] = combine(Operation::product, operands);
    } else {
      for (const Index c : children[at]) {
        const Operand& child = on[static_cast<std::size_t>(c)];
        const double p = nodes_[static_cast<std::size_t>(c)].probability;
        operands.push_back({child.step, p * child.constant, p * child.slope});
      }
      on[at] = combine(Operation::sum, operands);
      on[at].constant += remainder(nodes_, at, children[at]);
    }
  }
  operands.clear();
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    if (nodes_[at].parent < 0) operands.push_back(gated_child(static_cast<Index>(at)));
  }
  if (operands.empty()) return;
  root_ = combine(Operation::product, operands);

  // Independent: every factor but those of single features is a plain product.
  const auto plain = [&](const Operand& operand) {
    return steps_[static_cast<std::size_t>(operand.step)].operation == Operation::leaf ||
           (operand.constant == 0.0 && operand.slope == 1.0);
  };
  independent_ =
      plain(root_) && std::ranges::all_of(steps_, [&](const Step& step) {
        return step.operation == Operation::leaf ||
               (step.operation == Operation::product && plain(step.left) && plain(step.right));
      });
}

ActivityTree::Operand ActivityTree::combine(Operation operation,
                                            std::span<const Operand> operands) {
  if (operands.size() == 1) return operands[0];
  const std::size_t half = operands.size() / 2;
  const Operand left = combine(operation, operands.first(half));
  const Operand right = combine(operation, operands.subspan(half));
  const auto leaves = [&](const Operand& operand) {
    return steps_[static_cast<std::size_t>(operand.step)].leaves;
  };
  steps_.push_back({.operation = operation,
                    .leaves = leaves(left) + leaves(right),
                    .left = left,
                    .right = right});
  return {static_cast<Index>(steps_.size()) - 1};
}

// The union of the paths to the top: each node once, and no two ways into an exclusive group.
double ActivityTree::probability_of_all(std::span<const Index> features) const {
  struct Visit {
    Index node, child;
  };
  std::vector<Visit> visited;
  double probability = 1.0;
  for (const Index j : features) {
    require(j >= 0 && j < this->features(),
            fmt::format("feature {} must lie in 0..{}", j, this->features() - 1));
    Index child = -1;
    for (Index at = leaf_[static_cast<std::size_t>(j)]; at >= 0;) {
      const ActivityNode& node = nodes_[static_cast<std::size_t>(at)];
      const auto before = std::ranges::find(visited, at, &Visit::node);
      if (before != visited.end()) {
        if (node.kind == ActivityKind::exclusive && before->child != child) return 0.0;
        break;
      }
      probability *= node.probability;
      visited.push_back({at, child});
      child = at;
      at = node.parent;
    }
  }
  return probability;
}

Matrix ActivityTree::pair_probabilities() const {
  std::vector<Index> top(nodes_.size());  // the node at the top above each
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    const Index above = nodes_[at].parent;
    top[at] = above < 0 ? static_cast<Index>(at) : top[static_cast<std::size_t>(above)];
  }
  const auto group = [&](Index j) {
    return top[static_cast<std::size_t>(leaf_[static_cast<std::size_t>(j)])];
  };
  Matrix pairs(features(), features());
  for (Index k = 0; k < features(); ++k) {
    for (Index j = 0; j < k; ++j) {
      const Index both[] = {j, k};
      pairs(j, k) = pairs(k, j) =
          group(j) == group(k) ? probability_of_all(both) : density_(j) * density_(k);
    }
    pairs(k, k) = density_(k);
  }
  return pairs;
}

ActivityArrays to_arrays(const ActivityTree& tree) {
  ActivityArrays arrays;
  for (const ActivityNode& node : tree.nodes()) {
    arrays.kind.push_back(static_cast<std::uint8_t>(node.kind));
    arrays.parent.push_back(node.parent);
    arrays.feature.push_back(node.feature);
    arrays.probability.push_back(node.probability);
  }
  return arrays;
}

ActivityTree from_arrays(const ActivityArrays& arrays) {
  const std::size_t count = arrays.kind.size();
  for (const auto& [name, size] : {std::pair{"parent", arrays.parent.size()},
                                   {"feature", arrays.feature.size()},
                                   {"probability", arrays.probability.size()}}) {
    require(size == count,
            fmt::format("groups: kind has {} entries, but {} has {}", count, name, size));
  }
  ActivityNodes nodes(count);
  for (std::size_t at = 0; at < count; ++at) {
    nodes[at] = {.kind = static_cast<ActivityKind>(arrays.kind[at]),
                 .parent = arrays.parent[at],
                 .feature = arrays.feature[at],
                 .probability = arrays.probability[at]};
  }
  return ActivityTree(std::move(nodes));
}

}  // namespace skeleta
