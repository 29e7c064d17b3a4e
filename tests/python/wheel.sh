#!/bin/sh
# The wheel, made from a build directory that has the module, in a fresh environment that sees Debian's packages;
# imported from another folder. Usage: wheel.sh SOURCE BUILD PYTHON
set -eu
source=$1 build=$2 python=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv --system-site-packages "$folder/venv"
# A copy: pip leaves traces beside what it builds.
mkdir -p "$folder/tree/apps" "$folder/tree/analysis"
cp -r "$source/apps/python" "$folder/tree/apps/python"
cp -r "$source/analysis/python" "$folder/tree/analysis/python"
SKELETA_BUILD=$build "$folder/venv/bin/pip" install --quiet --no-build-isolation --no-deps --no-index "$folder/tree/apps/python"
cd /
env -u PYTHONPATH "$folder/venv/bin/python" - "$folder" <<'EOF'
import pathlib, sys
import numpy as np
import skeleta, skeleta_analysis, skeleta.files
inside = pathlib.Path(sys.argv[1]).resolve()
for module in (skeleta, skeleta._core, skeleta_analysis):
    assert inside in pathlib.Path(module.__file__).resolve().parents, module.__file__
assert (pathlib.Path(skeleta.__file__).parent / "py.typed").exists()
assert abs(skeleta.loss(np.array([[1.0, -1.0]]), density=0.05).value - 1 / 1200) < 1e-8
found = skeleta.train(features=2, hidden=1, sparsity=0.95, starts=2)
assert found.data.model.sizes["feature"] == 2
EOF
echo "the wheel works"
