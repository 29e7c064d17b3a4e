#include "estimate/strata.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "skeleta/core/parallel.h"

namespace skeleta::estimate {
namespace {

constexpr std::size_t pieces_at_once = 32768;  // chunks in one list

}  // namespace

Stratum::Stratum(const ActiveCount& law, CountRange range, std::size_t outputs,
                 std::size_t replicates)
    : splitter_(law, range),
      outputs_(outputs),
      replicates_(replicates),
      cells_(replicates > 0 ? replicates : static_cast<std::size_t>(range.size()),
             JointMoments(outputs)),
      end_cells_(cells_),
      chunks_(std::max<std::size_t>(replicates, 1), 0),
      end_points_(chunks_),
      end_non_finite_(chunks_) {
  if (replicates > 0 && !fixed()) {
    throw std::logic_error("replicates are for strata of one skeleton");
  }
}

std::uint64_t Stratum::points() const {
  const auto chunks = std::accumulate(chunks_.begin(), chunks_.end(), std::uint64_t{0});
  return std::accumulate(end_points_.begin(), end_points_.end(), chunks * chunk_size_);
}

std::uint64_t Stratum::non_finite() const {
  return std::accumulate(end_non_finite_.begin(), end_non_finite_.end(), non_finite_);
}

JointMoments Stratum::cell(std::size_t k) const {
  JointMoments all = cells_[k];
  all.merge(end_cells_[k]);
  return all;
}

JointMoments Stratum::values() const {
  JointMoments all(outputs_);
  std::vector<double> mean(JointMoments::width(outputs_), 0.0);
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    const JointMoments part = cell(k);
    if (replicates_ == 0) {
      all.merge(part);
    } else if (part.count() > 0) {
      mean[0] = 1.0;
      for (std::size_t a = 0; a < outputs_; ++a) mean[1 + 4 * a] = part.output(a).mean;
      all.merge(mean);
    }
  }
  return all;
}

JointMoments Stratum::on_skeleton(Index l) const {
  return replicates_ > 0 ? values() : cell(static_cast<std::size_t>(l - range().first));
}

double Stratum::variance_of_mean(std::size_t output) const {
  const Moments all = values().output(output);
  if (all.count < 2) return std::numeric_limits<double>::infinity();
  return probability() * probability() * all.variance() / static_cast<double>(all.count);
}

StratumState Stratum::state(std::vector<double> coefficients) const {
  StratumState state{
      range().first, range().last, chunks_, end_points_, non_finite_, std::move(coefficients), {}};
  for (const JointMoments& part : cells_) {
    state.moments.insert(state.moments.end(), part.flat().begin(), part.flat().end());
  }
  return state;
}

bool Stratum::adopt(const StratumState& state, const std::vector<double>& coefficients,
                    std::uint64_t chunk_size) {
  const std::size_t width = JointMoments::width(outputs_);
  if (CountRange{state.first, state.last} != range() || state.chunks.size() != chunks_.size() ||
      state.moments.size() != cells_.size() * width || state.coefficients != coefficients) {
    return false;
  }
  // Of other chunks, the same numbers would stand for other points.
  double points = static_cast<double>(state.non_finite);
  for (std::size_t k = 0; k < cells_.size(); ++k) points += state.moments[k * width];
  const auto chunks = std::accumulate(state.chunks.begin(), state.chunks.end(), std::uint64_t{0});
  if (points != static_cast<double>(chunks * chunk_size) || state.end.size() != chunks_.size()) {
    return false;
  }
  chunks_ = state.chunks;
  chunk_size_ = chunk_size;
  non_finite_ = state.non_finite;
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    cells_[k].clear();
    cells_[k].merge(std::span(state.moments).subspan(k * width, width));
  }
  return true;
}

struct StrataLoop::Piece {
  std::size_t stratum = 0, lane = 0;
  std::uint64_t first = 0, count = 0;
  bool complete = true;
  double position = 0.0;  // where it begins, as a fraction of the stratum's points
};

// What one lane of a stratum lacks.
struct StrataLoop::Need {
  std::size_t stratum = 0, lane = 0;
  std::uint64_t begin = 0, goal = 0;  // complete chunks: there, and wanted
  std::uint64_t end = 0;              // points of an incomplete chunk that is to follow them
  double whole = 1.0;                 // points wanted

  std::uint64_t chunks() const { return goal - begin; }

  // Complete chunks after some of the steps. Rounded up: strata of few chunks must not wait for the
  // last step.
  std::uint64_t after(std::uint64_t step, std::uint64_t steps) const {
    if (step == steps) return goal;
    const double part = std::ceil(static_cast<double>(chunks()) * static_cast<double>(step) /
                                  static_cast<double>(steps));
    return begin + std::min(chunks(), static_cast<std::uint64_t>(part));
  }
};

std::vector<StrataLoop::Need> StrataLoop::needs(std::span<const Stratum> strata,
                                                std::span<const std::uint64_t> points) const {
  std::vector<Need> all;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    const std::uint64_t wanted = points[s] / chunk_, rest = points[s] % chunk_;
    for (std::size_t lane = 0; lane < strata[s].lanes(); ++lane) {
      Need need{s, lane, strata[s].chunks_[lane]};
      need.goal = std::max(wanted, need.begin);
      const bool there = wanted == need.begin && rest <= strata[s].end_points_[lane];
      if (wanted >= need.begin && !there) need.end = rest;
      need.whole = std::max(static_cast<double>(points[s]), 1.0);
      all.push_back(need);
    }
  }
  return all;
}

bool StrataLoop::extend(std::span<Stratum> strata, std::span<const std::uint64_t> points,
                        FunctionRef<bool()> go_on) const {
  for (Stratum& stratum : strata) stratum.chunk_size_ = chunk_;
  const std::vector<Need> needs = this->needs(strata, points);
  std::uint64_t missing = 0;
  for (const Need& need : needs) missing += need.chunks();
  // In steps, which bound the list of pieces; in each a stratum gets its share of them.
  const std::uint64_t steps = missing / pieces_at_once + 1;
  for (std::uint64_t step = 1; step <= steps; ++step) {
    std::vector<Piece> pieces;
    for (const Need& need : needs) {
      const auto add = [&](std::uint64_t chunk, std::uint64_t count, bool complete) {
        pieces.push_back({need.stratum, need.lane, chunk * chunk_, count, complete,
                          static_cast<double>(chunk * chunk_) / need.whole});
      };
      const std::uint64_t until = need.after(step, steps);
      for (std::uint64_t c = need.after(step - 1, steps); c < until; ++c) add(c, chunk_, true);
      const std::uint64_t last = need.chunks() > 0 ? steps : 1;
      if (need.end > 0 && step == last) add(need.goal, need.end, false);
    }
    if (!extend_by_pieces(strata, std::move(pieces), go_on)) return false;
  }
  return true;
}

std::uint64_t StrataLoop::points_of(const StratumState& state) const {
  std::uint64_t most = 0;
  for (std::size_t lane = 0; lane < std::min(state.chunks.size(), state.end.size()); ++lane) {
    most = std::max(most, state.chunks[lane] * chunk_ + state.end[lane]);
  }
  return most;
}

bool StrataLoop::extend_by_pieces(std::span<Stratum> strata, std::vector<Piece> pieces,
                                  FunctionRef<bool()> go_on) const {
  // Each stratum's first piece comes first, then they advance side by side: an early stop leaves
  // all of them about equally complete.
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.position < b.position; });
  std::size_t widest = 0;
  for (const Piece& piece : pieces) {
    const Stratum& stratum = strata[piece.stratum];
    const std::size_t cells = stratum.replicates_ > 0 ? 1 : stratum.cells_.size();
    widest = std::max(widest, 1 + cells * JointMoments::width(stratum.outputs_));
  }
  bool completed = true;
  const auto compute = [&](std::size_t k, std::span<double> result) {
    evaluate(strata[pieces[k].stratum], pieces[k], result);
  };
  const auto take = [&](std::size_t k, std::span<const double> result) {
    merge(strata[pieces[k].stratum], pieces[k], result);
    completed = k + 1 == pieces.size() || go_on();
    return completed;
  };
  for_each_chunk(pieces.size(), widest, threads_, compute, take);
  return completed;
}

// The result of a piece: points that were left out, then the statistics of each skeleton.
void StrataLoop::evaluate(const Stratum& stratum, const Piece& piece,
                          std::span<double> result) const {
  const CountRange range = stratum.range();
  const std::size_t outputs = stratum.outputs_, width = JointMoments::width(outputs);
  sampling::StreamKey key{seed_, purpose_, piece.lane, 0};
  std::vector<std::uint64_t> counts{piece.count};
  if (!stratum.fixed()) {
    counts.resize(static_cast<std::size_t>(range.size()));
    sampling::StreamKey split = key;
    split.purpose = sampling::Purpose::counts;
    split.stratum = static_cast<std::uint64_t>(range.first);
    stratum.splitter_.draw(split, piece.first, piece.count, counts);
  }
  const BatchIntegrand integrand = integrand_();
  const Draw draw = draw_();
  SparseBatch batch;
  std::vector<double> values;
  result[0] = 0.0;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const Index l = range.first + static_cast<Index>(k);
    key.stratum = static_cast<std::uint64_t>(l);
    // Q_0 is one point: it is evaluated once for all.
    const std::uint64_t evaluations = l == 0 ? std::min<std::uint64_t>(counts[k], 1) : counts[k];
    values.resize(evaluations * outputs);
    for (std::uint64_t done = 0, count = 0; done < evaluations; done += count) {
      count = std::min<std::uint64_t>(integrand_.most_points(), evaluations - done);
      draw(l, key, piece.first + done, count, batch);
      integrand(batch, std::span(values).subspan(done * outputs, count * outputs));
    }
    const auto flat = result.subspan(1 + k * width, width);
    const std::size_t left_out = JointMoments::summarise(values, outputs, flat);
    if (l > 0) {
      result[0] += static_cast<double>(left_out);
    } else if (counts[k] > 0) {
      (left_out > 0 ? result[0] : flat[0]) += static_cast<double>(counts[k]) - flat[0];
    }
  }
}

void StrataLoop::merge(Stratum& stratum, const Piece& piece, std::span<const double> result) const {
  const bool one_cell = stratum.replicates_ > 0;
  // What an incomplete chunk gave before is in this one.
  if (stratum.end_points_[piece.lane] > 0) {
    stratum.end_points_[piece.lane] = 0;
    stratum.end_non_finite_[piece.lane] = 0;
    for (std::size_t k = 0; k < stratum.end_cells_.size(); ++k) {
      if (!one_cell || k == piece.lane) stratum.end_cells_[k].clear();
    }
  }
  std::vector<JointMoments>& cells = piece.complete ? stratum.cells_ : stratum.end_cells_;
  const std::size_t width = JointMoments::width(stratum.outputs_);
  if (one_cell) {
    cells[piece.lane].merge(result.subspan(1, width));
  } else {
    for (std::size_t k = 0; k < cells.size(); ++k)
      cells[k].merge(result.subspan(1 + k * width, width));
  }
  const auto left_out = static_cast<std::uint64_t>(result[0]);
  if (piece.complete) {
    ++stratum.chunks_[piece.lane];
    stratum.non_finite_ += left_out;
  } else {
    stratum.end_points_[piece.lane] = piece.count;
    stratum.end_non_finite_[piece.lane] = left_out;
  }
}

}  // namespace skeleta::estimate
