#include "exact/proven_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
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

// Numbers n_0, n_1, … of whole ones over one denominator.
struct Sums {
  Integers numerators;
  Integer denominator;
};

// A feature that is seen, and the power of its value that an expectation holds.
struct Marked {
  std::size_t place;
  std::size_t power;
};

// ∫₀¹ t^power e^{sat} dt times a^{power + 1} is a polynomial in 1/s at either end of the values, at
// the upper one times e^{sa}: its coefficients.
Integers at_end(const Integer& a, std::size_t power, bool upper) {
  if (power == 1) return upper ? Integers{0, a, -1} : Integers{0, 0, 1};
  return upper ? Integers{0, a * a, -2 * a, 2} : Integers{0, 0, 0, -2};
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
    std::vector<std::size_t> others(silent_);
    std::erase(others, own_);
    Fractions result = by_count(moments({}, 2), 0, count_law(chances_, silent_), 2, 2);
    if (const auto place = place_of(own_)) {
      add(result, by_count(moments({{*place, 1}}, 1), 1, count_law(chances_, silent_), 1, -2));
    } else {  // x_i is independent of u, with the mean ½ where it is active
      Integers law = count_law(chances_, others);
      for (Integer& x : law) x *= chances_[own_].on;
      add(result, by_count(moments({}, 1), 1, law, 1, -1));
    }
    std::vector<std::size_t> all_others(chances_.size());
    std::iota(all_others.begin(), all_others.end(), std::size_t{0});
    std::erase(all_others, own_);
    Integers law = count_law(chances_, all_others);
    for (Integer& x : law) x *= chances_[own_].on;
    add(result, by_count({{1}, 3}, 1, law, 0, 1));
    return result;
  }

  // E[(x_i − x̂_i) x_j 1{u > 0}] for all j, and at the end E[(x_i − x̂_i) 1{u > 0}].
  std::vector<Fractions> slopes() const {
    const Fractions mean = total(moments({}, 1), 1), probability = total(moments({}, 0), 0);
    const auto own_place = place_of(own_);
    const Fractions own =
        own_place ? total(moments({{*own_place, 1}}, 0), 0) : times_power(probability, own_, 2);
    std::vector<Fractions> result;
    for (std::size_t j = 0; j < chances_.size(); ++j) {
      const auto place = place_of(j);
      Fractions with_ramp = place ? total(moments({{*place, 1}}, 1), 1) : times_power(mean, j, 2);
      Fractions with_both;
      if (j == own_) {
        with_both = place ? total(moments({{*place, 2}}, 0), 0) : times_power(probability, j, 3);
      } else if (!place) {
        with_both = times_power(own, j, 2);
      } else if (own_place) {
        with_both = total(moments({{*own_place, 1}, {*place, 1}}, 0), 0);
      } else {
        with_both = times_power(total(moments({{*place, 1}}, 0), 0), own_, 2);
      }
      with_ramp.denominator = -with_ramp.denominator;
      add(with_both, with_ramp);
      result.push_back(with_both);
    }
    Fractions last = mean;
    last.denominator = -last.denominator;
    add(last, own);
    result.push_back(last);
    return result;
  }

 private:
  std::optional<std::size_t> place_of(std::size_t j) const {
    const auto found = std::ranges::find(seen_, j);
    if (found == seen_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - seen_.begin());
  }

  // E[Π x_j^power · u₊^k/k!; N_T = m + |marked|] for m = 0, 1, …, in units of 2^(k unit) and of the
  // chances (mathematics.md, Proposition 3.9: T are the features that are seen): marked ones stand
  // at either end of their values, each power of 1/s raises that of the ramp by one.
  Sums moments(const std::vector<Marked>& marked, std::size_t k) const {
    std::vector<PatternFactor> others;
    Integer on = 1;
    Sums result{{}, 1};
    for (std::size_t place = 0; place < seen_.size(); ++place) {
      const Chance& chance = chances_[seen_[place]];
      const auto mark = std::ranges::find(marked, place, &Marked::place);
      if (mark == marked.end()) {
        others.push_back({chance.off * steps_[place], chance.on, steps_[place]});
        result.denominator *= steps_[place];
      } else {
        on *= chance.on;
        for (std::size_t n = 0; n <= mark->power; ++n) result.denominator *= steps_[place];
      }
    }
    std::size_t most = 0;  // power of 1/s that marked features bring
    for (const Marked& mark : marked) most += mark.power + 1;
    const std::size_t least = marked.size();
    const Integer top = factorial(others.size() + k + most);
    result.denominator *= top;
    result.numerators.assign(others.size() + 1, 0);
    for (std::size_t ends = 0; ends < std::size_t{1} << marked.size(); ++ends) {
      Integers powers{1};
      Integer threshold = threshold_;
      for (std::size_t f = 0; f < marked.size(); ++f) {
        const Integer& step = steps_[marked[f].place];
        const bool upper = (ends >> f & 1) != 0;
        if (upper) threshold -= step;
        powers = product(powers, at_end(step, marked[f].power, upper));
      }
      const auto sums = pattern_sums(others, threshold, static_cast<unsigned>(k + least),
                                     static_cast<unsigned>(k + most));
      for (std::size_t m = 0; m <= others.size(); ++m) {
        for (std::size_t d = least; d <= most; ++d) {
          result.numerators[m] +=
              on * powers[d] * (top / factorial(m + k + d)) * sums[d - least][m];
        }
      }
    }
    return result;
  }

  // factor · sums over N = 0, …, D if the others are active by `law`: `before` of them already are.
  Fractions by_count(const Sums& sums, std::size_t before, const Integers& law, long k,
                     int factor) const {
    const Integers whole = product(sums.numerators, law);
    Fractions result;
    result.numerators.assign(chances_.size() + 1, 0);
    for (std::size_t l = 0; l < whole.size(); ++l) {
      result.numerators[l + before] = factor * whole[l];
    }
    result.denominator = sums.denominator;
    result.exponent = k * unit_;
    for (const Chance& chance : chances_) result.exponent -= chance.places;
    return result;
  }

  // Over all N_T.
  Fractions total(const Sums& sums, long k) const {
    Fractions result;
    result.numerators = {
        std::accumulate(sums.numerators.begin(), sums.numerators.end(), Integer(0))};
    result.denominator = sums.denominator;
    result.exponent = k * unit_;
    for (const std::size_t j : seen_) result.exponent -= chances_[j].places;
    return result;
  }

  // Times p_j/divisor, the mean of a power of x_j, which is not seen.
  Fractions times_power(Fractions x, std::size_t j, int divisor) const {
    x.numerators.front() *= chances_[j].on;
    x.denominator *= divisor;
    x.exponent -= chances_[j].places;
    return x;
  }

  const std::vector<Chance>& chances_;
  std::size_t own_;
  long unit_ = 0;
  std::vector<std::size_t> seen_, silent_;
  Integers steps_;  // of the features that are seen
  Integer threshold_;
};

std::vector<Chance> chances_of(const Features& features) {
  std::vector<Chance> chances;
  for (const double p : features.density) chances.emplace_back(p);
  return chances;
}

// x · number
Fractions times(Fractions x, const Dyadic& number) {
  for (Integer& one : x.numerators) one *= number.numerator;
  x.exponent += number.exponent;
  return x;
}

double nearest(const Fractions& x) {
  Integer numerator = x.numerators.front();
  const bool negative = (numerator < 0) != (x.denominator < 0);
  const double size = exact::rounded(abs(numerator), abs(x.denominator), x.exponent).nearest;
  return negative ? -size : size;
}

// Σ_n factors_n x_n
double combined(const std::vector<double>& factors, const std::vector<const Fractions*>& x) {
  Fractions sum;
  sum.numerators = {0};
  for (std::size_t n = 0; n < x.size(); ++n) {
    if (factors[n] != 0.0) add(sum, times(*x[n], Dyadic(factors[n])));
  }
  return nearest(sum);
}

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
  const std::vector<Chance> chances = chances_of(features);
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
    add(total, times(std::move(outputs[i]), Dyadic(features.importance(static_cast<Index>(i)))));
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

Gradient proven_gradient(const Autoencoder& model, const Features& features, int threads) {
  require_provable(model, features);
  const Index D = model.features(), d = model.hidden();
  const auto count = static_cast<std::size_t>(D);
  const std::vector<Chance> chances = chances_of(features);
  std::vector<std::vector<Fractions>> slopes(count);  // Γ_i1, …, Γ_iD, −dL/db_i
  parallel_for(count, threads, [&](std::size_t i) {
    const auto index = static_cast<Index>(i);
    if (features.importance(index) == 0.0) return;
    const Dyadic factor = Dyadic(-2.0) * Dyadic(features.importance(index));
    for (const Fractions& x : ProvenOutput(model, features, chances, index).slopes()) {
      slopes[i].push_back(times(x, factor));
    }
  });
  // Σ over outputs of a factor times slope j, and over features of a factor times slope of output
  // i.
  const auto over_outputs = [&](Index j, auto factor, bool both) {
    std::vector<double> factors;
    std::vector<const Fractions*> terms;
    for (Index i = 0; i < D; ++i) {
      const auto& row = slopes[static_cast<std::size_t>(i)];
      const auto& other = slopes[static_cast<std::size_t>(j)];
      if (!row.empty()) {
        factors.push_back(factor(i));
        terms.push_back(&row[static_cast<std::size_t>(j)]);
      }
      if (both && !other.empty()) {
        factors.push_back(factor(i));
        terms.push_back(&other[static_cast<std::size_t>(i)]);
      }
    }
    return combined(factors, terms);
  };
  Gradient result{Matrix::Zero(d, D), Vector::Zero(D), {}};
  parallel_for(count, threads, [&](std::size_t place) {
    const auto j = static_cast<Index>(place);
    if (!slopes[place].empty()) result.db(j) = -nearest(slopes[place].back());
    for (Index k = 0; k < d; ++k) {
      result.dW(k, j) = over_outputs(
          j, [&](Index i) { return model.tied() ? model.W(k, i) : model.W_out(i, k); },
          model.tied());
    }
  });
  if (model.tied()) return result;
  result.dW_out = Matrix::Zero(D, d);
  parallel_for(count, threads, [&](std::size_t i) {
    if (slopes[i].empty()) return;
    for (Index k = 0; k < d; ++k) {
      std::vector<double> factors;
      std::vector<const Fractions*> terms;
      for (Index j = 0; j < D; ++j) {
        factors.push_back(model.W(k, j));
        terms.push_back(&slopes[i][static_cast<std::size_t>(j)]);
      }
      result.dW_out(static_cast<Index>(i), k) = combined(factors, terms);
    }
  });
  return result;
}

}  // namespace skeleta::exact
