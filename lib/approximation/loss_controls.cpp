#include "approximation/loss_controls.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "exact/closed_forms.h"
#include "measure/support_sums.h"

namespace skeleta::approximation {
namespace {

using estimate::BatchIntegrand;
using estimate::SparseBatch;

// What all threads share.
struct Tables {
  struct Own {
    double norm, threshold, importance;  // G_jj, b_j, v_j
  };

  Index features;
  std::vector<Own> own;
  Matrix pairs;  // t, or empty
};

// The controls at points of Count active features, whose loops then unroll; of any number if
// Count = 0.
template <bool Pairs, std::size_t Count>
void evaluate(const Tables& tables, const SparseBatch& batch, double* values) {
  const std::size_t count = Count > 0 ? Count : batch.active_count();
  const std::int32_t* j = batch.active().data();
  const double* x = batch.value().data();
  for (std::size_t i = 0; i < batch.size(); ++i, j += count, x += count) {
    double alone = 0.0, sum = 0.0, squares = 0.0, fourths = 0.0, pairs = 0.0;
    for (std::size_t k = 0; k < count; ++k) {
      const auto& own = tables.own[static_cast<std::size_t>(j[k])];
      const double error = x[k] - std::max(own.norm * x[k] - own.threshold, 0.0);
      const double square = x[k] * x[k];
      alone += own.importance * error * error;
      sum += x[k];
      squares += square;
      fourths += square * square;
      if constexpr (Pairs) {
        const double* const column = tables.pairs.data() + j[k] * tables.features;
        double part = 0.0;
        for (std::size_t a = 0; a < k; ++a) part += x[a] * column[j[a]];
        pairs += x[k] * part;
      }
    }
    *values++ = alone;
    *values++ = sum;
    *values++ = 0.5 * (sum * sum - squares);
    *values++ = 0.5 * (squares * squares - fourths);
    if constexpr (Pairs) *values++ = pairs;
  }
}

using Pass = void (*)(const Tables&, const SparseBatch&, double*);

template <bool Pairs, std::size_t... Count>
constexpr std::array<Pass, sizeof...(Count)> passes_for(std::index_sequence<Count...>) {
  return {evaluate<Pairs, Count>...};
}

estimate::Integrand integrand(std::shared_ptr<const Tables> tables) {
  static constexpr auto with = passes_for<true>(std::make_index_sequence<13>());
  static constexpr auto without = passes_for<false>(std::make_index_sequence<13>());
  const bool pairs = tables->pairs.size() > 0;
  return estimate::Integrand::of_batches(pairs ? 5 : 4, [tables, pairs]() -> BatchIntegrand {
    return [tables, pairs](const SparseBatch& batch, std::span<double> values) {
      const std::size_t l = batch.active_count();
      (pairs ? with : without)[l < with.size() ? l : 0](*tables, batch, values.data());
    };
  });
}

// The mean cost of each feature alone.
Vector alone(const Autoencoder& model, const Features& features) {
  Vector result(features.size());
  for (Index j = 0; j < features.size(); ++j) {
    const double norm = model.W.col(j).squaredNorm();
    result(j) = features.importance(j) * exact::own_error(norm, model.b(j));
  }
  return result;
}

// h_jk of the header. What is rounding only is 0: as a control it would be noise with a wrong mean.
Matrix interaction(const Matrix& pairs, const Autoencoder& model, const Features& features) {
  constexpr double rounding = 1e-13;
  const Vector single = alone(model, features);
  const double empty = features.importance.dot(model.b.cwiseMin(0.0).cwiseAbs2());
  Matrix result = pairs;
  for (Index j = 0; j < pairs.cols(); ++j) {
    for (Index k = 0; k < pairs.rows(); ++k) {
      const double expected = single(j) + single(k) + empty;
      const double h = pairs(k, j) - expected;
      result(k, j) = std::abs(h) > rounding * (pairs(k, j) + expected) ? h : 0.0;
    }
  }
  return result;
}

// Sums by count over their probabilities, times `factor`: means on each skeleton.
Vector means_of(const std::vector<double>& sums, const ActiveCount& law, double factor) {
  Vector means = Vector::Zero(static_cast<Index>(sums.size()));
  for (Index l = 0; l < means.size(); ++l) {
    const double probability = law.probability(l);
    if (probability > 0.0) means(l) = factor * sums[static_cast<std::size_t>(l)] / probability;
  }
  return means;
}

}  // namespace

estimate::Controls loss_controls(const Autoencoder& model, const Features& features,
                                 const Matrix* pairs) {
  auto tables = std::make_shared<Tables>();
  tables->features = model.features();
  for (Index j = 0; j < model.features(); ++j) {
    tables->own.push_back({model.W.col(j).squaredNorm(), model.b(j), features.importance(j)});
  }
  if (pairs) {
    tables->pairs = interaction(*pairs, model, features);
  } else if (model.features() <= many_features) {
    tables->pairs = gram(model);
  }
  // Not used, and large beside small entries: the means of pairs would lose digits to it.
  if (tables->pairs.size() > 0) tables->pairs.diagonal().setZero();
  const estimate::Integrand value = integrand(tables);
  const auto outputs = static_cast<Index>(value.outputs());

  const ActiveCount law(features.density);
  const Index last = law.bulk({0, law.features()}, 1e-18).last;
  Matrix mean(last + 1, outputs);
  mean.col(0) = means_of(single_sums(alone(model, features), features.density, last), law, 1.0);
  for (Index l = 0; l <= last; ++l) {
    const auto active = static_cast<double>(l), of_pairs = 0.5 * active * (active - 1.0);
    mean.row(l).segment(1, 3) << active / 2.0, of_pairs / 4.0, of_pairs / 9.0;
  }
  if (outputs == 5) {
    mean.col(4) = means_of(pair_sums(tables->pairs, features.density, last), law, 0.25);
  }
  std::vector<std::optional<double>> coefficient(value.outputs());
  coefficient[0] = 1.0;
  return {value, mean, coefficient};
}

}  // namespace skeleta::approximation
