# Sourced by apps/quickstart and tests/run: installs Debian packages that are missing, by name.

BUILD_PACKAGES=(cmake ninja-build g++ git libeigen3-dev libboost-dev libtbb-dev libhdf5-dev
                librandom123-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev zlib1g-dev)
FIGURE_PACKAGES=(python3 python3-h5py python3-xarray python3-h5netcdf python3-matplotlib)
TEST_PACKAGES=(libgtest-dev libgmock-dev libbenchmark-dev libnlopt-dev clang-format-14 hdf5-tools netcdf-bin octave
               python3-numpy python3-torch python3-mpmath python3-netcdf4 python3-pip
               pybind11-dev python3-dev python3-setuptools python3-wheel python3-venv python3-pytest python3-mypy
               r-base-core r-cran-hdf5r
               gnuplot-nox fonts-freefont-otf  # with which Octave draws
               libopenmpi-dev openmpi-bin slurm-wlm munge  # several ranks, and a cluster of one node
               doxygen dpkg-dev file man-db zsh fish  # pages of the library, packages, completions
               qemu-user)  # processors of other years
PAGE_PACKAGES=(chromium)  # the page of `skeleta view`: built, and tried in a browser
command -v npm >/dev/null || PAGE_PACKAGES+=(nodejs npm)  # a Node.js from elsewhere has its own npm
PEER_PACKAGES=(python3-torch libopenblas0-pthread python3-h5py)  # for tests/bench/peers

install_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "Installing ${missing[*]}"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
