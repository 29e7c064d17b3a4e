#include <algorithm>
#include <limits>
#include <stdexcept>

#include "skeleta/storage/output_file.h"
#include "skeleta/storage/sweep_file.h"
#include "storage/entries.h"
#include "storage/file_header.h"
#include "storage/hdf5_writer.h"
#include "storage/replace_file.h"

namespace skeleta::storage {
namespace {

using Cells = std::vector<SweptCell>;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T, class Get>
Array<T> along_cells(const Cells& cells, Get get) {
  Array<T> result{{cells.size()}, {}};
  for (const SweptCell& cell : cells) result.values.push_back(static_cast<T>(get(cell)));
  return result;
}

// [cell, width], padded on the right.
template <class T, class Get>
Array<T> padded(const Cells& cells, std::size_t width, T padding, Get get) {
  Array<T> result{{cells.size(), width}, std::vector<T>(cells.size() * width, padding)};
  auto row = result.values.begin();
  for (const SweptCell& cell : cells) {
    const auto& values = get(cell);
    std::copy(values.begin(), values.end(), row);
    row += static_cast<std::ptrdiff_t>(width);
  }
  return result;
}

template <class Get>
std::size_t widest(const Cells& cells, Get get) {
  std::size_t width = 0;
  for (const SweptCell& cell : cells) width = std::max(width, static_cast<std::size_t>(get(cell)));
  return width;
}

void write_grid(Hdf5Writer& file, const Cells& cells) {
  const auto write = [&]<class T>(const char* path, T, auto get) {
    file.write(path, along_cells<T>(cells, get));
  };
  constexpr std::int64_t whole = 0;
  write("/sweep/cell", whole, [](const SweptCell& c) { return c.cell.index; });
  write("/sweep/features", whole, [](const SweptCell& c) { return c.cell.features; });
  write("/sweep/hidden", whole, [](const SweptCell& c) { return c.cell.hidden; });
  write("/sweep/density", 0.0, [](const SweptCell& c) { return c.cell.density; });
  write("/sweep/importance_decay", 0.0, [](const SweptCell& c) { return c.cell.importance_decay; });
  file.write_category(
      "/sweep/objective",
      along_cells<std::int8_t>(cells, [](const SweptCell& c) { return c.cell.objective; }),
      enum_names<training::ObjectiveKind>());
  write("/sweep/seed", whole, [](const SweptCell& c) { return c.cell.seed; });
}

void write_best(Hdf5Writer& file, const Cells& cells) {
  const auto write = [&]<class T>(const char* path, T, auto get) {
    file.write(path, along_cells<T>(cells, get));
  };
  constexpr std::int64_t whole = 0;
  write("/sweep/loss", 0.0, [](const SweptCell& c) { return c.loss; });
  write("/sweep/error_bound", 0.0, [](const SweptCell& c) { return c.error_bound; });
  write("/sweep/gradient_norm", 0.0, [](const SweptCell& c) { return c.gradient_norm; });
  write("/sweep/best_start", whole, [](const SweptCell& c) { return c.best_start; });
  file.write_category(
      "/sweep/stop_reason",
      along_cells<std::int8_t>(cells, [](const SweptCell& c) { return c.stop_reason; }),
      enum_names<optimize::StopReason>());
  write("/sweep/failed", whole, [](const SweptCell& c) { return c.failed; });
  write("/sweep/represented", whole, [](const SweptCell& c) { return c.represented; });
  write("/sweep/dimensions_per_feature", 0.0,
        [](const SweptCell& c) { return c.dimensions_per_feature(); });
}

void write_models(Hdf5Writer& file, const Cells& cells) {
  const std::size_t D = widest(cells, [](const SweptCell& c) { return c.model.features(); });
  const std::size_t d = widest(cells, [](const SweptCell& c) { return c.model.hidden(); });
  file.write("/sweep/dimension", counting(static_cast<Index>(d)));
  file.write("/sweep/feature", counting(static_cast<Index>(D)));
  file.write("/sweep/dimensionality",
             padded(
                 cells, D, nan, [](const SweptCell& c) -> auto& { return c.dimensionality; }));
  Array<double> W{{cells.size(), d, D}, std::vector<double>(cells.size() * d * D, nan)};
  Eigen::Map<RowMajor> rows(W.values.data(), static_cast<Index>(cells.size() * d),
                            static_cast<Index>(D));
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const Matrix& weights = cells[k].model.W;
    rows.block(static_cast<Index>(k * d), 0, weights.rows(), weights.cols()) = weights;
  }
  file.write("/sweep/W", W);
  file.write("/sweep/b", padded(
                             cells, D, nan, [](const SweptCell& c) -> auto& { return c.model.b; }));
}

void write_minima(Hdf5Writer& file, const Cells& cells) {
  const std::size_t most = widest(cells, [](const SweptCell& c) { return c.minimum_loss.size(); });
  if (most == 0) return;
  constexpr std::int64_t none = 0;
  file.write("/sweep/minimum", counting(static_cast<Index>(most)));
  file.write("/sweep/minimum_loss",
             padded(
                 cells, most, nan, [](const SweptCell& c) -> auto& { return c.minimum_loss; }));
  file.write("/sweep/minimum_count",
             padded(
                 cells, most, none, [](const SweptCell& c) -> auto& { return c.minimum_count; }));
  file.write("/sweep/minimum_rank",
             padded(
                 cells, most, none, [](const SweptCell& c) -> auto& { return c.minimum_rank; }));
}

}  // namespace

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
    cell.dimensionality = Vector::Constant(result.cell.features, nan);
  }
  for (const training::Minimum& minimum : result.minima) {
    cell.minimum_loss.push_back(minimum.loss);
    cell.minimum_count.push_back(minimum.count());
    cell.minimum_rank.push_back(minimum.rank);
  }
  return cell;
}

void write_sweep(const std::filesystem::path& target, const Provenance& provenance,
                 const Cells& cells, bool overwrite) {
  if (cells.empty()) throw std::invalid_argument("cells is empty: a file needs at least one");
  check_output(target, overwrite);
  Hdf5Writer file(target);
  write_header(file, sweep_filetype, provenance);
  write_grid(file, cells);
  write_best(file, cells);
  write_models(file, cells);
  write_minima(file, cells);
  replace_file(target, file.image(), overwrite);
}

}  // namespace skeleta::storage
