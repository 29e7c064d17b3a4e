#!/usr/bin/env bash
# Another project takes the library in by FetchContent, which is add_subdirectory: none of our flags, tests
# and programs reach it. Compiling the library takes minutes and is what the build tree $1 has done: that
# archive is put where this build would make its own, and only the consumer is compiled and linked.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/project"
cp "$source/tests/packages/consumer/consumer.cpp" "$scratch/project"
cat >"$scratch/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES CXX)
include(FetchContent)
FetchContent_Declare(skeleta SOURCE_DIR $source)
FetchContent_MakeAvailable(skeleta)
add_executable(consumer consumer.cpp)
target_link_libraries(consumer PRIVATE skeleta::skeleta)
END
cmake -S "$scratch/project" -B "$scratch/built" -G "Unix Makefiles" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
cd "$scratch/built"

targets=$(make help)
for target in skeleta consumer; do grep -qxE "\.\.\. $target" <<<"$targets"; done
if grep -E '^\.\.\. (skeleta_main|skeleta_program|test_|skeleta_bench|package)' <<<"$targets"; then
  echo "these targets are not for a parent" >&2
  exit 1
fi
if grep -F -- '-o CMakeFiles/consumer.dir' compile_commands.json | grep -E -- '-W|-march|-O2|-pch'; then
  echo "flags of the library reach its parent" >&2
  exit 1
fi
cp "$1/libskeleta.a" _deps/skeleta-build/
make consumer/fast
./consumer "$source/data/trained/n5_m2_S0.95.h5"
