#include "exact/law_loss.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/shared_loop.h"
#include "exact/atoms_of_row.h"
#include "exact/given_units.h"
#include "exact/law_alone.h"
#include "exact/law_closed.h"
#include "exact/perturbation.h"
#include "exact/root_of_squares.h"
#include "exact/split.h"
#include "exact/weight_gradient.h"
#include "measure/activity_sweep.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::exact {
namespace {

constexpr LawError unknown{INFINITY, INFINITY, INFINITY, INFINITY};

// Relative error of closed forms and sums of them.
constexpr double closed = 500.0 * epsilon;

// Below it each operation is off by as much as on it.
constexpr double least_normal = std::numeric_limits<double>::min();
constexpr double least_number = std::numeric_limits<double>::denorm_min();

double probability_of_none(const DataLaw& law) {
  ActivitySweep<double> sweep(law.activity);
  return sweep.up([](Index) { return 0.0; });
}

// The power of two that the largest value has the size of: 1 if values lie on [0, 1].
double unit_of_values(const DataLaw& law) {
  double largest = 0.0;
  for (Index j = 0; j < law.size(); ++j) {
    if (law.activity.density()(j) == 0.0) continue;
    largest = std::max(largest, law.values[static_cast<std::size_t>(j)].size());
  }
  return largest > 0.0 ? std::exp2(std::ilogb(largest)) : 1.0;
}

}  // namespace

LawLoss::LawLoss(const Features& features, const Options& options)
    : options_(options),
      unit_(scaled(features)),
      law_(features.data_law()),
      circuit_(law_.activity),
      alone_(active_by_count(law_.activity, 1)),
      none_(probability_of_none(law_)),
      second_(second_moments(law_)),
      unit_of_values_(unit_of_values(law_)) {}

LawRow LawLoss::row_of(const Autoencoder& model, Index i) const {
  LawRow row;
  row.law = &law_;
  row.own = i;
  // What is never active, or always 0, must not limit the strip or seem to move z.
  row.g = output_weights(model, i, 1).col(0);
  for (Index j = 0; j < law_.size(); ++j) {
    const ValueLaw& value = law_.values[static_cast<std::size_t>(j)];
    const bool zero = value.least() == 0.0 && value.most() == 0.0;
    if (zero || law_.activity.density()(j) == 0.0) row.g(j) = 0.0;
  }
  row.jump = model.activation == Activation::jumprelu ? model.jump(i) : 0.0;
  row.c = model.b(i) + row.jump;
  row.variance = output_noise(model, i);
  row.fewest = row.variance > 0.0 ? 1 : 2;
  row.alone = alone(model, row);
  return row;
}

// Entries of 0 that rounding made are none: a jump would not be where it seems.
bool LawLoss::alone(const Autoencoder& model, const LawRow& row) const {
  if (row.variance > 0.0) return false;
  const Index i = row.own;
  const Vector own = model.tied() ? Vector(model.W.col(i)) : Vector(model.W_out.row(i));
  for (Index j = 0; j < law_.size(); ++j) {
    if (j == i || law_.activity.density()(j) == 0.0) continue;
    const bool apart = (own.array() == 0.0 || model.W.col(j).array() == 0.0).all();
    if (row.g(j) != 0.0 || !apart) return false;
  }
  return true;
}

// E(x_i − z + b)² is that of z' = z − x_i: no large terms that cancel.
LawLoss::Output LawLoss::linear_output(const LawRow& row, const Wanted& wanted) const {
  Vector g = row.g;
  g(row.own) -= 1.0;
  const double c = row.c;
  const auto square = [&](double m0, double m1, double m2) {
    return m2 - 2.0 * c * m1 + (c * c + row.variance) * m0;
  };
  const auto moments = sum_moments(law_, g);
  Output output;
  output.value = std::max(square(1.0, moments[1], moments[2]), 0.0);
  output.threshold = 2.0 * (c - moments[1]);
  output.noise = 1.0;
  const double size = g.cwiseAbs().dot(second_.cwiseSqrt()) + std::abs(c);
  const double relative =
      8.0 * epsilon * static_cast<double>(std::bit_width(static_cast<std::size_t>(g.size())) + 8);
  output.error = {relative * (size * size + row.variance),
                  relative * size * std::sqrt(second_.sum()), relative * size};
  if (output.value < least_normal && g.cwiseAbs().maxCoeff() > 0.0) {
    output.error.value += relative * least_normal;
  }
  // Squares of such an entry and of such values are no numbers of double, though their product is.
  for (Index j = 0; j < g.size(); ++j) {
    const double moved = std::abs(g(j)) * row.value(j).size();
    const bool far = moved > 0.0 && std::abs(std::ilogb(g(j))) > 500;
    if (far && moved > 1e-18 * size) output.error = unknown;
  }
  if (wanted.by_feature != nullptr) {
    using Dual = Series<double, 2>;
    const auto leaf = [&](Index j, int power) {
      const ValueLaw& value = row.value(j);
      return Dual(std::array{value.moment(power), g(j) * value.moment(power + 1)});
    };
    ActivitySweep<Dual> sweep(law_.activity);
    sweep.up([&](Index j) { return leaf(j, 0); });
    sweep.down([&](Index j, const Dual& others) {
      const Dual x = others * leaf(j, 1);  // E x_j, E x_j z'
      wanted.by_feature[j] = 2.0 * (x.c[1] - c * x.c[0]);
    });
  }
  if (wanted.by_count != nullptr) {
    const auto parts = sum_moments_by_count(law_, g, wanted.by_count->size() - 1);
    for (std::size_t l = 0; l < parts.size(); ++l) {
      (*wanted.by_count)(static_cast<Index>(l)) = square(parts[l][0], parts[l][1], parts[l][2]);
    }
  }
  return output;
}

LawLoss::Prepared::Prepared(const LawLoss& loss, const LawRow& row, bool derivatives)
    : in(in_unit(row)),
      contour(in.row, loss.circuit_, derivatives),
      empty(empty_support(in.row, loss.none_)),
      entries(Vector::Zero(derivatives ? row.g.size() : 0)) {
  if (row.fewest == 2) {
    single = single_supports(in.row, loss.alone_.col(1), derivatives ? &entries : nullptr);
  }
}

LawLoss::Output LawLoss::contour_output(Prepared& prepared, const LawTolerance& tolerance,
                                        const Wanted& wanted) const {
  const LawRow& row = prepared.in.row;
  const LawPart &empty = prepared.empty, &single = prepared.single;
  LawOutput& contour = prepared.contour;
  Vector entries = prepared.entries;
  const Index i = row.own;
  const double unit = prepared.in.unit;
  const LawOutput::Result rest = contour.evaluate(
      {tolerance.value / unit / unit, tolerance.derivatives / unit / unit, tolerance.unit / unit},
      options_.maximum_nodes, entries.data());
  const double square = row.value(i).moment(2), p = law_.activity.density()(i);
  const double known = square * p;  // E x_i²
  Output output;
  output.value = std::max(known + empty.value + single.value + rest.value, 0.0);
  output.threshold = empty.threshold + single.threshold + rest.threshold;
  output.noise = empty.noise + rest.noise;
  output.nodes = rest.nodes;
  output.period = rest.period;
  const LawError& error = rest.error;
  output.error = {error.value + closed * (known + empty.value + std::abs(single.value)),
                  error.entries + closed * (entries.norm() + known),
                  error.threshold + closed * (std::sqrt(known * p) + std::abs(output.threshold)),
                  error.noise + closed * std::abs(output.noise)};
  for (Index j = 0; j < entries.size(); ++j) wanted.by_feature[j] = entries(j);
  if (wanted.by_count != nullptr) {
    Vector& parts = *wanted.by_count;
    const Index most = parts.size() - 1;
    parts = contour.by_count(most);
    parts += square * active_by_count(law_.activity, most).row(i).transpose();
    parts(0) += empty.value;
    if (row.fewest == 2 && most >= 1) parts(1) += single.value;
  }
  restore(prepared.in, wanted, output);
  return output;
}

// From the row's unit to that of the features. The square of the unit may be no number.
void LawLoss::restore(const RowInUnit& in, const Wanted& wanted, Output& output) const {
  const double unit = in.unit;
  const double p = law_.activity.density()(in.row.own);
  const bool present = p > 0.0 && in.row.value(in.row.own).moment(2) > 0.0;
  // Products of densities and squares may be lost in the one unit or the other.
  if (output.value < least_normal && present) output.error.value += closed * least_normal;
  const auto by_square = [&](double value) { return value * unit * unit; };
  output.value = by_square(output.value);
  output.threshold *= unit;
  output.error.value = by_square(output.error.value);
  output.error.entries = by_square(output.error.entries);
  output.error.threshold *= unit;
  if (!in.in_range) output.error = unknown;
  if (output.value < least_normal && (unit != 1.0 || present)) {
    output.error.value += closed * least_normal;
  }
  for (Index j = 0; wanted.by_feature != nullptr && j < law_.size(); ++j) {
    wanted.by_feature[j] = by_square(wanted.by_feature[j]);
  }
  if (wanted.by_count != nullptr) *wanted.by_count = wanted.by_count->unaryExpr(by_square);
}

// Of an output that reads no other feature.
LawLoss::Output LawLoss::own_output(const LawRow& given, const Wanted& wanted) const {
  const RowInUnit in = in_unit(given);
  const LawRow& row = in.row;
  const double p = law_.activity.density()(row.own);
  const AloneOutput found = alone_output(row, rounding_of_row(row.own)(row.own));
  Output output;
  output.value = p * found.active + (1.0 - p) * found.silent;
  output.threshold = p * found.active_by_c + (1.0 - p) * found.silent_by_c;
  // ∂/∂v = ½ ∂²/∂c² of c², of a dead output beside others with noise.
  output.noise = row.g(row.own) == 0.0 && row.c < 0.0 ? 1.0 : 0.0;
  const double smooth = closed * (p * found.rounded_by_c + (1.0 - p) * std::abs(found.silent_by_c));
  double squares = 0.0;  // of the others' values, active or not
  for (Index j = 0; j < law_.size(); ++j) {
    if (j != row.own) squares += row.value(j).moment(2);
  }
  output.error = {closed * (p * found.rounded + (1.0 - p) * found.silent) + p * found.unsure,
                  p * (closed * found.rounded_by_g + found.unsure_by_g) +
                      smooth * std::sqrt(second_moments(*row.law).sum()) +
                      p * found.unsure_by_c * std::sqrt(squares),
                  smooth + p * found.unsure_by_c, 0.0};
  if (wanted.by_feature != nullptr) {
    wanted.by_feature[row.own] = p * found.active_by_g;
    add_others(row, found, wanted.by_feature);
  }
  if (wanted.by_count != nullptr) {
    Vector& parts = *wanted.by_count;
    const Index most = parts.size() - 1;
    parts = found.active * active_by_count(law_.activity, most).row(row.own).transpose() +
            found.silent * counts_while_silent(row, most);
  }
  restore(in, wanted, output);
  return output;
}

LawLoss::Output LawLoss::atom_output(const LawRow& given, const Wanted& wanted) const {
  const Vector rounding = rounding_of_row(given.own);
  const RowInUnit in = in_unit(within_reach(given, rounding));
  double* const by_feature = wanted.by_feature;
  const AtomOutput found =
      by_halves_ ? exact::atom_output(in.row, *halves_, rounding, by_feature, wanted.by_count)
                 : exact::atom_output(in.row, *atoms_, rounding, by_feature, wanted.by_count);
  Output output;
  output.value = found.value;
  output.threshold = found.threshold;
  output.error = found.error;
  restore(in, wanted, output);
  return output;
}

LawLoss::Output LawLoss::evaluate_output(const Autoencoder& model, Index i,
                                         const LawTolerance& tolerance, const Wanted& wanted,
                                         std::optional<Prepared>& prepared) const {
  Output output;
  if (model.activation == Activation::identity) {
    output = linear_output(row_of(model, i), wanted);
  } else if (const LawRow row = row_of(model, i); by_halves_ || atoms_) {
    output = atom_output(row, wanted);
  } else if (row.alone) {
    output = own_output(row, wanted);
  } else {
    if (!prepared) prepared.emplace(*this, row, wanted.by_feature != nullptr);
    output = contour_output(*prepared, tolerance, wanted);
  }
  // The rounding of A: |E(e + δ)² − E e²| by Cauchy and Schwarz.
  const double size = rounding_(i);
  output.error.value += 2.0 * std::sqrt(output.value) * size + size * size;
  output.error.entries += 2.0 * size * std::sqrt(second_.sum());
  output.error.threshold += 2.0 * size;
  return output;
}

// √E(Σ_k δA_ik x_k)² ≤ Σ_k |δA_ik| √E x_k².
void LawLoss::read_rounding(const Autoencoder& model) {
  products_ = static_cast<double>(model.hidden() + 2);
  column_norms(model.W, columns_);
  output_norms_ = columns_;
  if (!model.tied()) column_norms(model.W_out.transpose(), output_norms_);
  const Vector sizes = second_.cwiseSqrt();
  rounding_ = (products_ * 0.5 * epsilon) * (columns_.dot(sizes) * output_norms_);
  rounding_.array() += products_ * least_number * sizes.sum();
}

// |δA_ik| ≤ (d + 2) ε/2 · |o_i||w_k|, and so many times the least number where products are lost.
Vector LawLoss::rounding_of_row(Index i) const {
  const double own = output_norms_(i);
  return columns_.unaryExpr([&](double norm) {
    const bool none = norm == 0.0 || own == 0.0;
    return none ? 0.0 : products_ * (0.5 * epsilon * (own * norm) + least_number);
  });
}

LawLoss::Evaluated LawLoss::evaluate_all(const Autoencoder& model, double tolerance,
                                         double gradient_tolerance, Gradient* gradient,
                                         Matrix* contributions,
                                         std::vector<std::optional<Prepared>>& prepared) {
  const Index count = law_.size();
  const Vector& importance = unit_.features.importance;
  std::vector<Output>& outputs = outputs_;
  outputs.assign(static_cast<std::size_t>(count), {});
  if (prepared.empty()) prepared = std::vector<std::optional<Prepared>>(outputs.size());
  Matrix& gamma = gamma_;
  if (gradient != nullptr) gamma.setZero(count, count);
  const auto compute = [&](std::size_t at, std::size_t) {
    const auto i = static_cast<Index>(at);
    const double v = importance(i);
    if (v == 0.0) return;
    const auto share = static_cast<double>(count);
    const LawTolerance allowed{std::min(tolerance / (share * v), 1e300),
                               std::min(gradient_tolerance / (std::sqrt(share) * v), 1e300),
                               unit_of_values_};
    Wanted wanted;
    Vector parts;
    if (gradient != nullptr) wanted.by_feature = gamma.col(i).data();
    if (contributions != nullptr) {
      parts.setZero(contributions->rows());
      wanted.by_count = &parts;
    }
    outputs[at] = evaluate_output(model, i, allowed, wanted, prepared[at]);
    if (gradient != nullptr) gamma.col(i) *= v;
    if (contributions != nullptr) contributions->col(i) = v * parts;
  };
  for_each_shared(outputs.size(), options_.threads, compute, [&](Parcel& parcel, std::size_t at) {
    const auto i = static_cast<Index>(at);
    parcel(outputs[at]);
    if (gradient != nullptr) parcel.block(gamma.col(i).data(), outputs.size());
    if (contributions == nullptr) return;
    parcel.block(contributions->col(i).data(), static_cast<std::size_t>(contributions->rows()));
  });
  Evaluated result;
  Loss& loss = result.loss;
  RootOfSquares derivatives, in_unit;
  for (Index i = 0; i < count; ++i) {
    const Output& output = outputs[static_cast<std::size_t>(i)];
    const double v = importance(i);
    if (v == 0.0) continue;
    loss.value += v * output.value;
    loss.error_bound += v * output.error.value;
    derivatives.add(v * output.error.derivatives(1.0));
    in_unit.add(v * output.error.derivatives(unit_of_values_));
    loss.nodes = std::max(loss.nodes, output.nodes);
    loss.factors += static_cast<double>(output.nodes) * static_cast<double>(count);
  }
  loss.error_bound += epsilon * static_cast<double>(count) * loss.value;
  if (gradient == nullptr) return result;
  loss.gradient_error = derivatives.value();
  result.derivatives = in_unit.value();
  const Matrix decoder = model.tied() ? model.W : Matrix(model.W_out.transpose());
  set_weight_gradient(model, decoder, gamma, options_.threads, *gradient);
  gradient->db.resize(count);
  for (Index i = 0; i < count; ++i) {
    const Output& output = outputs[static_cast<std::size_t>(i)];
    const double v = importance(i);
    gradient->db(i) = v * output.threshold;
    // var ε_i = noise² |o_i|².
    const double by_row = 2.0 * model.noise * model.noise * v * output.noise;
    if (model.tied()) {
      gradient->dW.col(i) += by_row * model.W.col(i);
    } else {
      gradient->dW_out.row(i) += by_row * model.W_out.row(i);
    }
  }
  return result;
}

void LawLoss::read_atoms(const Autoencoder& model) {
  if (model.noise > 0.0 || model.activation == Activation::identity) {
    atoms_.reset();
    halves_.reset();
  } else if (!atoms_ && !halves_) {
    const PatternSums sums = pattern_sums(law_);
    if (sums == PatternSums::whole) atoms_.emplace(law_);
    if (sums == PatternSums::halves) halves_.emplace(law_);
  }
  by_halves_ = halves_.has_value();
}

// From sums over halves to sums over all patterns, if these are not too many.
bool LawLoss::closer_sums() {
  if (!by_halves_ || !AtomLaw::applies(law_)) return false;
  if (!atoms_) atoms_.emplace(law_);
  by_halves_ = false;
  return true;
}

// The loss is not known before: first roughly, then to the target that this gives.
Loss LawLoss::evaluate(const Autoencoder& model, Gradient* gradient, double& tolerance) {
  const double absolute = std::ldexp(options_.absolute_target, -unit_.exponent);
  const double relative = options_.relative_target;
  read_rounding(model);
  read_atoms(model);
  // What the rounding of A leaves of a loss of 0, if that is little beside the zero model's.
  double least = 0.0;
  for (Index i = 0; i < law_.size(); ++i) {
    const double rounded = 2.0 * rounding_(i) + 64.0 * epsilon * std::sqrt(second_(i));
    least += unit_.features.importance(i) * rounded * rounded;
  }
  const double zero = unit_.features.importance.dot(second_);
  least = std::min(least, relative * zero);
  const auto target = [&](double value) { return std::max({absolute, relative * value, least}); };
  const auto gradient_target = [&](double value) {
    return options_.gradient_target * std::max(value, relative > 0.0 ? absolute / relative : 0.0);
  };
  std::vector<std::optional<Prepared>> prepared;
  Loss loss;
  double guess = zero;
  const bool closed_forms =
      by_halves_ || atoms_ || model.activation == Activation::identity;  // of any tolerance
  if (!closed_forms) {
    loss = evaluate_all(model, 1e-2 * zero, INFINITY, nullptr, nullptr, prepared).loss;
    if (gradient != nullptr) prepared.clear();  // derivatives need more
    guess = std::max(loss.value - loss.error_bound, 1e-3 * zero);
  }
  constexpr int rounds = 5;
  for (int round = 0; round < rounds; ++round) {
    tolerance = 0.9 * target(guess);
    const Evaluated found =
        evaluate_all(model, tolerance, 0.9 * gradient_target(guess), gradient, nullptr, prepared);
    loss = found.loss;
    const bool met = loss.error_bound <= target(loss.value) &&
                     (gradient == nullptr || found.derivatives <= gradient_target(loss.value));
    loss.stop_reason = met ? StopReason::exact : StopReason::nodes;
    if (met) break;
    if (closer_sums()) continue;
    if (closed_forms || !(loss.value < guess)) break;
    guess = std::max(0.9 * loss.value, 1e-3 * guess);
  }
  return reported(loss);
}

Loss LawLoss::reported(const Loss& normalised) const {
  Loss loss = in_given_units(normalised, unit_, options_);
  const bool finite = std::isfinite(loss.value);
  if (finite && std::isfinite(loss.error_bound)) return loss;
  if (options_.refuse_unreachable) {
    throw std::invalid_argument(
        finite ? "no error bound of this loss is within the range of double: weights, values or "
                 "thresholds differ too much in scale; --method plain samples it"
               : "the loss of this model exceeds the range of double: scale W and b, or "
                 "importances, down");
  }
  loss.value = std::numeric_limits<double>::quiet_NaN();
  loss.stop_reason = StopReason::non_finite;
  return loss;
}

Loss LawLoss::evaluate(const Autoencoder& model, Gradient* gradient) {
  double tolerance = 0.0;
  const Loss loss = evaluate(model, gradient, tolerance);
  if (gradient == nullptr) return loss;
  const double unit = unit_.restored(1.0);
  gradient->dW *= unit;
  gradient->dW_out *= unit;
  gradient->db *= unit;
  gamma_ *= unit;
  coarse_.assign(outputs_.size(), 0.0);
  by_variance_.resize(law_.size());
  for (Index i = 0; i < law_.size(); ++i) {
    by_variance_(i) =
        unit * unit_.features.importance(i) * outputs_[static_cast<std::size_t>(i)].noise;
  }
  return loss;
}

const LawSupports& LawLoss::supports() {
  if (!supports_) {
    supports_ = LawSupports{none_, alone_.col(1), means(law_), moment_matrix(law_)};
  }
  return *supports_;
}

// Weighted sums need up to twice the nodes of the gradient's, and their terms fall more slowly.
Index LawLoss::curvature_nodes(Index i, double more) const {
  constexpr double usual = 512.0, least = 64.0, slower = 4.0;
  const double of_gradient =
      slower * static_cast<double>(outputs_[static_cast<std::size_t>(i)].nodes);
  const double nodes = std::max(std::min(more * usual, of_gradient), least);
  const auto whole = static_cast<Index>(std::ceil(nodes / lane_count)) * lane_count;
  return std::min(whole, most_nodes());
}

// `row` must outlive it.
LawCurvature LawLoss::curvature_of(const Autoencoder& model, const LawRow& row, Index nodes) const {
  if (model.activation == Activation::identity) {
    return [this](const LawDirection& direction, double* by_feature) {
      return linear_curvature(*supports_, direction, by_feature);
    };
  }
  const Vector rounding = rounding_of_row(row.own);
  if (by_halves_) return atom_curvature(row, *halves_, rounding);
  if (atoms_) return atom_curvature(row, *atoms_, rounding);
  if (row.alone) {
    return [&row, rounded = rounding(row.own)](const LawDirection& direction, double* by_feature) {
      return alone_curvature(row, rounded, direction, by_feature);
    };
  }
  const Contour contour{outputs_[static_cast<std::size_t>(row.own)].period};
  return [=, this, &row](const LawDirection& direction, double* by_feature) {
    return law_curvature(row, circuit_, *supports_, contour, nodes, direction, by_feature);
  };
}

double LawLoss::row_products(const Autoencoder& model, const RowChange& change, double more,
                             RowChange& product) {
  constexpr double few_digits = 3e-5;
  const Index count = law_.size();
  const bool noisy = change.variances.size() > 0;
  supports();
  product.rows.setZero(count, count);
  product.thresholds.setZero(count);
  product.variances.setZero(noisy ? count : 0);
  Vector errors = Vector::Zero(count);
  parallel_for(static_cast<std::size_t>(count), options_.threads, [&](std::size_t at) {
    const auto i = static_cast<Index>(at);
    const double v = unit_.restored(unit_.features.importance(i));
    if (v == 0.0) return;
    const LawDirection direction{change.rows.col(i).data(), change.thresholds(i),
                                 noisy ? change.variances(i) : 0.0};
    const LawRow row = row_of(model, i);
    if (!of_usual_size(row)) {
      errors(i) = INFINITY;
      return;
    }
    LawProduct result;
    const auto take = [&](double nodes_more) {
      const LawCurvature K = curvature_of(model, row, curvature_nodes(i, nodes_more));
      result = K(direction, product.rows.col(i).data());
      const double size = std::hypot(product.rows.col(i).norm(), result.threshold, result.noise);
      return result.error <= few_digits * size;
    };
    double& coarse = coarse_[at];
    if (more >= 1.0) {
      take(more);
    } else if (coarse > 0.0) {
      take(coarse);
    } else {
      for (coarse = 0.5; !take(coarse) && coarse < 4.0;) coarse *= 2.0;
    }
    product.rows.col(i) *= v;
    product.thresholds(i) = v * result.threshold;
    if (noisy) product.variances(i) = v * result.noise;
    errors(i) = v * result.error;
  });
  return errors.norm();
}

// By columns. As each has sums of its own, asymmetry shows their errors too.
LawLoss::Curvature LawLoss::curvature(const Autoencoder& model, const LawRow& row,
                                      Index nodes) const {
  const Index count = law_.size(), size = count + (model.noise > 0.0 ? 2 : 1);
  Curvature result{Matrix(size, size), 0.0};
  Vector u = Vector::Zero(count), by_feature(count);
  double squares = 0.0;
  const LawCurvature times = curvature_of(model, row, nodes);
  for (Index k = 0; k < size; ++k) {
    poll();
    u.setZero();
    if (k < count) u(k) = 1.0;
    const LawDirection direction{u.data(), k == count ? 1.0 : 0.0, k > count ? 1.0 : 0.0};
    const LawProduct product = times(direction, by_feature.data());
    result.K.col(k).head(count) = by_feature;
    result.K(count, k) = product.threshold;
    if (size > count + 1) result.K(count + 1, k) = product.noise;
    squares += product.error * product.error;
  }
  result.error = std::max(std::sqrt(squares), (result.K - result.K.transpose()).norm());
  result.K = (0.5 * (result.K + result.K.transpose())).eval();
  return result;
}

std::vector<Matrix> LawLoss::curvatures(const Autoencoder& model, double relative_error,
                                        double& error) {
  const Index count = law_.size(), size = count + (model.noise > 0.0 ? 2 : 1);
  supports();
  std::vector<Matrix> K(static_cast<std::size_t>(count), Matrix::Zero(size, size));
  Vector errors = Vector::Zero(count);
  parallel_for(K.size(), options_.threads, [&](std::size_t at) {
    const auto i = static_cast<Index>(at);
    const double v = unit_.restored(unit_.features.importance(i));
    if (v == 0.0) return;
    const LawRow row = row_of(model, i);
    if (!of_usual_size(row)) {
      errors(i) = INFINITY;
      return;
    }
    for (double more = 1.0;; more *= 2.0) {
      const Index nodes = curvature_nodes(i, more);
      const Curvature found = curvature(model, row, nodes);
      K[at] = v * found.K;
      errors(i) = v * found.error;
      if (found.error <= relative_error * found.K.norm()) return;
      if (curvature_nodes(i, 2.0 * more) == nodes) return;
    }
  });
  error = errors.norm();
  return K;
}

Loss LawLoss::by_count(const Autoencoder& model, Vector& contributions) {
  double tolerance = 0.0;
  const Loss loss = evaluate(model, nullptr, tolerance);
  if (contributions.size() == 0) return loss;
  Matrix parts = Matrix::Zero(contributions.size(), law_.size());
  std::vector<std::optional<Prepared>> prepared;
  evaluate_all(model, tolerance, INFINITY, nullptr, &parts, prepared);
  contributions = unit_.restored(1.0) * parts.rowwise().sum();
  return loss;
}

}  // namespace skeleta::exact
