#include "sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "print.h"
#include "result_report.h"
#include "skeleta/training/phase.h"

namespace skeleta::program {
namespace {

std::string label_of(const storage::SweptCell& cell, double represented_norm) {
  if (!std::isfinite(cell.loss)) return "diverged";
  return training::phase_of(cell.model.W, represented_norm).label;
}

// What ended the best start, if that was no tolerance.
std::string ended_by(const storage::SweptCell& cell) {
  const bool met = cell.stop_reason == optimize::DescentStop::gradient ||
                   cell.stop_reason == optimize::DescentStop::value;
  if (met || !std::isfinite(cell.loss)) return "";
  return fmt::format(" (no minimum: {})", to_string(cell.stop_reason));
}

}  // namespace

void print_sweep(std::ostream& out, const std::vector<storage::SweptCell>& cells,
                 double represented_norm) {
  constexpr std::size_t most = 50;
  print_to(out, "{:>4} {:>4} {:>9} {:>10} {:>10} {:>14} {:>10} {:>11}  {}\n", "D", "d", "density",
           "importance", "objective", "loss", "D*", "represented", "dimensionalities");
  for (std::size_t k = 0; k < std::min(most, cells.size()); ++k) {
    const storage::SweptCell& cell = cells[k];
    print_to(out, "{:>4} {:>4} {:>9.4g} {:>10.4g} {:>10} {:>14.9g} {:>10.5g} {:>11}  {}{}\n",
             cell.cell.features, cell.cell.hidden, cell.cell.density, cell.cell.importance_decay,
             to_string(cell.cell.objective), cell.loss, cell.dimensions_per_feature(),
             cell.represented, label_of(cell, represented_norm), ended_by(cell));
  }
  if (cells.size() > most) print_to(out, "and {} more cells\n", cells.size() - most);
}

nlohmann::ordered_json to_json(const std::vector<storage::SweptCell>& cells,
                               double represented_norm) {
  if (cells.empty()) return nlohmann::ordered_json::array();
  auto array = json_of_rows(storage::sweep_results(cells).datasets()).at("cells");
  for (std::size_t k = 0; k < cells.size(); ++k) {
    array[k]["phase"] = label_of(cells[k], represented_norm);
    auto& minima = array[k]["minima"];  // padded to the cell that has most
    if (minima.is_null()) minima = nlohmann::ordered_json::array();
    while (minima.size() > cells[k].minimum_loss.size()) minima.erase(minima.size() - 1);
  }
  return array;
}

}  // namespace skeleta::program
