#include "storage/state_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

Array<std::int64_t> counting(std::size_t count) {
  Array<std::int64_t> result{{count}, std::vector<std::int64_t>(count)};
  std::iota(result.values.begin(), result.values.end(), 0);
  return result;
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

}  // namespace

void write_states(Hdf5Writer& file, const std::vector<EstimateRun>& runs) {
  const std::vector<Row> rows = all_strata(runs);
  if (rows.empty()) return;
  const auto chunks = table<std::int64_t>(rows, &StratumState::chunks, -1);
  const auto moments = table<double>(rows, &StratumState::moments, nan);
  const auto coefficients = table<double>(rows, &StratumState::coefficients, nan);
  file.write("/state/stratum", counting(rows.size()));
  file.write("/state/replicate", counting(chunks.shape[1]));
  file.write("/state/entry", counting(moments.shape[1]));
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
  file.write("/state/control", counting(coefficients.shape[1]));
  file.write("/state/coefficients", coefficients);
}

void read_states(const Hdf5Reader& file, std::vector<EstimateRun>& runs) {
  if (!file.has("/state")) return;
  const auto column = [&](const char* path) { return file.read<std::int64_t>(path).values; };
  const auto run = column("/state/run"), first = column("/state/first"),
             last = column("/state/last"), non_finite = column("/state/non_finite");
  const auto planned = file.read<double>("/state/planned").values;
  if (planned.size() != run.size()) file.refuse("/state/planned has not one entry per stratum");
  const auto chunks = file.read<std::int64_t>("/state/chunks");
  const auto end = file.read<std::int64_t>("/state/end");
  const auto moments = file.read<double>("/state/moments");
  Array<double> coefficients{{run.size(), 0}, {}};
  if (file.has("/state/coefficients")) coefficients = file.read<double>("/state/coefficients");
  for (const Shape& shape : {chunks.shape, end.shape, moments.shape, coefficients.shape}) {
    if (shape.size() != 2 || shape[0] != run.size()) {
      file.refuse("the datasets under /state differ in their number of strata");
    }
  }
  for (const auto& values : {first, last, non_finite}) {
    if (values.size() != run.size() || *std::min_element(values.begin(), values.end()) < 0) {
      file.refuse("/state holds negative counts, or lists of different lengths");
    }
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
