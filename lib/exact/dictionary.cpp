#include "skeleta/exact/dictionary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "core/products.h"
#include "exact/dictionary_output.h"
#include "exact/loops.h"
#include "exact/perturbation.h"
#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

constexpr Index rows_per_block = 32;
constexpr double fewest_points = 64.0, most_points = 65536.0;  // of a grid, on each side

// The features of which each output sees all: which are exact factors, and what is spread.
struct Prepared {
  std::vector<Index> frequent;
  std::vector<double> odds;      // r of rare ones, 0 of frequent ones
  std::vector<double> variance;  // Var x_j
  RareFeatures rare;
  double log_none_rare = 0.0;
};

double odds_of(double p) {
  return p / (1.0 - p);
}

// |h| on a contour is not often above this: e^{κ g/T}, T some times the largest g.
constexpr double usual_growth = 2.5;

// Σ r^{N+1} h^{N+1}/(N + 1) of the rare ones is to be a small part of the target; what orders, the
// grid and factors cost decides (nanoseconds: an order of one feature; the grid at 64 nodes, with
// each order; a frequent feature likewise).
Prepared prepare(const Vector& density, double target) {
  Prepared prepared;
  const Index count = density.size();
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, [&](Index a, Index b) { return density(a) < density(b); });
  constexpr double per_order = 1.5, per_factor = 60.0, most_odds = 0.25;
  constexpr double of_grid = 10'000.0, of_grid_order = 5'000.0;
  double best = INFINITY;
  Index rare_count = 0;
  for (int orders = 1; orders <= most_orders; ++orders) {
    // Where hardly anything is active, losses are that much smaller.
    const double allowed = 5e-4 * target * std::min(density.sum(), 1.0);
    double sum = 0.0;
    Index kept = 0;
    for (; kept < count; ++kept) {
      const double p = density(order[static_cast<std::size_t>(kept)]);
      const double x = p < 1.0 ? usual_growth * odds_of(p) : INFINITY;
      if (x > usual_growth * most_odds) break;
      sum += std::pow(x, orders + 1) / (orders + 1);
      if (sum > allowed) break;
    }
    const double of_rare = orders * (per_order * static_cast<double>(count) + of_grid_order);
    const double cost =
        (kept > 0 ? of_rare + of_grid : 0.0) + per_factor * static_cast<double>(count - kept);
    if (orders == 1) {  // or no rare ones at all
      best = per_factor * static_cast<double>(count);
      rare_count = 0;
    }
    if (cost < best) {
      best = cost;
      rare_count = kept;
      prepared.rare.orders = orders;
    }
  }
  prepared.odds.assign(static_cast<std::size_t>(count), 0.0);
  prepared.rare.powers.assign(static_cast<std::size_t>(prepared.rare.orders + 1), 0.0);
  for (Index k = 0; k < rare_count; ++k) {
    const Index j = order[static_cast<std::size_t>(k)];
    const double r = odds_of(density(j));
    prepared.odds[static_cast<std::size_t>(j)] = r;
    prepared.rare.largest = std::max(prepared.rare.largest, r);
    double power = 1.0;
    for (double& sum : prepared.rare.powers) sum += power *= r;
    prepared.log_none_rare += std::log1p(-density(j));
  }
  prepared.frequent.assign(order.begin() + rare_count, order.end());
  std::ranges::sort(prepared.frequent);
  for (Index j = 0; j < count; ++j) {
    const double p = density(j);
    prepared.variance.push_back(p * (1.0 / 3.0 - 0.25 * p));
  }
  return prepared;
}

// The features with the largest parts of a variance so far.
class LargestShares {
 public:
  explicit LargestShares(std::size_t most) : most_(most) {}

  void offer(Index feature, double share) {
    if (share > least_) insert(feature, share);
  }
  const std::vector<Neighbour>& list() const { return list_; }

 private:
  void insert(Index feature, double share) {
    if (most_ == 0) return;
    const auto place =
        std::ranges::find_if(list_, [&](const Neighbour& n) { return n.share < share; });
    list_.insert(place, {feature, share});
    if (list_.size() > most_) list_.pop_back();
    if (list_.size() == most_) least_ = list_.back().share;
  }

  std::size_t most_;
  double least_ = 0.0;
  std::vector<Neighbour> list_;
};

}  // namespace

class DictionaryEvaluator::Implementation {
 public:
  Implementation(const Dictionary& dictionary, const Features& features,
                 const DictionaryOptions& options)
      : dictionary_(dictionary),
        features_(features),
        options_(options),
        prepared_(prepare(features.density, options.relative_target)) {
    const FloatMatrix& W = dictionary.W;
    const FloatMatrix& readers = dictionary.readers();
    const Index count = features.size();
    reader_norms_.resize(count);
    double sum = 0.0;
    for (Index j = 0; j < count; ++j) {
      const double norm = W.col(j).cast<double>().norm();
      largest_norm_ = std::max(largest_norm_, norm);
      sum += norm * std::sqrt(features.density(j) / 3.0);
      reader_norms_(j) = readers.col(j).cast<double>().norm();
    }
    relative_perturbation_ = static_cast<double>(dictionary.hidden() + 2) * 0.5 * epsilon * sum;
    fewest_ = single_pays() && !options.fit_thresholds ? 2 : 1;  // those depend on thresholds
    choose_points();
  }

  const Prepared& prepared() const { return prepared_; }
  OutputFigures evaluate(Index first, Index count) const;

 private:
  struct Workspace {
    std::vector<DictionaryRow> rows;
    std::vector<InterferenceMoments> moments;
    std::vector<LargestShares> shares;
    Matrix tile, readers, product;
    std::vector<Complex> buffer;
    std::vector<double> parts;
  };
  // What a block of outputs comes to.
  struct Block {
    std::vector<FeatureFigures> figures;
    std::vector<Neighbour> neighbours;
    Vector by_count;
    double points = 0.0;  // |o_i| max |w_j| over the finest spacing
  };
  // An output, and the grid to try.
  struct Try {
    Index output;
    std::size_t place;  // in the block
    double spacing, reach;
  };

  void choose_points();
  bool single_pays() const;
  void read_rows(const std::vector<Try>& tries, Workspace& workspace) const;
  void add_tile(Index first, Index count, const std::vector<Try>& tries,
                Workspace& workspace) const;
  Block evaluate_block(std::span<const Index> outputs) const;

  const Dictionary& dictionary_;
  const Features& features_;
  const DictionaryOptions& options_;
  const Prepared prepared_;
  Vector reader_norms_;
  double largest_norm_ = 0.0, relative_perturbation_ = 0.0;
  double points_ = fewest_points;
  Index fewest_ = 1;
};

// Are supports of one feature worth closed forms? Their part of Φ decays most slowly, which matters
// if there is much of it or little is allowed.
bool DictionaryEvaluator::Implementation::single_pays() const {
  double none = 1.0, one = 0.0;
  for (const double p : features_.density) {
    one = one * (1.0 - p) + none * p;
    none *= 1.0 - p;
  }
  return one > 0.05 || (options_.relative_target < 1e-6 && one > options_.relative_target);
}

// Most of some outputs all over the dictionary should do with so many.
void DictionaryEvaluator::Implementation::choose_points() {
  constexpr Index pilots = 16;
  const Index count = std::min(features_.size(), pilots);
  std::vector<Block> blocks(static_cast<std::size_t>(count));
  parallel_for(blocks.size(), options_.threads, [&](std::size_t k) {
    const Index output = static_cast<Index>(k) * features_.size() / count;
    blocks[k] = evaluate_block(std::span(&output, 1));
  });
  std::vector<double> points;
  for (const Block& block : blocks) points.push_back(block.points);
  std::ranges::sort(points);
  points_ = std::min(points[points.size() * 3 / 4], 4096.0);
}

// The products of one tile of columns with all outputs of a block, and what each makes of its part.
void DictionaryEvaluator::Implementation::add_tile(Index first, Index count,
                                                   const std::vector<Try>& tries,
                                                   Workspace& workspace) const {
  workspace.tile = dictionary_.W.middleCols(first, count).cast<double>();
  const auto rows = static_cast<Index>(tries.size());
  Matrix& product = workspace.product;
  product.resize(count, rows);
  set_transposed_product(workspace.tile, workspace.readers, product);
  const double* odds = prepared_.odds.data() + first;
  const double* variance = prepared_.variance.data() + first;
  const double* p = features_.density.data() + first;
  const auto& frequent = prepared_.frequent;
  const auto begin = std::ranges::lower_bound(frequent, first);
  const auto end = std::ranges::lower_bound(frequent, first + count);
  for (Index k = 0; k < rows; ++k) {
    const auto at = static_cast<std::size_t>(k);
    DictionaryRow& row = workspace.rows[at];
    double* g = product.col(k).data();
    const Index own = tries[at].output - first;
    if (own >= 0 && own < count) {
      row.own = g[own];
      g[own] = 0.0;
    }
    InterferenceMoments& moments = workspace.moments[at];
    LargestShares& shares = workspace.shares[at];
    double mean = 0.0, square = 0.0, farthest = row.farthest;
    for (Index j = 0; j < count; ++j) {
      farthest = std::max(farthest, std::abs(g[j]));
      mean += p[j] * g[j];
      const double share = variance[j] * g[j] * g[j];
      square += share;
      shares.offer(first + j, share);
    }
    moments.first += 0.5 * mean;
    moments.second += square;
    row.farthest = farthest;
    if (fewest_ == 2) row.single.add(g, odds, count, row.c);
    loops().spread(g, odds, count, row.grid);
    for (auto f = begin; f != end; ++f) {
      if (*f == tries[at].output) continue;
      row.frequent.push_back(g[*f - first]);
      row.density.push_back(features_.density(*f));
    }
  }
}

void DictionaryEvaluator::Implementation::read_rows(const std::vector<Try>& tries,
                                                    Workspace& workspace) const {
  const std::size_t count = tries.size();
  workspace.rows.resize(count);
  workspace.moments.assign(count, {});
  workspace.shares.assign(count, LargestShares(static_cast<std::size_t>(options_.neighbours)));
  workspace.readers.resize(dictionary_.hidden(), static_cast<Index>(count));
  for (std::size_t k = 0; k < count; ++k) {
    const Index i = tries[k].output;
    workspace.readers.col(static_cast<Index>(k)) = dictionary_.readers().col(i).cast<double>();
    DictionaryRow& row = workspace.rows[k];
    row.rare = &prepared_.rare;
    row.grid.clear(tries[k].spacing, tries[k].reach, prepared_.rare.orders);
    row.frequent.clear();
    row.density.clear();
    row.single = {};
    row.farthest = row.own = 0.0;
    row.fewest = fewest_;
    row.p = features_.density(i);
    row.jump = dictionary_.jump.size() > 0 ? dictionary_.jump(i) : 0.0;
    row.c = dictionary_.b(i) + row.jump;
  }
  const Index tile = std::max<Index>(256, (Index{1} << 17) / dictionary_.hidden() / 64 * 64);
  for (Index first = 0; first < features_.size(); first += tile) {
    add_tile(first, std::min(tile, features_.size() - first), tries, workspace);
  }
  for (std::size_t k = 0; k < count; ++k) {
    DictionaryRow& row = workspace.rows[k];
    const double r = prepared_.odds[static_cast<std::size_t>(tries[k].output)];
    row.log_none_rare = prepared_.log_none_rare;
    if (r > 0.0) {  // there is a point at 0 in its place
      row.log_none_rare -= std::log1p(-row.p);
      row.grid.remove_zero(r);
      const double zero = 0.0, less = -r;
      if (fewest_ == 2) row.single.add(&zero, &less, 1, row.c);
    }
    row.none_frequent = 1.0;
    for (const double p : row.density) row.none_frequent *= 1.0 - p;
    workspace.moments[k].second += workspace.moments[k].first * workspace.moments[k].first;
    row.finish();
  }
}

// Outputs whose grid was too coarse once more, on a finer one.
DictionaryEvaluator::Implementation::Block DictionaryEvaluator::Implementation::evaluate_block(
    std::span<const Index> outputs) const {
  thread_local Workspace workspace;
  const auto most = static_cast<std::size_t>(options_.neighbours);
  Block block;
  block.figures.resize(outputs.size());
  block.neighbours.assign(outputs.size() * most, {});
  block.by_count = Vector::Zero(options_.skeletons + 1);
  workspace.parts.resize(static_cast<std::size_t>(options_.skeletons + 1));
  std::vector<Try> tries;
  for (std::size_t place = 0; place < outputs.size(); ++place) {
    const double reach = reader_norms_(outputs[place]) * largest_norm_ * (1.0 + 1e-9);
    tries.push_back({outputs[place], place, reach > 0.0 ? reach / points_ : 1.0, reach});
  }
  while (!tries.empty()) {
    read_rows(tries, workspace);
    std::vector<Try> again;
    for (std::size_t k = 0; k < tries.size(); ++k) {
      const auto [i, place, spacing, reach] = tries[k];
      DictionaryRow& row = workspace.rows[k];
      const OutputDemand demand{options_.relative_target, options_.maximum_nodes,
                                relative_perturbation_ * reader_norms_(i)};
      if (options_.fit_thresholds) fit_threshold(row, workspace.moments[k], demand);
      const OutputResult result = evaluate_output(row, workspace.moments[k], demand);
      if (result.excess > 1.0) {
        const double times = std::min(std::log2(result.excess) / spread_taps, 6.0);
        const double finer = std::exp2(-std::ceil(std::max(times, 1.0))) * spacing;
        const double nearer = std::min(reach, row.farthest * (1.0 + 1e-9));
        if (nearer / finer <= most_points) {
          again.push_back({i, place, std::min(finer, nearer / fewest_points), nearer});
          continue;
        }
      }
      block.points = std::max(block.points, reader_norms_(i) * largest_norm_ / spacing);
      block.figures[place] = result.figures;
      block.figures[place].threshold = row.c - row.jump;
      const auto& shares = workspace.shares[k].list();
      for (std::size_t n = 0; n < shares.size(); ++n) {
        block.neighbours[place * most + n] = {
            shares[n].feature, shares[n].share / result.figures.interference_variance};
      }
      if (options_.skeletons < 0) continue;
      split_output(row, result, workspace.buffer, workspace.parts);
      for (Index l = 0; l <= options_.skeletons; ++l) {
        block.by_count(l) += features_.importance(i) * workspace.parts[static_cast<std::size_t>(l)];
      }
    }
    tries = std::move(again);
  }
  return block;
}

OutputFigures DictionaryEvaluator::Implementation::evaluate(Index first, Index count) const {
  const auto blocks = static_cast<std::size_t>((count + rows_per_block - 1) / rows_per_block);
  std::vector<Block> results(blocks);
  parallel_for(blocks, options_.threads, [&](std::size_t k) {
    const Index begin = first + static_cast<Index>(k) * rows_per_block;
    std::vector<Index> outputs(
        static_cast<std::size_t>(std::min(rows_per_block, first + count - begin)));
    std::iota(outputs.begin(), outputs.end(), begin);
    results[k] = evaluate_block(outputs);
  });
  OutputFigures all;
  all.by_count = Vector::Zero(options_.skeletons + 1);
  for (const Block& block : results) {
    all.figures.insert(all.figures.end(), block.figures.begin(), block.figures.end());
    all.neighbours.insert(all.neighbours.end(), block.neighbours.begin(), block.neighbours.end());
    all.by_count += block.by_count;
  }
  return all;
}

void validate(const DictionaryOptions& options) {
  const auto check = [](bool right, std::string_view what, double value, std::string_view rule) {
    if (!right) throw std::invalid_argument(fmt::format("{} = {} must be {}", what, value, rule));
  };
  check(options.relative_target >= 1e-12 && options.relative_target <= 0.1, "relative target",
        options.relative_target, "from 1e-12 to 0.1");
  check(options.maximum_nodes >= 64, "maximum nodes", static_cast<double>(options.maximum_nodes),
        "at least 64");
  check(options.neighbours >= 0 && options.neighbours <= 1000, "neighbours",
        static_cast<double>(options.neighbours), "from 0 to 1000");
  check(options.skeletons >= -1 && options.skeletons <= 10000, "skeletons",
        static_cast<double>(options.skeletons), "from -1 (none) to 10000");
}

DictionaryEvaluator::DictionaryEvaluator(const Dictionary& dictionary, const Features& features,
                                         const DictionaryOptions& options) {
  validate(dictionary);
  validate(features, dictionary.features());
  require_plain(features, "the loss of a dictionary");
  validate(options);
  implementation_ = std::make_unique<Implementation>(dictionary, features, options);
}

DictionaryEvaluator::~DictionaryEvaluator() = default;

OutputFigures DictionaryEvaluator::evaluate(Index first, Index count) const {
  return implementation_->evaluate(first, count);
}

Index DictionaryEvaluator::block_rows() {
  return rows_per_block;
}
Index DictionaryEvaluator::frequent() const {
  return static_cast<Index>(implementation_->prepared().frequent.size());
}
int DictionaryEvaluator::orders() const {
  return implementation_->prepared().rare.orders;
}

}  // namespace skeleta::exact
