#!/usr/bin/env python3
"""check_imports.py on programs that call what is on no list, and on lists that are wrong.

Usage: self_test.py C++_COMPILER
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from check_imports import check  # noqa: E402

CALLS = "SP_CALL(int, listen, (int fd), (fd)) {}\nSP_REFUSED(int, fork, (), ())\n"
HARMLESS = "# Why.\n__libc_start_main __cxa_finalize strlen\n"
PROGRAM = 'extern "C" int %s();\nint main() { return %s(); }\n'

# The program's call; the lists: covered and refused, harmless, trapped; what must be complained about, '' for nothing.
CASES = [
    ("listen", CALLS, HARMLESS, "", ""),
    ("fork", CALLS, HARMLESS, "", ""),
    ("strlen", CALLS, HARMLESS, "", ""),
    ("puts", CALLS, HARMLESS, "# Why.\nputs\n", ""),
    ("acct", CALLS, HARMLESS, "", "acct is neither covered, refused, harmless nor trapped; imported by program"),
    ("my_own", CALLS, HARMLESS, "", ""),
    ("listen", CALLS, HARMLESS + "fork\n", "", "fork is refused, and harmless as well"),
    ("listen", CALLS, HARMLESS, "# Why.\nlisten\n", "listen is covered, and trapped as well"),
    ("listen", CALLS, HARMLESS + "\nputs\n", "", "harmless.txt:4: a group begins with its reason"),
]


def complaints_about(compiler, call, covered, harmless, trapped, root, linked):
    """Of a program that makes the call, or of its object file beside an empty program, which says what the C library is."""
    (root / "sim-core/interpose").mkdir(parents=True)
    (root / "sim-core/interpose/calls.cpp").write_text(covered)
    (root / "harmless.txt").write_text(harmless)
    (root / "trapped.txt").write_text(trapped)
    own = 'extern "C" int my_own() { return 0; }\n' if call == "my_own" else ""
    (root / "program.cpp").write_text(own + PROGRAM % (call, call))
    (root / "empty.cpp").write_text("int main() {}\n")
    subprocess.run([compiler, "-w", "-fno-builtin", "-c", root / "program.cpp", "-o", root / "program.o"], check=True)
    main = root / ("program.o" if linked else "empty.cpp")
    # Without libstdc++, whose imports are not the question here.
    subprocess.run([compiler, "-w", main, "-o", root / "program", "-nodefaultlibs", "-lc"], check=True)
    return check(root, root, [root / "program"] + ([] if linked else [root / "program.o"]))[2]


def main():
    failures = 0
    for call, covered, harmless, trapped, wanted in CASES:
        for linked in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                found = complaints_about(sys.argv[1], call, covered, harmless, trapped, Path(folder), linked)
            right = not found if wanted == "" else len(found) == 1 and found[0].startswith(wanted)
            if not right:
                failures += 1
                print(f"{call} ({'a program' if linked else 'an object file'}): wanted {wanted!r}, got {found}")
    print(f"{2 * len(CASES)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
