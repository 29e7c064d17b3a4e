#include "storage/kinds/kinds.h"

namespace skeleta::storage {

// Each in the file of its kind.
Rows estimate_rows();
Rows training_rows();
Rows sweep_rows();
Rows critical_points_rows();
Rows flow_rows();
Rows moments_rows();
Rows thomson_rows();
Rows approximation_rows();
Rows dictionary_rows();
Rows basins_rows();
Rows spectrum_rows();

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {{"skeleta estimate"}, estimate_rows},
      {{"skeleta train"}, training_rows},
      {{"skeleta sweep"}, sweep_rows},
      {{"skeleta linear critical-points"}, critical_points_rows},
      {{"skeleta linear flow"}, flow_rows},
      {{"skeleta linear moments"}, moments_rows},
      {{"skeleta thomson solve", "skeleta thomson match"}, thomson_rows},
      {{"skeleta approximate"}, approximation_rows},
      {{"skeleta dictionary"}, dictionary_rows},
      {{"skeleta basins"}, basins_rows},
      {{"skeleta spectrum"}, spectrum_rows},
  };
  return all;
}

}  // namespace skeleta::storage
