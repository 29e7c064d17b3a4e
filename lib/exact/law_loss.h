#pragma once

#include <optional>
#include <vector>

#include "exact/curvature.h"
#include "exact/law_atoms.h"
#include "exact/law_circuit.h"
#include "exact/law_closed.h"
#include "exact/law_curvature.h"
#include "exact/law_halves.h"
#include "exact/law_output.h"
#include "exact/law_unit.h"
#include "skeleta/exact/loss.h"

namespace skeleta::exact {

/// The loss of any model under any law: the general path of loss.h.
class LawLoss {
 public:
  /// Both must outlive it. Features are valid.
  LawLoss(const Features& features, const Options& options);

  /// The loss of a valid model; its gradient, unless that is null.
  Loss evaluate(const Autoencoder& model, Gradient* gradient);
  /// The same, and C_0, …, C_most; none if `contributions` has no entries.
  Loss by_count(const Autoencoder& model, Vector& contributions);

  /// The first derivatives by A and by the variances of the noise, of the last gradient.
  RowSlopes slopes() const { return {gamma_, by_variance_}; }

  /// The second derivatives by A, b and the variances at the model of the last gradient, times a
  /// change: on the contours of that gradient with `more` times 512 nodes, of outputs whose sums
  /// end earlier with fewer; more < 1: with as many as the first change took to some 3e-5, 256 to
  /// 2048. Returns an estimate of the product's error in norm: what the sums change by with twice
  /// the nodes.
  double row_products(const Autoencoder& model, const RowChange& change, double more,
                      RowChange& product);

  /// All of them, dense, each with as many nodes as make its estimated error at most
  /// `relative_error` times its norm, or as there may be. `error`: of all, in norm.
  std::vector<Matrix> curvatures(const Autoencoder& model, double relative_error, double& error);

 private:
  // What an output contributes, without importance.
  struct Output {
    double value = 0.0;                   // E(x_i − x̂_i)²
    double threshold = 0.0, noise = 0.0;  // its derivatives by b_i and by the variance of ε_i
    LawError error;
    Index nodes = 0;
    double period = 0.0;  // of the contour; 0 if none was needed
  };
  struct Wanted {
    double* by_feature = nullptr;  // dvalue/dA_ij, D entries, set to 0
    Vector* by_count = nullptr;    // (E(x_i − x̂_i)²; N = l)
  };

  // What one output needs for any tolerance.
  struct Prepared {
    Prepared(const LawLoss& loss, const LawRow& row, bool derivatives);
    Prepared(const Prepared&) = delete;

    RowInUnit in;
    LawOutput contour;  // refers to the row
    LawPart empty, single;
    Vector entries;  // the derivatives by g_j of `single`; empty if they are not wanted
  };

  // K_i and an estimate of its error.
  struct Curvature {
    Matrix K;
    double error = 0.0;
  };

  LawRow row_of(const Autoencoder& model, Index i) const;
  const LawSupports& supports();
  Index most_nodes() const { return options_.maximum_nodes / lane_count * lane_count; }
  Index curvature_nodes(Index i, double more) const;
  LawCurvature curvature_of(const Autoencoder& model, const LawRow& row, Index nodes) const;
  Curvature curvature(const Autoencoder& model, const LawRow& row, Index nodes) const;
  Output evaluate_output(const Autoencoder& model, Index i, const LawTolerance& tolerance,
                         const Wanted& wanted, std::optional<Prepared>& prepared) const;
  Output linear_output(const LawRow& row, const Wanted& wanted) const;
  Output own_output(const LawRow& row, const Wanted& wanted) const;
  Output atom_output(const LawRow& row, const Wanted& wanted) const;
  bool alone(const Autoencoder& model, const LawRow& row) const;
  Vector rounding_of_row(Index i) const;
  void restore(const RowInUnit& in, const Wanted& wanted, Output& output) const;
  Output contour_output(Prepared& prepared, const LawTolerance& tolerance,
                        const Wanted& wanted) const;
  void read_atoms(const Autoencoder& model);
  bool closer_sums();
  void read_rounding(const Autoencoder& model);
  // A loss, and the error of its derivatives that is held to a target: in norm, with values and
  // thresholds in unit_of_values_.
  struct Evaluated {
    Loss loss;
    double derivatives = 0.0;
  };
  Evaluated evaluate_all(const Autoencoder& model, double tolerance, double gradient_tolerance,
                         Gradient* gradient, Matrix* contributions,
                         std::vector<std::optional<Prepared>>& prepared);
  Loss evaluate(const Autoencoder& model, Gradient* gradient, double& tolerance);
  Loss reported(const Loss& normalised) const;

  const Options& options_;
  ScaledFeatures unit_;  // In which losses are of the size of 1.
  DataLaw law_;
  LawCircuit circuit_;
  Matrix alone_;       // P(N = 0 and j active) = 0, P(only j)
  double none_ = 1.0;  // P(N = 0)
  Vector second_;      // E x_j²
  double unit_of_values_ = 1.0;
  // Of the present model: |w_j|, |o_i|; bounds of √E(δz_i)².
  Vector columns_, output_norms_, rounding_;
  double products_ = 0.0;  // d + 2
  std::optional<LawSupports> supports_;
  // Of constant values without noise. Sums over halves are faster where there are many patterns,
  // and sums over all closer where a loss is small beside what it is made of.
  std::optional<AtomLaw> atoms_;
  std::optional<AtomHalves> halves_;
  bool by_halves_ = false;       // of the last evaluation
  std::vector<Output> outputs_;  // of the last evaluation
  // Of the last gradient.
  Matrix gamma_;  // column i is row i of Γ
  Vector by_variance_;
  std::vector<double> coarse_;  // `more` of products that need few digits, by output; 0: not known
};

}  // namespace skeleta::exact
