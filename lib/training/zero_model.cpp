#include "training/zero_model.h"

#include <vector>

#include "measure/support_sums.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/data_law.h"

namespace skeleta::training {
namespace {

// E[Σ v x²; N = l] for l = 0, …, last.
std::vector<double> zero_by_count(const Features& features, Index last) {
  if (features.plain()) return single_sums(features.importance / 3.0, features.density, last);
  Vector squares = features.importance;
  for (Index j = 0; j < features.size(); ++j) {
    squares(j) *= features.law->values[static_cast<std::size_t>(j)].moment(2);
  }
  const Vector sums = active_by_count(features.law->activity, last).transpose() * squares;
  return {sums.begin(), sums.end()};
}

}  // namespace

double value_of_zero_model(const Features& features, ObjectiveKind objective, Index k) {
  const bool one = objective == ObjectiveKind::one_sparse;
  if (!one && objective != ObjectiveKind::k_sparse) return loss_of_zero_model(features);
  const std::vector<double> by_count = zero_by_count(features, one ? 1 : k);
  if (one) return by_count[1] / ActiveCount(features.data_law().activity).probability(1);
  double value = 0.0;
  for (const double part : by_count) value += part;
  return value > 0.0 ? value : loss_of_zero_model(features);  // k = 0: any scale will do
}

}  // namespace skeleta::training
