#include "approximation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>

#include "option_table.h"
#include "paragraph.h"
#include "print.h"
#include "report.h"
#include "result_report.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_rows = 12;

// --- from rows to JSON ---------------------------------------------------------------------------

// From m = 1 on; of a model with the loss on m or more active features, the one beyond m - 1.
Json tail_json(const Json& tails, const Json& beyond) {
  Json rows = Json::array();
  for (std::size_t m = 1; m < tails.size(); ++m) {
    Json& row = rows.emplace_back(Json{{"m", m}});
    row.update(tails[m]);
    if (m <= beyond.size()) row.update(beyond[m - 1]);
  }
  return rows;
}

// One row for each k, of each sparsity if there are several.
Json certificates_json(const Json& settings, const Json& k, bool curve) {
  Json rows = Json::array();
  for (const Json& setting : settings) {
    for (std::size_t i = 0; i < at(setting, "rows").size(); ++i) {
      Json& row = rows.emplace_back(Json::object());
      if (curve) row["sparsity"] = at(setting, "sparsity");
      row["k"] = k[i];
      row.update(entry(at(setting, "rows"), i));
      row["starts"] = at(setting, "starts");
      row["minimum_hits"] = at(setting, "minimum_hits");
    }
  }
  return rows;
}

// The largest density of the curve up to which, at every listed one, the 1-sparse minimiser costs
// at most epsilon times the minimum; null if it costs more at the smallest.
Json largest_density_by_excess(const Json& settings, double epsilon) {
  std::vector<const Json*> by_density;
  for (const Json& setting : settings) by_density.push_back(&setting);
  std::stable_sort(by_density.begin(), by_density.end(), [](const Json* a, const Json* b) {
    return number(at(*a, "sparsity")) > number(at(*b, "sparsity"));
  });
  Json largest;
  for (const Json* setting : by_density) {
    const Json& row = entry(at(*setting, "rows"), 0);
    if (number(at(row, "excess")) > epsilon * number(at(row, "minimum"))) break;
    largest = 1.0 - number(at(*setting, "sparsity"));
  }
  return largest;
}

const Json& certificates(const Json& json) {
  static const Json none = Json::array();
  const char* key = json.contains("certificate") ? "certificate" : "curve";
  return json.contains(key) ? json[key] : none;
}

std::string about_training(const Json& rows) {
  std::string text =
      " Certificate: upper = L(theta_k) >= min L is rigorous for any theta_k, to the exact "
      "engine's "
      "error of 1e-10 L (1e-8 from 64 features on). lower = L^(<=k)(theta_k) <= min L is rigorous "
      "only if theta_k is a global "
      "minimiser of L^(<=k), and minimum, excess and same_configuration only mean what they say if "
      "theta* is one of L: both are the best of the random starts, of which `hits` (theta_k) and "
      "`minimum_hits` (theta*) agree, and of descents from each other; nothing proves that no "
      "better one exists.";
  if (std::any_of(rows.begin(), rows.end(), [](const Json& row) { return at(row, "zero"); })) {
    text +=
        " Where lower is 0 it is trivially a bound and min L^(<=k) = 0 is global, but many models "
        "attain it: theta_k is the one with the smallest L among the ends of the starts, so "
        "another "
        "one may cost less, and most cost more.";
  }
  if (std::any_of(rows.begin(), rows.end(), [](const Json& row) {
        return number(at(row, "lower")) > number(at(row, "minimum")) * (1.0 + 1e-9) + 1e-300;
      })) {
    text += " A lower above minimum shows that the starts missed a minimum: use more --starts.";
  }
  return text;
}

// What is proven, and what rests on the starts having found the global minima.
std::string rigorous(const Json& json) {
  std::string text =
      "P(N = l) and P(N >= m) are exact to rounding; union and chernoff are upper bounds; poisson "
      "is an approximation, of independent features off by at most sum p^2.";
  if (json.contains("loss")) {
    text +=
        " Losses are exact, to the error bound of the contour integrals; loss_bound is a rigorous "
        "upper bound that does not rest on them.";
  }
  if (!certificates(json).empty()) text += about_training(certificates(json));
  if (json.contains("certified")) {
    text +=
        " Certified: lower <= min <= upper over all weights and thresholds, by branch and bound "
        "that trusts no start and no sample; every bound is lowered by what rounding can do to "
        "it (proven for up to five features: analysis/proofs.md), and entries of G are widened.";
    const Json& reason = at(at(json, "certified"), "stop_reason");
    if (reason == "domain") {
      text += " Here no bound of the columns could be proven, so lower is the trivial 0.";
    }
    if (reason == "rounding") text += " Here that bound is larger than the asked gap.";
  }
  return text;
}

// Of one instance, or of none.
Json told(const Json& rows, const Json& run, const Json& options) {
  Json json{{"features", at(rows, "features")}};
  if (at(rows, "hidden") > 0) json["hidden"] = at(rows, "hidden");
  if (run.contains("instance")) {
    json["model"] = stored_option(options, "model", std::string());
    json["instance"] = at(run, "instance");
  }
  for (const char* key : {"least_density", "most_density"}) {
    if (!at(rows, key).is_null()) json[key] = at(rows, key);
  }
  if (rows.contains("tail")) {
    json["probability"] = at(rows, "probability");
    json["tail"] = tail_json(at(rows, "tail"), run.value("beyond", Json::array()));
  }
  for (const char* key : {"epsilon", "largest_density"}) json[key] = at(rows, key);
  if (rows.contains("table")) json["table"] = at(rows, "table");
  for (const char* key : {"loss", "gradient"}) {
    if (run.contains(key)) json[key] = run[key];
  }
  for (std::size_t k = 0; json.contains("gradient") && k < at(json, "gradient").size(); ++k) {
    json["gradient"][k]["k"] = k;
  }
  if (rows.contains("settings")) {
    const Json& settings = at(rows, "settings");
    const bool curve = options.contains("sparsities");
    json[curve ? "curve" : "certificate"] =
        certificates_json(settings, at(rows, "trained_k"), curve);
    if (curve) {
      json["largest_density"]["excess"] =
          largest_density_by_excess(settings, number(at(rows, "epsilon")));
    }
  }
  if (rows.contains("certified")) {
    Json& certified = json["certified"] = at(rows, "certified");
    certified["gap"] = number(at(certified, "upper")) - number(at(certified, "lower"));
    // What analysis/proofs.md, "Rounding", covers.
    const bool covered = number(at(rows, "features")) <= 5.0 || number(at(certified, "k")) <= 1.0;
    certified["rounding"] = covered ? "proven bound" : "allowance";
  }
  json["rigorous"] = rigorous(json);
  json["stop_reason"] = at(rows, "stop_reason");
  if (at(json, "stop_reason") == "interrupted") json["interrupted"] = true;
  if (run.contains("seconds")) json["seconds"] = at(run, "seconds");
  return json;
}

// --- for people ----------------------------------------------------------------------------------

// With as many digits as tell it from 1.
std::string sparsity_text(const Json& sparsity) {
  const double density = 1.0 - number(sparsity);
  const int digits = density > 0.0 ? 2 - static_cast<int>(std::floor(std::log10(density))) : 6;
  return fmt::format("{:.{}g}", number(sparsity), std::clamp(digits, 6, 17));
}

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.3g} %", 100.0 * share) : "-";
}

void print_title(std::ostream& out, const Json& json) {
  if (json.contains("instance")) {
    print_to(out, "{}, instance {}: ", text(at(json, "model")), number(at(json, "instance")));
  }
  print_to(out, "{} features", number(at(json, "features")));
  if (json.contains("hidden")) {
    print_to(out, " in {} hidden dimensions", number(at(json, "hidden")));
  }
  if (json.contains("least_density") && json.contains("most_density")) {
    print_to(out, ", density {}",
             one_or_range(number(at(json, "least_density")), number(at(json, "most_density"))));
  }
  if (!certificates(json).empty())
    print_to(out, ", seed {}", at(json, "seed").get<std::uint64_t>());
  out << '\n';
}

// A row of numbers, each under its heading.
void print_cells(std::ostream& out, const Json& row, std::initializer_list<const char*> keys) {
  constexpr double infinite = std::numeric_limits<double>::infinity();  // which JSON has not
  for (const char* key : keys) print_to(out, "  {:>11.5g}", number(row[key], infinite));
}

void print_count(std::ostream& out, const Json& json) {
  const Json &probability = at(json, "probability"), &tail = at(json, "tail");
  const bool model = json.contains("loss");
  print_to(out, "\n{:>4}  {:>11}  {:>11}  {:>11}  {:>11}  {:>11}", "m", "P(N = m)", "P(N >= m)",
           "union", "Chernoff-KL", "Poisson");
  if (model) {
    print_to(out, "  {:>11}  {:>11}  {:>8}  {:>11}", "C_m", "sum l>=m C_l", "of loss", "at most");
  }
  out << '\n';
  const Json certain{{"exact", 1.0}, {"union", 1.0}, {"chernoff", 1.0}, {"poisson", 1.0}};
  const std::size_t shown = std::min(probability.size(), most_rows);
  for (std::size_t m = 0; m < shown; ++m) {
    const Json& row = m == 0 ? certain : tail[m - 1];
    print_to(out, "{:>4}  {:>11.5g}", m, number(probability[m]));
    print_cells(out, row, {"exact", "union", "chernoff", "poisson"});
    if (model) {
      print_to(out, "  {:>11.5g}", number(entry(at(at(json, "loss"), "contribution"), m)));
      if (m == 0) {
        print_to(out, "  {:>12.5g}  {:>8}", number(at(at(json, "loss"), "value")), "100 %");
      } else {
        print_to(out, "  {:>12.5g}  {:>8}  {:>11.5g}", number(at(row, "loss")),
                 percent(number(at(row, "share"))), number(at(row, "loss_bound")));
      }
    }
    out << '\n';
  }
  if (shown < probability.size()) {
    print_to(out, "      {} further rows are in --json\n", probability.size() - shown);
  }
}

void print_table(std::ostream& out, const Json& table) {
  print_to(out, "\n{:>9}  {:>11}  {:>11}  {:>11}  {:>11}  {:>11}  {:>11}\n", "sparsity", "P(N = 0)",
           "P(N = 1)", "P(N >= 2)", "ratio", "union", "Chernoff-KL");
  for (const Json& row : table) {
    print_to(out, "{:>9}", sparsity_text(at(row, "sparsity")));
    print_cells(out, row, {"none", "one", "two", "ratio", "union", "chernoff"});
    out << '\n';
  }
}

void print_gradients(std::ostream& out, const Json& gradients) {
  print_to(out, "\ngradient of the loss on at most k active features, against that of the loss\n");
  print_to(out, "{:>4}  {:>13}  {:>13}  {:>10}\n", "k", "size ratio", "difference", "angle");
  for (const Json& gradient : gradients) {
    const Json& angle = at(gradient, "angle");
    print_to(out, "{:>4}  {:>13.5g}  {:>13.5g}  {:>10}\n", number(at(gradient, "k")),
             number(at(gradient, "relative_size")), number(at(gradient, "relative_difference")),
             angle.is_null() ? "-"
                             : fmt::format("{:.4g} deg", 180.0 / std::numbers::pi * number(angle)));
  }
}

void print_row_heading(std::ostream& out) {
  print_to(out, "{:>3}  {:>12}  {:>12}  {:>12}  {:>10}  {:>9}  {:>6}  {:>8}  {:>9}\n", "k", "lower",
           "upper", "minimum", "excess", "excess/L", "same", "distance", "hits");
}

void print_row(std::ostream& out, const Json& row) {
  print_to(out,
           "{:>3}  {:>12.7g}  {:>12.7g}  {:>12.7g}  {:>10.3g}  {:>9}  {:>6}  {:>8.3g}  {:>9}\n",
           number(at(row, "k")), number(at(row, "lower")), number(at(row, "upper")),
           number(at(row, "minimum")), number(at(row, "excess")),
           percent(number(at(row, "excess")) / number(at(row, "minimum"))),
           at(row, "same_configuration") ? "yes" : "no", number(at(row, "distance")),
           fmt::format("{}/{}", number(at(row, "hits")), number(at(row, "starts"))));
}

void print_certificate(std::ostream& out, const Json& rows) {
  print_to(out, "\ntrained on at most k active features: lower <= min L <= upper\n");
  print_row_heading(out);
  for (const Json& row : rows) print_row(out, row);
  print_to(out, "minimum of the whole loss reached by {} of {} random starts\n",
           number(at(entry(rows, 0), "minimum_hits")), number(at(entry(rows, 0), "starts")));
}

void print_curve(std::ostream& out, const Json& json) {
  print_to(out, "\n{:>9}", "sparsity");
  print_row_heading(out);
  for (const Json& row : at(json, "curve")) {
    print_to(out, "{:>9}", sparsity_text(at(row, "sparsity")));
    print_row(out, row);
  }
  const Json& largest = at(at(json, "largest_density"), "excess");
  const std::string epsilon = percent(number(at(json, "epsilon")));
  if (largest.is_null()) {
    print_to(out, "training on Q1 costs more than {} at every density of this list\n", epsilon);
  } else {
    print_to(out, "training on Q1 costs at most {} up to the density {:.4g} of this list\n",
             epsilon, number(largest));
  }
}

void print_certified(std::ostream& out, const Json& json) {
  const Json& certified = at(json, "certified");
  const double lower = number(at(certified, "lower")), upper = number(at(certified, "upper"));
  const std::string what =
      at(certified, "k") == at(json, "features")
          ? "the loss"
          : fmt::format("the loss on at most {} active features", number(at(certified, "k")));
  print_to(out, "\ncertified {:.10g} <= min of {} <= {:.10g}\n", lower, what, upper);
  print_to(out, "gap       {:.3g}, {} of the upper end; {} boxes in {} rounds; stopped by {}\n",
           upper - lower, percent((upper - lower) / upper), number(at(certified, "boxes")),
           number(at(certified, "rounds")), text(at(certified, "stop_reason")));
}

}  // namespace

Json approximation_json(Json rows, const storage::ResultFile& file) {
  const Json options = stored_options(file.provenance.options_toml);
  if (!rows.contains("runs")) return told(rows, Json::object(), options);
  Json all = Json::array();
  for (const Json& run : at(rows, "runs")) all.push_back(told(rows, run, options));
  return all_instances(options) ? all : all.front();
}

void print_approximation(std::ostream& out, const Json& json) {
  print_title(out, json);
  if (json.contains("tail")) print_count(out, json);
  const Json& largest = at(json, "largest_density");
  print_to(out,
           "\nP(N >= 2) <= {0:g} up to density {1:.6g} of {3} independent features,\n"
           "P(N >= 2)/P(N = 1) up to {2:.6g}\n",
           number(at(json, "epsilon")), number(at(largest, "two_active")),
           number(at(largest, "ratio")), number(at(json, "features")));
  if (json.contains("table")) print_table(out, at(json, "table"));
  if (json.contains("gradient")) print_gradients(out, at(json, "gradient"));
  if (json.contains("certificate")) print_certificate(out, at(json, "certificate"));
  if (json.contains("curve")) print_curve(out, json);
  if (json.contains("certified")) print_certified(out, json);
  print_to(out, "\n{}\n", paragraph(text(at(json, "rigorous"))));
  print_to(out, "{:.3g} s{}\n", number(at(json, "seconds")),
           json.contains("interrupted") ? "; interrupted: what was not finished is missing" : "");
}

}  // namespace skeleta::program
