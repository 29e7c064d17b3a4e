#include "approximation_results.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "errors.h"

namespace skeleta::program {
namespace {

using certify::CertifiedMinimum;
using storage::Category;
using storage::Results;
using training::CertificateRow;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
using Integers = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

std::size_t rows_of(const ApproximationReport& report) {
  return report.count->tails.size();
}

void add_count(Results& results, const CountLaw& count) {
  Numbers tail, union_bound, chernoff, poisson;
  for (const bounds::CountTail& one : count.tails) {
    tail.push_back(one.exact);
    union_bound.push_back(one.union_bound);
    chernoff.push_back(one.chernoff);
    poisson.push_back(one.poisson);
  }
  results.axis("/approximation/l", static_cast<Index>(count.tails.size()));
  results.add("/approximation/probability", count.probability);
  results.add("/approximation/tail", std::move(tail));
  results.add("/approximation/union_bound", std::move(union_bound));
  results.add("/approximation/chernoff_bound", std::move(chernoff));
  results.add("/approximation/poisson", std::move(poisson));
}

void add_models(Results& results, const std::vector<ApproximationReport>& reports) {
  const std::size_t count = reports.size(), rows = rows_of(reports.front());
  const std::size_t most = reports.front().model->gradients.size();
  Integers instances;
  Numbers contribution(count * rows, nan), beyond = contribution, share = contribution,
                                           bound = contribution, size, difference, angle;
  for (std::size_t n = 0; n < count; ++n) {
    const ModelShare& model = *reports[n].model;
    instances.push_back(model.instance);
    for (std::size_t l = 0; l < std::min(rows, model.loss.shares.size()); ++l) {
      const approximation::SparseShare& one = model.loss.shares[l];
      contribution[n * rows + l] = one.contribution;
      beyond[n * rows + l] = one.beyond;
      share[n * rows + l] = one.share_beyond;
      bound[n * rows + l] = one.bound;
    }
    for (const approximation::GradientAgreement& one : model.gradients) {
      size.push_back(one.relative_size);
      difference.push_back(one.relative_difference);
      angle.push_back(one.angle);
    }
  }
  results.add("/approximation/instance", std::move(instances));
  results.add("/approximation/contribution", {count, rows}, std::move(contribution));
  results.add("/approximation/beyond", {count, rows}, std::move(beyond));
  results.add("/approximation/share_beyond", {count, rows}, std::move(share));
  results.add("/approximation/beyond_bound", {count, rows}, std::move(bound));
  results.axis("/approximation/most", static_cast<Index>(most));
  results.add("/approximation/gradient_size", {count, most}, std::move(size));
  results.add("/approximation/gradient_difference", {count, most}, std::move(difference));
  results.add("/approximation/gradient_angle", {count, most}, std::move(angle));
}

// A single certificate is a curve of one point.
std::vector<CurvePoint> points_of(const ApproximationReport& report) {
  if (!report.certificate) return report.curve;
  return {{report.sparsity.value_or(nan), *report.certificate}};
}

void add_certificates(Results& results, const std::vector<CurvePoint>& points) {
  if (points.empty()) return;
  const std::vector<std::size_t> shape{points.size(), points.front().certificate.rows.size()};
  Numbers sparsity, lower, upper, minimum, excess, distance;
  Integers k, same, hits;
  for (const CertificateRow& row : points.front().certificate.rows) k.push_back(row.k);
  for (const CurvePoint& point : points) {
    sparsity.push_back(point.sparsity);
    for (const CertificateRow& row : point.certificate.rows) {
      lower.push_back(row.lower);
      upper.push_back(row.upper.value);
      minimum.push_back(point.certificate.minimum.value);
      excess.push_back(row.excess);
      same.push_back(row.same_configuration);
      distance.push_back(row.distance);
      hits.push_back(static_cast<std::int64_t>(row.hits));
    }
  }
  results.axis("/approximation/setting", static_cast<Index>(points.size()));
  results.add("/approximation/sparsity", std::move(sparsity));
  results.add("/approximation/k", std::move(k));
  results.add("/approximation/lower", shape, std::move(lower));
  results.add("/approximation/upper", shape, std::move(upper));
  results.add("/approximation/minimum", shape, std::move(minimum));
  results.add("/approximation/excess", shape, std::move(excess));
  results.add("/approximation/same_configuration", shape, std::move(same));
  results.add("/approximation/distance", shape, std::move(distance));
  results.add("/approximation/hits", shape, std::move(hits));
}

// `whole`: is every certificate there that was asked for?
void add_stop_of_training(Results& results, bool whole) {
  results.axis("/approximation/problem", 1);
  results.add("/approximation/stop_reason",
              Category{{whole ? std::int8_t{0} : std::int8_t{1}}, {"done", "interrupted"}});
}

void add_table(Results& results, const std::vector<bounds::OneSparseRow>& table) {
  if (table.empty()) return;
  Numbers sparsity, none, one, two;
  for (const bounds::OneSparseRow& row : table) {
    sparsity.push_back(row.sparsity);
    none.push_back(row.none);
    one.push_back(row.one);
    two.push_back(row.two.exact);
  }
  results.axis("/approximation/row", static_cast<Index>(table.size()));
  results.add("/approximation/table_sparsity", std::move(sparsity));
  results.add("/approximation/table_none", std::move(none));
  results.add("/approximation/table_one", std::move(one));
  results.add("/approximation/table_two", std::move(two));
}

void add_certified(Results& results, const CertifiedMinimum& state, std::int64_t most_active) {
  results.axis("/certified/problem", 1);
  results.axis("/certified/hidden", state.model.hidden());
  results.axis("/certified/feature", state.model.features());
  results.add("/certified/most_active", Integers{most_active});
  results.add("/certified/lower", Numbers{state.lower});
  results.add("/certified/upper", Numbers{state.upper});
  results.add("/certified/boxes", Integers{static_cast<std::int64_t>(state.boxes)});
  results.add("/certified/rounds", Integers{static_cast<std::int64_t>(state.rounds)});
  results.add("/certified/radius", Numbers{state.radius});
  results.add("/certified/stop_reason",
              Category{{static_cast<std::int8_t>(state.stop_reason)},
                       {"gap", "boxes", "interrupted", "domain", "rounding"}});
  results.add("/certified/W", state.model.W);
  results.add("/certified/b", state.model.b);
  if (state.open.empty()) return;
  const std::size_t boxes = state.open.size() / state.open_width;
  results.axis("/certified/box", static_cast<Index>(boxes));
  results.axis("/certified/entry", static_cast<Index>(state.open_width));
  results.add("/certified/open", {boxes, state.open_width}, state.open);
}

template <class T>
const std::vector<T>& values(const storage::ResultFile& file, const std::string& path) {
  const storage::ResultDataset* dataset = file.find(path);
  if (dataset == nullptr) throw UsageError(path + " is missing in the file to be continued");
  return std::get<std::vector<T>>(dataset->values);
}

}  // namespace

Results approximation_results(const std::vector<ApproximationReport>& reports) {
  const ApproximationReport& first = reports.front();
  Results results;
  if (first.count) add_count(results, *first.count);
  if (first.model) add_models(results, reports);
  add_certificates(results, points_of(first));
  if (first.trained) add_stop_of_training(results, *first.trained);
  add_table(results, first.table);
  if (first.certified) {
    add_certified(results, *first.certified, first.certified_skeletons.value_or(first.features));
  }
  return results;
}

std::optional<CertifiedMinimum> certified_of(const storage::ResultFile& file) {
  const storage::ResultDataset* weights = file.find("/certified/W");
  if (weights == nullptr) return std::nullopt;
  CertifiedMinimum state;
  state.lower = values<double>(file, "/certified/lower").front();
  state.upper = values<double>(file, "/certified/upper").front();
  state.boxes = static_cast<std::uint64_t>(values<std::int64_t>(file, "/certified/boxes").front());
  state.rounds =
      static_cast<std::uint64_t>(values<std::int64_t>(file, "/certified/rounds").front());
  state.radius = values<double>(file, "/certified/radius").front();
  const auto& W = values<double>(file, "/certified/W");
  const auto& b = values<double>(file, "/certified/b");
  const auto d = static_cast<Index>(weights->shape[0]), D = static_cast<Index>(weights->shape[1]);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  state.model = {Eigen::Map<const RowMajor>(W.data(), d, D), Eigen::Map<const Vector>(b.data(), D)};
  state.open_width = 1 + 2 * static_cast<std::size_t>((d + 1) * D);
  if (const storage::ResultDataset* open = file.find("/certified/open")) {
    state.open_width = open->shape[1];
    state.open = values<double>(file, "/certified/open");
  }
  return state;
}

}  // namespace skeleta::program
