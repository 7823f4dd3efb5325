#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test.
#
#   scripts/test.sh           the release build with all tests, the demo, the AddressSanitizer build, hashes across builds
#   scripts/test.sh --quick   the release build and its tests only
#   scripts/test.sh --long    large sweeps of seeds as well (tests with the label `long`)
#
# JOBS=N compiles and tests N at a time (default: one per core). The last line counts tests, the demo and the comparison of hashes
# among them: "N passed, N failed". Exits with 1 if anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."

quick=no
long=no
for option in "$@"; do
  case "$option" in
    --quick) quick=yes ;;
    --long) long=yes ;;
    *) echo "test.sh: no option '$option'; there are --quick and --long" >&2; exit 2 ;;
  esac
done
jobs=${JOBS:-$(nproc)}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

passed=0
failed=0
summary=()

# part NAME COMMAND…: runs and times a part of the whole.
part() {
  local name=$1 start=$SECONDS code=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || code=$?
  summary+=("$(printf '%-34s %5d s  %s' "$name" $((SECONDS - start)) "$( ((code == 0)) && echo ok || echo FAILED)")")
  return $code
}

finish() {
  printf '\n'
  ((${#summary[@]} == 0)) || printf '%s\n' "${summary[@]}"
  echo "$passed passed, $failed failed"
  ((failed == 0)) && exit 0
  exit 1
}

# What no test can do without: its failure ends everything.
need() { part "$@" || { failed=$((failed + 1)); finish; }; }
# What counts as one test.
one() { if part "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

build() {
  local preset=$1
  shift
  cmake --preset "$preset" && cmake --build --preset "$preset" -j "$jobs" "$@"
}

# run_ctest FOLDER OPTION…: adds what ctest counts.
run_ctest() {
  local folder=$1 code=0 line
  shift
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$jobs" "$@" 2>&1 | tee "$log" || code=$?
  line=$(grep -E 'tests? passed, [0-9]+ tests? failed out of [0-9]+' "$log" | tail -n 1)
  if [[ "$line" =~ ([0-9]+)\ tests?\ failed\ out\ of\ ([0-9]+) ]]; then
    failed=$((failed + BASH_REMATCH[1]))
    passed=$((passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
    ((code == 0 || BASH_REMATCH[1] > 0)) || failed=$((failed + 1))
  else
    failed=$((failed + 1))
    code=1
  fi
  return $code
}

# Tests that only read sources run once; `heavy` ones would take too long with sanitizers.
not_here=long
not_in_asan='long|heavy|source'
if [[ $long == yes ]]; then
  not_here=none
  not_in_asan='heavy|source'
fi

need "packages" scripts/install.sh
need "build release" build release
part "tests release" run_ctest build -LE "^($not_here)\$"
if [[ $quick == no ]]; then
  one "demo" scripts/demo.sh
  need "build asan" build asan --target core_tests
  part "tests asan" run_ctest build-asan -LE "^($not_in_asan)\$"
  [[ ! -x scripts/hash-matrix.sh ]] || one "hashes across builds" scripts/hash-matrix.sh
fi
finish
