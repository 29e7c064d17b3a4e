#include "spectrum_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "option_table.h"
#include "print.h"
#include "result_report.h"

namespace skeleta::program {
namespace {

using Json = nlohmann::ordered_json;

std::string number_text(const Json& value, const char* otherwise) {
  return value.is_number() ? fmt::format("{:.6g}", value.get<double>()) : otherwise;
}

// Each with the number of eigenvalues that it makes 0.
Json zero_modes(const Json& run) {
  Json modes = Json::array();
  const auto add = [&](const char* kind, const Json& dimension, const char* explanation) {
    if (dimension.get<int>() == 0) return;
    modes.push_back({{"kind", kind}, {"dimension", dimension}, {"explanation", explanation}});
  };
  add("orbit", run.at("orbit_dimension"),
      "turning the hidden space changes no output; of untied models any invertible map");
  add("dropped", run.at("zeros").at("dropped"),
      "parameters of single features that do nothing: their outputs never fire, or nobody hears "
      "their columns");
  add("unexplained", run.at("zeros").at("unexplained"), "no known reason");
  return modes;
}

// Why there is no learning coefficient; null if there is one.
Json reason(const Json& run) {
  const std::string landscape = text(run.at("landscape"));
  if (landscape == "kink") {
    return fmt::format(
        "not twice differentiable: output {} is at its threshold with positive "
        "probability, {} outputs are",
        run.at("first_kink").dump(), run.at("kinks").dump());
  }
  if (landscape == "unknown") {
    const double error = number(run.at("error"), NAN);
    return fmt::format(
        "second derivatives are {}: the model is near a kink, or close to one of many small steps",
        std::isfinite(error) ? fmt::format("known to about {:.1g} only", error) : "not known");
  }
  if (landscape == "slope") {
    return fmt::format("no critical point: the gradient's norm is {:.3g}",
                       number(run.at("gradient_norm"), NAN));
  }
  if (landscape == "saddle") {
    return fmt::format("a saddle: {} directions lead down", run.at("negative").dump());
  }
  if (landscape == "degenerate") {
    return fmt::format("{} flat directions are unexplained: higher derivatives decide",
                       run.at("zeros").at("unexplained").dump());
  }
  return nullptr;
}

Json with_words(const Json& run) {
  Json result = Json::object();
  for (const auto& [name, value] : run.items()) {
    if (name == "zeros") continue;
    result[name] = value;
    if (name == "orbit_dimension") result["zero_modes"] = zero_modes(run);
    if (name == "learning_coefficient") result["reason"] = reason(run);
  }
  return result;
}

}  // namespace

Json spectrum_json(Json rows, const storage::ResultFile& file) {
  Json all = Json::array();
  for (const Json& run : rows.at("spectra")) all.push_back(with_words(run));
  const Json options = stored_options(file.provenance.options_toml);
  return all_instances(options) ? all : all.front();
}

void print_spectrum_of_model(std::ostream& out, const Json& json) {
  const auto get = [&](const char* name) { return json.at(name); };
  print_to(out, "instance {}: {}, loss {:.10g}, gradient norm {:.2g}\n", get("instance").dump(),
           text(get("landscape")), number(get("loss"), NAN), number(get("gradient_norm"), NAN));
  const Json values = get("eigenvalues");
  const std::size_t count = values.size(), shown = std::min<std::size_t>(count, 6);
  std::string least, most;
  for (std::size_t k = 0; k < shown; ++k) {
    least += fmt::format(" {:.3g}", number(values[k], NAN));
    most += fmt::format(" {:.3g}", number(values[count - shown + k], NAN));
  }
  const double error = number(get("error"), NAN);
  const bool known = std::isfinite(error);
  const bool kink = text(get("landscape")) == "kink";
  std::string wrong = known ? "" : ", of unknown error";
  if (known && error > 0.0) {
    wrong = fmt::format(", each wrong by about {:.1g}{}", error,
                        kink ? " or, as kinks are near, much more" : "");
  }
  print_to(out, "  {} eigenvalues{}: smallest{}\n", count, wrong, least);
  if (count > shown) print_to(out, "  largest{}\n", most);
  if (known && text(get("landscape")) != "unknown") {
    print_to(out, "  rank {} (beyond {:.2g}), {} negative, condition {}\n", get("rank").dump(),
             number(get("zero"), NAN), get("negative").dump(), number_text(get("condition"), "-"));
    for (const Json& mode : get("zero_modes")) {
      const int flat = mode.at("dimension").get<int>();
      print_to(out, "  {} flat direction{}: {} ({})\n", flat, flat == 1 ? "" : "s",
               text(mode.at("kind")), text(mode.at("explanation")));
    }
  }
  const Json coefficient = get("learning_coefficient");
  if (coefficient.is_number()) {
    print_to(out, "  learning coefficient {}: half the rank\n", number_text(coefficient, ""));
  } else {
    print_to(out, "  no learning coefficient: {}\n", text(get("reason")));
  }
  // 1: always, or it is the same minimum.
  if (number(get("crossing"), 1.0) > 1.0) {
    print_to(out,
             "  from {} samples on the best minimum of the file has the smaller free energy\n"
             "  (n times the loss, plus the learning coefficient times log n)\n",
             number_text(get("crossing"), ""));
  }
}

}  // namespace skeleta::program
