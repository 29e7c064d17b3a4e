#!/usr/bin/env bash
# Each public header compiles alone (syntax only). Runs in CI, or when HEADERS_ALONE=1: it takes
# a minute and finds what rarely goes wrong. Usage: headers_alone.sh COMPILER
set -euo pipefail
[ -n "${CI:-}${HEADERS_ALONE:-}" ] || { echo "skipped: set HEADERS_ALONE=1 to run"; exit 77; }
cd "$(dirname "${BASH_SOURCE[0]}")/../../include"
find skeleta -name '*.h' -print0 |
  xargs -0 -P "$(nproc)" -I '{}' "$1" -std=c++20 -fsyntax-only -Wall -Wextra -Werror \
    -DEIGEN_MAX_ALIGN_BYTES=64 -I . -isystem /usr/include/eigen3 -include '{}' -x c++ /dev/null
