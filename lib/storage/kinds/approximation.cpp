#include <algorithm>
#include <limits>
#include <stdexcept>

#include "skeleta/storage/approximation_file.h"
#include "storage/fields.h"

namespace skeleta::storage {
namespace {

using approximation::GradientAgreement;
using approximation::SparseShare;
using certify::CertifiedMinimum;
constexpr const char* approximation_group = "/approximation";
constexpr const char* shared = "since 1.4, in files of approximate with a model";
constexpr const char* trained = "since 1.4, in files of approximate --train";

// Along [l].
const Fields<bounds::CountTail>& count_tail_fields() {
  using Tail = bounds::CountTail;
  static const auto fields =
      block<Tail>(approximation_group, "since 1.4, in files of approximate with a density",
                  {
                      {axis("l", "number of active features")},
                      {real("probability", "l", "P(N = l)").from(0, 1)},
                      {real("tail", "l", "P(N >= l)").from(0, 1), &Tail::exact},
                      {real("union_bound", "l", "upper bound of tail"), &Tail::union_bound},
                      {real("chernoff_bound", "l", "upper bound of tail"), &Tail::chernoff},
                      {real("poisson", "l", "approximation of tail"), &Tail::poisson},
                  });
  return fields;
}

// Along [instance, l].
const Fields<SparseShare>& share_fields() {
  using Share = SparseShare;
  static const auto fields = block<Share>(
      approximation_group, shared,
      {
          {axis("instance", "number of the instance in the model file")},
          {real("contribution", "instance l", "loss on Q_l, exact"), &Share::contribution},
          {real("beyond", "instance l", "loss on more than l active features"), &Share::beyond},
          {real("share_beyond", "instance l", "beyond over the loss"), &Share::share_beyond},
          {real("beyond_bound", "instance l", "rigorous upper bound of beyond"), &Share::bound},
      });
  return fields;
}

// Along [instance, most].
const Fields<GradientAgreement>& gradient_fields() {
  using Gradient = GradientAgreement;
  static const auto fields = block<Gradient>(
      approximation_group, shared,
      {
          {axis("most", "k: the loss is cut off after k active features")},
          {real("gradient_size", "instance most", "norm of its gradient over the whole one"),
           &Gradient::relative_size},
          {real("gradient_difference", "instance most",
                "norm of the difference of both gradients over that of the whole one"),
           &Gradient::relative_difference},
          {real("gradient_angle", "instance most", "between both gradients, in radians"),
           &Gradient::angle},
      });
  return fields;
}

struct Trained {
  const training::CertificateRow* row;
  double minimum;
};

// Along [setting, k].
const Fields<Trained>& trained_fields() {
  using training::CertificateRow;
  const auto row = [](const Trained& at) -> auto& {
    return *at.row;
  };
  static const auto fields = block<Trained>(
      approximation_group, trained,
      {
          {axis("setting", "sparsity at which was trained")},
          {real("sparsity", "setting", "S; NaN if densities differ").from(0, 1).or_nan()},
          {axis("k", "most active features that were trained on")},
          {real("lower", "setting k", "least loss on at most k active features"), row,
           &CertificateRow::lower},
          {real("upper", "setting k", "whole loss there"), row, &CertificateRow::upper,
           &exact::Loss::value},
          {real("minimum", "setting k", "least whole loss"), &Trained::minimum},
          {real("excess", "setting k", "upper minus minimum"), row, &CertificateRow::excess},
          {whole("same_configuration", "setting k", "1 if both minimisers look the same")
               .from(0, 1),
           row, &CertificateRow::same_configuration},
          {real("distance", "setting k", "of their columns, after the best turn"), row,
           &CertificateRow::distance},
          {whole("hits", "setting k", "starts that ended at lower"), row, &CertificateRow::hits},
          {axis("problem", "there is one")},
          {word("stop_reason", "problem", "why training ended: done, or interrupted")},
      });
  return fields;
}

// Along [row].
const Fields<bounds::OneSparseRow>& table_fields() {
  using Row = bounds::OneSparseRow;
  static const auto fields =
      block<Row>(approximation_group, "since 1.4, in files of approximate --table",
                 {
                     {axis("row", "line of the table")},
                     {real("table_sparsity", "row", "S").from(0, 1), &Row::sparsity},
                     {real("table_none", "row", "P(N = 0)"), &Row::none},
                     {real("table_one", "row", "P(N = 1)"), &Row::one},
                     {real("table_two", "row", "P(N >= 2)"), &Row::two, &bounds::CountTail::exact},
                 });
  return fields;
}

// Along [problem].
const Fields<CertifiedMinimum>& certified_fields() {
  using State = CertifiedMinimum;
  const auto reason = [](const State& state) { return to_string(state.stop_reason); };
  static const auto fields = block<State>(
      "/certified", "since 1.4, in files of approximate --certify",
      {
          {axis("problem", "there is one")},
          {axis("hidden", "hidden dimension")},
          {axis("feature", "feature")},
          {whole("most_active", "problem", "k of the loss on at most k active features")},
          {real("lower", "problem", "no model has less").from(0).finite(), &State::lower},
          {real("upper", "problem", "loss of W, b, its rounding error included").from(0).finite(),
           &State::upper},
          {whole("boxes", "problem", "boxes bounded so far"), &State::boxes},
          {whole("rounds", "problem", "rounds so far"), &State::rounds},
          {real("radius", "problem", "no longer column does better; -1: not known yet").from(-1),
           &State::radius},
          {word("stop_reason", "problem", "why the search ended"), reason},
          {real("W", "hidden feature", "weights of the best model").finite()},
          {real("b", "feature", "its thresholds").finite()},
      });
  return fields;
}

void put_models(Results& results, const std::vector<ApproximationReport>& reports) {
  const std::size_t rows = reports.front().count->tails.size();
  std::vector<std::int64_t> instances;
  std::vector<SparseShare> shares(
      reports.size() * rows,
      {.contribution = nan, .beyond = nan, .share_beyond = nan, .bound = nan});
  std::vector<GradientAgreement> gradients;
  for (std::size_t n = 0; n < reports.size(); ++n) {
    const ModelShare& model = *reports[n].model;
    instances.push_back(model.instance);
    std::copy_n(model.loss.shares.begin(), std::min(rows, model.loss.shares.size()),
                shares.begin() + static_cast<std::ptrdiff_t>(n * rows));
    gradients.insert(gradients.end(), model.gradients.begin(), model.gradients.end());
  }
  results.add("/approximation/instance", std::move(instances));
  put(results, share_fields(), shares, {reports.size(), rows});
  put(results, gradient_fields(), gradients,
      {reports.size(), reports.front().model->gradients.size()});
}

// A single certificate is a curve of one point.
std::vector<CurvePoint> points_of(const ApproximationReport& report) {
  if (!report.certificate) return report.curve;
  return {{report.sparsity.value_or(nan), *report.certificate}};
}

void put_certificates(Results& results, const std::vector<CurvePoint>& points) {
  if (points.empty()) return;
  std::vector<double> sparsity;
  std::vector<std::int64_t> k;
  std::vector<Trained> rows;
  for (const CurvePoint& point : points) {
    sparsity.push_back(point.sparsity);
    for (const auto& row : point.certificate.rows) {
      rows.push_back({&row, point.certificate.minimum.value});
    }
  }
  for (const auto& row : points.front().certificate.rows) k.push_back(row.k);
  put(results, trained_fields(), rows, {points.size(), k.size()});
  results.add("/approximation/sparsity", std::move(sparsity));
  results.add("/approximation/k", std::move(k));
}

void put_certified(Results& results, const CertifiedMinimum& state, std::int64_t most_active) {
  put(results, certified_fields(), {&state});
  results.add("/certified/most_active", std::vector<std::int64_t>{most_active});
  results.add("/certified/W", state.model.W);
  results.add("/certified/b", state.model.b);
  if (state.open.empty()) return;
  results.add("/certified/open", {state.open.size() / state.open_width, state.open_width},
              state.open);
}

}  // namespace

std::string to_string(certify::CertifyStop reason) {
  switch (reason) {
    case certify::CertifyStop::gap:
      return "gap";
    case certify::CertifyStop::boxes:
      return "boxes";
    case certify::CertifyStop::interrupted:
      return "interrupted";
    case certify::CertifyStop::domain:
      return "domain";
    case certify::CertifyStop::rounding:
      return "rounding";
  }
  throw std::logic_error("unknown CertifyStop");
}

Rows approximation_rows() {
  return rows_of(count_tail_fields(), share_fields(), gradient_fields(), trained_fields(),
                 table_fields(), certified_fields(),
                 block("/certified", "since 1.4, while approximate --certify is not finished",
                       {
                           axis("box", "box that is still open"),
                           axis("entry", "number of a box"),
                           real("open", "box entry",
                                "lower bound, low and high ends of W (column by column), of b")
                               .finite(),
                       }));
}

Results approximation_results(const std::vector<ApproximationReport>& reports) {
  const ApproximationReport& first = reports.front();
  Results results;
  if (first.count) {
    put(results, count_tail_fields(), first.count->tails);
    results.add("/approximation/probability", first.count->probability);
  }
  if (first.model) put_models(results, reports);
  const std::vector<CurvePoint> points = points_of(first);
  put_certificates(results, points);
  if (first.trained) {
    results.add("/approximation/stop_reason",
                category_of({*first.trained ? "done" : "interrupted"}));
  }
  put(results, table_fields(), first.table);
  if (first.certified) {
    put_certified(results, *first.certified, first.certified_skeletons.value_or(first.features));
  }
  return results;
}

std::optional<CertifiedMinimum> certified_of(const ResultFile& file) {
  const ResultDataset* W = file.find("/certified/W");
  if (W == nullptr) return std::nullopt;
  CertifiedMinimum state;
  get(file, certified_fields(), {&state});
  const auto d = static_cast<Index>(W->shape[0]), D = static_cast<Index>(W->shape[1]);
  state.model = {Eigen::Map<const RowMajor>(file.values<double>("/certified/W").data(), d, D),
                 Eigen::Map<const Vector>(file.values<double>("/certified/b").data(), D)};
  state.open_width = 1 + 2 * static_cast<std::size_t>((d + 1) * D);
  if (const ResultDataset* open = file.find("/certified/open")) {
    state.open_width = open->shape[1];
    state.open = file.values<double>("/certified/open");
  }
  return state;
}

}  // namespace skeleta::storage
