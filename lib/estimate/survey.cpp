#include "estimate/survey.h"

#include <algorithm>

#include "core/decompositions.h"

namespace skeleta::estimate {
namespace {

constexpr double points_in_all = 4096.0, points_of_one = 64.0;
// Controls that take off a smaller part of the variance are not worth their time; by chance each
// takes off about one part in the number of points, and seldom ten.
constexpr double least_gain = 0.1, chance = 10.0;

// The smallest β with Cβ = v as well as can be. Controls that others can replace to eight digits,
// such as pairs weighted by equal entries of G, would else get huge coefficients that cancel.
Vector coefficients(const Matrix& products, const Vector& with_f) {
  constexpr double replaceable = 1e-8;
  const Vector scale = products.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
  const Matrix correlation = scale.asDiagonal() * products * scale.asDiagonal();
  const Vector right = scale.cwiseProduct(with_f);
  const auto solution = solve_positive(correlation, right, replaceable);
  return scale.cwiseProduct(solution ? *solution : least_squares(correlation, right, replaceable));
}

// Of the free controls on an output; 0 where they are not worth their time.
struct Regression {
  Vector coefficients;
  double gain = 0.0;  // what they take off the sum of squared deviations
};

// Outputs of `seen`: f, the free controls c, another. β = C⁻¹ cov(c, f) with C the covariance of
// the controls, which leaves var f − βᵀ cov(c, f).
Regression regression(const JointMoments& seen) {
  const auto free = static_cast<Index>(seen.outputs()) - 2;
  const Moments f = seen.output(0);
  const Regression none{Vector::Zero(free)};
  if (free == 0 || !(f.m2 > 0.0)) return none;
  Matrix products(free, free);
  Vector with_f(free);
  for (Index a = 0; a < free; ++a) {
    const auto i = static_cast<std::size_t>(a) + 1;
    with_f(a) = seen.product(0, i);
    for (Index b = 0; b < free; ++b) {
      products(a, b) = seen.product(i, static_cast<std::size_t>(b) + 1);
    }
  }
  const Vector solution = coefficients(products, with_f);
  const double gain = solution.dot(with_f);
  const bool sound = solution.allFinite() && gain <= f.m2 * (1 + 1e-9);
  const double by_chance =
      chance * static_cast<double>(free) / static_cast<double>(std::max<std::uint64_t>(f.count, 1));
  const bool worth = gain > (least_gain + by_chance) * f.m2;
  return sound && worth ? Regression{solution, gain} : none;
}

}  // namespace

Survey::Survey(const Problem& problem, const Integrand& integrand,
               const std::optional<Controls>& controls, const DrawFactory& draw)
    : draw_(draw), integrand_(integrand) {
  const CountRange all = problem.reachable();
  const Integrand looked_at = controls ? with_controls(integrand, *controls) : integrand;
  std::vector<Stratum> strata;
  std::vector<std::uint64_t> points;
  const double mass = problem.law().probability(all);
  for (Index l = all.first; l <= all.last; ++l) {
    const double share = problem.law().probability(l) / mass;
    if (!(share > 0.0)) continue;
    strata.emplace_back(problem.law(), CountRange{l, l}, looked_at.outputs());
    points.push_back(static_cast<std::uint64_t>(std::max(points_of_one, points_in_all * share)));
  }
  const ProgressCallback& progress = problem.options().progress;
  const auto go_on = [&] { return !progress || progress({}); };
  const StrataLoop loop = problem.loop(draw, looked_at, sampling::Purpose::pilot);
  if (!loop.extend(strata, points, go_on)) throw Interrupted();

  coefficients_.resize(static_cast<std::size_t>(all.last) + 1,
                       std::vector<double>(controls ? controls->coefficient.size() : 0, 0.0));
  for (const Stratum& stratum : strata) {
    SurveyRow row{stratum.range().first, stratum.probability(), {}, {}, 0.0, false};
    const JointMoments seen = stratum.values();
    if (controls) {
      fit(*controls, seen, row);
    } else {
      for (std::size_t a = 0; a < seen.outputs(); ++a) {
        const Moments m = seen.output(a);
        row.mean.push_back(m.mean);
        row.variance.push_back(m.variance());
        row.varies = row.varies || m.m2 > 0.0;
      }
      row.plain_variance = row.given_variance = row.variance.front();
    }
    rows_.push_back(std::move(row));
  }
  if (controls) integrand_ = minus_controls(integrand, *controls, coefficients_);
}

// Outputs: f less the controls of known coefficient, the other controls c, f.
void Survey::fit(const Controls& controls, const JointMoments& seen, SurveyRow& row) {
  const Regression fitted = regression(seen);
  const Vector& beta = fitted.coefficients;
  const Moments f = seen.output(0), plain = seen.output(seen.outputs() - 1);
  double mean = f.mean;
  for (Index a = 0; a < beta.size(); ++a) {
    if (fitted.gain > 0.0) mean -= beta(a) * seen.output(static_cast<std::size_t>(a) + 1).mean;
  }
  const double left = std::max(f.m2 - fitted.gain, 0.0);
  const double used = fitted.gain > 0.0 ? static_cast<double>(beta.size()) : 0.0;
  const double freedom = std::max(static_cast<double>(f.count) - 1.0 - used, 1.0);
  row.mean = {mean};
  row.variance = {left / freedom};
  row.plain_variance = plain.variance();
  row.given_variance = f.variance();
  row.varies = plain.m2 > 0.0;
  if (row.l >= controls.mean.rows()) return;
  Index next = 0;
  std::vector<double>& coefficients = coefficients_[static_cast<std::size_t>(row.l)];
  for (std::size_t c = 0; c < coefficients.size(); ++c) {
    const std::optional<double>& given = controls.coefficient[c];
    coefficients[c] = given ? *given : beta(next++);
  }
}

const std::vector<double>& Survey::coefficients(Index l) const {
  return coefficients_[static_cast<std::size_t>(l)];
}

double Survey::value(std::size_t output) const {
  double sum = 0.0;
  for (const SurveyRow& row : rows_) sum += row.probability * row.mean[output];
  return sum;
}

}  // namespace skeleta::estimate
