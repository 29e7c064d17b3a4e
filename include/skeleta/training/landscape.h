#pragma once

#include <cstdint>

#include "skeleta/core/names.h"

namespace skeleta::training {

using skeleta::to_string;

/// What a model is for an objective, as its first and second derivatives tell.
enum class Landscape : std::int8_t {
  unknown,     ///< Nobody asked, or second derivatives are not known well enough.
  minimum,     ///< All directions but those that change nothing lead up.
  saddle,      ///< Some lead down, to second order.
  degenerate,  ///< None does, but some are flat for no known reason.
  slope,       ///< The gradient does not vanish.
  kink,        ///< Not twice differentiable.
};

constexpr auto names_of(Landscape) {
  return std::to_array<std::string_view>(
      {"unknown", "minimum", "saddle", "degenerate", "slope", "kink"});
}

}  // namespace skeleta::training
