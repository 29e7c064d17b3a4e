#include "sampling/tree_supports.h"

#include <algorithm>
#include <map>

#include "measure/activity_sweep.h"
#include "measure/series.h"

namespace skeleta::sampling {
namespace {

using Operand = ActivityTree::Operand;
using Step = ActivityTree::Step;

const Step& step_of(const ActivityTree& tree, const Operand& part) {
  return tree.steps()[static_cast<std::size_t>(part.step)];
}

// The supports of a step, given that it is on, by their number of features; each list once.
class Lists {
 public:
  explicit Lists(const ActivityTree& tree) : tree_(tree) {}

  // Those of n features of an operand, with what it adds to their probability.
  TreeSupports of(const Operand& part, Index n) {
    TreeSupports result = of_step(part.step, n);
    for (double& p : result.probability) p *= part.slope;
    if (n == 0 && part.constant > 0.0) {
      if (result.probability.empty()) result.probability.push_back(0.0);
      result.probability[0] += part.constant;
    }
    if (part.slope == 0.0 && n > 0) result = {};
    return result;
  }

 private:
  const TreeSupports& of_step(Index step, Index n) {
    const auto [place, fresh] = lists_.try_emplace({step, n});
    if (fresh) place->second = make(tree_.steps()[static_cast<std::size_t>(step)], n);
    return place->second;
  }

  TreeSupports make(const Step& step, Index n) {
    TreeSupports result;
    if (n > step.leaves) return result;
    switch (step.operation) {
      case ActivityTree::Operation::leaf:
        if (n == 1) result = {{static_cast<std::int32_t>(step.feature)}, {1.0}};
        break;
      case ActivityTree::Operation::product: {
        const Index right = step_of(tree_, step.right).leaves;
        const Index left = step_of(tree_, step.left).leaves;
        for (Index k = std::max<Index>(0, n - right); k <= std::min(n, left); ++k) {
          append_products(of(step.left, k), k, of(step.right, n - k), n - k, result);
        }
        break;
      }
      case ActivityTree::Operation::sum:
        append_sum(of(step.left, n), n, result);
        append_sum(of(step.right, n), n, result);
        break;
    }
    return result;
  }

  static void append_products(const TreeSupports& a, Index k, const TreeSupports& b, Index m,
                              TreeSupports& result) {
    const auto support = [](const TreeSupports& list, std::size_t i, Index size) {
      return list.features.begin() + static_cast<std::ptrdiff_t>(i) * size;
    };
    for (std::size_t i = 0; i < a.probability.size(); ++i) {
      for (std::size_t j = 0; j < b.probability.size(); ++j) {
        const double p = a.probability[i] * b.probability[j];
        if (p == 0.0) continue;
        auto& all = result.features;
        all.insert(all.end(), support(a, i, k), support(a, i, k) + k);
        all.insert(all.end(), support(b, j, m), support(b, j, m) + m);
        result.probability.push_back(p);
      }
    }
  }

  // There is one support without features; it may come from both sides.
  static void append_sum(const TreeSupports& part, Index n, TreeSupports& result) {
    if (n == 0 && !result.probability.empty() && !part.probability.empty()) {
      result.probability[0] += part.probability[0];
      return;
    }
    result.features.insert(result.features.end(), part.features.begin(), part.features.end());
    result.probability.insert(result.probability.end(), part.probability.begin(),
                              part.probability.end());
  }

  const ActivityTree& tree_;
  std::map<std::pair<Index, Index>, TreeSupports> lists_;
};

// A number of supports: operands as in the tree, but what is possible counts as 1.
Polynomial<double> counted(const Operand& part, const std::vector<Polynomial<double>>& of) {
  const Polynomial<double>& step = of[static_cast<std::size_t>(part.step)];
  if (part.slope == 0.0) return Polynomial<double>(part.constant > 0.0 ? 1.0 : 0.0);
  return part.constant > 0.0 && step[0] == 0.0 ? Polynomial<double>(1.0) + step : step;
}

}  // namespace

double count_supports(const ActivityTree& tree, Index l) {
  const auto most = static_cast<std::size_t>(l);
  std::vector<Polynomial<double>> counts;
  for (const Step& step : tree.steps()) {
    switch (step.operation) {
      case ActivityTree::Operation::leaf:
        counts.push_back(Polynomial<double>::marked(1.0, most));
        break;
      case ActivityTree::Operation::product:
        counts.push_back(counted(step.left, counts) * counted(step.right, counts));
        break;
      case ActivityTree::Operation::sum: {
        Polynomial<double> sum = counted(step.left, counts) + counted(step.right, counts);
        if (sum[0] > 1.0) sum = sum + Polynomial<double>(-1.0);  // the one without features
        counts.push_back(std::move(sum));
        break;
      }
    }
  }
  return counted(tree.root(), counts)[most];
}

TreeSupports list_supports(const ActivityTree& tree, Index l) {
  return Lists(tree).of(tree.root(), l);
}

}  // namespace skeleta::sampling
