#!/usr/bin/env bash
# From a fresh Debian 12 to a replayed bug: installs what is missing, builds, and lets a thousand users race for the last tickets, first
# of the service as it is, then with a bug planted in it. Exits with 0 if the bug was caught and replayed.
#
# JOBS=N compiles N files at a time (default: one per core).
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

say "1/4  packages"
scripts/install.sh --build

say "2/4  build (several minutes the first time)"
if ! configured=$(cmake --preset release 2>&1); then
  tail -n 20 <<<"$configured" >&2
  exit 1
fi
cmake --build --preset release --target stillpoint -j "${JOBS:-$(nproc)}"

say "3/4  a thousand users, a hundred tickets"
build/stillpoint run last-ticket --seed 1

say "4/4  the same, with a planted bug: check, then act after an await"
trace=$(mktemp -d)/oversell.db
trap 'rm -rf "$(dirname "$trace")"' EXIT
found=""
for seed in {1..20}; do
  code=0
  verdict=$(build/stillpoint run last-ticket --bug oversell --seed "$seed" --trace "$trace" --force 2>/dev/null) || code=$?
  ((code == 0)) && continue
  if ((code != 10)); then
    printf '%s\n' "$verdict"
    echo "demo.sh: the run with seed $seed ended with exit code $code, not with 10 (safety)" >&2
    exit 1
  fi
  found=$seed
  break
done
if [[ -z "$found" ]]; then
  echo "demo.sh: none of 20 seeds found the planted bug" >&2
  exit 1
fi

code=0
again=$(build/stillpoint replay "$trace" 2>&1) || code=$?
if ((code != 10)) || ! grep -q "^the same run" <<<"$again"; then
  printf '%s\n' "$again"
  echo "demo.sh: the replay of seed $found was another run (exit code $code)" >&2
  exit 1
fi
grep -v '^  trace ' <<<"$verdict"
echo
grep "^the same run" <<<"$again" | sed 's/^/replayed: /'
echo "The bug was caught with seed $found. See it again, as often as you like:"
echo
echo "  build/stillpoint run last-ticket --bug oversell --seed $found"
