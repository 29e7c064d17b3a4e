#include "sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "print.h"
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
  using Json = nlohmann::ordered_json;
  Json array = Json::array();
  for (const storage::SweptCell& cell : cells) {
    Json minima = Json::array();
    for (std::size_t k = 0; k < cell.minimum_loss.size(); ++k) {
      minima.push_back({{"loss", cell.minimum_loss[k]},
                        {"count", cell.minimum_count[k]},
                        {"rank", cell.minimum_rank[k]}});
    }
    array.push_back({{"features", cell.cell.features},
                     {"hidden", cell.cell.hidden},
                     {"density", cell.cell.density},
                     {"importance_decay", cell.cell.importance_decay},
                     {"objective", to_string(cell.cell.objective)},
                     {"seed", cell.cell.seed},
                     {"loss", cell.loss},
                     {"gradient_norm", cell.gradient_norm},
                     {"start", cell.best_start},
                     {"stop_reason", to_string(cell.stop_reason)},
                     {"failed", cell.failed},
                     {"represented", cell.represented},
                     {"phase", label_of(cell, represented_norm)},
                     {"dimensions_per_feature", cell.dimensions_per_feature()},
                     {"minima", minima}});
  }
  return array;
}

}  // namespace skeleta::program
