#include <fmt/format.h>

#include <cmath>
#include <new>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/sweep_file.h"
#include "storage/entries.h"
#include "storage/file_header.h"
#include "storage/hdf5_reader.h"
#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

using Cells = std::vector<SweptCell>;

template <class T, class Set>
void each(const Hdf5Reader& file, Cells& cells, const char* path, Set set) {
  const std::vector<T> values = read_entry<T>(file, path);
  for (std::size_t k = 0; k < cells.size(); ++k) set(cells[k], values[k]);
}

void read_grid(const Hdf5Reader& file, Cells& cells) {
  const auto count = [&](const char* path, auto set) {
    each<std::int64_t>(file, cells, path, [&](SweptCell& cell, std::int64_t value) {
      set(cell, to_count(file, path, value));
    });
  };
  count("/sweep/cell", [](SweptCell& c, std::uint64_t n) { c.cell.index = n; });
  count("/sweep/features",
        [](SweptCell& c, std::uint64_t n) { c.cell.features = static_cast<Index>(n); });
  count("/sweep/hidden",
        [](SweptCell& c, std::uint64_t n) { c.cell.hidden = static_cast<Index>(n); });
  // A signed integer of the same bits.
  each<std::int64_t>(file, cells, "/sweep/seed", [](SweptCell& cell, std::int64_t bits) {
    cell.cell.seed = static_cast<std::uint64_t>(bits);
  });
  count("/sweep/best_start", [](SweptCell& c, std::uint64_t n) { c.best_start = n; });
  count("/sweep/failed", [](SweptCell& c, std::uint64_t n) { c.failed = n; });
  count("/sweep/represented",
        [](SweptCell& c, std::uint64_t n) { c.represented = static_cast<Index>(n); });
}

void read_results(const Hdf5Reader& file, Cells& cells) {
  const auto number = [&](const char* path, auto set) { each<double>(file, cells, path, set); };
  number("/sweep/density", [](SweptCell& c, double x) { c.cell.density = x; });
  number("/sweep/importance_decay", [](SweptCell& c, double x) { c.cell.importance_decay = x; });
  number("/sweep/loss", [](SweptCell& c, double x) { c.loss = x; });
  number("/sweep/error_bound", [](SweptCell& c, double x) { c.error_bound = x; });
  number("/sweep/gradient_norm", [](SweptCell& c, double x) { c.gradient_norm = x; });
  const auto objectives = read_enum<training::ObjectiveKind>(file, "/sweep/objective");
  const auto reasons = read_enum<optimize::StopReason>(file, "/sweep/stop_reason");
  for (std::size_t k = 0; k < cells.size(); ++k) {
    cells[k].cell.objective = objectives[k];
    cells[k].stop_reason = reasons[k];
  }
}

void read_models(const Hdf5Reader& file, Cells& cells) {
  const auto W = read_entry<double>(file, "/sweep/W");
  const auto b = read_entry<double>(file, "/sweep/b");
  const auto dimensionality = read_entry<double>(file, "/sweep/dimensionality");
  const auto d = static_cast<Index>(file.shape("/sweep/dimension").front());
  const auto D = static_cast<Index>(file.shape("/sweep/feature").front());
  for (std::size_t k = 0; k < cells.size(); ++k) {
    SweptCell& cell = cells[k];
    const Index hidden = cell.cell.hidden, features = cell.cell.features;
    if (hidden < 1 || features < 1 || hidden > d || features > D) {
      file.refuse(
          fmt::format("/sweep/W holds no {} x {} weights for cell {}", hidden, features, k));
    }
    const auto place = static_cast<Index>(k);
    const Eigen::Map<const RowMajor> rows(W.data() + place * d * D, d, D);
    cell.model.W = rows.topLeftCorner(hidden, features);
    cell.model.b = Eigen::Map<const Vector>(b.data() + place * D, features);
    cell.dimensionality = Eigen::Map<const Vector>(dimensionality.data() + place * D, features);
    if (std::isfinite(cell.loss) && !(cell.model.W.allFinite() && cell.model.b.allFinite())) {
      file.refuse(fmt::format(
          "/sweep/W and b of cell {} are not finite, but its loss is: the file is damaged", k));
    }
  }
}

void read_minima(const Hdf5Reader& file, Cells& cells) {
  if (!file.has("/sweep/minimum")) return;
  const auto loss = read_entry<double>(file, "/sweep/minimum_loss");
  const auto count = read_entry<std::int64_t>(file, "/sweep/minimum_count");
  const auto rank = read_entry<std::int64_t>(file, "/sweep/minimum_rank");
  const std::size_t most = loss.size() / cells.size();
  for (std::size_t k = 0; k < loss.size(); ++k) {
    if (count[k] == 0) continue;  // padding
    SweptCell& cell = cells[k / most];
    cell.minimum_loss.push_back(loss[k]);
    cell.minimum_count.push_back(count[k]);
    cell.minimum_rank.push_back(rank[k]);
  }
}

}  // namespace

SweepFile read_sweep(const std::filesystem::path& path) {
  try {
    const Hdf5Reader file(path);
    check_kind(file, sweep_filetype);
    SweepFile result{read_build(file), read_provenance(file),
                     Cells(file.shape("/sweep/cell").front())};
    read_grid(file, result.cells);
    read_results(file, result.cells);
    read_models(file, result.cells);
    read_minima(file, result.cells);
    return result;
  } catch (const std::bad_alloc&) {
    throw FileError(path, "does not fit into the memory");
  }
}

}  // namespace skeleta::storage
