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
constexpr const char* always = "since 1.7, in files of approximate";

// Along [problem].
const Fields<ApproximationReport>& problem_fields() {
  using Report = ApproximationReport;
  const auto hidden = [](const Report& report) { return report.hidden.value_or(0); };
  static const auto fields = block<Report>(
      approximation_group, always,
      {
          {whole("features", "problem", "number of features"), &Report::features},
          {whole("hidden_dimensions", "problem", "number of them; 0 if none were given")
               .as("hidden"),
           hidden},
          {real("least_density", "problem", "of a feature; NaN if none was given"),
           &Report::least_density},
          {real("most_density", "problem", "likewise"), &Report::most_density},
          {real("epsilon", "problem", "what may be ignored"), &Report::epsilon},
          {real("largest_two_active", "problem", "density at which P(N >= 2) is epsilon")
               .as("largest_density.two_active"),
           &Report::largest_two_active},
          {real("largest_ratio", "problem", "likewise P(N >= 2)/P(N = 1)")
               .as("largest_density.ratio"),
           &Report::largest_ratio},
      },
      "[].");
  return fields;
}

// Along [l].
const Fields<bounds::CountTail>& count_tail_fields() {
  using Tail = bounds::CountTail;
  static const auto fields = block<Tail>(
      approximation_group, "since 1.4, in files of approximate with a density",
      {
          {axis("l", "number of active features")},
          {real("probability", "l", "P(N = l)")
               .cites("mathematics.md, Proposition 4.1")
               .from(0, 1)
               .as("probability")},
          {real("tail", "l", "P(N >= l)")
               .cites("mathematics.md, Proposition 4.1")
               .from(0, 1)
               .as("tail[].exact"),
           &Tail::exact},
          {real("union_bound", "l", "upper bound of tail")
               .cites("mathematics.md, Proposition 4.2")
               .as("tail[].union"),
           &Tail::union_bound},
          {real("chernoff_bound", "l", "upper bound of tail")
               .cites("mathematics.md, Proposition 4.2")
               .as("tail[].chernoff"),
           &Tail::chernoff},
          {real("poisson", "l", "approximation of tail").as("tail[].poisson"), &Tail::poisson},
      });
  return fields;
}

// Along [instance, l].
const Fields<SparseShare>& share_fields() {
  using Share = SparseShare;
  static const auto fields = block<Share>(
      approximation_group, shared,
      {
          {axis("instance", "number of the instance in the model file").as("instance")},
          {real("contribution", "instance l", "loss on Q_l, exact").as("loss.contribution"),
           &Share::contribution},
          {real("beyond", "instance l", "loss on more than l active features").as("beyond[].loss"),
           &Share::beyond},
          {real("share_beyond", "instance l", "beyond over the loss").as("beyond[].share"),
           &Share::share_beyond},
          {real("beyond_bound", "instance l", "rigorous upper bound of beyond")
               .cites("mathematics.md, Proposition 4.6")
               .as("beyond[].loss_bound"),
           &Share::bound},
      },
      by_run);
  return fields;
}

// Along [instance].
const Fields<ApproximationReport>& whole_loss_fields() {
  using Report = ApproximationReport;
  const auto loss = [](const Report& report) -> auto& {
    return report.model->loss.loss;
  };
  static const auto fields = block<Report>(
      approximation_group, "since 1.7, in files of approximate with a model",
      {
          {real("loss", "instance", "integral loss").as("loss.value"), loss,
           &IntegralBySkeleton::value},
          {magnitude("error_bound", "instance", "of loss")
               .cites("mathematics.md, Theorem 3.7")
               .as("loss.error_bound"),
           loss, &IntegralBySkeleton::error_bound},
          {magnitude("seconds", "instance", "wall time of the numerics").in("s"), &Report::seconds},
      },
      by_run);
  return fields;
}

// Along [instance, most].
const Fields<GradientAgreement>& gradient_fields() {
  using Gradient = GradientAgreement;
  static const auto fields = block<Gradient>(
      approximation_group, shared,
      {
          {axis("most", "k: the loss is cut off after k active features")},
          {real("gradient_size", "instance most", "norm of its gradient over the whole one")
               .as("relative_size"),
           &Gradient::relative_size},
          {real("gradient_difference", "instance most",
                "norm of the difference of both gradients over that of the whole one")
               .as("relative_difference"),
           &Gradient::relative_difference},
          {real("gradient_angle", "instance most", "between both gradients, in radians")
               .as("angle"),
           &Gradient::angle},
      },
      "runs[].gradient[].");
  return fields;
}

struct Trained {
  const training::CertificateRow* row;
  double minimum;
};

// Along [setting, k].
const Fields<Trained>& trained_fields() {
  using training::CertificateRow;
  constexpr const char* place = "settings[].rows[].";
  const auto row = [](const Trained& at) -> auto& {
    return *at.row;
  };
  static const auto fields = joined(
      block<Trained>(approximation_group, trained,
                     {
                         {axis("setting", "sparsity at which was trained")},
                         {real("sparsity", "setting", "S; NaN if densities differ")
                              .from(0, 1)
                              .or_nan()
                              .as("settings[].sparsity")},
                         {axis("k", "most active features that were trained on").as("trained_k")},
                     }),
      block<Trained>(
          approximation_group, trained,
          {
              {real("lower", "setting k", "least loss on at most k active features")
                   .cites("mathematics.md, Theorem 5.1"),
               row, &CertificateRow::lower},
              {real("upper", "setting k", "whole loss there").cites("mathematics.md, Theorem 5.1"),
               row, &CertificateRow::upper, &exact::Loss::value},
              {real("minimum", "setting k", "least whole loss"), &Trained::minimum},
              {real("excess", "setting k", "upper minus minimum")
                   .cites("mathematics.md, Theorem 5.1"),
               row, &CertificateRow::excess},
              {whole("same_configuration", "setting k", "1 if both minimisers look the same")
                   .from(0, 1),
               row, &CertificateRow::same_configuration},
              {real("distance", "setting k", "of their columns, after the best turn"), row,
               &CertificateRow::distance},
              {whole("hits", "setting k", "starts that ended at lower"), row,
               &CertificateRow::hits},
          },
          place),
      block<Trained>(approximation_group, "since 1.7, in files of approximate --train",
                     {{whole("zero", "setting k", "1 if many models attain lower, which is 0")
                           .cites("mathematics.md, Proposition 5.2")
                           .from(0, 1),
                       row, &CertificateRow::zero}},
                     place));
  return fields;
}

// Along [setting].
const Fields<CurvePoint>& setting_fields() {
  using training::Certificate;
  static const auto fields =
      block<CurvePoint>(approximation_group, "since 1.7, in files of approximate --train",
                        {
                            {whole("starts", "setting", "random starts"), &CurvePoint::certificate,
                             &Certificate::starts},
                            {whole("minimum_hits", "setting", "starts that ended at minimum"),
                             &CurvePoint::certificate, &Certificate::hits},
                        },
                        "settings[].");
  return fields;
}

// Along [row].
const Fields<bounds::OneSparseRow>& table_fields() {
  using Row = bounds::OneSparseRow;
  using Tail = bounds::CountTail;
  static const auto fields = joined(
      block<Row>(approximation_group, "since 1.4, in files of approximate --table",
                 {
                     {axis("row", "line of the table")},
                     {real("table_sparsity", "row", "S").from(0, 1).as("sparsity"), &Row::sparsity},
                     {real("table_none", "row", "P(N = 0)").as("none"), &Row::none},
                     {real("table_one", "row", "P(N = 1)").as("one"), &Row::one},
                     {real("table_two", "row", "P(N >= 2)").as("two"), &Row::two, &Tail::exact},
                 },
                 "table[]."),
      block<Row>(approximation_group, "since 1.7, in files of approximate --table",
                 {
                     {real("table_ratio", "row", "P(N >= 2)/P(N = 1)").as("ratio"), &Row::ratio},
                     {real("table_union", "row", "upper bound of table_two")
                          .cites("mathematics.md, Proposition 4.2")
                          .as("union"),
                      &Row::two, &Tail::union_bound},
                     {real("table_chernoff", "row", "likewise")
                          .cites("mathematics.md, Proposition 4.2")
                          .as("chernoff"),
                      &Row::two, &Tail::chernoff},
                     {real("table_poisson", "row", "approximation of table_two").as("poisson"),
                      &Row::two, &Tail::poisson},
                 },
                 "table[]."));
  return fields;
}

// Along [problem].
const Fields<CertifiedMinimum>& certified_fields() {
  using State = CertifiedMinimum;
  constexpr const char* present = "since 1.4, in files of approximate --certify";
  static const auto fields =
      joined(block<State>(
                 "/certified", present,
                 {
                     {axis("problem", "there is one")},
                     {axis("hidden", "hidden dimension")},
                     {axis("feature", "feature")},
                     {whole("most_active", "problem", "k of the loss on at most k active features")
                          .as("k")},
                     {real("lower", "problem", "no model has less")
                          .cites("mathematics.md, Theorem 5.1")
                          .from(0)
                          .finite(),
                      &State::lower},
                     {real("upper", "problem", "loss of W, b, its rounding error included")
                          .cites("mathematics.md, Theorem 5.1")
                          .from(0)
                          .finite(),
                      &State::upper},
                     {whole("boxes", "problem", "boxes bounded so far")
                          .cites("mathematics.md, Theorem 6.3"),
                      &State::boxes},
                     {whole("rounds", "problem", "rounds so far"), &State::rounds},
                     {real("radius", "problem", "no longer column does better; -1: not known yet")
                          .cites("mathematics.md, Lemma 6.2")
                          .from(-1),
                      &State::radius},
                     {word("stop_reason", "problem", "why the search ended"), &State::stop_reason},
                 },
                 "[].certified."),
             block<State>("/certified", present,
                          {
                              {real("W", "hidden feature", "weights of the best model").finite()},
                              {real("b", "feature", "its thresholds").finite()},
                          }));
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
  put(results, whole_loss_fields(), reports);
  put(results, gradient_fields(), gradients,
      {reports.size(), reports.front().model->gradients.size()});
}

// A single certificate is a curve of one point.
std::vector<CurvePoint> points_of(const ApproximationReport& report) {
  if (!report.certificate) return report.curve;
  const bool alike = report.least_density == report.most_density;
  return {{alike ? 1.0 - report.least_density : nan, *report.certificate}};
}

void put_certificates(Results& results, const std::vector<CurvePoint>& points) {
  if (points.empty()) return;
  std::vector<double> sparsity;
  std::vector<std::int64_t> setting, k;
  std::vector<Trained> rows;
  for (const CurvePoint& point : points) {
    setting.push_back(point.number);
    sparsity.push_back(point.sparsity);
    for (const auto& row : point.certificate.rows) {
      rows.push_back({&row, point.certificate.minimum.value});
    }
  }
  for (const auto& row : points.front().certificate.rows) k.push_back(row.k);
  put(results, trained_fields(), rows, {points.size(), k.size()});
  put(results, setting_fields(), points);
  results.add("/approximation/setting", std::move(setting));
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

Rows approximation_rows() {
  return rows_of(
      block(approximation_group, "since 1.4, in files of approximate --train; since 1.7 in all",
            {
                axis("problem", "there is one"),
                word("stop_reason", "problem", "done, interrupted, or failed"),
            },
            "[]."),
      problem_fields(), count_tail_fields(), share_fields(), whole_loss_fields(), gradient_fields(),
      trained_fields(), setting_fields(), table_fields(), certified_fields(),
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
  results.add("/approximation/stop_reason", category_of({first.interrupted ? "interrupted"
                                                         : first.failed    ? "failed"
                                                                           : "done"}));
  put(results, problem_fields(), {&first});
  if (first.count) {
    put(results, count_tail_fields(), first.count->tails);
    results.add("/approximation/probability", first.count->probability);
  }
  if (first.model) put_models(results, reports);
  const std::vector<CurvePoint> points = points_of(first);
  put_certificates(results, points);
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
