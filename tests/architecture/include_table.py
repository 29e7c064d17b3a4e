"""Checks every #include of the project against the table of DESIGN: who may include whom."""

import pathlib
import re
import sys

# A module may include itself and these; in this order, from bottom to top.
MODULES = {
    "core": [],
    "cluster": ["core"],
    "model": ["core"],
    "measure": ["core"],
    "geometry": ["core"],
    "bounds": ["core", "model", "measure"],
    "sampling": ["core", "measure"],
    "exact": ["core", "model", "measure", "bounds"],
    "estimate": ["core", "model", "measure", "sampling", "bounds"],
    "approximation": ["core", "model", "measure", "geometry", "bounds", "sampling", "exact", "estimate"],
    "optimize": ["core", "sampling"],
    "certify": ["core", "model", "measure", "bounds", "optimize"],
    "linear": ["core", "model", "measure", "sampling", "optimize"],
    "thomson": ["core", "model", "geometry", "sampling", "optimize"],
    "training": ["core", "model", "measure", "geometry", "bounds", "sampling", "exact", "estimate", "approximation", "optimize"],
    "storage": ["core", "model", "measure", "geometry", "bounds", "certify", "approximation", "optimize", "linear", "thomson", "training"],
}
# Modules that are not in every build, so that skeleta/skeleta.h leaves them out.
OPTIONAL = {"cluster"}
# Headers in lib/ are their module's own, but for these, which the modules above share.
SHARED = {"core/compensated_sum.h", "core/decompositions.h", "core/level.h", "core/products.h", "core/registers.h", "core/require.h", "core/rounds.h", "core/shared_loop.h", "measure/activity_sweep.h", "measure/distributions.h", "measure/series.h", "measure/support_sums.h", "measure/value_quadrature.h", "geometry/assignment.h",
          "bounds/firing_bound.h", "bounds/truncated_loss.h", "exact/closed_forms.h", "exact/pattern_seconds.h", "sampling/quasi_sampler.h"}
# Third-party headers that only some files may see.
THIRD_PARTY = {
    r"tbb/": r"lib/core/parallel\.cpp",
    r"mpi\.h": r"lib/cluster/.*",
    r"hdf5(_hl)?\.h|H5": r"lib/storage/.*",
    r"Random123/": r"lib/sampling/.*",
    r"boost/": r"lib/(measure|sampling|bounds|exact|estimate|optimize|linear|thomson|training)/.*|include/skeleta/exact/.*",
    r"fmt/": r"(lib|apps)/.*",
    r"CLI/|toml\+\+/": r"apps/.*",
    r"nlohmann/": r"apps/.*|lib/storage/.*\.cpp",
    r"zlib\.h": r"lib/storage/.*\.cpp",
    r"pybind11/|Python\.h": r"apps/python/.*",
}
# An option's default stands in the struct that its row points into, never in the words of the help.
WRITTEN_DEFAULT = re.compile(r'\[[-+\d.]+(?:[e^]\d+)?\]"')
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)


def module_of(path: str) -> str | None:
    """The module that a file of ours belongs to, or that an include names."""
    found = re.match(r"(?:include/)?skeleta/(\w+)/|lib/(\w+)/", path)
    return (found[1] or found[2]) if found else None


def complaints(root: pathlib.Path):
    umbrella = set(INCLUDE.findall((root / "include/skeleta/skeleta.h").read_text()))
    for folder in ("include", "lib", "apps"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            name = path.relative_to(root).as_posix()
            own = module_of(name)
            if own is not None and own not in MODULES:
                yield f"{name}: module '{own}' is not in the table"
                continue
            if own and own not in OPTIONAL and folder == "include" and name.removeprefix("include/") not in umbrella:
                yield f"{name}: skeleta/skeleta.h does not include it"
            text = path.read_text()
            if folder == "apps" and (default := WRITTEN_DEFAULT.search(text)):
                yield f"{name}: the default {default[0][:-1]} is written by hand"
            for header in INCLUDE.findall(text):
                # A private header is named from lib/: "storage/hdf5_handle.h".
                private = (root / "lib" / header).is_file()
                other = header.split("/")[0] if private else module_of(header)
                if own and other and other != own and other not in MODULES[own]:
                    yield f"{name}: '{own}' may not include '{header}'"
                if private and other != own and not (own and header in SHARED):
                    yield f"{name}: '{header}' is private to '{other}'"
                if private and folder == "include":
                    yield f"{name}: '{header}' is not installed"
                if own and (root / "apps" / header).is_file():
                    yield f"{name}: nothing includes apps, but here is '{header}'"
                if not name.startswith("apps/python/") and (root / "apps/python" / header).is_file():
                    yield f"{name}: nothing includes apps/python, but here is '{header}'"
                for third, allowed in THIRD_PARTY.items():
                    if re.match(third, header) and not re.fullmatch(allowed, name):
                        yield f"{name}: '{header}' is not for this file"


def self_test():
    """The check must be able to fail: a forbidden include of each kind is noticed."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {
            "include/skeleta/skeleta.h": '#include "skeleta/exact/a.h"\n#include "skeleta/storage/b.h"',
            "include/skeleta/exact/a.h": '#include "skeleta/estimate/b.h"',
            "include/skeleta/exact/left_out.h": "",
            "lib/estimate/a.cpp": '#include "skeleta/exact/b.h"',
            "lib/model/a.cpp": "#include <tbb/parallel_for.h>",
            "lib/core/a.cpp": "#include <H5public.h>",
            "lib/exact/b.cpp": '#include "storage/private.h"',
            "lib/storage/private.h": "",
            "include/skeleta/storage/b.h": '#include "storage/private.h"',
            "lib/training/a.cpp": '#include "core/rounds.h"',
            "lib/core/rounds.h": "",
            "lib/unheard_of/a.cpp": "",
            "apps/a.cpp": 'options.add("--points", &points_, "N", "Times to look at [201]");',
            "apps/python/module.cpp": '#include <pybind11/numpy.h>\n#include "module.h"',
            "apps/python/module.h": "",
            "apps/c.cpp": '#include "module.h"',
            "apps/d.cpp": "#include <pybind11/numpy.h>",
            "apps/e.cpp": "#include <mpi.h>",
            "apps/b.cpp": 'options.add("--table", &table_, "[S1,...]", "Sparsities, in [0, 1]");',
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        files = {complaint.split(":")[0] for complaint in complaints(root)}
        expected = {"include/skeleta/exact/a.h", "include/skeleta/exact/left_out.h",
                        "include/skeleta/storage/b.h", "lib/estimate/a.cpp", "lib/model/a.cpp",
                    "lib/core/a.cpp", "lib/exact/b.cpp", "lib/unheard_of/a.cpp", "apps/a.cpp",
                    "apps/c.cpp", "apps/d.cpp", "apps/e.cpp"}
        assert files == expected, files ^ expected


if __name__ == "__main__":
    self_test()
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every include is in the table")
    sys.exit(bool(found))
