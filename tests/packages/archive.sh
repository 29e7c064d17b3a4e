#!/usr/bin/env bash
# Unpacks the archive in folder $1, which was made of the build tree $2, somewhere else, and uses it there:
# no file names the folders of the build; the program prints what was installed of its words; two programs
# are built against it without any flags of ours, the one beside this script and the one that README.md
# prints; a run file is read by the readers.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
readme=$source/../../README.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/installed"
tar -xf "$1"/skeleta-*.tar.gz -C "$scratch/installed" --strip-components=1

for folder in "$2" "$(realpath "$source/../..")"; do
  if grep -rlF -- "$folder/" "$scratch/installed"; then
    echo "these files name $folder" >&2
    exit 1
  fi
done
"$source/words.sh" "$scratch/installed"

# build FOLDER: the consumer in it
build() {
  cmake -S "$1" -B "$1/build" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$scratch/installed" >/dev/null
  cmake --build "$1/build"
}
# block LANGUAGE: the first block of that language in README.md
block() { awk -v fence='```'"$1" '$0 == fence { on = 1; next } on && /^```/ { exit } on' "$readme"; }

cp -r "$source/consumer" "$scratch/consumer"
build "$scratch/consumer"
"$scratch/consumer/build/consumer" "$source/../../data/trained/n5_m2_S0.95.h5"

mkdir "$scratch/readme"
block cmake >"$scratch/readme/CMakeLists.txt"
block cpp >"$scratch/readme/main.cpp"
build "$scratch/readme"
"$scratch/readme/build/mine"

"$scratch/installed/bin/skeleta" estimate "$source/../../data/trained/n5_m2_S0.95.h5" --quiet -o "$scratch/run.h5"
PYTHONPATH=$scratch/installed/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 \
  /usr/bin/python3 -m skeleta_analysis summary "$source/../../data/fixtures/estimate.h5" |
  cmp - "$source/../../data/fixtures/estimate.txt"
