#!/usr/bin/env bash
# Installs the build tree $1 into a scratch folder and builds and runs two consumers of it, without
# any flags of ours: the one beside this script and the one that README.md prints.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
readme=$source/../../README.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$1" --prefix "$scratch/installed" >/dev/null

# build FOLDER: the consumer in it
build() {
  cmake -S "$1" -B "$1/build" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$scratch/installed" >/dev/null
  cmake --build "$1/build"
}
# block LANGUAGE: the first block of that language in README.md
block() { awk -v fence='```'"$1" '$0 == fence { on = 1; next } on && /^```/ { exit } on' "$readme"; }

cp -r "$source" "$scratch/consumer"
build "$scratch/consumer"
"$scratch/consumer/build/consumer" "$source/../../data/trained/n5_m2_S0.95.h5"

mkdir "$scratch/readme"
block cmake >"$scratch/readme/CMakeLists.txt"
block cpp >"$scratch/readme/main.cpp"
build "$scratch/readme"
"$scratch/readme/build/mine"

"$scratch/installed/bin/skeleta" --version
