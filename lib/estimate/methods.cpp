#include "estimate/methods.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "estimate/quasi.h"
#include "estimate/tilt.h"

namespace skeleta::estimate {
namespace {

double at_once(Index) {
  return 0.0;
}

bool independent_and_equal(const ActivityTree& tree) {
  return tree.independent() && (tree.density().array() == tree.density()(0)).all();
}

double sampled_nanoseconds(const DataLaw& data) {
  return independent_and_equal(data.activity) ? 5.0 : 60.0;
}

double tilted_nanoseconds(const DataLaw&) {
  return 100.0;
}

// To rank a support, all features are looked at for each of its features.
double ranked_nanoseconds(const DataLaw& data) {
  return 30.0 + 4.0 * static_cast<double>(data.size());
}

// The pilot, and the lists of supports, about a microsecond for each of the 2^D there are or as
// many as are listed.
double listing_seconds(Index features) {
  return 0.005 + std::min(1e-6 * std::exp2(static_cast<double>(features)), 0.1);
}

constexpr MethodRecord records[] = {
    {{Method::stratified, "stratified", "each skeleton on its own, Q0 and Q1 in closed form",
      false},
     true,
     sampled_nanoseconds,
     at_once,
     set_up_strata},
    {{Method::importance, "importance",
      "each skeleton on its own, with features that matter drawn more often", false},
     true,
     tilted_nanoseconds,
     at_once,
     set_up_importance},
    {{Method::plain, "plain", "x from the whole measure", false},
     false,
     sampled_nanoseconds,
     at_once,
     set_up_strata},
    {{Method::quasi, "quasi", "each skeleton on its own, from scrambled Sobol points", true},
     true,
     ranked_nanoseconds,
     listing_seconds,
     set_up_quasi},
};

}  // namespace

std::span<const MethodRecord> method_records() {
  return records;
}

const MethodRecord& record_of(Method method) {
  for (const MethodRecord& record : records) {
    if (record.method == method) return record;
  }
  throw std::logic_error("a method without a record");
}

const std::vector<MethodInfo>& methods() {
  static const std::vector<MethodInfo> all = [] {
    std::vector<MethodInfo> infos(std::begin(records), std::end(records));
    const bool replicated = std::ranges::any_of(infos, &MethodInfo::replicated);
    infos.push_back({Method::automatic, "auto", "the fastest of them", replicated});
    return infos;
  }();
  return all;
}

std::string to_string(Method method) {
  for (const MethodInfo& info : methods()) {
    if (info.method == method) return std::string(info.name);
  }
  throw std::logic_error("unknown Method");
}

std::optional<Method> method_named(std::string_view name) {
  for (const MethodInfo& info : methods()) {
    if (info.name == name) return info.method;
  }
  return std::nullopt;
}

}  // namespace skeleta::estimate
