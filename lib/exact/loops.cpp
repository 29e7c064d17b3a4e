#include "exact/loops.h"

namespace skeleta::exact {

const Loops SKELETA_AT_LEVEL(loops) = {
    sum_loss,
    sum_gradient,
    finish_gradient,
    sum_curvature,
    sum_kept,
    add_kept_product,
    split_by_count,
    read_output,
    pair_ramps,
    truncation_bound,
    nodes_for_bound,
    derivative_truncation,
    derivative_rounding,
    sum_law,
    sum_law_curvature,
    bound_law,
    bound_law_on_line,
    spread_points,
    set_polynomials,
    interpolate,
    add_entries,
    sum_dictionary,
    sum_dictionary_by_count,
    bound_moments,
    truncation_of_dictionary,
    sum_derivatives,
    finish_entries,
};

}  // namespace skeleta::exact
