#!/usr/bin/env bash
# Makes the pictures in tests/visualizer/screen/golden/ anew, from the screen as it is now. Look at them before you
# commit them.
#
# JOBS=N compiles N files at a time (default: one per core).
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset release >/dev/null
cmake --build --preset release --target test_view_screen -j "${JOBS:-$(nproc)}"
STILLPOINT_UPDATE_GOLDEN=1 build/test_view_screen "[golden]"
git --no-pager status --short -- tests/visualizer/screen/golden || true
