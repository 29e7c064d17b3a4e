#pragma once

#include "measure/series.h"

namespace skeleta::exact {

/// A polynomial in the number of active features whose powers from the second on are added up:
/// expectations over none, one, and at least two active ones. Multiplied without any subtraction,
/// so that `rest` keeps its digits where it is a tiny part of the whole.
template <class T>
struct Split {
  T none{}, one{}, rest{};

  Split() = default;
  explicit Split(double constant) : none(constant) {}
  Split(const T& n, const T& o, const T& r) : none(n), one(o), rest(r) {}

  friend Split operator+(const Split& a, const Split& b) {
    return {a.none + b.none, a.one + b.one, a.rest + b.rest};
  }
  friend Split operator*(double x, const Split& a) { return {x * a.none, x * a.one, x * a.rest}; }
  friend Split operator*(const Split& a, const Split& b) {
    return {a.none * b.none, a.none * b.one + a.one * b.none,
            a.none * b.rest + a.one * (b.one + b.rest) + a.rest * (b.none + b.one + b.rest)};
  }
};

/// With the tangent in direction of the own feature: E[…] and E[x_i …].
template <class T>
using OwnSplit = Series<Split<T>, 2>;

}  // namespace skeleta::exact
