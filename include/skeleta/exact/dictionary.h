#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/measure/feature_figures.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/dictionary.h"

/// The integral loss of a dictionary of 10⁴ to 10⁶ features, output by output, and what each output
/// detects: no D × D matrix, no sampling.
///
/// Rows of A = W_outᵀ W are formed in blocks (2 d D² operations in all: the floor of the cost). The
/// rare features of a row are not multiplied node by node, but spread on a grid of some hundred
/// points (lib/exact/spread.h), whose generating function is that of the row up to a proven error
/// (mathematics.md, Proposition 11.6): with one power of its odds if a feature is hardly ever
/// active, with up to twelve if it is more often; frequent ones remain exact factors. Which are
/// which, the grid and the number of nodes follow the target. Cost: D² times 2d operations and some
/// 5 to 15 ns, with 256-bit vectors; more where hardly anything is active and targets are tight.
/// Memory 4 (d + d) D bytes for the weights and some megabytes a thread. Only plain features
/// (independent, uniform on [0, 1]).
namespace skeleta::exact {

/// How exactly, and what for.
struct DictionaryOptions {
  /// Each output's loss is wanted to this, relative to it (or to 10⁻⁶ of its E x_i²): 1e-12 … 0.1.
  double relative_target = 1e-4;
  /// Derivatives ∂F_i/∂A_ij are wanted to this times p_j √F_i: 1e-10 … 0.1.
  double gradient_target = 1e-3;
  Index maximum_nodes = Index{1} << 14;  ///< For each output; at least 64.
  Index neighbours = 10;                 ///< How many of an output's disturbing features to name.
  /// Split the loss by the number of active features, 0 … skeletons; −1: not.
  Index skeletons = -1;
  /// Choose each b_i anew: a minimum of its own loss given its row, the best of a search from below
  /// the constant output E x_i to far above A_ii, four standard deviations of the interference.
  bool fit_thresholds = false;
  int threads = 1;  ///< 0: all. Never changes a bit.
};

/// Throws std::invalid_argument if a number is out of its range.
void validate(const DictionaryOptions& options);

/// A feature that disturbs an output, and its part of the variance of z'.
struct Neighbour {
  std::int64_t feature = -1;  ///< −1: nobody does.
  double share = 0.0;         ///< From 0 to 1.
};

/// Outputs first, …, first + count − 1.
struct OutputRange {
  Index first = 0;  ///< A multiple of DictionaryEvaluator::block_rows().
  Index count = 0;  ///< How many.
};

/// Results of some outputs.
struct OutputFigures {
  std::vector<FeatureFigures> figures;  ///< In the order of the outputs asked for.
  std::vector<Neighbour> neighbours;    ///< `neighbours` of each, the largest share first.
  Vector by_count;  ///< Σ_i v_i E[(x_i − x̂_i)²; N = l], l = 0 … skeletons, of these outputs.
};

/// Σ_i v_i F_i over some outputs, and its derivatives by all weights and thresholds.
struct DictionaryGradient {
  double loss = 0.0;            ///< The sum.
  double error_bound = 0.0;     ///< Of that.
  double gradient_error = 0.0;  ///< Estimate for (Γ, db), Γ_ij = v_i ∂F_i/∂A_ij, Frobenius norm.
  Matrix dW;                    ///< d × D; of a tied dictionary by W in both its places.
  Matrix dW_out;                ///< d × D, as Dictionary::W_out; empty if tied.
  Vector db;                    ///< Of length D, 0 for other outputs.
};

/// For one dictionary, again and again.
class DictionaryEvaluator {
 public:
  /// Of a dictionary that outlives it. Throws std::invalid_argument if an argument is not valid or
  /// the features are not plain. Looks at some outputs first, to choose a grid.
  DictionaryEvaluator(const Dictionary& dictionary, const Features& features,
                      const DictionaryOptions& options);
  DictionaryEvaluator(const Dictionary&&, const Features&, const DictionaryOptions&) = delete;
  ~DictionaryEvaluator();
  /// It has a reference, and is not copied.
  DictionaryEvaluator(const DictionaryEvaluator&) = delete;
  /// Nor assigned.
  DictionaryEvaluator& operator=(const DictionaryEvaluator&) = delete;

  /// The outputs of [first, first + count). In blocks of block_rows(), in parallel; results are the
  /// same however the outputs are divided into calls at multiples of it.
  OutputFigures evaluate(Index first, Index count) const;
  /// evaluate() of each of the ranges, several at a time, and take(k, figures) for each in their
  /// order, on the caller's thread, every second or so. Of work that is called off
  /// (core/cancellation.h) the first ranges that were finished are taken before Interrupted reaches
  /// the caller.
  void evaluate_each(std::span<const OutputRange> ranges,
                     FunctionRef<void(std::size_t k, const OutputFigures& figures)> take) const;
  /// Likewise the loss of these outputs with its derivatives, row by row of A. Throws
  /// std::invalid_argument if the dictionary has jumps or thresholds are fitted. Cost: three times
  /// the loss and more, far more where hardly anything is active and the target is tight. Memory:
  /// 8 d D bytes for each matrix of derivatives, and 4 kB D.
  DictionaryGradient loss_and_gradient(Index first, Index count) const;
  /// Outputs that are evaluated together.
  static Index block_rows();

  Index frequent() const;  ///< How many features are exact factors.
  int orders() const;      ///< The most powers of the odds that are kept of another one.

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace skeleta::exact
