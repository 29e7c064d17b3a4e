#pragma once

#include <string>

namespace skeleta {

/// What this binary is and what it was built with.
struct BuildInfo {
  std::string version;    ///< "0.1.0"
  std::string git_sha1;   ///< Commit of the sources, or "unknown".
  std::string compiler;   ///< "g++ 12.2.0"
  std::string build;      ///< "Release, x86-64-v3": the level that its loops use.
  std::string libraries;  ///< "Eigen 3.4.0, Boost 1.74.0, …"
};

/// Throws std::invalid_argument if the environment's SKELETA_ISA is no level of this processor.
BuildInfo build_info();

}  // namespace skeleta
