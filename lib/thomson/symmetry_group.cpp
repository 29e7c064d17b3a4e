#include "skeleta/thomson/symmetry_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "core/decompositions.h"
#include "core/products.h"

namespace skeleta::thomson {
namespace {

using Permutation = std::vector<Index>;

std::size_t at(Index i) {
  return static_cast<std::size_t>(i);
}

// Which points the symmetries found so far map to each other.
class Orbits {
 public:
  explicit Orbits(Index points) : parent_(at(points)) {
    std::iota(parent_.begin(), parent_.end(), Index{0});
  }

  Index first_of(Index i) const {
    while (parent_[at(i)] != i) i = parent_[at(i)];
    return i;
  }

  void join(const Permutation& permutation) {
    for (std::size_t i = 0; i < permutation.size(); ++i) {
      const Index a = first_of(static_cast<Index>(i)), b = first_of(permutation[i]);
      parent_[at(std::max(a, b))] = std::min(a, b);
    }
  }

  Index size_of(Index i) const {
    Index count = 0;
    for (Index j = 0; j < static_cast<Index>(parent_.size()); ++j) {
      count += first_of(j) == first_of(i);
    }
    return count;
  }

 private:
  Permutation parent_;
};

// The inner products as colours: those that agree to the tolerance have one colour, others nearly
// always two.
Eigen::Matrix<std::uint64_t, Eigen::Dynamic, Eigen::Dynamic> colours(const Matrix& gram,
                                                                     double tolerance) {
  std::vector<Index> order(at(gram.size()));
  std::iota(order.begin(), order.end(), Index{0});
  const double* values = gram.data();
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return values[a] < values[b]; });
  Eigen::Matrix<std::uint64_t, Eigen::Dynamic, Eigen::Dynamic> result(gram.rows(), gram.cols());
  std::uint64_t colour = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k > 0 && values[order[k]] - values[order[k - 1]] > tolerance) ++colour;
    result.data()[order[k]] = colour;
  }
  return result;
}

// A number for a sequence that was `before` and goes on with `next` (the finaliser of splitmix64).
std::uint64_t mix(std::uint64_t before, std::uint64_t next) {
  std::uint64_t z = before * 0x9e3779b97f4a7c15 + next + 1;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// For each point a number that tells which colours it sees in the points chosen so far.
using Views = std::vector<std::uint64_t>;

Views sorted(Views views) {
  std::sort(views.begin(), views.end());
  return views;
}

// The symmetries of distinct points, of which `copies` lie at each place.
class SymmetrySearch {
 public:
  SymmetrySearch(const Matrix& X, const std::vector<Index>& copies, double tolerance,
                 std::uint64_t steps)
      : gram_(transposed_product(X, X)),
        tolerance_(tolerance * gram_.diagonal().maxCoeff()),
        copies_(copies),
        colours_(colours(gram_, tolerance_)),
        orbits_(X.cols()),
        steps_left_(steps) {
    base_ = spanning_columns(X);
    base_views_.push_back(first_views());
    for (const Index point : base_) base_views_.push_back(look(base_views_.back(), point));
    for (const Views& views : base_views_) sorted_base_views_.push_back(sorted(views));
  }

  // From the last point of the basis to the first: what fixes more points is known already when
  // what fixes fewer is searched.
  void run() {
    for (std::size_t level = base_.size(); level-- > 0;) {
      find_images(level);
      order_ *= static_cast<double>(orbits_.size_of(base_[level]));
    }
  }

  double order() const { return order_; }
  bool complete() const { return steps_left_ > 0; }
  const std::vector<Permutation>& generators() const { return generators_; }

 private:
  // What each point sees in all the others, whoever they are.
  Views first_views() const {
    Views result;
    for (Index j = 0; j < gram_.cols(); ++j) {
      Views row(colours_.col(j).begin(), colours_.col(j).end());
      std::uint64_t view = mix(static_cast<std::uint64_t>(copies_[at(j)]), colours_(j, j));
      for (const std::uint64_t colour : sorted(row)) view = mix(view, colour);
      result.push_back(view);
    }
    return result;
  }

  Views look(Views views, Index at_point) const {
    for (Index j = 0; j < gram_.cols(); ++j) {
      views[at(j)] = mix(views[at(j)], colours_(j, at_point));
    }
    return views;
  }

  // All the points that base_[level] can be mapped to while those before it stay.
  void find_images(std::size_t level) {
    std::vector<Index> refused;
    for (Index image = 0; image < gram_.cols(); ++image) {
      const Index orbit = orbits_.first_of(image);
      if (orbit == orbits_.first_of(base_[level])) continue;
      const auto same_orbit = [&](Index other) { return orbits_.first_of(other) == orbit; };
      if (std::any_of(refused.begin(), refused.end(), same_orbit)) continue;
      Permutation images(base_.begin(), base_.begin() + static_cast<std::ptrdiff_t>(level));
      if (const auto found = extend_with(image, images, base_views_[level])) {
        orbits_.join(*found);
        generators_.push_back(*found);
      } else {
        refused.push_back(image);
      }
    }
  }

  // A symmetry that maps the first points of the basis to `images`, from where the points have
  // these views, if there is one.
  std::optional<Permutation> extend(Permutation& images, const Views& views) {
    if (images.size() == base_.size()) return complete_map(images);
    for (Index image = 0; image < gram_.cols() && steps_left_ > 0; ++image) {
      if (auto found = extend_with(image, images, views)) return found;
    }
    return std::nullopt;
  }

  // Likewise, with `image` for the next point of the basis. The points must then have the same
  // views as those of the basis.
  std::optional<Permutation> extend_with(Index image, Permutation& images, const Views& views) {
    const std::size_t level = images.size();
    if (views[at(image)] != base_views_[level][at(base_[level])]) return std::nullopt;
    for (std::size_t k = 0; k < level; ++k) {
      if (!equal(gram_(base_[k], base_[level]), gram_(images[k], image))) return std::nullopt;
    }
    if (steps_left_ == 0) return std::nullopt;
    --steps_left_;
    const Views next = look(views, image);
    if (sorted(next) != sorted_base_views_[level + 1]) return std::nullopt;
    images.push_back(image);
    auto found = extend(images, next);
    images.pop_back();
    return found;
  }

  bool equal(double a, double b) const { return std::abs(a - b) <= tolerance_; }

  // The basis decides where every point goes: to the one that sees the images as it sees the basis.
  std::optional<Permutation> complete_map(const Permutation& images) const {
    Permutation result;
    std::vector<char> taken(at(gram_.cols()), 0);
    for (Index i = 0; i < gram_.cols(); ++i) {
      const Index image = place(i, images, taken);
      if (image < 0) return std::nullopt;
      taken[at(image)] = 1;
      result.push_back(image);
    }
    // Follows from the above but for the error that a basis of small volume magnifies.
    for (Index j = 0; j < gram_.cols(); ++j) {
      for (Index i = 0; i < j; ++i) {
        if (!equal(gram_(i, j), gram_(result[at(i)], result[at(j)]))) return std::nullopt;
      }
    }
    return result;
  }

  // Of the free points the one that fits best, so that near ties are not taken by the wrong one.
  Index place(Index i, const Permutation& images, const std::vector<char>& taken) const {
    Index best = -1;
    double least = tolerance_;
    for (Index j = 0; j < gram_.cols(); ++j) {
      if (taken[at(j)] || copies_[at(i)] != copies_[at(j)]) continue;
      double off = std::abs(gram_(i, i) - gram_(j, j));
      for (std::size_t k = 0; k < base_.size() && off <= least; ++k) {
        off = std::max(off, std::abs(gram_(base_[k], i) - gram_(images[k], j)));
      }
      if (off <= least) {
        best = j;
        least = off;
      }
    }
    return best;
  }

  const Matrix gram_;
  const double tolerance_;
  const std::vector<Index> copies_;
  const Eigen::Matrix<std::uint64_t, Eigen::Dynamic, Eigen::Dynamic> colours_;
  Permutation base_;               // independent columns that span the rest
  std::vector<Views> base_views_;  // after each of them
  std::vector<Views> sorted_base_views_;
  Orbits orbits_;
  std::vector<Permutation> generators_;
  double order_ = 1.0;
  std::uint64_t steps_left_;
};

// For each column the first one that coincides with it.
std::vector<Index> representatives(const Matrix& X, double tolerance) {
  const double same = tolerance * X.colwise().norm().maxCoeff();
  std::vector<Index> result;
  for (Index j = 0; j < X.cols(); ++j) {
    Index first = 0;
    while (first < j && (X.col(first) - X.col(j)).norm() > same) ++first;
    result.push_back(result.size() > at(first) ? result[at(first)] : j);
  }
  return result;
}

// Where each column is, as a place among the distinct ones, and who is there.
struct Places {
  Permutation distinct;                     // the first column at each place
  std::vector<std::vector<Index>> members;  // all columns at each place

  explicit Places(const std::vector<Index>& first) {
    std::vector<std::size_t> place(first.size());
    for (std::size_t j = 0; j < first.size(); ++j) {
      if (at(first[j]) == j) {
        place[j] = distinct.size();
        distinct.push_back(static_cast<Index>(j));
        members.emplace_back();
      }
      members[place[at(first[j])]].push_back(static_cast<Index>(j));
    }
  }

  // A permutation of places as one of columns.
  Permutation spread(const Permutation& of_places, Index points) const {
    Permutation result(at(points));
    for (std::size_t p = 0; p < members.size(); ++p) {
      for (std::size_t k = 0; k < members[p].size(); ++k) {
        result[at(members[p][k])] = members[at(of_places[p])][k];
      }
    }
    return result;
  }
};

Permutation swap_of(Index a, Index b, Index points) {
  Permutation result(at(points));
  std::iota(result.begin(), result.end(), Index{0});
  std::swap(result[at(a)], result[at(b)]);
  return result;
}

}  // namespace

SymmetryGroup symmetry_group(const Matrix& X, double tolerance, std::uint64_t most_steps) {
  if (X.size() == 0 || !X.allFinite() || !(tolerance > 0.0)) {
    throw std::invalid_argument(fmt::format(
        "points ({} x {}) must not be empty and must be finite, and tolerance = {} positive",
        X.rows(), X.cols(), tolerance));
  }
  const Places places(representatives(X, tolerance));
  std::vector<Index> copies;
  for (const auto& members : places.members) copies.push_back(static_cast<Index>(members.size()));
  SymmetrySearch search(X(Eigen::all, places.distinct), copies, tolerance, most_steps);
  search.run();

  SymmetryGroup result{search.order(), search.complete(), {}, {}};
  for (const Permutation& found : search.generators()) {
    result.generators.push_back(places.spread(found, X.cols()));
  }
  Orbits orbits(X.cols());
  for (const auto& members : places.members) {
    for (std::size_t k = 1; k < members.size(); ++k) {
      result.generators.push_back(swap_of(members[k - 1], members[k], X.cols()));
      result.order *= static_cast<double>(k + 1);
    }
  }
  for (const Permutation& generator : result.generators) orbits.join(generator);
  for (Index j = 0; j < X.cols(); ++j) result.orbit.push_back(orbits.first_of(j));
  return result;
}

}  // namespace skeleta::thomson
