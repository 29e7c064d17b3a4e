#include "exact/proven_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "exact/pattern_sums.h"
#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

using Integers = std::vector<Integer>;

Integer factorial(std::size_t n) {
  Integer result = 1;
  for (std::size_t k = 2; k <= n; ++k) result *= k;
  return result;
}

// p and 1 − p, times 2^places.
struct Chance {
  Integer on, off;
  long places = 0;

  explicit Chance(double p) {
    const Dyadic on_value(p), off_value = Dyadic(1.0) - on_value;
    places = std::max({-on_value.exponent, -off_value.exponent, 0l});
    on = in_units(on_value, -places);
    off = in_units(off_value, -places);
  }
};

// The law of the number of active features among some, times 2^{the sum of their places}.
Integers count_law(const std::vector<Chance>& chances, std::span<const std::size_t> which) {
  Integers law{1};
  for (const std::size_t j : which) {
    law.emplace_back(0);
    for (std::size_t l = law.size(); l-- > 0;) {
      law[l] *= chances[j].off;
      if (l > 0) law[l] += law[l - 1] * chances[j].on;
    }
  }
  return law;
}

Integers product(const Integers& x, const Integers& y) {
  Integers result(x.size() + y.size() - 1);
  for (std::size_t k = 0; k < x.size(); ++k) {
    for (std::size_t l = 0; l < y.size(); ++l) result[k + l] += x[k] * y[l];
  }
  return result;
}

bool sees(const Dyadic& entry, double density) {
  return entry.numerator != 0 && density > 0.0;
}

// Row i of A, exactly.
std::vector<Dyadic> row_of(const Autoencoder& model, Index i) {
  std::vector<Dyadic> row(static_cast<std::size_t>(model.features()));
  for (Index k = 0; k < model.hidden(); ++k) {
    const Dyadic decoder(model.tied() ? model.W(k, i) : model.W_out(i, k));
    for (Index j = 0; j < model.features(); ++j) {
      Dyadic& entry = row[static_cast<std::size_t>(j)];
      entry = entry + decoder * Dyadic(model.W(k, j));
    }
  }
  return row;
}

// One output. A and its threshold are whole numbers of 2^unit; the features that it sees are those
// whose entries are not 0, the others only count.
class ProvenOutput {
 public:
  ProvenOutput(const Autoencoder& model, const Features& features,
               const std::vector<Chance>& chances, Index i)
      : chances_(chances), own_(static_cast<std::size_t>(i)) {
    const std::vector<Dyadic> row = row_of(model, i);
    const Dyadic threshold(model.b(i));
    bool any = threshold.numerator != 0;
    unit_ = threshold.exponent;
    for (std::size_t j = 0; j < row.size(); ++j) {
      const bool seen = sees(row[j], features.density(static_cast<Index>(j)));
      (seen ? seen_ : silent_).push_back(j);
      if (!seen) continue;
      unit_ = any ? std::min(unit_, row[j].exponent) : row[j].exponent;
      any = true;
    }
    threshold_ = in_units(threshold, unit_);
    for (const std::size_t j : seen_) steps_.push_back(in_units(row[j], unit_));
  }

  // E[(x_i − x̂_i)²; N = l] for l = 0, …, D.
  Fractions contributions() const {
    const bool sees_itself = std::ranges::find(seen_, own_) != seen_.end();
    const Moments found = sees_itself ? moments_with_own() : moments_without_own();
    // Everything over 3 · denominator, in units of 2^(−places).
    const std::size_t most = chances_.size();
    long places = 0;
    for (const Chance& chance : chances_) places += chance.places;
    Fractions result;
    result.exponent = std::min({2 * unit_, unit_, 0l});
    result.denominator = 3 * found.denominator;
    result.numerators.assign(most + 1, 0);
    const auto shift = [&](long exponent) {
      return static_cast<unsigned long>(exponent - result.exponent);
    };
    const Integers of_inputs = own_square();
    for (std::size_t l = 0; l <= most; ++l) {
      result.numerators[l] = ((3 * found.square[l]) << shift(2 * unit_)) -
                             ((6 * found.cross[l]) << shift(unit_)) +
                             ((of_inputs[l] * found.denominator) << shift(0));
    }
    result.exponent -= places;
    return result;
  }

 private:
  // E[u₊²; N = l] and E[x_i u₊; N = l] times the denominator, in units of 2^(2 unit) and 2^unit,
  // and of the chances.
  struct Moments {
    Integers square, cross;
    Integer denominator;
  };

  // 3 E[x_i²; N = l] = p_i P(l − 1 of the others).
  Integers own_square() const {
    std::vector<std::size_t> others;
    for (std::size_t j = 0; j < chances_.size(); ++j) {
      if (j != own_) others.push_back(j);
    }
    Integers law = count_law(chances_, others);
    law.insert(law.begin(), 0);
    for (Integer& x : law) x *= chances_[own_].on;
    return law;
  }

  PatternFactor factor(std::size_t place) const {
    const Chance& chance = chances_[seen_[place]];
    return {chance.off * steps_[place], chance.on, steps_[place]};
  }

  Integer product_of_steps() const {
    return std::accumulate(steps_.begin(), steps_.end(), Integer(1),
                           [](const Integer& x, const Integer& y) -> Integer { return x * y; });
  }

  // With H_o[m] and H′_o[m] the sums over patterns of the others that are seen, of m of them and
  // the power m + o, at the threshold and at that less A_ii:
  //   E[u₊²; l] Π A = 2/(l + 2)! (q_i A_ii H_2[l] − p_i H_3[l − 1] + p_i H′_3[l − 1]),
  //   E[x_i u₊; l] A_ii Π A = p_i (A_ii H′_2[l − 1]/(l + 1)! + (H_3 − H′_3)[l − 1]/(l + 2)!).
  Moments moments_with_own() const {
    const auto n = seen_.size();
    const auto own_place = static_cast<std::size_t>(std::ranges::find(seen_, own_) - seen_.begin());
    std::vector<PatternFactor> others;
    for (std::size_t place = 0; place < n; ++place) {
      if (place != own_place) others.push_back(factor(place));
    }
    const Integer& step = steps_[own_place];
    const Chance& chance = chances_[own_];
    const auto at_zero = pattern_sums(others, threshold_, 2, 3);
    const auto at_one = pattern_sums(others, threshold_ - step, 2, 3);
    const Integer top = factorial(n + 2);
    Integers square(n + 1), cross(n + 1);
    for (std::size_t l = 0; l <= n; ++l) {
      const Integer falling = top / factorial(l + 2);
      Integer value = l < n ? Integer(chance.off * step * at_zero[0][l]) : Integer(0);
      if (l > 0) {
        const Integer difference = at_one[1][l - 1] - at_zero[1][l - 1];
        value += chance.on * difference;
        cross[l] = falling * chance.on * ((l + 2) * step * at_one[0][l - 1] - difference);
      }
      square[l] = 2 * falling * step * value;
    }
    const Integers silent = count_law(chances_, silent_);
    return {product(square, silent), product(cross, silent), top * step * product_of_steps()};
  }

  // x_i is independent of u: E[u₊²; l] Π A = 2 H_2[l]/(l + 2)!, E[u₊; l] Π A = H_1[l]/(l + 1)!, H
  // the sums over patterns of all that are seen, and E x_i = p_i/2.
  Moments moments_without_own() const {
    const auto n = seen_.size();
    std::vector<PatternFactor> all;
    for (std::size_t place = 0; place < n; ++place) all.push_back(factor(place));
    const auto sums = pattern_sums(all, threshold_, 1, 2);
    const Integer top = factorial(n + 2);
    Integers square(n + 1), mean(n + 1);
    for (std::size_t l = 0; l <= n; ++l) {
      const Integer falling = top / factorial(l + 2);
      square[l] = 2 * falling * sums[1][l];
      mean[l] = falling * (l + 2) * sums[0][l];
    }
    std::vector<std::size_t> others;
    for (const std::size_t j : silent_) {
      if (j != own_) others.push_back(j);
    }
    Integers of_own = count_law(chances_, others);  // with x_i, twice
    of_own.insert(of_own.begin(), 0);
    for (Integer& x : of_own) x *= chances_[own_].on;
    for (Integer& x : square) x *= 2;
    return {product(square, count_law(chances_, silent_)), product(mean, of_own),
            2 * top * product_of_steps()};
  }

  const std::vector<Chance>& chances_;
  std::size_t own_;
  long unit_ = 0;
  std::vector<std::size_t> seen_, silent_;
  Integers steps_;  // of the features that are seen
  Integer threshold_;
};

}  // namespace

void require_provable(const Autoencoder& model, const Features& features) {
  if (!features.plain() || model.activation != Activation::relu || model.noise > 0.0) {
    throw std::invalid_argument(
        "error control 'proven' knows ReLU models without noise, and independent features whose "
        "values are uniform on [0, 1]: take 'rigorous' for others");
  }
  for (Index i = 0; i < model.features(); ++i) {
    Index seen = 0;
    const std::vector<Dyadic> row = row_of(model, i);
    for (Index j = 0; j < model.features(); ++j) {
      seen += sees(row[static_cast<std::size_t>(j)], features.density(j)) ? 1 : 0;
    }
    if (seen <= most_proven_features) continue;
    throw std::invalid_argument(
        fmt::format("output {} sees {} features, but error control 'proven' sums over all patterns "
                    "of at most {}: take 'rigorous'",
                    i, seen, most_proven_features));
  }
}

ProvenLoss proven_loss(const Autoencoder& model, const Features& features, int threads) {
  require_provable(model, features);
  const auto count = static_cast<std::size_t>(model.features());
  std::vector<Chance> chances;
  for (const double p : features.density) chances.emplace_back(p);
  std::vector<Fractions> outputs(count);
  parallel_for(count, threads, [&](std::size_t i) {
    const auto index = static_cast<Index>(i);
    if (features.importance(index) == 0.0) return;
    outputs[i] = ProvenOutput(model, features, chances, index).contributions();
  });
  Fractions total;
  total.numerators.assign(count + 1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    if (outputs[i].numerators.empty()) continue;
    const Dyadic importance(features.importance(static_cast<Index>(i)));
    for (Integer& x : outputs[i].numerators) x *= importance.numerator;
    outputs[i].exponent += importance.exponent;
    add(total, outputs[i]);
  }
  ProvenLoss result;
  Integer sum = 0;
  for (const Integer& x : total.numerators) {
    sum += x;
    result.contributions.push_back(rounded(x, total.denominator, total.exponent));
  }
  result.loss = rounded(sum, total.denominator, total.exponent);
  return result;
}

}  // namespace skeleta::exact
