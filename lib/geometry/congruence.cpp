#include "skeleta/geometry/congruence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <tuple>

#include "core/decompositions.h"
#include "core/products.h"
#include "geometry/assignment.h"
#include "geometry/columns.h"

namespace skeleta::geometry {
namespace {

using Permutation = std::vector<Index>;

void check_shapes(const Matrix& X, const Matrix& Y) {
  if (X.rows() == Y.rows() && X.cols() == Y.cols()) return;
  throw std::invalid_argument(fmt::format("X is {} x {}, but Y is {} x {}: shapes must agree",
                                          X.rows(), X.cols(), Y.rows(), Y.cols()));
}

Matrix permuted(const Matrix& Y, const Permutation& columns) {
  return Y(Eigen::all, columns);
}

Vector sorted(Vector values) {
  std::sort(values.begin(), values.end());
  return values;
}

// Relabelling and Q leave the singular values alone, and |Qx − y| ≥ ||x| − |y||; differences of
// sorted sequences are the least ones (Mirsky's inequality; rearrangement).
double squared_lower_bound(const Matrix& X, const Matrix& Y) {
  const Vector spectra = singular_values(X) - singular_values(Y);
  const Vector norms = sorted(directions(X).norms) - sorted(directions(Y).norms);
  return std::max(spectra.squaredNorm(), norms.squaredNorm());
}

class CongruenceSearch {
 public:
  CongruenceSearch(const Matrix& X, const Matrix& Y, const CongruenceOptions& options)
      : X_(X), Y_(Y), options_(options) {}

  Congruence run() {
    const double bound = squared_lower_bound(X_, Y_);
    good_enough_ = bound + 1e-28 * (X_.squaredNorm() + Y_.squaredNorm());
    if (X_.cols() <= options_.exhaustive) {
      try_all();
    } else {
      search();
    }
    const auto count = static_cast<double>(X_.cols());
    best_.rms = std::sqrt(least_ / count);
    // Rounding of two equal numbers must not set the bound above what was attained.
    best_.lower_bound = std::min(std::sqrt(bound / count), best_.rms);
    return best_;
  }

 private:
  // Returns the squared distance for this permutation and its best Q.
  double offer(const Permutation& permutation) {
    const Matrix target = permuted(Y_, permutation);
    const Matrix Q = procrustes(X_, target);
    const double squared = (product(Q, X_) - target).squaredNorm();
    if (squared < least_) {
      least_ = squared;
      best_.orthogonal = Q;
      best_.permutation = permutation;
    }
    return squared;
  }

  void try_all() {
    Permutation permutation(static_cast<std::size_t>(X_.cols()));
    std::iota(permutation.begin(), permutation.end(), Index{0});
    do {
      offer(permutation);
    } while (std::next_permutation(permutation.begin(), permutation.end()));
  }

  void search() {
    for (const Matrix& Q : starts()) {
      refine(Q);
      if (least_ <= good_enough_) return;
    }
  }

  // Alternates assignment and Procrustes until the distance falls no more. Neither raises it, and
  // where the sets are congruent a step does not gain a millionth but nearly everything.
  void refine(Matrix Q) {
    double before = std::numeric_limits<double>::infinity();
    for (;;) {
      const Permutation permutation = assignment(-transposed_product(product(Q, X_), Y_));
      const double now = offer(permutation);
      if (!(now < before * (1.0 - 1e-6))) return;
      before = now;
      Q = procrustes(X_, permuted(Y_, permutation));
    }
  }

  // The most promising orthogonal maps, best first.
  std::vector<Matrix> starts() const {
    const Permutation base = basis();
    std::vector<std::pair<double, Matrix>> ranked;
    for (const Permutation& images : match(base)) {
      Matrix Q = procrustes(permuted(X_, base), permuted(Y_, images));
      const double score = nearest_distances(product(Q, X_));
      ranked.emplace_back(score, std::move(Q));
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Matrix> result;
    for (std::size_t k = 0; k < std::min(options_.refined, ranked.size()); ++k) {
      result.push_back(std::move(ranked[k].second));
    }
    return result;
  }

  // A lower bound of the assignment's cost: every column goes to the nearest one.
  double nearest_distances(const Matrix& Z) const {
    const Vector y = Y_.colwise().squaredNorm();
    const Matrix products = transposed_product(Y_, Z);
    double sum = Z.squaredNorm();
    for (Index i = 0; i < Z.cols(); ++i) sum += (y - 2.0 * products.col(i)).minCoeff();
    return sum;
  }

  // Columns of X that span what X spans, each as independent of those before as possible.
  Permutation basis() const {
    const std::vector<Index> columns = spanning_columns(X_);
    return columns.empty() ? Permutation{0} : columns;
  }

  // Row i of the Gram matrix, sorted, tells what column i sees; relabelling does not change it.
  static Matrix signatures(const Matrix& gram) {
    Matrix result = gram;
    for (Index j = 0; j < gram.cols(); ++j) std::sort(result.col(j).begin(), result.col(j).end());
    return result;
  }

  // Beam search: where the columns of the basis may go, so that the inner products agree.
  std::vector<Permutation> match(const Permutation& base) const {
    const Matrix G = transposed_product(X_, X_), H = transposed_product(Y_, Y_);
    const Matrix seen = signatures(G), sights = signatures(H);
    std::vector<Partial> beam{{0.0, {}}};
    for (std::size_t level = 0; level < base.size(); ++level) {
      const Vector alike = (sights.colwise() - seen.col(base[level])).colwise().squaredNorm() /
                           static_cast<double>(G.cols());
      std::vector<Step> steps;
      for (std::size_t parent = 0; parent < beam.size(); ++parent) {
        Vector mismatch = alike.array() + beam[parent].mismatch;
        const Permutation& images = beam[parent].images;
        for (std::size_t k = 0; k < level; ++k) {
          mismatch.array() += 2.0 * (H.col(images[k]).array() - G(base[level], base[k])).square();
        }
        add_steps(parent, images, mismatch, steps);
      }
      beam = best_of(beam, steps);
    }
    std::vector<Permutation> result;
    for (Partial& partial : beam) result.push_back(std::move(partial.images));
    return result;
  }

  // Images of the first columns of the basis, and how badly they fit.
  struct Partial {
    double mismatch;
    Permutation images;
  };
  // One more image for one of the partial matches.
  struct Step {
    double mismatch;
    std::size_t parent;
    Index image;
  };

  static void add_steps(std::size_t parent, const Permutation& used, const Vector& mismatch,
                        std::vector<Step>& steps) {
    for (Index j = 0; j < mismatch.size(); ++j) {
      if (std::find(used.begin(), used.end(), j) == used.end()) {
        steps.push_back({mismatch(j), parent, j});
      }
    }
  }

  std::vector<Partial> best_of(const std::vector<Partial>& beam, std::vector<Step>& steps) const {
    const auto count = static_cast<std::ptrdiff_t>(std::min(options_.beam, steps.size()));
    std::partial_sort(
        steps.begin(), steps.begin() + count, steps.end(), [](const Step& a, const Step& b) {
          return std::tie(a.mismatch, a.parent, a.image) < std::tie(b.mismatch, b.parent, b.image);
        });
    std::vector<Partial> result;
    for (auto step = steps.begin(); step != steps.begin() + count; ++step) {
      result.push_back({step->mismatch, beam[step->parent].images});
      result.back().images.push_back(step->image);
    }
    return result;
  }

  const Matrix& X_;
  const Matrix& Y_;
  const CongruenceOptions& options_;
  Congruence best_;
  double least_ = std::numeric_limits<double>::infinity();
  double good_enough_ = 0.0;
};

}  // namespace

Matrix procrustes(const Matrix& X, const Matrix& Y) {
  check_shapes(X, Y);
  const Svd parts = svd(product_transposed(Y, X));
  return product_transposed(parts.U, parts.V);
}

Congruence congruence(const Matrix& X, const Matrix& Y, CongruenceOptions options) {
  check_columns("X", X);
  check_columns("Y", Y);
  check_shapes(X, Y);
  if (options.beam == 0 || options.refined == 0) {
    throw std::invalid_argument("beam and refined must be at least 1");
  }
  // In a power of two as unit: cosines of tiny or huge columns are products beyond the range.
  const double largest = std::max(X.cwiseAbs().maxCoeff(), Y.cwiseAbs().maxCoeff());
  const int exponent = largest > 0.0 ? std::ilogb(largest) : 0;
  const auto reduced = [&](double x) { return std::ldexp(x, -exponent); };
  const Matrix x = X.unaryExpr(reduced), y = Y.unaryExpr(reduced);
  Congruence result = CongruenceSearch(x, y, options).run();
  result.rms = std::ldexp(result.rms, exponent);
  result.lower_bound = std::ldexp(result.lower_bound, exponent);
  return result;
}

}  // namespace skeleta::geometry
