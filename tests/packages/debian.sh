#!/usr/bin/env bash
# Installs the .deb in folder $1 by dpkg in a clean root: one that has what the package says it depends on, a
# compiler and CMake, and nothing else. There the program runs, a program is built against the library,
# and the package is removed: each file is then as it was before.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
deb=$(echo "$1"/skeleta_*.deb)

# The root is made and removed outside of the namespace in which devices are mounted into it.
if [ -z "${ROOT:-}" ]; then
  namespace=(unshare --mount)
  [ "$(id -u)" -eq 0 ] || namespace+=(--map-root-user)
  "${namespace[@]}" true 2>/dev/null || { echo "skipped: this machine does not let us mount"; exit 77; }
  scratch=$(mktemp -d)
  trap 'rm -rf --one-file-system "$scratch"' EXIT
  ROOT=$scratch/root "${namespace[@]}" "$0" "$@"
  exit
fi

in_root() { env -i PATH=/usr/sbin:/usr/bin HOME=/tmp LC_ALL=C.UTF-8 chroot "$ROOT" "$@"; }
# Each file and folder, what it is, its size and when it changed; but for dpkg's own, and what the test makes.
state() {
  (cd "$ROOT" && find . \( -path ./dev -o -path ./tmp -o -path ./var/lib/dpkg \) -prune -o \
    -type d -printf '%p %y\n' -o -printf '%p %y %s %T@ %l\n' | sort)
}

# What the package says it needs must be enough; the versions are compared by dpkg below.
needed=$(dpkg-deb -f "$deb" Depends | sed 's/ *([^)]*)//g; s/,/ /g')
mkdir -p "$ROOT/dev" "$ROOT/tmp"
# shellcheck disable=SC2086
"$source/clean_root.py" "$ROOT" $needed g++ cmake make
for device in null zero urandom; do
  touch "$ROOT/dev/$device"
  mount --bind "/dev/$device" "$ROOT/dev/$device"
done
in_root ldconfig
state >"$ROOT/tmp/before"
if in_root sh -c 'command -v skeleta'; then
  echo "the root is not clean" >&2
  exit 1
fi

cp "$deb" "$ROOT/tmp/skeleta.deb"
cp -r "$source/consumer" "$source/../../data/trained/n5_m2_S0.95.h5" "$ROOT/tmp"
in_root dpkg --log=/tmp/log --install /tmp/skeleta.deb
in_root skeleta version
in_root skeleta estimate /tmp/n5_m2_S0.95.h5 --method exact | grep -F 'loss      0.00890838978'
in_root skeleta view /tmp/n5_m2_S0.95.h5 -o /tmp/page.html
"$source/words.sh" "$ROOT/usr"
in_root cmake -S /tmp/consumer -B /tmp/built -DCMAKE_BUILD_TYPE=Release
in_root cmake --build /tmp/built
in_root /tmp/built/consumer /tmp/n5_m2_S0.95.h5

in_root dpkg --log=/tmp/log --purge skeleta
if ! state | diff "$ROOT/tmp/before" -; then
  echo "the package left these traces" >&2
  exit 1
fi
