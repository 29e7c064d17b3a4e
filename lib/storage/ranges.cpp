#include "storage/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace skeleta::storage {
namespace {

constexpr double largest = std::numeric_limits<double>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Rule {
  Range range;
  std::vector<const char*> paths;
};

// Numbers that are not listed: integers are counts, 0 or more; others may be anything, NaN too.
const std::vector<Rule>& rules() {
  static const std::vector<Rule> all{
      {{-largest, largest, false},
       {"/model/W", "/model/b", "/certified/W", "/certified/b", "/certified/open",
        "/training/minimum_loss"}},
      {{0.0, largest, false},
       {"/data/importance", "/sweep/importance_decay", "/certified/lower", "/certified/upper"}},
      {{0.0, 1.0, false},
       {"/data/density", "/sweep/density", "/moments/density", "/moments/confidence",
        "/approximation/probability", "/approximation/tail", "/approximation/table_sparsity"}},
      {{0.0, 1.0, true},
       {"/loss/confidence", "/loss/probability", "/tail/probability_of_rest",
        "/approximation/sparsity"}},
      {{0.0, infinity, false}, {"/state/planned", "/loss/seconds", "/moments/seconds"}},
      {{0.0, infinity, true},
       {"/loss/value_standard_error",
        "/loss/error_bound",
        "/loss/standard_error",
        "/loss/effective_samples",
        "/loss/variance_ratio",
        "/tail/rest_standard_error",
        "/tail/rest_bound",
        "/tail/union_bound",
        "/tail/chernoff_bound",
        "/geometry/norm",
        "/geometry/dimensionality",
        "/geometry/dimensions_per_feature",
        "/geometry/distance_to_first",
        "/training/error_bound",
        "/training/gradient_norm",
        "/training/objective_gradient_norm",
        "/training/norm",
        "/training/feature_dimensionality",
        "/sweep/error_bound",
        "/sweep/gradient_norm",
        "/sweep/dimensions_per_feature",
        "/sweep/dimensionality",
        "/critical/eigenvalue",
        "/critical/loss",
        "/flow/eigenvalue",
        "/flow/time"}},
      {{-1.0, infinity, false}, {"/certified/radius"}},
      {{-1.0, largest, false},
       {"/state/chunks", "/state/end", "/training/minimum_of", "/thomson/part",
        "/thomson/opposite"}},
      {{0.0, 1.0, false},
       {"/critical/member", "/approximation/same_configuration", "/thomson/symmetry_complete",
        "/thomson/converged"}},
      {{1.0, largest, false},
       {"/sweep/features", "/sweep/hidden", "/training/step", "/training/count",
        "/moments/features", "/thomson/features", "/thomson/hidden"}},
      {{-largest, largest, false}, {"/sweep/seed"}},
  };
  return all;
}

}  // namespace

void set_ranges(std::vector<DatasetEntry>& entries) {
  for (DatasetEntry& entry : entries) {
    if (entry.element != Element::float64) entry.range = {0.0, infinity, false};
  }
  for (const Rule& rule : rules()) {
    for (const char* path : rule.paths) {
      const auto found = std::find_if(entries.begin(), entries.end(),
                                      [&](const auto& entry) { return entry.path() == path; });
      if (found == entries.end()) {
        throw std::logic_error(fmt::format("there is a range of {}, which is no dataset", path));
      }
      found->range = rule.range;
    }
  }
}

}  // namespace skeleta::storage
