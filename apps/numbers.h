#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skeleta::program {

/// The number that the whole text is; blanks around it and a plus sign are part of a number to
/// people. Nothing for other texts. "inf" and "nan" are numbers here.
std::optional<double> to_number(std::string_view text);

/// A whole number from 0 to 2^64 − 1 likewise.
std::optional<std::uint64_t> to_seed(std::string_view text);

/// "S1,S2,…", or "A:B:N" for N = 2 … 10000 equally spaced values from A to B, "A:B:N:log" for such
/// with equal ratios, A, B > 0. Throws UsageError, which begins with `flag`, for other texts and
/// for numbers that are not finite.
std::vector<double> to_list(const std::string& flag, const std::string& text);

/// What stands between the commas.
std::vector<std::string> to_words(const std::string& text, char separator = ',');

/// "1e12" for a large round number, "4096" for others.
std::string count_text(std::uint64_t count);

}  // namespace skeleta::program
