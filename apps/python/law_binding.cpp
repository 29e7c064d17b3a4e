#include "bindings.h"
#include "computed.h"
#include "problem.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/law_text.h"
#include "skeleta/sampling/count_splitter.h"
#include "skeleta/sampling/point_sampler.h"

#include <pybind11/stl.h>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace skeleta::python {
namespace {

Index count_of(py::handle features) {
  constexpr Index most = 10'000'000;  // some GB of a law
  const Index count = features.is_none() ? 0 : read<Index>(features, "features");
  if (count > most) {
    throw std::invalid_argument(
        fmt::format("features = {} are too many: a law may have {}", count, most));
  }
  if (count >= 1) return count;
  throw std::invalid_argument(
      "features must say how many there are, at least 1, where density does not");
}

Vector density_of(py::handle density, py::handle features) {
  if (py::isinstance<py::str>(density)) {
    return parse_density(density.cast<std::string>(), count_of(features));
  }
  const Numbers list = numbers(density, "density");
  const Index count = list.ndim() == 1 && features.is_none() ? list.size() : count_of(features);
  return list_at(list, "density", 0, 1, count);
}

DataLaw make_law(py::handle density, py::handle features, py::handle values, py::handle groups) {
  const Vector p = density_of(density, features);
  const auto words = read<std::string>(groups, "groups");
  DataLaw law;
  law.activity = words.empty() ? ActivityTree::independent(p) : parse_groups(words, p);
  if (py::isinstance<py::str>(values)) {
    law.values.assign(static_cast<std::size_t>(p.size()),
                      parse_value_law(values.cast<std::string>()));
  } else {
    for (const std::string& text : read<std::vector<std::string>>(values, "values")) {
      law.values.push_back(parse_value_law(text));
    }
  }
  validate(law);
  return law;
}

std::vector<std::string> value_texts(const DataLaw& law) {
  std::vector<std::string> texts;
  for (const ValueLaw& value : law.values) texts.push_back(to_string(value));
  return texts;
}

template <class T>
py::array_t<T> array_of(const std::vector<T>& values) {
  return column<T>(values, [](T value) { return value; });
}

// What a model file has of the law: its numbers by the names of datasets
// (skeleta/storage/model_file.h).
py::dict datasets(const DataLaw& law) {
  py::dict sets;
  if (law.activity.independent()) {
    sets["density"] = to_array(law.activity.density());
  } else {
    const ActivityArrays nodes = to_arrays(law.activity);
    sets["node_kind"] = array_of(nodes.kind);
    sets["node_parent"] = array_of(nodes.parent);
    sets["node_feature"] = array_of(nodes.feature);
    sets["node_probability"] = array_of(nodes.probability);
  }
  const auto usual = [](const ValueLaw& value) { return value == ValueLaw{}; };
  if (std::all_of(law.values.begin(), law.values.end(), usual)) return sets;
  sets["value_law"] = column<std::uint8_t>(
      law.values, [](const ValueLaw& value) { return static_cast<std::uint8_t>(value.kind()); });
  sets["value_first"] =
      column<double>(law.values, [](const ValueLaw& value) { return value.first(); });
  sets["value_second"] =
      column<double>(law.values, [](const ValueLaw& value) { return value.second(); });
  return sets;
}

// Points one after the other: those of point i are at begin[i], …, begin[i + 1] − 1.
struct Points {
  std::vector<std::int64_t> begin{0};
  std::vector<std::int32_t> feature;
  std::vector<double> value;
};

// Of so many numbers each, between two looks at whether Ctrl-C was typed.
std::uint64_t points_at_once(Index numbers) {
  return std::clamp<std::uint64_t>(65536 / static_cast<std::uint64_t>(std::max<Index>(numbers, 1)),
                                   1, 1024);
}

// Room for so many numbers. To touch a gigabyte for the first time takes a second and more.
template <class T>
void grow(std::vector<T>& list, std::size_t size) {
  constexpr std::size_t step = std::size_t{1} << 20;
  list.reserve(size);
  while (list.size() < size) {
    poll();
    list.resize(std::min(size, list.size() + step));
  }
}

// Points in the order of their number of active features, and then in a random one, so that each of
// them has the law.
Points draw(const DataLaw& law, std::uint64_t count, std::uint64_t seed) {
  using namespace sampling;
  const ActiveCount active(law.activity);
  CountRange range{0, active.features()};
  while (range.first < range.last && active.probability(range.first) == 0.0) ++range.first;
  while (range.first < range.last && active.probability(range.last) == 0.0) --range.last;
  std::vector<std::uint64_t> points(static_cast<std::size_t>(range.size()));
  CountSplitter(active, range).draw({seed, Purpose::data, 0, 0}, 0, count, points);
  std::vector<std::uint64_t> place(count);
  std::iota(place.begin(), place.end(), std::uint64_t{0});
  PointStream stream({seed, Purpose::data, 1, 0}, 0);
  for (std::uint64_t k = count; k > 1; --k) {
    if (k % 1024 == 0) poll();
    std::swap(place[k - 1], place[stream.below(k)]);
  }

  Points drawn;
  drawn.begin.assign(count + 1, 0);
  std::uint64_t first = 0;
  for (std::size_t k = 0; k < points.size(); first += points[k++]) {
    for (std::uint64_t i = first; i < first + points[k]; ++i) {
      drawn.begin[place[i] + 1] = range.first + static_cast<Index>(k);
    }
  }
  std::partial_sum(drawn.begin.begin(), drawn.begin.end(), drawn.begin.begin());
  const auto entries = static_cast<std::size_t>(drawn.begin.back());
  grow(drawn.feature, entries);
  grow(drawn.value, entries);

  const PointSampler sampler = law.plain() ? PointSampler(law.activity.density(), range.last)
                                           : PointSampler(law, range.last);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  first = 0;
  for (Index l = range.first; l <= range.last; ++l) {
    const std::uint64_t here = points[static_cast<std::size_t>(l - range.first)];
    const std::uint64_t at_once = points_at_once(l);
    const StreamKey key{seed, Purpose::data, 0, static_cast<std::uint64_t>(l)};
    for (std::uint64_t done = 0; l > 0 && done < here; done += batch.size()) {
      poll();
      sampler.draw(l, key, done, std::min(at_once, here - done), batch, scratch);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const SparsePoint x = batch[i];
        const auto at = static_cast<std::ptrdiff_t>(drawn.begin[place[first + done + i]]);
        std::copy(x.active.begin(), x.active.end(), drawn.feature.begin() + at);
        std::copy(x.value.begin(), x.value.end(), drawn.value.begin() + at);
      }
    }
    first += here;
  }
  return drawn;
}

// Throws std::invalid_argument unless they are some, and their numbers could be in an array.
std::uint64_t number_of_points(py::handle count, Index features) {
  const auto n = read<std::uint64_t>(count, "n");
  const std::uint64_t most = (std::uint64_t{1} << 60) / static_cast<std::uint64_t>(features);
  if (n >= 1 && n <= most) return n;
  throw std::invalid_argument(fmt::format("n = {} must lie in 1..{}", n, most));
}

py::tuple sample(const Law& law, py::handle n, py::handle given_seed) {
  const std::uint64_t count = number_of_points(n, law->size()),
                      seed = read<std::uint64_t>(given_seed, "seed");
  const Points points = computed([&] { return draw(*law, count, seed); });
  return py::make_tuple(array_of(points.begin), array_of(points.feature), array_of(points.value));
}

py::array_t<double> dense_sample(const Law& law, py::handle n, py::handle given_seed) {
  const std::uint64_t count = number_of_points(n, law->size()),
                      seed = read<std::uint64_t>(given_seed, "seed");
  const auto D = static_cast<std::size_t>(law->size());
  py::array_t<double> X({static_cast<std::size_t>(count), D});
  double* const x = X.mutable_data();
  computed([&] {
    const Points points = draw(*law, count, seed);
    for (std::size_t i = 0; i < count; ++i) {
      if (i % points_at_once(law->size()) == 0) poll();
      std::fill(x + i * D, x + (i + 1) * D, 0.0);
      for (auto at = static_cast<std::size_t>(points.begin[i]);
           at < static_cast<std::size_t>(points.begin[i + 1]); ++at) {
        x[i * D + static_cast<std::size_t>(points.feature[at])] = points.value[at];
      }
    }
    return true;
  });
  return X;
}

}  // namespace

void bind_law(py::module_& module) {
  py::class_<DataLaw, std::shared_ptr<DataLaw>>(module, "Law")
      .def(py::pickle(
          [](const DataLaw& law) {
            return py::make_tuple(to_array(law.activity.density()), value_texts(law),
                                  to_string(law.activity));
          },
          [](const py::tuple& state) {
            return make_law(state[0], py::none(), state[1], state[2]);
          }))
      .def(py::init(&make_law), "density"_a, "features"_a, "values"_a, "groups"_a)
      .def_property_readonly("size", &DataLaw::size)
      .def_property_readonly("plain", &DataLaw::plain)
      .def_property_readonly("density",
                             [](const DataLaw& law) { return to_array(law.activity.density()); })
      .def_property_readonly("values", &value_texts)
      .def_property_readonly("groups", [](const DataLaw& law) { return to_string(law.activity); })
      .def("datasets", &datasets)
      .def("means",
           [](const DataLaw& law) { return to_array(computed([&] { return means(law); })); })
      .def("moment_matrix", [](const DataLaw& law) {
        return to_array(computed([&] { return moment_matrix(law); }));
      });
  module.def("sample", &sample);
  module.def("dense_sample", &dense_sample);
}

}  // namespace skeleta::python
