#!/usr/bin/env python3
"""check_docs.py against documents that are right, and against one for each way of being wrong."""

import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from check_docs import Document, copy_tree  # noqa: E402

# A document, and what must be complained about; '' for nothing.
CASES = [
    ("```sh\ntrue\n```", ""),
    ("```sh\nfalse\n```", "exits with 1"),
    ("```sh\nprintf '%s\\n' 12 x\n```\n\n```text output\n34\nx\n```", ""),
    ("```sh\necho one\n```\n```text output\ntwo\n```", "'two' is not what was printed"),
    ("```sh\nprintf '%s\\n' a b\n```\n```text output\na\n```", "more was printed"),
    ("```sh\nprintf '%s\\n' a b c d\n```\n```text output\na\n...\nd\n```", ""),
    ("```sh\necho kept > f\n```\n```console\n$ cat f\nkept\n```", ""),
    ("```console\n$ echo hash 0123456789abcdef\nhash fedcba9876543210\n```", ""),
    ("```console\n$ echo 2 seeds in 812 ms real, 1 job\n2 seeds in 1 m 2 s real, 2 jobs\n```", ""),
    ("```console\n$ echo 2 seeds in 812 ms virtual\n2 seeds in 1.2 s virtual\n```", "is not what was printed"),
    ("```console\n$ printf '%s\\n' a '  3 seeds   0.3/s   4 s virtual   no failures' b\na\nb\n```", ""),
    ("```console\n$ printf '%s\\n' a '  3 seeds in 4 s real' b\na\nb\n```", "is not what was printed"),
    ("```console\n$ echo PASS\nFAIL\n```", "is not what was printed"),
    ("```console\n$ (exit 10)\nexit 10\n```", ""),
    ("```console\n$ (exit 10)\n```", "exits with 10, not 0"),
    ("```console\n$ true\nexit 10\n```", "exits with 0, not 10"),
    ("```console\n$ echo a \\\n> b\na b\n$ echo c >&2\nc\n```", ""),
    ("```console\nno command\n```", "begins with"),
    ("```bash\ntrue\n```", "would not be run"),
    ("```sh by nobody\nscripts/missing.sh\n```", "no executable"),
    ("[x](missing.md)", "leads nowhere"),
    ("[x](https://example.org) [y](README.md#z)", ""),
    ("```cpp\n[](int x) {}\n```", ""),
    ("```sh\ntest -d build\n```", ""),
    ("```sh\nmkdir x\ncd x\n```\n```console\n$ basename $PWD; cd ..\nx\n$ ls -d build\nbuild\n```", ""),
]


def complaints_about(text, root):
    source = root / "source"
    source.mkdir()
    (source / "README.md").write_text(text + "\n", encoding="utf-8")
    build = root / "out"
    build.mkdir()
    copy_tree(source, build, root / "scratch")
    document = Document(source / "README.md", source, build, False)
    document.check(root / "scratch")
    return document.complaints


def main():
    failures = 0
    for text, wanted in CASES:
        with tempfile.TemporaryDirectory() as folder:
            found = complaints_about(text, Path(folder))
        right = not found if wanted == "" else len(found) == 1 and wanted in found[0]
        if not right:
            failures += 1
            print(f"{text!r}: wanted {wanted!r}, got {found}")
    print(f"{len(CASES)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
