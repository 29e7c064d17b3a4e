#include "training/flat_directions.h"

#include <algorithm>
#include <functional>
#include <optional>
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

// What feature j adds to z at most, with this entry of A.
double largest(const Features& features, Index j, double entry) {
  if (features.plain()) return std::max(entry, 0.0);
  if (entry == 0.0) return 0.0;
  const ValueLaw& value = features.law->values[static_cast<std::size_t>(j)];
  return std::max({entry * value.most(), entry * value.least(), 0.0});
}

// The largest z of output i on supports of up to `most` features, with this one among them if one
// is given.
double highest(const Autoencoder& model, const Features& features, Index i, Index most,
               std::optional<Index> with = {}) {
  const Matrix row = output_weights(model, i, 1);
  std::vector<double> entries;
  for (Index j = 0; j < features.size(); ++j) {
    if (j != with && features.density(j) > 0.0) {
      entries.push_back(largest(features, j, row(j, 0)));
    }
  }
  std::ranges::sort(entries, std::greater{});
  double sum = 0.0;
  if (with) sum = features.plain() ? row(*with, 0) : largest(features, *with, row(*with, 0));
  const auto others = static_cast<std::size_t>(with ? most - 1 : most);
  for (std::size_t n = 0; n < std::min(others, entries.size()); ++n) sum += entries[n];
  return sum;
}

// Has output i an answer at all, other than of what is not there?
bool has_threshold(const Autoencoder& model, Index i) {
  return model.activation != Activation::identity && output_noise(model, i) == 0.0;
}

// Does output i never fire while at most `most` features are active, or count for nothing? Its
// parameters may then do nothing at all; of others a flat direction may only be one to second
// order.
bool silent(const Autoencoder& model, const Features& features, Index i, Index most) {
  if (features.importance(i) == 0.0) return true;
  if (!has_threshold(model, i)) return false;
  // Where it is just reached, the loss rises on one side like a third power.
  return model.b(i) > 0.0 && model.b(i) > highest(model, features, i, most);
}

// Does output i never fire while feature j is active?
bool deaf(const Autoencoder& model, const Features& features, Index i, Index j, Index most) {
  if (features.importance(i) == 0.0 || features.density(j) == 0.0) return true;
  return has_threshold(model, i) && model.b(i) > 0.0 &&
         model.b(i) > highest(model, features, i, most, j);
}

// Is no output moved by feature i where it fires?
bool unheard(const Autoencoder& model, const Features& features, Index i, Index most) {
  for (Index j = 0; j < model.features(); ++j) {
    if (!deaf(model, features, j, i, most)) return false;
  }
  return true;
}

}  // namespace

Matrix silent_directions(const Autoencoder& model, const Features& features, Index most) {
  const Index d = model.hidden(), D = model.features(), n = parameter_count(model);
  std::vector<Index> places;
  for (Index i = 0; i < D; ++i) {
    const bool quiet = silent(model, features, i, most);
    if (quiet) places.push_back(n - D + i);
    for (Index a = 0; quiet && !model.tied() && a < d; ++a) places.push_back(D * d + i + a * D);
    if (model.tied() && !quiet) continue;  // the column is its own decoder
    const bool lost = unheard(model, features, i, most);
    for (Index a = 0; lost && a < d; ++a) places.push_back(i * d + a);
  }
  Matrix result = Matrix::Zero(n, static_cast<Index>(places.size()));
  for (std::size_t k = 0; k < places.size(); ++k) result(places[k], static_cast<Index>(k)) = 1.0;
  return result;
}

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
