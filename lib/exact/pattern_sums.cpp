#include "exact/pattern_sums.h"

#include <algorithm>
#include <utility>

#include "skeleta/core/cancellation.h"

namespace skeleta::exact {
namespace {

// [o − first][m]; empty if all of it is 0.
using Table = std::vector<std::vector<Integer>>;

struct Pattern {
  Integer level = 0;
  std::vector<Integer> coefficients{1};  // of y^0, y^1, …
};

// All of some features.
std::vector<Pattern> patterns_of(std::span<const PatternFactor> features) {
  std::vector<Pattern> all(1);
  for (const PatternFactor& feature : features) {
    const std::size_t count = all.size();
    all.resize(2 * count);
    for (std::size_t v = 0; v < count; ++v) {
      Pattern& without = all[v];
      Pattern& with = all[count + v];
      const std::size_t size = without.coefficients.size();
      with.level = without.level + feature.step;
      with.coefficients.assign(size + 1, 0);
      for (std::size_t m = 0; m < size; ++m) {
        with.coefficients[m + 1] = without.coefficients[m] * feature.on;
        without.coefficients[m] *= feature.off;
      }
      without.coefficients.emplace_back(0);
      for (std::size_t m = 1; m <= size; ++m) without.coefficients[m] -= with.coefficients[m];
    }
  }
  return all;
}

// The sums of steps of all subsets, with the subset's bits, by increasing level.
std::vector<std::pair<Integer, std::size_t>> levels_of(std::span<const PatternFactor> features) {
  std::vector<std::pair<Integer, std::size_t>> all{{0, 0}};
  for (std::size_t f = 0; f < features.size(); ++f) {
    const std::size_t count = all.size();
    for (std::size_t v = 0; v < count; ++v) {
      all.emplace_back(all[v].first + features[f].step, all[v].second | std::size_t{1} << f);
    }
  }
  std::ranges::sort(all);
  return all;
}

// C(k, μ) for k ≤ most.
std::vector<std::vector<Integer>> binomials(std::size_t most) {
  std::vector<std::vector<Integer>> rows(most + 1);
  for (std::size_t k = 0; k <= most; ++k) {
    rows[k].assign(k + 1, 1);
    for (std::size_t mu = 1; mu < k; ++mu) rows[k][mu] = rows[k - 1][mu - 1] + rows[k - 1][mu];
  }
  return rows;
}

// What both tables come to when their feature is multiplied in: its y adds one to m and takes one
// from o.
Table joined(const PatternFactor& feature, Table without, Table with) {
  if (without.empty() && with.empty()) return {};
  const std::size_t offsets = std::max(without.size(), with.size()) - 1;
  const std::size_t size =
      std::max(without, with, [](const Table& x, const Table& y) { return x.size() < y.size(); })
          .front()
          .size();
  Table result(offsets, std::vector<Integer>(size + 1));
  for (std::size_t o = 0; o < offsets; ++o) {
    for (std::size_t m = 0; m < size; ++m) {
      Integer change = with.empty() ? Integer(0) : std::move(with[o + 1][m]);
      if (!without.empty()) {
        change -= without[o + 1][m];
        result[o][m] += feature.off * without[o][m];
      }
      result[o][m + 1] += feature.on * change;
    }
  }
  return result;
}

// The sums over the second part's patterns that exceed a falling level.
class GrowingSums {
 public:
  GrowingSums(std::span<const PatternFactor> features, unsigned first, unsigned last)
      : first_(first),
        last_(last),
        patterns_(patterns_of(features)),
        sums_(features.size() + 1),
        binomials_(binomials(features.size() + last)) {
    std::ranges::sort(patterns_, std::ranges::greater(), &Pattern::level);
    for (std::size_t m = 0; m < sums_.size(); ++m) sums_[m].resize(m + last + 1);
  }

  // Σ B[m] (β + offset)^{m+o} over all with β + offset > 0; offsets rise from call to call.
  Table at(const Integer& offset) {
    for (; next_ < patterns_.size() && patterns_[next_].level + offset > 0; ++next_) {
      take(patterns_[next_]);
    }
    if (next_ == 0) return {};
    Table result(last_ - first_ + 1, std::vector<Integer>(sums_.size()));
    Integer term;
    for (std::size_t m = 0; m < sums_.size(); ++m) {
      for (unsigned o = first_; o <= last_; ++o) {
        Integer& value = result[o - first_][m];  // Horner's scheme in the offset
        for (std::size_t mu = 0; mu <= m + o; ++mu) {
          value *= offset;
          term = binomials_[m + o][mu] * sums_[m][mu];
          value += term;
        }
      }
    }
    return result;
  }

 private:
  // sums_[m][μ] += coefficient m · level^μ
  void take(const Pattern& one) {
    for (std::size_t m = 0; m < sums_.size(); ++m) {
      if (one.coefficients[m] == 0) continue;
      Integer term = one.coefficients[m];
      for (Integer& sum : sums_[m]) {
        sum += term;
        term *= one.level;
      }
    }
  }

  unsigned first_, last_;
  std::vector<Pattern> patterns_;
  std::size_t next_ = 0;
  std::vector<std::vector<Integer>> sums_, binomials_;
};

}  // namespace

std::vector<std::vector<Integer>> pattern_sums(std::span<const PatternFactor> features,
                                               const Integer& threshold, unsigned first,
                                               unsigned last) {
  const std::size_t outer = 2 * features.size() / 5;
  GrowingSums sums(features.subspan(outer), first, last + static_cast<unsigned>(outer));
  std::vector<Table> tables(std::size_t{1} << outer);
  for (const auto& [level, bits] : levels_of(features.first(outer))) {
    poll();
    tables[bits] = sums.at(level - threshold);
  }
  for (std::size_t f = outer; f-- > 0;) {
    const std::size_t half = std::size_t{1} << f;
    for (std::size_t bits = 0; bits < half; ++bits) {
      tables[bits] = joined(features[f], std::move(tables[bits]), std::move(tables[bits + half]));
    }
  }
  if (!tables[0].empty()) return std::move(tables[0]);
  return Table(last - first + 1, std::vector<Integer>(features.size() + 1));
}

}  // namespace skeleta::exact
