#pragma once

#include "core/level.h"
#include "exact/curvature_kernel.h"
#include "exact/derivative_bound.h"
#include "exact/dictionary_gradient.h"
#include "exact/dictionary_kernel.h"
#include "exact/gradient.h"
#include "exact/gradient_kernel.h"
#include "exact/kept_kernel.h"
#include "exact/law_curvature_kernel.h"
#include "exact/law_kernel.h"
#include "exact/loss_kernel.h"
#include "exact/output.h"
#include "exact/skeleton_kernel.h"
#include "exact/truncation.h"

namespace skeleta::exact {

/// What is compiled for each level of the processor.
struct Loops {
  decltype(&sum_loss) loss;
  decltype(&sum_gradient) gradient;
  decltype(&finish_gradient) finish;
  decltype(&sum_curvature) curvature;
  decltype(&sum_kept) kept;
  decltype(&add_kept_product) kept_product;
  decltype(&split_by_count) by_count;
  decltype(&read_output) output;
  decltype(&pair_ramps) pairs;
  decltype(&truncation_bound) truncation;
  decltype(&nodes_for_bound) nodes;
  decltype(&derivative_truncation) truncation_of_derivatives;
  decltype(&derivative_rounding) rounding_of_derivatives;
  decltype(&sum_law) law;
  decltype(&sum_law_curvature) law_curvature;
  decltype(&bound_law) law_bound;
  decltype(&bound_law_on_line) law_bound_on_line;
  decltype(&spread_points) spread;
  decltype(&set_polynomials) polynomials;
  decltype(&interpolate) at_points;
  decltype(&add_entries) entries;
  decltype(&sum_dictionary) dictionary;
  decltype(&sum_dictionary_by_count) dictionary_by_count;
  decltype(&bound_moments) dictionary_moments;
  decltype(&truncation_of_dictionary) dictionary_truncation;
  decltype(&sum_derivatives) derivatives;
  decltype(&finish_entries) entries_of_gradient;
};
SKELETA_LEVELS(Loops, loops)

}  // namespace skeleta::exact
