#pragma once

#include "exact/dictionary_kernel.h"
#include "skeleta/exact/dictionary.h"

/// One output of a dictionary from its row: period, nodes, loss and detection with their errors.
namespace skeleta::exact {

/// Moments of z' that the row's entries give exactly: E z', E z'².
struct InterferenceMoments {
  double first = 0.0, second = 0.0;
};

/// What is asked of an output, and what is known of its errors before.
struct OutputDemand {
  double relative_target = 1e-4;
  Index maximum_nodes = 0;
  double perturbation = 0.0;  ///< √E δz² of the rounding of A.
};

/// Where the law of z lies (output.h: Side), and how its contour is laid out.
struct OutputResult {
  FeatureFigures figures;
  /// What the grid's spacing contributes to the error may be `excess` times as much as it should: 1
  /// or less is good.
  double excess = 0.0;
  bool contour = false;
  bool alone = false;  ///< z = g x_i: no other feature is read, the rest is in closed form.
  bool above = false;  ///< If there is no contour: z is above the threshold (or below).
  double period = 0.0;
  /// Bound of what aliases change of P(z > c), and E(z − c)₊ ≤ √(E (z − c)₊² P(z > c)) of those.
  double aliases = 0.0;
};

OutputResult evaluate_output(const DictionaryRow& row, const InterferenceMoments& moments,
                             const OutputDemand& demand);

/// Sets row.c so that the loss is least (DictionaryOptions::fit_thresholds). row.fewest is 1.
void fit_threshold(DictionaryRow& row, const InterferenceMoments& moments,
                   const OutputDemand& demand);

/// E[(x_i − x̂_i)²; N = l], l = 0 … parts.size() − 1, with the contour of `result`.
void split_output(const DictionaryRow& row, const OutputResult& result,
                  std::vector<Complex>& buffer, std::vector<double>& parts);

}  // namespace skeleta::exact
