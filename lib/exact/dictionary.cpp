#include "skeleta/exact/dictionary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/products.h"
#include "core/rounds.h"
#include "core/shared_loop.h"
#include "exact/dictionary_derivatives.h"
#include "exact/dictionary_output.h"
#include "exact/dictionary_plan.h"
#include "exact/largest_shares.h"
#include "exact/loops.h"
#include "exact/perturbation.h"
#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

constexpr Index rows_per_block = 64;
constexpr Index tile_entries = Index{1} << 16;
constexpr Index panel_rows = 8 * rows_per_block;               // of Γ at a time
constexpr double fewest_points = 64.0, most_points = 65536.0;  // of a grid, on each side

}  // namespace

class DictionaryEvaluator::Implementation {
 public:
  Implementation(const Dictionary& dictionary, const Features& features,
                 const DictionaryOptions& options)
      : dictionary_(dictionary),
        features_(features),
        options_(options),
        plan_(plan_dictionary(features.density, options.relative_target, options.skeletons)) {
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
    constexpr double most = 1e45;  // squares of s⁻³ have a place in a double
    const double product = reader_norms_.maxCoeff() * largest_norm_;
    if (!(product <= most)) {
      throw std::invalid_argument(fmt::format(
          "weights reach {:.3g} in W_out W, above {:g}: scale W, W_out and b down", product, most));
    }
    relative_perturbation_ = static_cast<double>(dictionary.hidden() + 2) * 0.5 * epsilon * sum;
    tile_ = std::max<Index>(256, tile_entries / dictionary.hidden() / 64 * 64);
    odds_norm_ = std::sqrt(std::transform_reduce(plan_.odds.begin(), plan_.odds.end(), 0.0,
                                                 std::plus(), [](double r) { return r * r; }));
    fewest_ = single_pays() && !options.fit_thresholds ? 2 : 1;  // those depend on thresholds
    choose_points();
  }

  const DictionaryPlan& plan() const { return plan_; }
  int threads() const { return options_.threads; }
  OutputFigures evaluate(Index first, Index count) const;
  DictionaryGradient gradient(Index first, Index count) const;
  void require_smooth() const {
    if (dictionary_.jump.size() == 0 && !options_.fit_thresholds) return;
    throw std::invalid_argument(
        "a dictionary's loss is differentiated without jumps and at given thresholds: "
        "leave the jumps and fit_thresholds away");
  }

 private:
  struct Workspace {
    std::vector<DictionaryRow> rows;
    std::vector<EntrySums> sums;
    std::vector<InterferenceMoments> moments;
    std::vector<Index> large;
    std::vector<LargestShares> shares;
    Matrix tile, readers, product;
    std::vector<Complex> buffer;
    std::vector<double> parts, series;
  };
  // What a block of outputs comes to.
  struct Block {
    std::vector<FeatureFigures> figures;
    std::vector<Neighbour> neighbours;
    Vector by_count;
    double points = 0.0;  // |o_i| max |w_j| over the finest spacing
    // If derivatives are wanted, v_i times ∂F/∂b_i, and the square of the rows' error.
    std::vector<double> thresholds;
    double square_error = 0.0;
  };
  // An output, and the grid to try.
  struct Try {
    Index output;
    std::size_t place;  // in the block
    double spacing, reach;
  };

  void choose_points();
  bool single_pays() const;
  void read_rows(const std::vector<Try>& tries, Workspace& workspace, double* entries) const;
  void add_tile(Index first, Index count, const std::vector<Try>& tries, Workspace& workspace,
                double* entries) const;
  double finish_entries_of(const DictionaryRow& row, const OutputDerivatives& derivatives,
                           Index output, double* entries, std::vector<double>& series) const;
  static std::optional<Try> on_finer_grid(const Try& coarse, double excess, double farthest);
  void record(const Try& done, const OutputResult& result, std::size_t k, Workspace& workspace,
              Block& block) const;
  Block evaluate_block(std::span<const Index> outputs, double* entries = nullptr) const;
  Index feature_at(Index place) const { return plan_.feature[static_cast<std::size_t>(place)]; }
  Index place_of(Index feature) const { return plan_.place[static_cast<std::size_t>(feature)]; }
  // w_j of the features at these places.
  void set_columns(Index first, Index count, Matrix& columns) const {
    columns.resize(dictionary_.hidden(), count);
    for (Index k = 0; k < count; ++k) {
      columns.col(k) = dictionary_.W.col(feature_at(first + k)).cast<double>();
    }
  }
  template <class Body>
  void for_each_tile(Body body) const {
    for (Index first = 0; first < features_.size(); first += tile_) {
      body(first, std::min(tile_, features_.size() - first));
    }
  }

  const Dictionary& dictionary_;
  const Features features_;
  const DictionaryOptions options_;
  const DictionaryPlan plan_;
  Vector reader_norms_;
  double largest_norm_ = 0.0, relative_perturbation_ = 0.0, odds_norm_ = 0.0;
  Index tile_ = 0;
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
  const auto compute = [&](std::size_t k, std::size_t) {
    const Index output = static_cast<Index>(k) * features_.size() / count;
    blocks[k] = evaluate_block(std::span(&output, 1));
  };
  for_each_shared(blocks.size(), options_.threads, compute,
                  [&](Parcel& parcel, std::size_t k) { parcel(blocks[k].points); });
  std::vector<double> points;
  for (const Block& block : blocks) points.push_back(block.points);
  std::ranges::sort(points);
  points_ = std::min(points[points.size() * 3 / 4], 4096.0);
}

// The products of one tile of columns with all outputs of a block, and what each makes of its part.
// `entries`, if any, get the products, D for each output; 0 for its own feature.
void DictionaryEvaluator::Implementation::add_tile(Index first, Index count,
                                                   const std::vector<Try>& tries,
                                                   Workspace& workspace, double* entries) const {
  set_columns(first, count, workspace.tile);
  const auto rows = static_cast<Index>(tries.size());
  Matrix& product = workspace.product;
  product.resize(count, rows);
  set_transposed_product(workspace.tile, workspace.readers, product);
  const double* odds = plan_.odds.data() + first;
  const double* variance = plan_.variance.data() + first;
  const double* p = plan_.density.data() + first;
  const Index frequent = std::clamp<Index>(plan_.frequent - first, 0, count);
  for (Index k = 0; k < rows; ++k) {
    const auto at = static_cast<std::size_t>(k);
    DictionaryRow& row = workspace.rows[at];
    double* g = product.col(k).data();
    const Index own = place_of(tries[at].output) - first;
    if (own >= 0 && own < count) {
      row.own = g[own];
      g[own] = 0.0;
    }
    if (entries != nullptr) {
      const auto place = static_cast<Index>(tries[at].place);
      std::copy_n(g, count, entries + place * features_.size() + first);
    }
    LargestShares& shares = workspace.shares[at];
    loops().entries(g, p, variance, count, shares.least(), workspace.sums[at], workspace.large);
    for (const Index eight : workspace.large) {
      for (Index n = eight; n < std::min(eight + lane_count, count); ++n) {
        shares.offer(feature_at(first + n), variance[n] * g[n] * g[n]);
      }
    }
    if (fewest_ == 2) row.single.add(g, odds, count, row.c);
    plan_.for_each_class(first, count, [&](int orders, Index begin, Index size) {
      loops().spread(g + begin - first, odds + begin - first, size, orders, row.grid);
    });
    for (Index f = 0; f < frequent; ++f) {
      if (f == own) continue;
      row.frequent.push_back(g[f]);
      row.density.push_back(p[f]);
    }
  }
}

void DictionaryEvaluator::Implementation::read_rows(const std::vector<Try>& tries,
                                                    Workspace& workspace, double* entries) const {
  const std::size_t count = tries.size();
  workspace.rows.resize(count);
  workspace.sums.assign(count, {});
  workspace.moments.assign(count, {});
  workspace.shares.assign(count, LargestShares(static_cast<std::size_t>(options_.neighbours)));
  workspace.readers.resize(dictionary_.hidden(), static_cast<Index>(count));
  for (std::size_t k = 0; k < count; ++k) {
    const Index i = tries[k].output;
    workspace.readers.col(static_cast<Index>(k)) = dictionary_.readers().col(i).cast<double>();
    DictionaryRow& row = workspace.rows[k];
    row.rare = &plan_.rare;
    row.grid.clear(tries[k].spacing, tries[k].reach, plan_.rare.orders);
    row.frequent.clear();
    row.density.clear();
    row.single = {};
    row.farthest = row.own = 0.0;
    row.fewest = fewest_;
    row.p = features_.density(i);
    row.jump = dictionary_.jump.size() > 0 ? dictionary_.jump(i) : 0.0;
    row.c = dictionary_.b(i) + row.jump;
  }
  for_each_tile(
      [&](Index first, Index columns) { add_tile(first, columns, tries, workspace, entries); });
  for (std::size_t k = 0; k < count; ++k) {
    DictionaryRow& row = workspace.rows[k];
    const Index place = place_of(tries[k].output);
    const double r = plan_.odds[static_cast<std::size_t>(place)];
    row.log_none_rare = plan_.log_none_rare;
    if (r > 0.0) {  // there is a point at 0 in its place
      row.log_none_rare -= std::log1p(-row.p);
      row.grid.remove_zero(r, plan_.orders_at(place));
      const double zero = 0.0, less = -r;
      if (fewest_ == 2) row.single.add(&zero, &less, 1, row.c);
    }
    row.none_frequent = 1.0;
    for (const double p : row.density) row.none_frequent *= 1.0 - p;
    const EntrySums& sums = workspace.sums[k];
    row.farthest = sums.farthest;
    const double mean = 0.5 * sums.mean;
    workspace.moments[k] = {mean, sums.variance + mean * mean};
    row.finish();
  }
}

// Entries, by place: g in, v_i ∂F/∂g out. Returns v_i ∂F/∂b.
double DictionaryEvaluator::Implementation::finish_entries_of(const DictionaryRow& row,
                                                              const OutputDerivatives& derivatives,
                                                              Index output, double* entries,
                                                              std::vector<double>& series) const {
  const bool contour = derivatives.polynomials.size() > 0;
  if (row.farthest == 0.0) {
    for (Index j = 0; j < features_.size(); ++j) {
      entries[j] = -0.5 * plan_.density[static_cast<std::size_t>(j)] * derivatives.others.threshold;
    }
  } else {
    for_each_tile([&](Index first, Index count) {
      const double* const odds = plan_.odds.data() + first;
      series.assign(static_cast<std::size_t>(count), 0.0);
      if (contour) {
        // One order more than of the loss, whose derivative has one power less.
        plan_.for_each_class(first, count, [&](int orders, Index begin, Index size) {
          const Index at = begin - first;
          loops().at_points(entries + begin, odds + at, size, std::min(orders + 1, row.grid.orders),
                            row.grid, derivatives.polynomials, series.data() + at);
        });
      }
      loops().entries_of_gradient(row, derivatives.scale, odds, series.data(), count,
                                  entries + first);
    });
  }
  std::size_t f = 0;
  const Index own = place_of(output);
  for (Index j = 0; j < plan_.frequent; ++j) {
    if (j != own) entries[j] = derivatives.others.frequent[f++];
  }
  entries[own] = derivatives.others.own;
  const double importance = features_.importance(output);
  for (Index j = 0; j < features_.size(); ++j) entries[j] *= importance;
  return importance * derivatives.others.threshold;
}

// The same output on a finer grid, if one of so many points does.
std::optional<DictionaryEvaluator::Implementation::Try>
DictionaryEvaluator::Implementation::on_finer_grid(const Try& coarse, double excess,
                                                   double farthest) {
  const double times = std::min(std::log2(excess) / spread_taps, 6.0);
  const double finer = std::exp2(-std::ceil(std::max(times, 1.0))) * coarse.spacing;
  const double nearer = std::min(coarse.reach, farthest * (1.0 + 1e-9));
  if (nearer / finer > most_points) return {};
  return Try{coarse.output, coarse.place, std::min(finer, nearer / fewest_points), nearer};
}

// What the k-th row came to.
void DictionaryEvaluator::Implementation::record(const Try& done, const OutputResult& result,
                                                 std::size_t k, Workspace& workspace,
                                                 Block& block) const {
  const DictionaryRow& row = workspace.rows[k];
  const auto most = static_cast<std::size_t>(options_.neighbours);
  const double reach = reader_norms_(done.output) * largest_norm_;
  block.points = std::max(block.points, reach / done.spacing);
  block.figures[done.place] = result.figures;
  block.figures[done.place].threshold = row.c - row.jump;
  const auto& shares = workspace.shares[k].list();
  for (std::size_t n = 0; n < shares.size(); ++n) {
    block.neighbours[done.place * most + n] = {
        shares[n].feature, shares[n].share / result.figures.interference_variance};
  }
  if (options_.skeletons < 0) return;
  split_output(row, result, workspace.buffer, workspace.parts);
  for (Index l = 0; l <= options_.skeletons; ++l) {
    block.by_count(l) +=
        features_.importance(done.output) * workspace.parts[static_cast<std::size_t>(l)];
  }
}

// Outputs whose grid was too coarse once more, on a finer one. `entries`: place for v_i ∂F/∂g of
// each, if wanted.
DictionaryEvaluator::Implementation::Block DictionaryEvaluator::Implementation::evaluate_block(
    std::span<const Index> outputs, double* entries) const {
  thread_local Workspace workspace;
  Block block;
  block.figures.resize(outputs.size());
  block.neighbours.assign(outputs.size() * static_cast<std::size_t>(options_.neighbours), {});
  block.by_count = Vector::Zero(options_.skeletons + 1);
  block.thresholds.resize(outputs.size());
  workspace.parts.resize(static_cast<std::size_t>(options_.skeletons + 1));
  std::vector<Try> tries;
  for (std::size_t place = 0; place < outputs.size(); ++place) {
    const double reach = reader_norms_(outputs[place]) * largest_norm_ * (1.0 + 1e-9);
    tries.push_back({outputs[place], place, reach > 0.0 ? reach / points_ : 1.0, reach});
  }
  while (!tries.empty()) {
    read_rows(tries, workspace, entries);
    std::vector<Try> again;
    for (std::size_t k = 0; k < tries.size(); ++k) {
      const Index i = tries[k].output;
      DictionaryRow& row = workspace.rows[k];
      const OutputDemand demand{options_.relative_target, options_.maximum_nodes,
                                relative_perturbation_ * reader_norms_(i)};
      if (options_.fit_thresholds) fit_threshold(row, workspace.moments[k], demand);
      const OutputResult result = evaluate_output(row, workspace.moments[k], demand);
      OutputDerivatives derivatives;
      if (entries != nullptr) {
        derivatives =
            differentiate_output(row, workspace.moments[k], result, options_.gradient_target,
                                 options_.maximum_nodes, odds_norm_);
      }
      const double excess = std::max(result.excess, derivatives.excess);
      if (excess > 1.0) {
        if (const auto finer = on_finer_grid(tries[k], excess, row.farthest)) {
          again.push_back(*finer);
          continue;
        }
      }
      record(tries[k], result, k, workspace, block);
      if (entries == nullptr) continue;
      const auto place = tries[k].place;
      block.thresholds[place] = finish_entries_of(
          row, derivatives, i, entries + static_cast<Index>(place) * features_.size(),
          workspace.series);
      const double error = features_.importance(i) * derivatives.error;
      block.square_error += error * error;
    }
    tries = std::move(again);
  }
  return block;
}

namespace {

// The k-th block of outputs [first, first + count).
std::vector<Index> outputs_of_block(Index first, Index count, std::size_t k) {
  const Index begin = first + static_cast<Index>(k) * rows_per_block;
  std::vector<Index> outputs(
      static_cast<std::size_t>(std::min(rows_per_block, first + count - begin)));
  std::iota(outputs.begin(), outputs.end(), begin);
  return outputs;
}
std::size_t blocks_of(Index count) {
  return static_cast<std::size_t>((count + rows_per_block - 1) / rows_per_block);
}

}  // namespace

OutputFigures DictionaryEvaluator::Implementation::evaluate(Index first, Index count) const {
  std::vector<Block> results(blocks_of(count));
  const auto compute = [&](std::size_t k, std::size_t) {
    results[k] = evaluate_block(outputs_of_block(first, count, k));
  };
  for_each_shared(results.size(), options_.threads, compute, [&](Parcel& parcel, std::size_t k) {
    parcel(results[k].figures, results[k].neighbours, results[k].by_count);
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

// A panel of Γ, Γ_ij = v_i ∂F_i/∂A_ij, at a time, j by place: first its rows, block by block; then
// what they add to dW_out (column i: Σ_j Γ_ij w_j), and to dW (column j: Σ_i Γ_ij o_i), by tiles.
DictionaryGradient DictionaryEvaluator::Implementation::gradient(Index first, Index count) const {
  const FloatMatrix& readers = dictionary_.readers();
  const Index hidden = dictionary_.hidden(), features = features_.size();
  const int threads = options_.threads;
  DictionaryGradient all;
  all.dW = Matrix::Zero(hidden, features);
  if (!dictionary_.tied()) all.dW_out = Matrix::Zero(hidden, features);
  all.db = Vector::Zero(features);
  Matrix& of_readers = dictionary_.tied() ? all.dW : all.dW_out;
  Matrix panel(features, std::min(panel_rows, count));
  double square_error = 0.0;
  for (Index begin = first; begin < first + count; begin += panel_rows) {
    const Index rows = std::min(panel_rows, first + count - begin);
    std::vector<Block> blocks(blocks_of(rows));
    parallel_for(blocks.size(), threads, [&](std::size_t k) {
      const Index at = static_cast<Index>(k) * rows_per_block;
      const std::vector<Index> outputs = outputs_of_block(begin, rows, k);
      blocks[k] = evaluate_block(outputs, panel.col(at).data());
      const auto size = static_cast<Index>(outputs.size());
      Matrix tile, part(hidden, size), sum = Matrix::Zero(hidden, size);
      for_each_tile([&](Index column, Index columns) {
        set_columns(column, columns, tile);
        set_product(tile, panel.block(column, at, columns, size), part);
        sum += part;
      });
      of_readers.middleCols(begin + at, size) += sum;
    });
    const Matrix outputs = readers.middleCols(begin, rows).cast<double>();
    const auto tiles = static_cast<std::size_t>((features + tile_ - 1) / tile_);
    parallel_for(tiles, threads, [&](std::size_t k) {
      const Index column = static_cast<Index>(k) * tile_;
      const Index columns = std::min(tile_, features - column);
      Matrix part = Matrix::Zero(hidden, columns);
      add_product_transposed(outputs, panel.block(column, 0, columns, rows), part);
      for (Index j = 0; j < columns; ++j) all.dW.col(feature_at(column + j)) += part.col(j);
    });
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      const Block& block = blocks[k];
      const Index at = begin + static_cast<Index>(k) * rows_per_block;
      for (std::size_t n = 0; n < block.figures.size(); ++n) {
        const Index i = at + static_cast<Index>(n);
        all.loss += features_.importance(i) * block.figures[n].loss;
        all.error_bound += features_.importance(i) * block.figures[n].error_bound;
        all.db(i) = block.thresholds[n];
      }
      square_error += block.square_error;
    }
  }
  all.gradient_error = std::sqrt(square_error);
  return all;
}

void validate(const DictionaryOptions& options) {
  const auto check = [](bool right, std::string_view what, double value, std::string_view rule) {
    if (!right) throw std::invalid_argument(fmt::format("{} = {} must be {}", what, value, rule));
  };
  check(options.relative_target >= 1e-12 && options.relative_target <= 0.1, "relative target",
        options.relative_target, "from 1e-12 to 0.1");
  check(options.gradient_target >= 1e-10 && options.gradient_target <= 0.1, "gradient target",
        options.gradient_target, "from 1e-10 to 0.1");
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

void DictionaryEvaluator::evaluate_each(
    std::span<const OutputRange> ranges,
    FunctionRef<void(std::size_t, const OutputFigures&)> take) const {
  std::vector<OutputFigures> found(ranges.size());  // those that wait for their turn
  for_each_in_rounds(
      ranges.size(), implementation_->threads(),
      [&](std::size_t k) { found[k] = evaluate(ranges[k].first, ranges[k].count); },
      [&](std::size_t k) {
        take(k, std::exchange(found[k], {}));
        return true;
      },
      [&](Parcel& parcel, std::size_t k) {
        parcel(found[k].figures, found[k].neighbours, found[k].by_count);
      });
}

DictionaryGradient DictionaryEvaluator::loss_and_gradient(Index first, Index count) const {
  implementation_->require_smooth();
  return implementation_->gradient(first, count);
}

Index DictionaryEvaluator::block_rows() {
  return rows_per_block;
}
Index DictionaryEvaluator::frequent() const {
  return implementation_->plan().frequent;
}
int DictionaryEvaluator::orders() const {
  return implementation_->plan().rare.orders;
}

}  // namespace skeleta::exact
