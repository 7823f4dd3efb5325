#!/usr/bin/env bash
# Whether the table in a document is what sqlite-crash prints: compare.sh PROGRAM DOCUMENT
set -euo pipefail
diff <("$1") <(sed -n '/^<!-- sqlite-crash -->$/,/^<!-- end -->$/p' "$2" | grep '^|')
