#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

/// What each target of this folder defines: reads bytes that nobody vouches for. What it refuses it
/// refuses by the exceptions its header names; others, and whatever a sanitizer sees, are findings.
void consume(std::span<const char> bytes);

/// A file of these bytes, for readers that take a name; the next call overwrites it.
std::filesystem::path file_of(std::span<const char> bytes);
