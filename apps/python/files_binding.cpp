#include "bindings.h"
#include "computed.h"
#include "problem.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/other_users.h"

namespace skeleta::python {
namespace {

py::object stacked_or_none(const std::vector<Vector>& lists) {
  if (lists.empty()) return py::none();
  return stacked_vectors(lists, [](const Vector& list) -> const Vector& { return list; });
}

// The law of the data, if the file has one that densities do not say: null otherwise.
Law law_in(const storage::ModelFile& file, const std::string& path) {
  if (file.values.empty() && !file.activity) return nullptr;
  if (file.density.empty() && !file.activity) {
    throw std::invalid_argument(path + " has laws of values, but no density");
  }
  const Features first = file.features(0);
  for (std::size_t k = 1; k < file.models.size(); ++k) {
    if (file.features(k).density == first.density) continue;
    throw std::invalid_argument(path + " has another law for each instance");
  }
  return std::make_shared<DataLaw>(first.data_law());
}

// What skeleta.Model has, with the axis instance first. Throws unless all are of one kind.
py::dict read_models(const std::string& path, bool allow_wide) {
  const auto file = computed([&] { return storage::read_models(path, {allow_wide}); });
  const Autoencoder& first = file.models.front();
  std::vector<Vector> bias, jump;
  for (const Autoencoder& model : file.models) {
    bias.push_back(-model.b);
    if (model.jump.size() > 0) jump.push_back(model.jump);
    if (model.activation == first.activation && model.noise == first.noise &&
        model.tied() == first.tied()) {
      continue;
    }
    throw std::invalid_argument(path + " has instances of several activations or noises");
  }
  return py::dict("W"_a = encoders(file.models), "bias"_a = stacked_or_none(bias),
                  "decoder"_a = decoders(file.models), "activation"_a = to_string(first.activation),
                  "jump"_a = stacked_or_none(jump), "noise"_a = first.noise,
                  "density"_a = stacked_or_none(file.density),
                  "importance"_a = stacked_or_none(file.importance), "law"_a = law_in(file, path));
}

// Holds the lock under which h5py does all that it does, if it is there.
std::shared_ptr<void> without_h5py() {
  const py::gil_scoped_acquire interpreter;
  const py::dict modules = py::module_::import("sys").attr("modules");
  if (!modules.contains("h5py")) return nullptr;
  const py::object objects = py::getattr(modules["h5py"], "_objects", py::none());
  if (objects.is_none()) return nullptr;  // it is just being imported
  const py::object lock = objects.attr("phil");
  lock.attr("acquire")();
  return {lock.inc_ref().ptr(), [](PyObject* held) {
            const py::gil_scoped_acquire again;
            py::reinterpret_steal<py::object>(held).attr("release")();
          }};
}

}  // namespace

void bind_files(py::module_& module) {
  storage::keep_out_of_hdf5(&without_h5py);
  module.def("read_models", &read_models);
}

}  // namespace skeleta::python
