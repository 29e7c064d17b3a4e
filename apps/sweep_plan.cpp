#include "sweep_plan.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "common_options.h"
#include "errors.h"
#include "training_options.h"

namespace skeleta::program {
namespace {

const std::vector<std::string> known_keys{
    "features",  "hidden", "density",       "sparsity",  "importance-decay",
    "objective", "seed",   "optimizer",     "init",      "starts",
    "steps",     "batch",  "learning-rate", "tolerance", "represented-norm",
    "allow-wide"};

// The plan's nodes by key; errors name the place.
class PlanReader {
 public:
  explicit PlanReader(const std::string& path) : path_(path), table_(read_toml(path)) {
    for (const auto& [key, node] : table_) {
      std::string name(key.str());
      std::replace(name.begin(), name.end(), '_', '-');
      if (std::find(known_keys.begin(), known_keys.end(), name) == known_keys.end()) {
        const std::string near = suggestion(name, known_keys);
        refuse(key.source(),
               fmt::format("unknown key '{}'{}", key.str(),
                           near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
      }
      if (!nodes_.emplace(name, &node).second) {
        refuse(key.source(), fmt::format("'{}' is given twice", name));
      }
    }
  }

  bool has(const char* key) const { return nodes_.contains(key); }

  [[noreturn]] void refuse(const toml::source_region& at, const std::string& what) const {
    throw UsageError(
        fmt::format("{}, line {}, column {}: {}", path_, at.begin.line, at.begin.column, what));
  }
  [[noreturn]] void refuse(const char* key, const std::string& what) const {
    refuse(nodes_.at(key)->source(), what);
  }
  [[noreturn]] void refuse_without(const char* keys) const {
    throw UsageError(fmt::format("{}: a plan needs {}", path_, keys));
  }

  /// Sets `values` to what `convert` makes of each entry of the list, which must be `rule`.
  template <class T, class Convert>
  void list(const char* key, std::vector<T>& values, const char* rule, Convert convert) const {
    if (!has(key)) return;
    values.clear();
    const toml::node& node = *nodes_.at(key);
    const auto add = [&](const toml::node& entry) {
      const std::optional<T> value = convert(entry);
      if (!value) refuse(entry.source(), fmt::format("{}: each value must be {}", key, rule));
      values.push_back(*value);
    };
    if (const toml::array* array = node.as_array()) {
      for (const toml::node& entry : *array) add(entry);
    } else {
      add(node);
    }
    if (values.empty()) refuse(key, fmt::format("{} is empty: the grid has no cell", key));
  }

  template <class T, class Convert>
  void value(const char* key, T& target, const char* rule, Convert convert) const {
    if (!has(key)) return;
    const std::optional<T> value = convert(*nodes_.at(key));
    if (!value) refuse(key, fmt::format("{} must be {}", key, rule));
    target = *value;
  }

 private:
  std::string path_;
  toml::table table_;
  std::map<std::string, const toml::node*, std::less<>> nodes_;
};

std::optional<double> number(const toml::node& node) {
  if (!node.is_number()) return {};
  const std::optional<double> value = node.value<double>();
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<double> positive(const toml::node& node) {
  const auto value = number(node);
  return value && *value > 0.0 ? value : std::nullopt;
}

std::optional<double> not_negative(const toml::node& node) {
  const auto value = number(node);
  return value && *value >= 0.0 ? value : std::nullopt;
}

// 1e4 is a count too.
template <class T>
std::optional<T> count(const toml::node& node) {
  const auto value = number(node);
  constexpr double most = 1e15;
  if (!value || *value < 1.0 || *value > most || *value != std::floor(*value)) return {};
  return static_cast<T>(*value);
}

std::optional<std::string> text(const toml::node& node) {
  return node.is_string() ? node.value<std::string>() : std::nullopt;
}

void read_lists(const PlanReader& reader, training::SweepPlan& plan) {
  constexpr const char* whole = "a whole number of at least 1";
  reader.list("features", plan.features, whole, count<Index>);
  reader.list("hidden", plan.hidden, whole, count<Index>);
  const auto share = [](const toml::node& node) {
    const auto p = positive(node);
    return p && *p <= 1.0 ? p : std::nullopt;
  };
  reader.list("density", plan.density, "a number in (0, 1]", share);
  const auto one_minus = [](const toml::node& node) -> std::optional<double> {
    const auto s = not_negative(node);
    if (!s || *s >= 1.0) return {};
    return 1.0 - *s;
  };
  if (reader.has("sparsity") && reader.has("density")) {
    reader.refuse("sparsity", "sparsity and density are the same thing: give one");
  }
  reader.list("sparsity", plan.density, "a number in [0, 1)", one_minus);
  reader.list("importance-decay", plan.importance_decay, "a positive number", positive);
  const auto seed = [](const toml::node& node) -> std::optional<std::uint64_t> {
    if (const auto word = text(node)) return seed_of(*word);
    const auto value = node.is_integer() ? node.value<std::int64_t>() : std::nullopt;
    if (!value || *value < 0) return {};
    return static_cast<std::uint64_t>(*value);
  };
  reader.list("seed", plan.seed,
              "a whole number from 0 to 2^64 - 1, from 2^63 on in quotation marks", seed);
}

void read_objectives(const PlanReader& reader, training::SweepPlan& plan) {
  std::vector<std::string> words;
  reader.list("objective", words, "a name", text);
  if (words.empty()) return;
  plan.objective.clear();
  std::set<Index> orders;
  for (const std::string& word : words) {
    try {
      const NamedObjective named = objective_named(word);
      plan.objective.push_back(named.kind);
      if (named.k) orders.insert(*named.k);
    } catch (const UsageError& error) {
      reader.refuse("objective", error.what());
    }
  }
  if (orders.size() > 1) reader.refuse("objective", "a plan has k-sparse:K for one K only");
  if (!orders.empty()) plan.training.k = *orders.begin();
}

void read_training(const PlanReader& reader, training::SweepPlan& plan) {
  TrainingWords words;
  constexpr const char* whole = "a whole number of at least 1";
  reader.value("optimizer", words.optimizer, "a name", text);
  reader.value("init", words.init, "a name", text);
  reader.value("starts", words.starts, whole, count<std::uint64_t>);
  reader.value("steps", words.steps, whole, count<std::uint64_t>);
  reader.value("batch", words.batch, whole, count<std::uint64_t>);
  reader.value("learning-rate", words.learning_rate, "a positive number", positive);
  reader.value("tolerance", words.tolerance, "a number that is not negative", not_negative);
  // auto is one optimizer for all cells: it goes by the first objective.
  words.objective = to_string(plan.objective.front());
  if (plan.objective.front() == training::ObjectiveKind::k_sparse) {
    words.objective += fmt::format(":{}", plan.training.k);
  }
  const Index k = plan.training.k;
  try {
    plan.training = to_options(words);
  } catch (const UsageError& error) {
    const std::string key =
        std::string(error.what()).substr(0, std::string(error.what()).find(':'));
    if (!reader.has(key.c_str())) throw;
    reader.refuse(key.c_str(), error.what());
  }
  plan.training.k = k;
  plan.training.record_every = 0;
}

template <class T>
toml::array array_of(const std::vector<T>& values) {
  toml::array array;
  for (const T& value : values) {
    if constexpr (std::is_same_v<T, double>) {
      array.push_back(value);
    } else if (std::is_unsigned_v<T> && !std::in_range<std::int64_t>(value)) {
      array.push_back(std::to_string(value));  // TOML's integers end at 2^63
    } else {
      array.push_back(static_cast<std::int64_t>(value));
    }
  }
  return array;
}

}  // namespace

training::SweepPlan read_plan(const std::string& path, std::optional<std::uint64_t> seed) {
  const PlanReader reader(path);
  training::SweepPlan plan;
  read_lists(reader, plan);
  if (seed) plan.seed = {*seed};
  read_objectives(reader, plan);
  read_training(reader, plan);
  reader.value("represented-norm", plan.represented_norm, "a number that is not negative",
               not_negative);
  const auto flag = [](const toml::node& node) { return node.value_exact<bool>(); };
  reader.value("allow-wide", plan.allow_wide, "true or false", flag);
  if (plan.features.empty()) reader.refuse_without("features = [D, ...]");
  if (plan.hidden.empty()) reader.refuse_without("hidden = [d, ...]");
  if (plan.density.empty()) reader.refuse_without("density = [p, ...] or sparsity = [S, ...]");
  try {
    validate(plan);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
  return plan;
}

std::string to_toml(const training::SweepPlan& plan) {
  const training::Options& options = plan.training;
  toml::array objectives;
  for (const training::ObjectiveKind kind : plan.objective) objectives.push_back(to_string(kind));
  const toml::table table{{"features", array_of(plan.features)},
                          {"hidden", array_of(plan.hidden)},
                          {"density", array_of(plan.density)},
                          {"importance-decay", array_of(plan.importance_decay)},
                          {"objective", std::move(objectives)},
                          {"seed", array_of(plan.seed)},
                          {"k", static_cast<std::int64_t>(options.k)},
                          {"optimizer", to_string(options.optimizer)},
                          {"weight-decay", options.descent.weight_decay},
                          {"init", to_string(options.init)},
                          {"starts", static_cast<std::int64_t>(options.starts)},
                          {"steps", static_cast<std::int64_t>(options.max_steps)},
                          {"batch", static_cast<std::int64_t>(options.batch)},
                          {"learning-rate", options.descent.learning_rate},
                          {"tolerance", options.gradient_tolerance},
                          {"represented-norm", plan.represented_norm},
                          {"allow-wide", plan.allow_wide}};
  std::ostringstream text;
  text << table << '\n';
  return text.str();
}

double represented_norm(const std::string& text) {
  const double usual = training::SweepPlan{}.represented_norm;
  try {
    return toml::parse(text)["represented-norm"].value_or(usual);
  } catch (const toml::parse_error&) {
    return usual;
  }
}

}  // namespace skeleta::program
