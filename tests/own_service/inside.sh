#!/usr/bin/env bash
# inside.sh SOURCE_DIR BUILD_DIR [--whole]: configures the project beside this script, which has Stillpoint inside, in a folder of its
# own; builds a program there and runs it with the stillpoint of BUILD_DIR; and looks at how the project's executable would be built.
# With --whole it is built, and must find what it should.
set -euo pipefail
source_dir=$1 build_dir=$2 whole=${3:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "inside.sh: $*" >&2; exit 1; }

cmake -S "$source_dir/tests/own_service/project" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSTILLPOINT="$source_dir" \
  >"$folder/log" 2>&1 || { cat "$folder/log"; fail "it cannot be configured"; }

plan=$(ninja -C "$folder/build" -t commands echo-sim)
grep -q -e "--dynamic-list=$folder/build/stillpoint/generated/interposed.list" <<<"$plan" || fail "the interposed names are not exported"
grep -q "call.cpp.o" <<<"$plan" || fail "the interposed names are not linked"
own=$(grep -e "-c $source_dir/system-under-test/echo/scenario.cpp" <<<"$plan") || fail "the scenario is not compiled"
! grep -q -e "-Werror" <<<"$own" || fail "the warnings of Stillpoint's own sources hold for the service"
! grep -q -e "visualizer/\|plaza/\|Catch2" <<<"$plan" || fail "more is built than the executable needs"

cmake --build "$folder/build" --target echo-server.so
code=0
"$build_dir/stillpoint" solo "$folder/build/echo-server.so" --duration 1m -- 7007 || code=$?
((code == 11)) || fail "the server alone ends with $code"
[[ $whole == --whole ]] || exit 0

cmake --build "$folder/build" --target echo-sim
cd "$folder"
code=0
build/echo-sim run "$source_dir/system-under-test/echo/scenarios/echo.toml" --seed 27 || code=$?
((code == 10)) || fail "the executable ends with $code"
