#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skeleta::estimate {

/// methods() describes them.
enum class Method : std::int8_t { plain, stratified, quasi, importance, automatic };

/// What the program and its help need to know of a method.
struct MethodInfo {
  Method method;           ///< Not automatic.
  std::string_view name;   ///< "plain", "stratified", "quasi", "importance", "auto".
  std::string_view words;  ///< How it samples, in half a line.
  bool replicated;         ///< Does it draw Options::replicates randomisations of a point set?
};

/// All of them, `automatic` last. The table is in lib/estimate/methods.cpp.
const std::vector<MethodInfo>& methods();

/// MethodInfo::name.
std::string to_string(Method method);

/// The method of that name; nothing if there is none.
std::optional<Method> method_named(std::string_view name);

}  // namespace skeleta::estimate
