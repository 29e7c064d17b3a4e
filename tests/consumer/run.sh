#!/usr/bin/env bash
# Installs the build tree $1 into a scratch folder and builds and runs a consumer of it, without any
# flags of ours.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$1" --prefix "$scratch/installed" >/dev/null
cmake -S "$source" -B "$scratch/build" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$scratch/installed" >/dev/null
cmake --build "$scratch/build"
"$scratch/build/consumer" "$source/../../data/trained/n5_m2_S0.95.h5"
"$scratch/installed/bin/skeleta" --version
