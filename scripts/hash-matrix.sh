#!/usr/bin/env bash
# Holds the hashes of five seeds to each other between builds: g++ -O2, g++ -O0, clang++ -O2, and g++ with AddressSanitizer and
# UndefinedBehaviorSanitizer. Equality is guaranteed for one build only; between builds it is a property of plaza and of the harness,
# which finds whatever depends on the order of evaluation, on memory that was never set, or on a library's own algorithm.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}

reference=""
for preset in release debug clang asan; do
  folder=build
  [[ $preset == release ]] || folder=build-$preset
  cmake --preset "$preset" > /dev/null
  cmake --build --preset "$preset" -j "$jobs" --target hash-probe > "$folder/hash-probe.log" || { cat "$folder/hash-probe.log"; exit 1; }
  hashes=$("$folder/hash-probe")
  if [[ -z $reference ]]; then
    reference=$hashes
    echo "$hashes"
  elif [[ $hashes != "$reference" ]]; then
    echo "$preset differs from release:"
    diff <(echo "$reference") <(echo "$hashes") || true
    exit 1
  fi
  echo "$preset: $(echo "$hashes" | wc -l) runs, equal"
done
