#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/storage/sweep_file.h"
#include "storage/fields.h"
#include "storage/read_kind.h"

namespace skeleta::storage {
namespace {

using Cells = std::vector<SweptCell>;
constexpr double infinity = std::numeric_limits<double>::infinity();

// Along [cell].
const Fields<SweptCell>& cell_fields() {
  using Cell = SweptCell;
  using Grid = training::SweepCell;
  static const auto fields = joined(
      block<Cell>(
          "/sweep", "since 1.3, in sweep files",
          {
              {axis("cell", "number of the cell in the grid"), &Cell::cell, &Grid::index},
              {whole("features", "cell", "number of features D").from(1), &Cell::cell,
               &Grid::features},
              {whole("hidden", "cell", "hidden dimensions d").from(1), &Cell::cell, &Grid::hidden},
              {real("density", "cell", "probability that a feature is active").from(0, 1),
               &Cell::cell, &Grid::density},
              {real("importance_decay", "cell", "r: the importance of feature i is r^i")
                   .from(0)
                   .finite(),
               &Cell::cell, &Grid::importance_decay},
              {word("objective", "cell", "what was minimised"), &Cell::cell, &Grid::objective},
              {whole("seed", "cell", "of the random numbers").from(-infinity), &Cell::cell,
               &Grid::seed},
              {real(
                   "loss", "cell",
                   "integral loss of the best start, the one with the least of what was minimised; "
                   "NaN if all diverged"),
               &Cell::loss},
              {magnitude("error_bound", "cell", "rigorous bound of the error of loss")
                   .cites("mathematics.md, Theorem 3.7"),
               &Cell::error_bound},
              {magnitude("gradient_norm", "cell", "Euclidean norm of the gradient of loss"),
               &Cell::gradient_norm},
              {whole("best_start", "cell", "number of the start that has loss").as("start"),
               &Cell::best_start},
              {word("stop_reason", "cell", "why that start ended"), &Cell::stop_reason},
              {whole("failed", "cell", "number of starts that diverged"), &Cell::failed},
              {whole("represented", "cell",
                     "number of features whose |w_i| exceeds represented-norm"),
               &Cell::represented},
              {magnitude("dimensions_per_feature", "cell",
                         "D* = d over the squared Frobenius norm of W"),
               &Cell::dimensions_per_feature},
          },
          "cells[]."),
      block<Cell>(
          "/sweep", "since 1.3, in sweep files",
          {
              {axis("dimension", "hidden dimension")},
              {axis("feature", "feature")},
              {magnitude("dimensionality", "cell feature",
                         "feature dimensionality; NaN beyond the cell's features")
                   .cites("mathematics.md, Proposition 7.4"),
               &Cell::dimensionality},
              {real("W", "cell dimension feature",
                    "weights of the best start; NaN beyond the cell's sizes"),
               &Cell::model, &Autoencoder::W},
              {real("b", "cell feature", "thresholds likewise"), &Cell::model, &Autoencoder::b},
          }),
      block<Cell>("/sweep", "since 1.10, in sweep files, if untied",
                  {
                      {real("W_out", "cell feature dimension",
                            "decoder of the best start, A = W_out W; NaN beyond the cell's sizes"),
                       &Cell::model, &Autoencoder::W_out},
                  }),
      block<Cell>(
          "/sweep", "since 1.3, in sweep files with a finite loss",
          {
              {axis("minimum", "distinct minimum of a cell, best first")},
              {real("minimum_loss", "cell minimum", "its loss; NaN beyond the cell's last")
                   .as("loss"),
               &Cell::minimum_loss},
              {whole("minimum_count", "cell minimum", "number of starts that ended there; 0 beyond")
                   .as("count"),
               &Cell::minimum_count},
              {whole("minimum_rank", "cell minimum", "rank of W; 0 beyond").as("rank"),
               &Cell::minimum_rank},
          },
          "cells[].minima[]."));
  return fields;
}

// Cuts the padding off. No start ended in a minimum that is none.
void trim(const ResultFile& file, std::size_t k, SweptCell& cell) {
  const Index hidden = cell.cell.hidden, features = cell.cell.features;
  if (hidden > cell.model.hidden() || features > cell.model.features()) {
    file.refuse(fmt::format("/sweep/W holds no {} x {} weights for cell {}", hidden, features, k));
  }
  cell.model.W.conservativeResize(hidden, features);
  if (!cell.model.tied()) cell.model.W_out.conservativeResize(features, hidden);
  cell.model.b.conservativeResize(features);
  cell.dimensionality.conservativeResize(features);
  const bool finite =
      cell.model.W.allFinite() && cell.model.W_out.allFinite() && cell.model.b.allFinite();
  if (std::isfinite(cell.loss) && !finite) {
    file.refuse(fmt::format(
        "/sweep/W, W_out or b of cell {} is not finite, but its loss is: the file is damaged", k));
  }
  const auto minima = std::find(cell.minimum_count.begin(), cell.minimum_count.end(), 0) -
                      cell.minimum_count.begin();
  for (auto* list : {&cell.minimum_count, &cell.minimum_rank}) {
    list->resize(static_cast<std::size_t>(minima));
  }
  cell.minimum_loss.resize(static_cast<std::size_t>(minima));
}

}  // namespace

Rows sweep_rows() {
  return rows_of(cell_fields());
}

SweptCell swept(const training::CellResult& result) {
  const training::TrainedModel& best = result.best;
  SweptCell cell{result.cell,
                 best.start,
                 best.model,
                 best.loss.value,
                 best.loss.error_bound,
                 best.loss_gradient_norm,
                 best.summary.stop_reason,
                 result.failed,
                 result.phase.represented,
                 result.phase.dimensionality,
                 {},
                 {},
                 {}};
  if (cell.dimensionality.size() == 0) {
    cell.dimensionality =
        Vector::Constant(result.cell.features, std::numeric_limits<double>::quiet_NaN());
  }
  for (const training::Minimum& minimum : result.minima) {
    cell.minimum_loss.push_back(minimum.loss);
    cell.minimum_count.push_back(minimum.count());
    cell.minimum_rank.push_back(minimum.rank);
  }
  return cell;
}

Results sweep_results(const Cells& cells) {
  Results results;
  put(results, cell_fields(), cells);
  return results;
}

void write_sweep(const std::filesystem::path& target, const Provenance& provenance,
                 const Cells& cells, bool overwrite) {
  if (cells.empty()) throw std::invalid_argument("cells is empty: a file needs at least one");
  write_result(target, "skeleta sweep", provenance, sweep_results(cells), overwrite);
}

SweepFile read_sweep(const std::filesystem::path& path) {
  const ResultFile file = read_kind(path, "skeleta sweep");
  SweepFile result{file.build, file.provenance, Cells(file.at("/sweep/cell").shape.front())};
  get(file, cell_fields(), result.cells);
  for (std::size_t k = 0; k < result.cells.size(); ++k) trim(file, k, result.cells[k]);
  return result;
}

}  // namespace skeleta::storage
