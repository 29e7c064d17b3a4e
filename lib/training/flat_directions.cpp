#include "training/flat_directions.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "core/decompositions.h"
#include "core/products.h"
#include "skeleta/training/parameters.h"
#include "training/orbit.h"

namespace skeleta::training {
namespace {

// Orthonormal combinations of the orthonormal columns of B that H maps to less than `zero`.
Matrix flat_part(const Matrix& H, const Matrix& B, double zero) {
  if (B.cols() == 0) return B;
  const Svd parts = svd(skeleta::product(H, B));
  const Index flat = (parts.values.array() <= zero).count();
  return skeleta::product(B, parts.V.rightCols(flat));
}

// The parameters of one feature as unit vectors.
Matrix block_of(const Autoencoder& model, Index i) {
  const Index d = model.hidden(), D = model.features(), n = parameter_count(model);
  Matrix B = Matrix::Zero(n, model.tied() ? d + 1 : 2 * d + 1);
  Index column = 0;
  for (Index a = 0; a < d; ++a) B(i * d + a, column++) = 1.0;
  for (Index a = 0; !model.tied() && a < d; ++a) B(D * d + i + a * D, column++) = 1.0;
  B(n - D + i, column) = 1.0;
  return B;
}

Matrix beside(const Matrix& A, const Matrix& B) {
  Matrix result(A.rows(), A.cols() + B.cols());
  result << A, B;
  return result;
}

// Does output i never fire while at most `most` features are active, or count for nothing? Its
// parameters may then do nothing at all; of others a flat direction may only be one to second
// order.
bool silent(const Autoencoder& model, const Features& features, Index i, Index most) {
  if (features.importance(i) == 0.0) return true;
  const Matrix row = output_weights(model, i, 1);
  std::vector<double> entries;
  for (Index j = 0; j < features.size(); ++j) {
    if (features.density(j) > 0.0) entries.push_back(std::max(row(j, 0), 0.0));
  }
  std::ranges::sort(entries, std::greater{});
  double highest = 0.0;
  for (std::size_t n = 0; n < entries.size() && static_cast<Index>(n) < most; ++n) {
    highest += entries[n];
  }
  return model.b(i) >= highest && model.b(i) > 0.0;
}

}  // namespace

ExplainedZeros explained_zeros(const Matrix& hessian, const Zeros& zeros, const Autoencoder& model,
                               const Features& features, Index most) {
  // What is flat but for the error of a nearly flat matrix.
  const double size = 4.0 * zeros.size;
  Matrix known = flat_part(hessian, orbit(model), size);
  ExplainedZeros result;
  result.orbit = std::min(known.cols(), zeros.count);
  for (Index i = 0; i < model.features() && known.cols() < zeros.count; ++i) {
    if (!silent(model, features, i, most)) continue;
    const Matrix flat = flat_part(hessian, block_of(model, i), size);
    if (flat.cols() > 0) known = orthonormal(beside(known, flat));
  }
  result.dropped = std::min(known.cols(), zeros.count) - result.orbit;
  return result;
}

}  // namespace skeleta::training
