#include "skeleta/measure/law_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "core/require.h"

namespace skeleta {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(at); end != text.npos; end = text.find(at)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

std::optional<double> number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The numbers of a list; `whole` is what the user wrote.
std::vector<double> numbers(std::string_view list, char between, std::string_view whole) {
  std::vector<double> values;
  for (const std::string_view part : split(list, between)) {
    const auto value = number(part);
    require(value.has_value(), fmt::format("'{}': '{}' is not a number", whole, part));
    values.push_back(*value);
  }
  return values;
}

// How many numbers a kind has.
std::size_t numbers_of(ValueKind kind) {
  return kind == ValueKind::uniform || kind == ValueKind::normal ? 2 : 1;
}

}  // namespace

std::string to_string(const ValueLaw& law) {
  const std::string name = to_string(law.kind());
  return numbers_of(law.kind()) == 1 ? fmt::format("{}:{}", name, law.first())
                                     : fmt::format("{}:{},{}", name, law.first(), law.second());
}

ValueLaw parse_value_law(const std::string& text) {
  const std::string_view whole = text, name = whole.substr(0, whole.find(':'));
  const auto kind = named<ValueKind>(name);
  require(kind.has_value(),
          fmt::format("'{}' is no law of values: they are uniform:LEAST,MOST, constant:VALUE, "
                      "exponential:MEAN, half-normal:SCALE, normal:MEAN,DEVIATION",
                      text));
  std::vector<double> values;
  if (name.size() < whole.size()) values = numbers(whole.substr(name.size() + 1), ',', whole);
  const std::size_t count = numbers_of(*kind);
  require(values.size() == count, fmt::format("'{}': '{}' takes {} number{}, not {}", text, name,
                                              count, count == 1 ? "" : "s", values.size()));
  values.push_back(0.0);
  return ValueLaw::of(*kind, values[0], values[1]);
}

std::vector<ValueLaw> parse_value_laws(const std::string& text, Index count) {
  std::vector<ValueLaw> laws;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(';', from), text.size());
    laws.push_back(parse_value_law(text.substr(from, end - from)));
    from = end + 1;
  }
  const auto expected = static_cast<std::size_t>(count);
  if (laws.size() == 1) laws.resize(expected, laws.front());
  require(laws.size() == expected,
          fmt::format("'{}': {} laws of values for {} features: give one, or one for each", text,
                      laws.size(), count));
  return laws;
}

std::string to_string(const std::vector<ValueLaw>& laws) {
  const bool alike =
      std::ranges::all_of(laws, [&](const ValueLaw& law) { return law == laws.front(); });
  std::string text;
  for (const ValueLaw& law : laws) {
    if (!text.empty()) text += ';';
    text += to_string(law);
    if (alike) break;
  }
  return text;
}

Vector parse_density(const std::string& text, Index count) {
  Vector density(count);
  constexpr std::string_view zipf = "zipf:";
  if (text.starts_with(zipf)) {
    const auto values = numbers(std::string_view(text).substr(zipf.size()), ':', text);
    require(values.size() <= 2,
            fmt::format("'{}': write zipf:EXPONENT or zipf:EXPONENT:FIRST", text));
    const double first = values.size() == 2 ? values[1] : 1.0;
    for (Index j = 0; j < count; ++j) {
      density(j) = first * std::pow(static_cast<double>(j + 1), -values[0]);
    }
  } else {
    const auto values = numbers(text, ',', text);
    const auto size = static_cast<Index>(values.size());
    require(size == 1 || size == count,
            fmt::format("'{}': {} densities for {} features: give one, or one for each", text, size,
                        count));
    for (Index j = 0; j < count; ++j) {
      density(j) = values[static_cast<std::size_t>(size == 1 ? 0 : j)];
    }
  }
  for (Index j = 0; j < count; ++j) {
    require(density(j) >= 0.0 && density(j) <= 1.0,
            fmt::format("'{}': density[{}] = {} must lie in [0, 1]", text, j, density(j)));
  }
  return density;
}

namespace {

// A group as written: its word says what defaults its members have.
enum class Word { top, together, exclusive, parent, independent };
constexpr std::pair<std::string_view, Word> words[] = {{"together", Word::together},
                                                       {"exclusive", Word::exclusive},
                                                       {"parent", Word::parent},
                                                       {"independent", Word::independent}};

class GroupParser {
 public:
  GroupParser(const std::string& text, const Vector& density) : density_(density) {
    std::ranges::copy_if(text, std::back_inserter(text_),
                         [](char c) { return c != ' ' && c != '\t' && c != '\n'; });
    rest_ = text_;
  }

  ActivityTree parse() {
    if (!rest_.empty()) members(Word::top, -1);
    if (!rest_.empty()) fail("a ')' has no '('");
    std::vector<bool> named(static_cast<std::size_t>(density_.size()), false);
    for (const ActivityNode& node : nodes_) {
      if (node.kind != ActivityKind::feature) continue;
      if (named[static_cast<std::size_t>(node.feature)]) {
        fail(fmt::format("feature {} has two places: it may be in one group only", node.feature));
      }
      named[static_cast<std::size_t>(node.feature)] = true;
    }
    for (Index j = 0; j < density_.size(); ++j) {
      if (named[static_cast<std::size_t>(j)]) continue;
      nodes_.push_back({.feature = j, .probability = density_(j)});
    }
    return ActivityTree(std::move(nodes_));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument(fmt::format("groups '{}': {}", text_, what));
  }

  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view take_while(std::string_view allowed) {
    const std::size_t end = std::min(rest_.find_first_not_of(allowed), rest_.size());
    const std::string_view result = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return result;
  }

  std::optional<double> own_probability() {
    if (!skip(':')) return std::nullopt;
    const std::string_view piece = take_while("0123456789+-.eE");
    const auto value = number(piece);
    if (!value) fail(fmt::format("'{}' is not a probability", piece));
    return value;
  }

  Index feature_number() {
    const std::string_view piece = take_while("0123456789");
    const auto value = number(piece);
    if (!value) fail(fmt::format("a feature's number is missing before '{}'", rest_));
    if (*value >= static_cast<double>(density_.size())) {
      fail(fmt::format("feature {} does not exist: there are {}", piece, density_.size()));
    }
    return static_cast<Index>(*value);
  }

  void members(Word word, Index group) {
    bool first = true;
    do {
      member(word, group, first);
      first = false;
    } while (skip(','));
  }

  void member(Word word, Index group, bool first) {
    if (!rest_.empty() && rest_.front() >= 'a' && rest_.front() <= 'z') {
      if (word == Word::parent && first)
        fail("a parent group must begin with its parent, a feature");
      subgroup(word, group);
      return;
    }
    const Index begin = feature_number();
    const Index end = skip('-') ? feature_number() : begin;
    if (end < begin) fail(fmt::format("the range {}-{} is empty", begin, end));
    const auto probability = own_probability();
    const bool certain = word == Word::together || (word == Word::parent && first);
    if (certain && probability) {
      fail(fmt::format("feature {} is on with its group: write the probability at the group",
                       begin));
    }
    for (Index j = begin; j <= end; ++j) {
      const bool on = word == Word::together || (certain && j == begin);
      nodes_.push_back({.parent = group,
                        .feature = j,
                        .probability = on ? 1.0 : probability.value_or(density_(j))});
    }
  }

  void subgroup(Word outer, Index group) {
    const std::string_view name = take_while("abcdefghijklmnopqrstuvwxyz");
    const auto* const entry =
        std::ranges::find(words, name, &std::pair<std::string_view, Word>::first);
    if (entry == std::end(words)) {
      fail(
          fmt::format("'{}' is no group: they are together, exclusive, parent, independent", name));
    }
    const Word word = entry->second;
    const auto probability = own_probability();
    if (!skip('(')) fail(fmt::format("a '(' is missing after '{}'", name));
    const std::size_t at = nodes_.size();
    nodes_.push_back(
        {.kind = word == Word::exclusive ? ActivityKind::exclusive : ActivityKind::independent,
         .parent = group});
    if (!rest_.empty() && rest_.front() == ')') fail(fmt::format("'{}' has no members", name));
    members(word, static_cast<Index>(at));
    if (!skip(')')) fail(fmt::format("a ')' is missing at '{}'", rest_));
    nodes_[at].probability = probability ? *probability : default_probability(word, outer, at);
  }

  double default_probability(Word word, Word outer, std::size_t at) const {
    if (outer == Word::together) return 1.0;
    if (word == Word::exclusive || word == Word::independent) {
      if (outer == Word::exclusive) fail("a group within an exclusive one needs its probability");
      return 1.0;
    }
    const ActivityNode& first = nodes_[at + 1];
    if (first.kind != ActivityKind::feature)
      fail(
          "a group without features of its own needs its "
          "probability");
    const double p = density_(first.feature);
    for (std::size_t k = at + 1; word == Word::together && k < nodes_.size(); ++k) {
      if (nodes_[k].kind != ActivityKind::feature || nodes_[k].parent != static_cast<Index>(at)) {
        continue;
      }
      if (density_(nodes_[k].feature) != p) {
        fail(
            fmt::format("features {} and {} have the densities {} and {}: active together, they "
                        "need the same one",
                        first.feature, nodes_[k].feature, p, density_(nodes_[k].feature)));
      }
    }
    return p;
  }

  const Vector& density_;
  std::string text_;
  std::string_view rest_;
  ActivityNodes nodes_;
};

class GroupPrinter {
 public:
  explicit GroupPrinter(const ActivityNodes& nodes) : nodes_(nodes), children_(nodes.size()) {
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      if (nodes[at].parent >= 0)
        children_[static_cast<std::size_t>(nodes[at].parent)].push_back(at);
    }
  }

  std::string print() const {
    std::string text;
    for (std::size_t at = 0; at < nodes_.size(); ++at) {
      if (nodes_[at].parent >= 0 || nodes_[at].kind == ActivityKind::feature) continue;
      text += (text.empty() ? "" : ",") + group(at);
    }
    return text;
  }

 private:
  bool certain(std::size_t at) const {
    return nodes_[at].kind == ActivityKind::feature && nodes_[at].probability == 1.0;
  }

  Word word(std::size_t at) const {
    if (nodes_[at].kind == ActivityKind::exclusive) return Word::exclusive;
    if (std::ranges::all_of(children_[at], [&](std::size_t c) { return certain(c); })) {
      return Word::together;
    }
    return certain(children_[at][0]) ? Word::parent : Word::independent;
  }

  std::string group(std::size_t at) const {
    const Word kind = word(at);
    const auto* const entry =
        std::ranges::find(words, kind, &std::pair<std::string_view, Word>::second);
    std::string text = fmt::format("{}:{}(", entry->first, nodes_[at].probability);
    for (const std::size_t c : children_[at]) {
      const bool first = c == children_[at][0];
      if (!first) text += ",";
      if (nodes_[c].kind != ActivityKind::feature) {
        text += group(c);
        continue;
      }
      text += std::to_string(nodes_[c].feature);
      if (kind == Word::together || (kind == Word::parent && first)) continue;
      text += fmt::format(":{}", nodes_[c].probability);
    }
    return text + ")";
  }

  const ActivityNodes& nodes_;
  std::vector<std::vector<std::size_t>> children_;
};

}  // namespace

ActivityTree parse_groups(const std::string& text, const Vector& density) {
  return GroupParser(text, density).parse();
}

std::string to_string(const ActivityTree& tree) {
  return GroupPrinter(tree.nodes()).print();
}

}  // namespace skeleta
