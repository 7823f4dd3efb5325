#!/usr/bin/env python3
"""Holds what programs import of the C library against the lists of what a simulated host may call.

Usage: check_imports.py SOURCE_DIR FILE...

A FILE is an executable, a shared object, an object file or an archive. Shared libraries that they are linked with count as well, but for
the C library itself. Each function or variable that one of them imports of the C library (libc, libm, the loader) must be one of

  covered    defined in sim-core/interpose (SP_CALL and its kin)
  refused    defined there by SP_REFUSED: it stops the run by its name
  harmless   in harmless.txt: it makes no system call, or none whose effect is seen outside of the process
  trapped    in trapped.txt: the system calls that it makes inside libc come to sim-core/interpose/trap.cpp

and of no two of them.
"""

import re
import subprocess
import sys
from pathlib import Path

C_LIBRARY = ("libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1")
# Left out of the libraries that executables are linked with: what only the harness calls, outside of any host.
OF_THE_HARNESS = ("libdw.so", "libelf.so", "libz.so", "liblzma.so", "libbz2.so", "libtomlplusplus.so",
                  "libasan.so", "libubsan.so", "liblsan.so", "libtsan.so", "linux-vdso.so")
# What compilers, linkers and sanitizers put into every file.
OF_THE_TOOLS = re.compile(r"__(asan|ubsan|lsan|tsan|sanitizer|interceptor|gmon|gcov)_|_(ITM|GLOBAL)_|__dso_handle$")


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8").stdout


def lists_of(source, folder):
    """Each name of the four lists, with the list that it is on; and complaints about the lists themselves."""
    names, complaints = {}, []

    def add(name, where):
        if name in names:
            complaints.append(f"{name} is {names[name]}, and {where} as well")
        names[name] = where

    for path in sorted((source / "sim-core/interpose").glob("*.cpp")):
        text = path.read_text(encoding="utf-8")
        covered = re.findall(r"\bSP_(?:CALL|TRAPPED)(?:_UNLESS\(.*\), int|\([^,;]+),\s*(\w+),", text)
        covered += re.findall(r'\bSP_CALL_AS\([^,;]+,\s*\w+,\s*"(\w+)"', text)
        covered += re.findall(r"^SP_ENDING\((\w+),", text, re.M)
        covered += re.findall(r'^extern [^;{]*__asm__\("(\w+)"\);', text, re.M)
        for name in covered:
            add(name, "covered")
        for name in re.findall(r"\bSP_REFUSED\([^,;]+,\s*(\w+),", text):
            add(name, "refused")
    for kind in ("harmless", "trapped"):
        path = folder / f"{kind}.txt"
        has_reason = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("#"):
                has_reason = True
            elif not line.strip():
                has_reason = False
            elif not has_reason:
                complaints.append(f"{path.name}:{number}: a group begins with its reason")
                has_reason = True
            if not line.startswith("#"):
                for name in line.split():
                    add(name, kind)
    return names, complaints


def libraries_of(path):
    """The shared libraries that a file is linked with, by path."""
    try:
        return [Path(found) for found in re.findall(r"=> (/\S+) \(", output_of("ldd", path))]
    except subprocess.CalledProcessError:
        return []


def names_of(path, *options):
    """What nm lists, as a set of names without their versions."""
    text = output_of("nm", *options, path)
    return {line.split()[-1].split("@")[0] for line in text.splitlines() if line.strip() and not line.endswith(":")}


def is_linked(path):
    """Whether a file has a table of dynamic symbols: an executable or a shared object."""
    with open(path, "rb") as file:
        head = file.read(18)
    return head[:4] == b"\x7fELF" and int.from_bytes(head[16:18], "little") in (2, 3)


def imports_of(path):
    return names_of(path, "-D", "--undefined-only") if is_linked(path) else names_of(path, "--undefined-only")


def check(source, folder, files):
    names, complaints = lists_of(source, folder)
    files = [Path(file) for file in files]
    examined = list(files)
    c_library = {}
    for file in files:
        for library in libraries_of(file) if is_linked(file) else []:
            if library.name in C_LIBRARY:
                c_library[library.name] = library
            elif not library.name.startswith(OF_THE_HARNESS) and library not in examined:
                examined.append(library)
    if "libc.so.6" not in c_library:
        return 0, len(files), complaints + ["none of the files is linked with the C library"]
    # ldd names the loader without an arrow.
    exported = set().union(*(names_of(path, "-D", "--defined-only") for path in c_library.values()))
    exported |= {"__tls_get_addr", "_dl_find_object"}
    importers = {}
    for path in examined:
        for name in imports_of(path):
            if name in exported and not OF_THE_TOOLS.match(name):
                importers.setdefault(name, []).append(path.name)
    for name, by in sorted(importers.items()):
        if name not in names:
            complaints.append(f"{name} is neither covered, refused, harmless nor trapped; imported by {', '.join(by)}")
    return len(importers), len(examined), complaints


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    count, files, complaints = check(Path(sys.argv[1]), Path(__file__).parent, sys.argv[2:])
    for complaint in complaints:
        print(complaint)
    print(f"{count} names imported by {files} files; {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
