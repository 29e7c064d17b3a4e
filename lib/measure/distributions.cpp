#include "measure/distributions.h"

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/binomial.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace skeleta {

double binomial_coefficient(Index n, Index k) {
  return boost::math::binomial_coefficient<double>(static_cast<unsigned>(n),
                                                   static_cast<unsigned>(k));
}

double poisson_tail(double mean, Index m) {
  if (m == 0) return 1.0;
  return mean > 0.0 ? boost::math::gamma_p(static_cast<double>(m), mean) : 0.0;
}

double normal_quantile(double above) {
  const boost::math::normal_distribution<double> law;
  return boost::math::quantile(boost::math::complement(law, above));
}

double student_quantile(double degrees, double above) {
  const boost::math::students_t_distribution<double> law(degrees);
  return boost::math::quantile(boost::math::complement(law, above));
}

ProbabilityLimits probability_limits(double count, double trials, double beyond) {
  using Binomial = boost::math::binomial_distribution<double>;
  return {Binomial::find_lower_bound_on_p(trials, count, beyond),
          Binomial::find_upper_bound_on_p(trials, count, beyond)};
}

}  // namespace skeleta
