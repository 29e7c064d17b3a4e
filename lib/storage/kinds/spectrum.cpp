#include "skeleta/storage/spectrum_file.h"

#include "storage/fields.h"

namespace skeleta::storage {
namespace {

using training::Spectrum;

// Along [instance].
const Fields<SpectrumOfModel>& spectrum_fields() {
  using Model = SpectrumOfModel;
  const auto kinks = [](const Model& model) { return model.spectrum.kinks.size(); };
  const auto first_kink = [](const Model& model) {
    return model.spectrum.kinks.empty() ? Index{-1} : model.spectrum.kinks.front().output;
  };
  static const auto fields = block<Model>(
      "/spectrum", "since 1.11, in files of spectrum",
      {
          {axis("instance", "number of the model in its file").as("instance"), &Model::instance},
          {axis("parameter", "number of the eigenvalue, smallest first")},
          {real("loss", "instance", "the objective"), &Model::spectrum, &Spectrum::value},
          {magnitude("gradient_norm", "instance", "norm of its gradient"), &Model::spectrum,
           &Spectrum::gradient_norm},
          {word("landscape", "instance", "what the model is for the objective"), &Model::spectrum,
           &Spectrum::landscape},
          {real("eigenvalues", "instance parameter", "of the Hessian")
               .cites("mathematics.md, Proposition 10.2"),
           &Model::spectrum, &Spectrum::eigenvalues},
          {magnitude("error", "instance", "estimate of how far each may be off"), &Model::spectrum,
           &Spectrum::error},
          {magnitude("zero", "instance", "eigenvalues up to this size count as 0"),
           &Model::spectrum, &Spectrum::zero},
          {whole("rank", "instance", "eigenvalues that do not"), &Model::spectrum, &Spectrum::rank},
          {whole("negative", "instance", "those below 0: the Morse index"), &Model::spectrum,
           &Spectrum::negative},
          {whole("orbit_dimension", "instance",
                 "flat directions W -> QW, Q orthogonal (untied: (MW, W_out M^-1))")
               .cites("mathematics.md, Proposition 10.4"),
           &Model::spectrum, &Spectrum::orbit_dimension},
          {whole("dropped", "instance",
                 "flat directions among the parameters of single features that do nothing")
               .cites("mathematics.md, Proposition 10.4")
               .as("zeros.dropped"),
           &Model::spectrum, &Spectrum::dropped},
          {whole("unexplained", "instance", "flat directions without a known reason")
               .as("zeros.unexplained"),
           &Model::spectrum, &Spectrum::unexplained},
          {magnitude("condition", "instance",
                     "largest over smallest eigenvalue in size, of those that are not 0"),
           &Model::spectrum, &Spectrum::condition},
          {real("log_determinant", "instance", "sum of the logarithms of the positive ones"),
           &Model::spectrum, &Spectrum::log_determinant},
          {magnitude("learning_coefficient", "instance",
                     "half the rank at a minimum whose flat directions are all explained, else "
                     "NaN")
               .cites("mathematics.md, Proposition 10.5"),
           &Model::spectrum, &Spectrum::learning_coefficient},
          {whole("kinks", "instance", "outputs at which the objective is not twice differentiable")
               .cites("mathematics.md, Proposition 10.3"),
           kinks},
          {whole("first_kink", "instance", "the first of them; -1 if there is none").from(-1),
           first_kink},
          {magnitude("crossing", "instance",
                     "samples from which on the best minimum of the file has the smaller free "
                     "energy n L + lambda log n; NaN for itself")
               .cites("mathematics.md, Proposition 10.6"),
           &Model::crossing},
          {magnitude("seconds", "instance", "wall time of the numerics").in("s"), &Model::seconds},
      },
      "spectra[].");
  return fields;
}

}  // namespace

Rows spectrum_rows() {
  return rows_of(spectrum_fields());
}

Results spectrum_results(const std::vector<SpectrumOfModel>& models) {
  Results results;
  put(results, spectrum_fields(), models);
  return results;
}

}  // namespace skeleta::storage
