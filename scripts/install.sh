#!/usr/bin/env bash
# Installs what is missing to build and test Stillpoint, from Debian's own packages. Does nothing where all of it is there.
#
#   scripts/install.sh            all of it
#   scripts/install.sh --build    what building and running takes, without what only the tests use
set -euo pipefail

build=(g++ cmake ninja-build ccache pkg-config git python3
       libboost1.81-dev libboost-json1.81-dev libcli11-dev libfmt-dev libtomlplusplus-dev libxxhash-dev libsqlite3-dev libdw-dev
       libsodium-dev sqlite3 catch2 libimgui-dev libstb-dev libglfw3-dev libgl-dev fonts-dejavu-core)
tests=(clang libclang-rt-14-dev valgrind xvfb xauth libgl1-mesa-dri libxml2-utils python3-yaml libuv1-dev libevent-dev)

case "${1:-}" in
  "") wanted=("${build[@]}" "${tests[@]}") ;;
  --build) wanted=("${build[@]}") ;;
  *) echo "install.sh: no option '$1'; there is --build" >&2; exit 2 ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "install.sh: this is not Debian or Ubuntu (no apt-get). Install these yourself, then build with cmake: ${wanted[*]}" >&2
  exit 2
fi

missing=()
for package in "${wanted[@]}"; do
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "all packages are installed"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install.sh: run as root, or install sudo: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 2
  fi
  as_root=(sudo)
fi

echo "installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
if ! install >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "install.sh: apt-get failed, see above. Stillpoint is developed on Debian 12; elsewhere packages may have other names." >&2
  exit 2
fi
