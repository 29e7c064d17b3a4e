#include "sampling/quasi_sampler.h"

#include <algorithm>
#include <array>

#include "sampling/loops.h"
#include "sampling/owen_scramble.h"

namespace skeleta::sampling {
namespace {

constexpr std::size_t very_few = 4;  // active features: beyond, ranking costs more than it gains
constexpr std::size_t few = 8;       // beyond, choosing and ordering them gains nothing any more
constexpr std::size_t block = 256;   // points at a time

double midpoint(std::uint64_t word) {
  return (static_cast<double>(word >> 11) + 0.5) * 0x1p-53;
}

// Floyd's algorithm (see SupportSampler): feature k is a uniform t in 0 … top, or `top` if t is
// taken.
void choose(std::span<const std::uint64_t> words, std::size_t features,
            std::span<std::int32_t> active) {
  __extension__ using Wide = unsigned __int128;
  for (std::size_t k = 0; k < active.size(); ++k) {
    const std::size_t top = features - active.size() + k;
    auto t = static_cast<std::int32_t>(static_cast<Wide>(words[k]) * (top + 1) >> 64);
    const auto before = active.first(k);
    if (std::ranges::find(before, t) != before.end()) t = static_cast<std::int32_t>(top);
    active[k] = t;
  }
}

// The plain words of a point for its coordinates beyond the table; apart from those of its support.
PointStream beyond_table(StreamKey key, std::uint64_t point) {
  key.replicate = ~key.replicate;
  return {key, point};
}

}  // namespace

QuasiSampler::QuasiSampler(const Vector& density, Index l, const Matrix& table)
    : QuasiSampler(DataLaw::independent(density), l, table) {}

QuasiSampler::QuasiSampler(const DataLaw& law, Index l, const Matrix& table)
    : features_(static_cast<std::size_t>(law.size())),
      l_(static_cast<std::size_t>(l)),
      list_(SupportList::make(law.activity, l, table)),
      plain_(DataLaw{law.activity, {}}, list_ ? 0 : l),
      values_(law.values),
      sobol_(0) {
  const Vector& density = law.activity.density();
  const bool equal = law.activity.independent() && (density.array() == density(0)).all();
  if (list_) {
    choosing_ = 1;
  } else if (l_ <= few) {
    table_ = table;
    if (equal) choosing_ = l_;
    if (equal && l_ <= very_few && table.size() != 0) ranked_.emplace(table);
  }
  sobol_ = SobolSequence(std::min(choosing_ + l_, SobolSequence::most_dimensions));
}

void QuasiSampler::draw(const StreamKey& key, std::uint64_t first, std::size_t count,
                        std::span<std::int32_t> active, std::span<double> value,
                        Scratch& scratch) const {
  std::vector<OwenScramble> scrambles;
  for (std::size_t c = 0; c < sobol_.dimensions(); ++c) scrambles.emplace_back(key, c);
  for (std::size_t done = 0; done < count; done += block) {
    const std::size_t points = std::min(block, count - done);
    const Block part{first + done, points, active.subspan(done * l_, points * l_),
                     value.subspan(done * l_, points * l_)};
    draw_supports(key, scrambles, part, scratch);
    draw_values(key, scrambles, part);
    values_.apply(part.active, part.value);
  }
}

// Coordinate c of the points of a block.
void QuasiSampler::coordinate(const std::vector<OwenScramble>& scrambles, std::size_t c,
                              std::uint64_t first, std::span<std::uint64_t> words) const {
  sobol_.digits(c, first, words);
  loops().scramble(scrambles[c], words);
}

void QuasiSampler::draw_supports(const StreamKey& key, const std::vector<OwenScramble>& scrambles,
                                 const Block& part, Scratch& scratch) const {
  std::array<std::uint64_t, block> words;
  const auto support = [&](std::size_t i) { return part.active.subspan(i * l_, l_); };
  if (list_) {
    coordinate(scrambles, 0, part.first, std::span(words).first(part.count));
    for (std::size_t i = 0; i < part.count; ++i) {
      std::ranges::copy(list_->at(words[i]), support(i).begin());
    }
    return;
  }
  if (choosing_ == 0) {
    plain_.draw(static_cast<Index>(l_), key, part.first, part.count, scratch.batch, scratch.plain);
    std::ranges::copy(scratch.batch.active(), part.active.begin());
  } else {
    std::array<std::array<std::uint64_t, few>, block> choices;
    for (std::size_t k = 0; k < choosing_; ++k) {
      coordinate(scrambles, k, part.first, std::span(words).first(part.count));
      for (std::size_t i = 0; i < part.count; ++i) choices[i][k] = words[i];
    }
    for (std::size_t i = 0; i < part.count; ++i) {
      if (ranked_) {
        ranked_->choose(choices[i], support(i), scratch.ranked);
      } else {
        choose(choices[i], features_, support(i));
      }
    }
  }
  if (table_.size() != 0) {
    for (std::size_t i = 0; i < part.count; ++i) sort_by_sums(support(i));
  }
}

// By increasing Σ_j G_jk; insertion, as there are few.
void QuasiSampler::sort_by_sums(std::span<std::int32_t> active) const {
  std::array<std::pair<double, std::int32_t>, few> sums;
  for (std::size_t k = 0; k < active.size(); ++k) {
    double sum = 0.0;
    for (const std::int32_t j : active) sum += table_(j, active[k]);
    std::size_t place = k;
    for (; place > 0 && sum < sums[place - 1].first; --place) sums[place] = sums[place - 1];
    sums[place] = {sum, active[k]};
  }
  for (std::size_t k = 0; k < active.size(); ++k) active[k] = sums[k].second;
}

void QuasiSampler::draw_values(const StreamKey& key, const std::vector<OwenScramble>& scrambles,
                               const Block& part) const {
  std::array<std::uint64_t, block> words;
  const std::size_t quasi = std::min(l_, sobol_.dimensions() - choosing_);
  for (std::size_t k = 0; k < quasi; ++k) {
    coordinate(scrambles, choosing_ + k, part.first, std::span(words).first(part.count));
    for (std::size_t i = 0; i < part.count; ++i) part.value[i * l_ + k] = midpoint(words[i]);
  }
  if (quasi == l_) return;
  for (std::size_t i = 0; i < part.count; ++i) {
    PointStream stream = beyond_table(key, part.first + i);
    for (std::size_t k = quasi; k < l_; ++k) part.value[i * l_ + k] = stream.uniform();
  }
}

}  // namespace skeleta::sampling
