#include "approximation_report.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "paragraph.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;
using storage::to_string;
using training::Certificate;
using training::CertificateRow;

constexpr std::size_t most_rows = 12;

// With as many digits as tell it from 1.
std::string sparsity_text(double sparsity) {
  const double density = 1.0 - sparsity;
  const int digits = density > 0.0 ? 2 - static_cast<int>(std::floor(std::log10(density))) : 6;
  return fmt::format("{:.{}g}", sparsity, std::clamp(digits, 6, 17));
}

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.3g} %", 100.0 * share) : "-";
}

// --- for people ----------------------------------------------------------------------------------

void print_count(std::ostream& out, const ApproximationReport& report) {
  const CountLaw& count = *report.count;
  const auto* shares = report.model ? &report.model->loss.shares : nullptr;
  fmt::print(out, "{:>4}  {:>11}  {:>11}  {:>11}  {:>11}  {:>11}", "m", "P(N = m)", "P(N >= m)",
             "union", "Chernoff-KL", "Poisson");
  if (shares) {
    fmt::print(out, "  {:>11}  {:>11}  {:>8}  {:>11}", "C_m", "sum l>=m C_l", "of loss", "at most");
  }
  out << '\n';
  const std::size_t shown = std::min(count.tails.size(), most_rows);
  for (std::size_t m = 0; m < shown; ++m) {
    const bounds::CountTail& tail = count.tails[m];
    fmt::print(out, "{:>4}  {:>11.5g}  {:>11.5g}  {:>11.5g}  {:>11.5g}  {:>11.5g}", m,
               count.probability[m], tail.exact, tail.union_bound, tail.chernoff, tail.poisson);
    if (shares && m < shares->size()) {
      const double contribution = (*shares)[m].contribution;
      if (m == 0) {
        fmt::print(out, "  {:>11.5g}  {:>12.5g}  {:>8}", contribution,
                   report.model->loss.loss.value, "100 %");
      } else {
        const approximation::SparseShare& beyond = (*shares)[m - 1];
        fmt::print(out, "  {:>11.5g}  {:>12.5g}  {:>8}  {:>11.5g}", contribution, beyond.beyond,
                   percent(beyond.share_beyond), beyond.bound);
      }
    }
    out << '\n';
  }
  if (shown < count.tails.size()) {
    fmt::print(out, "      {} further rows are in --json\n", count.tails.size() - shown);
  }
}

void print_table(std::ostream& out, const std::vector<bounds::OneSparseRow>& table) {
  fmt::print(out, "\n{:>9}  {:>11}  {:>11}  {:>11}  {:>11}  {:>11}  {:>11}\n", "sparsity",
             "P(N = 0)", "P(N = 1)", "P(N >= 2)", "ratio", "union", "Chernoff-KL");
  for (const bounds::OneSparseRow& row : table) {
    fmt::print(out, "{:>9}  {:>11.5g}  {:>11.5g}  {:>11.5g}  {:>11.5g}  {:>11.5g}  {:>11.5g}\n",
               sparsity_text(row.sparsity), row.none, row.one, row.two.exact, row.ratio,
               row.two.union_bound, row.two.chernoff);
  }
}

void print_gradients(std::ostream& out, const ModelShare& model) {
  fmt::print(out,
             "\ngradient of the loss on at most k active features, against that of the loss\n");
  fmt::print(out, "{:>4}  {:>13}  {:>13}  {:>10}\n", "k", "size ratio", "difference", "angle");
  for (std::size_t k = 0; k < model.gradients.size(); ++k) {
    const approximation::GradientAgreement& gradient = model.gradients[k];
    const std::string angle =
        std::isfinite(gradient.angle)
            ? fmt::format("{:.4g} deg", 180.0 / std::numbers::pi * gradient.angle)
            : "-";
    fmt::print(out, "{:>4}  {:>13.5g}  {:>13.5g}  {:>10}\n", k, gradient.relative_size,
               gradient.relative_difference, angle);
  }
}

void print_row_heading(std::ostream& out) {
  fmt::print(out, "{:>3}  {:>12}  {:>12}  {:>12}  {:>10}  {:>9}  {:>6}  {:>8}  {:>9}\n", "k",
             "lower", "upper", "minimum", "excess", "excess/L", "same", "distance", "hits");
}

void print_row(std::ostream& out, const CertificateRow& row, const Certificate& certificate) {
  fmt::print(out,
             "{:>3}  {:>12.7g}  {:>12.7g}  {:>12.7g}  {:>10.3g}  {:>9}  {:>6}  {:>8.3g}  {:>9}\n",
             row.k, row.lower, row.upper.value, certificate.minimum.value, row.excess,
             percent(row.excess / certificate.minimum.value), row.same_configuration ? "yes" : "no",
             row.distance, fmt::format("{}/{}", row.hits, certificate.starts));
}

void print_certificate(std::ostream& out, const Certificate& certificate) {
  fmt::print(out, "\ntrained on at most k active features: lower <= min L <= upper\n");
  print_row_heading(out);
  for (const CertificateRow& row : certificate.rows) print_row(out, row, certificate);
  fmt::print(out, "minimum of the whole loss reached by {} of {} random starts\n", certificate.hits,
             certificate.starts);
}

void print_curve(std::ostream& out, const ApproximationReport& report) {
  fmt::print(out, "\n{:>9}", "sparsity");
  print_row_heading(out);
  for (const CurvePoint& point : report.curve) {
    for (const CertificateRow& row : point.certificate.rows) {
      fmt::print(out, "{:>9}", sparsity_text(point.sparsity));
      print_row(out, row, point.certificate);
    }
  }
  const auto largest = largest_density_by_excess(report.curve, report.epsilon);
  if (largest) {
    fmt::print(out, "training on Q1 costs at most {} up to the density {:.4g} of this list\n",
               percent(report.epsilon), *largest);
  } else {
    fmt::print(out, "training on Q1 costs more than {} at every density of this list\n",
               percent(report.epsilon));
  }
}

void print_certified(std::ostream& out, const ApproximationReport& report) {
  const certify::CertifiedMinimum& certified = *report.certified;
  const std::string what =
      report.certified_skeletons
          ? fmt::format("the loss on at most {} active features", *report.certified_skeletons)
          : "the loss";
  fmt::print(out, "\ncertified {:.10g} <= min of {} <= {:.10g}\n", certified.lower, what,
             certified.upper);
  fmt::print(out, "gap       {:.3g}, {} of the upper end; {} boxes in {} rounds; stopped by {}\n",
             certified.gap(), percent(certified.gap() / certified.upper), certified.boxes,
             certified.rounds, to_string(certified.stop_reason));
}

// --- JSON ----------------------------------------------------------------------------------------

Json tail_json(const ApproximationReport& report) {
  Json rows = Json::array();
  for (const bounds::CountTail& tail : report.count->tails) {
    if (tail.m == 0) continue;
    rows.push_back({{"m", tail.m},
                    {"exact", tail.exact},
                    {"union", tail.union_bound},
                    {"chernoff", tail.chernoff},
                    {"poisson", tail.poisson}});
    if (!report.model) continue;
    const auto before = static_cast<std::size_t>(tail.m - 1);
    const approximation::SparseShare& beyond = report.model->loss.shares[before];
    rows.back().update(
        {{"loss", beyond.beyond}, {"loss_bound", beyond.bound}, {"share", beyond.share_beyond}});
  }
  return rows;
}

Json model_json(const ModelShare& model) {
  const IntegralBySkeleton& loss = model.loss.loss;
  Json contributions = Json::array();
  for (const approximation::SparseShare& share : model.loss.shares) {
    contributions.push_back(share.contribution);
  }
  return {
      {"value", loss.value}, {"error_bound", loss.error_bound}, {"contribution", contributions}};
}

Json gradient_json(const ModelShare& model) {
  Json rows = Json::array();
  for (std::size_t k = 0; k < model.gradients.size(); ++k) {
    rows.push_back({{"k", k},
                    {"relative_size", model.gradients[k].relative_size},
                    {"relative_difference", model.gradients[k].relative_difference},
                    {"angle", model.gradients[k].angle}});
  }
  return rows;
}

Json table_json(const std::vector<bounds::OneSparseRow>& table) {
  Json rows = Json::array();
  for (const bounds::OneSparseRow& row : table) {
    rows.push_back({{"sparsity", row.sparsity},
                    {"none", row.none},
                    {"one", row.one},
                    {"two", row.two.exact},
                    {"ratio", row.ratio},
                    {"union", row.two.union_bound},
                    {"chernoff", row.two.chernoff},
                    {"poisson", row.two.poisson}});
  }
  return rows;
}

Json row_json(const CertificateRow& row, const Certificate& certificate) {
  return {{"k", row.k},
          {"lower", row.lower},
          {"upper", row.upper.value},
          {"minimum", certificate.minimum.value},
          {"excess", row.excess},
          {"same_configuration", row.same_configuration},
          {"distance", row.distance},
          {"starts", certificate.starts},
          {"hits", row.hits},
          {"minimum_hits", certificate.hits}};
}

Json certificate_json(const Certificate& certificate) {
  Json rows = Json::array();
  for (const CertificateRow& row : certificate.rows) rows.push_back(row_json(row, certificate));
  return rows;
}

Json curve_json(const std::vector<CurvePoint>& curve) {
  Json rows = Json::array();
  for (const CurvePoint& point : curve) {
    for (const CertificateRow& row : point.certificate.rows) {
      rows.push_back({{"sparsity", point.sparsity}});
      rows.back().update(row_json(row, point.certificate));
    }
  }
  return rows;
}

Json certified_json(const ApproximationReport& report) {
  const certify::CertifiedMinimum& certified = *report.certified;
  Json json{{"lower", certified.lower},
            {"upper", certified.upper},
            {"gap", certified.gap()},
            {"boxes", certified.boxes},
            {"rounds", certified.rounds},
            {"radius", certified.radius},
            {"stop_reason", to_string(certified.stop_reason)}};
  if (report.certified_skeletons) json["k"] = *report.certified_skeletons;
  return json;
}

// --- what is proven
// --------------------------------------------------------------------------------

// Certificates of the report, wherever they are.
std::vector<const Certificate*> certificates(const ApproximationReport& report) {
  std::vector<const Certificate*> all;
  if (report.certificate) all.push_back(&*report.certificate);
  for (const CurvePoint& point : report.curve) all.push_back(&point.certificate);
  return all;
}

bool any_row(const ApproximationReport& report,
             bool (*property)(const CertificateRow&, const Certificate&)) {
  for (const Certificate* certificate : certificates(report)) {
    for (const CertificateRow& row : certificate->rows) {
      if (property(row, *certificate)) return true;
    }
  }
  return false;
}

std::string about_training(const ApproximationReport& report) {
  std::string text =
      " Certificate: upper = L(theta_k) >= min L is rigorous for any theta_k, to the exact "
      "engine's "
      "error of 1e-10 L (1e-8 from 64 features on). lower = L^(<=k)(theta_k) <= min L is rigorous "
      "only if theta_k is a global "
      "minimiser of L^(<=k), and minimum, excess and same_configuration only mean what they say if "
      "theta* is one of L: both are the best of the random starts, of which `hits` (theta_k) and "
      "`minimum_hits` (theta*) agree, and of descents from each other; nothing proves that no "
      "better one exists.";
  if (any_row(report, [](const auto& row, const auto&) { return row.zero; })) {
    text +=
        " Where lower is 0 it is trivially a bound and min L^(<=k) = 0 is global, but many models "
        "attain it: theta_k is the one with the smallest L among the ends of the starts, so "
        "another "
        "one may cost less, and most cost more.";
  }
  if (any_row(report, [](const auto& row, const auto& certificate) {
        return row.lower > certificate.minimum.value * (1.0 + 1e-9) + 1e-300;
      })) {
    text += " A lower above minimum shows that the starts missed a minimum: use more --starts.";
  }
  return text;
}

}  // namespace

std::optional<double> largest_density_by_excess(const std::vector<CurvePoint>& curve,
                                                double epsilon) {
  std::vector<const CurvePoint*> points;
  for (const CurvePoint& point : curve) points.push_back(&point);
  std::stable_sort(points.begin(), points.end(), [](const CurvePoint* a, const CurvePoint* b) {
    return a->sparsity > b->sparsity;
  });
  std::optional<double> largest;
  for (const CurvePoint* point : points) {
    const CertificateRow& row = point->certificate.rows.front();
    if (row.excess > epsilon * point->certificate.minimum.value) break;
    largest = 1.0 - point->sparsity;
  }
  return largest;
}

std::string rigorous(const ApproximationReport& report) {
  std::string text =
      "P(N = l) and P(N >= m) are exact to rounding; union and chernoff are upper bounds; poisson "
      "is an approximation, off by at most sum p^2.";
  if (report.model) {
    text +=
        " Losses are exact, to the error bound of the contour integrals; loss_bound is a rigorous "
        "upper bound that does not rest on them.";
  }
  if (!certificates(report).empty()) text += about_training(report);
  if (report.certified) {
    text +=
        " Certified: lower <= min <= upper over all weights and thresholds, by branch and bound "
        "that trusts no start and no sample; rounding is covered by a fixed allowance, hundreds of "
        "times the errors ever seen, and by widened entries of G.";
    if (report.certified->stop_reason == certify::CertifyStop::domain) {
      text += " Here no bound of the columns could be proven, so lower is the trivial 0.";
    }
    if (report.certified->stop_reason == certify::CertifyStop::rounding) {
      text += " Here that allowance is larger than the asked gap.";
    }
  }
  return text;
}

void print_approximation(std::ostream& out, const ApproximationReport& report) {
  fmt::print(out, "{}\n", report.title);
  if (report.count) {
    out << '\n';
    print_count(out, report);
  }
  fmt::print(out,
             "\nP(N >= 2) <= {0:g} up to density {1:.6g} of {3} features, P(N >= 2)/P(N = 1) "
             "up to {2:.6g}\n",
             report.epsilon, report.largest_two_active, report.largest_ratio, report.features);
  if (!report.table.empty()) print_table(out, report.table);
  if (report.model) print_gradients(out, *report.model);
  if (report.certificate) print_certificate(out, *report.certificate);
  if (!report.curve.empty()) print_curve(out, report);
  if (report.certified) print_certified(out, report);
  fmt::print(out, "\n{}\n", paragraph(rigorous(report)));
  fmt::print(out, "{:.3g} s{}\n", report.seconds,
             report.interrupted ? "; interrupted: what was not finished is missing" : "");
}

Json to_json(const ApproximationReport& report) {
  Json json{{"features", report.features}};
  if (report.hidden) json["hidden"] = *report.hidden;
  if (report.model) json["instance"] = report.model->instance;
  if (report.count) {
    json["probability"] = report.count->probability;
    json["tail"] = tail_json(report);
  }
  json["epsilon"] = report.epsilon;
  json["largest_density"] = {{"two_active", report.largest_two_active},
                             {"ratio", report.largest_ratio}};
  if (!report.table.empty()) json["table"] = table_json(report.table);
  if (report.model) {
    json["loss"] = model_json(*report.model);
    json["gradient"] = gradient_json(*report.model);
  }
  if (report.certificate) json["certificate"] = certificate_json(*report.certificate);
  if (!report.curve.empty()) {
    json["curve"] = curve_json(report.curve);
    const auto largest = largest_density_by_excess(report.curve, report.epsilon);
    json["largest_density"]["excess"] = largest ? Json(*largest) : Json(nullptr);
  }
  if (report.certified) json["certified"] = certified_json(report);
  json["rigorous"] = rigorous(report);
  if (report.interrupted) json["interrupted"] = true;
  json["seed"] = report.seed;
  json["threads"] = report.threads;
  json["seconds"] = report.seconds;
  return json;
}

}  // namespace skeleta::program
