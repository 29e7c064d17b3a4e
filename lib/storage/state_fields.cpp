#include "storage/state_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "storage/entries.h"

namespace skeleta::storage {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Row {
  std::int64_t run;
  const StratumState* state;
};

std::vector<Row> all_strata(const std::vector<EstimateRun>& runs) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const StratumState& state : runs[i].state.strata) {
      rows.push_back({static_cast<std::int64_t>(i), &state});
    }
  }
  return rows;
}

template <class Get>
Array<std::int64_t> along(const std::vector<Row>& rows, Get get) {
  Array<std::int64_t> result{{rows.size()}, {}};
  for (const Row& row : rows) result.values.push_back(static_cast<std::int64_t>(get(row)));
  return result;
}

template <class T, class Value>
std::size_t longest(const std::vector<Row>& rows, std::vector<Value> StratumState::*member, T) {
  std::size_t most = 0;
  for (const Row& row : rows) most = std::max(most, (row.state->*member).size());
  return most;
}

// One list for each stratum, padded to the length of the longest.
template <class T, class Value>
Array<T> table(const std::vector<Row>& rows, std::vector<Value> StratumState::*member, T padding) {
  const std::size_t width = longest(rows, member, padding);
  Array<T> result{{rows.size(), width}, std::vector<T>(rows.size() * width, padding)};
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const std::vector<Value>& list = rows[k].state->*member;
    std::transform(list.begin(), list.end(),
                   result.values.begin() + static_cast<std::ptrdiff_t>(k * width),
                   [](Value x) { return static_cast<T>(x); });
  }
  return result;
}

template <class T>
Array<T> read_table(const Hdf5Reader& file, const char* path) {
  return {file.shape(path), read_entry<T>(file, path)};
}

}  // namespace

void write_states(Hdf5Writer& file, const std::vector<EstimateRun>& runs) {
  const std::vector<Row> rows = all_strata(runs);
  if (rows.empty()) return;
  const auto chunks = table<std::int64_t>(rows, &StratumState::chunks, -1);
  const auto moments = table<double>(rows, &StratumState::moments, nan);
  const auto coefficients = table<double>(rows, &StratumState::coefficients, nan);
  file.write("/state/stratum", counting(static_cast<Index>(rows.size())));
  file.write("/state/replicate", counting(static_cast<Index>(chunks.shape[1])));
  file.write("/state/entry", counting(static_cast<Index>(moments.shape[1])));
  file.write("/state/run", along(rows, [](const Row& r) { return r.run; }));
  Array<double> planned{{rows.size()}, {}};
  for (const Row& row : rows) {
    planned.values.push_back(runs[static_cast<std::size_t>(row.run)].state.planned);
  }
  file.write("/state/planned", planned);
  file.write("/state/first", along(rows, [](const Row& r) { return r.state->first; }));
  file.write("/state/last", along(rows, [](const Row& r) { return r.state->last; }));
  file.write("/state/non_finite", along(rows, [](const Row& r) { return r.state->non_finite; }));
  file.write("/state/chunks", chunks);
  file.write("/state/end", table<std::int64_t>(rows, &StratumState::end, -1));
  file.write("/state/moments", moments);
  if (coefficients.shape[1] == 0) return;
  file.write("/state/control", counting(static_cast<Index>(coefficients.shape[1])));
  file.write("/state/coefficients", coefficients);
}

void read_states(const Hdf5Reader& file, std::vector<EstimateRun>& runs) {
  if (!file.has("/state")) return;
  require(file, {"/state/run"});  // and with it the others
  const auto column = [&](const char* path) { return read_entry<std::int64_t>(file, path); };
  const auto run = column("/state/run"), first = column("/state/first"),
             last = column("/state/last"), non_finite = column("/state/non_finite");
  const auto planned = read_entry<double>(file, "/state/planned");
  const auto chunks = read_table<std::int64_t>(file, "/state/chunks");
  const auto end = read_table<std::int64_t>(file, "/state/end");
  const auto moments = read_table<double>(file, "/state/moments");
  Array<double> coefficients{{run.size(), 0}, {}};
  if (file.has("/state/coefficients")) {
    coefficients = read_table<double>(file, "/state/coefficients");
  }
  for (std::size_t k = 0; k < run.size(); ++k) {
    if (run[k] < 0 || run[k] >= static_cast<std::int64_t>(runs.size())) {
      file.refuse(fmt::format("/state/run holds {}, but there are {} runs", run[k], runs.size()));
    }
    StratumState state{first[k], last[k], {}, {}, static_cast<std::uint64_t>(non_finite[k]),
                       {},       {}};
    const auto row = [k](const auto& array) {
      return std::span(array.values).subspan(k * array.shape[1], array.shape[1]);
    };
    for (const std::int64_t n : row(chunks)) {
      if (n >= 0) state.chunks.push_back(static_cast<std::uint64_t>(n));
    }
    for (const std::int64_t n : row(end)) {
      if (n >= 0) state.end.push_back(static_cast<std::uint64_t>(n));
    }
    for (const double x : row(coefficients)) {
      if (!std::isnan(x)) state.coefficients.push_back(x);
    }
    for (const double x : row(moments)) {
      if (!std::isnan(x)) state.moments.push_back(x);
    }
    SamplingState& all = runs[static_cast<std::size_t>(run[k])].state;
    all.planned = planned[k];
    all.strata.push_back(std::move(state));
  }
}

}  // namespace skeleta::storage
