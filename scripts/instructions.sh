#!/usr/bin/env bash
# Instructions that an operation of each workload of the bench costs, in user mode: the difference between a run and one twice as
# long, divided by the operations that were added. valgrind counts them, so the machine's mood does not matter.
#
#   scripts/instructions.sh [BUILD [WORKLOAD…]]
set -euo pipefail
build=${1:-build}
shift $(($# > 0 ? 1 : 0))
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

# Prints the instructions and the operations of one run. The simulation is the child, and the one with the most.
run() {
  valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/%p" "$build/simulate-here" "$@" > "$folder/operations" 2> "$folder/log" ||
    { cat "$folder/log" >&2; exit 1; }
  local instructions
  instructions=$(sed -n 's/^summary: //p' "$folder"/[0-9]* | sort -n | tail -n 1)
  rm "$folder"/[0-9]*
  echo "$instructions $(cat "$folder/operations")"
}

measure() { # name, what an operation is, what makes a short run, what a long one
  read -r short few < <(run "$1" $3)
  read -r long many < <(run "$1" $4)
  printf '%-4s %7d instructions %s\n' "$1" $(((long - short) / (many - few))) "$2"
}

for workload in "${@:-W1 W2 W3 W3r W4}"; do
  for name in $workload; do
    case $name in
      W1) measure W1 "a round trip" workload.rounds=10000 workload.rounds=20000 ;;
      W2) measure W2 "a round trip" workload.duration=1s workload.duration=2s ;;
      W3) measure W3 "an expiry" workload.timers=100000 workload.timers=200000 ;;
      W3r) measure W3r "an expiry" workload.rounds=50 workload.rounds=100 ;;
      W4) measure W4 "a message" workload.rounds=20 workload.rounds=40 ;;
      *) echo "scripts/instructions.sh: no workload '$name'; there are W1, W2, W3, W3r and W4" >&2; exit 2 ;;
    esac
  done
done
