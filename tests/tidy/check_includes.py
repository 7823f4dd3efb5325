#!/usr/bin/env python3
"""Holds the tree to its rules: which folder may include which, and what no source file may contain.

Usage: check_includes.py ROOT

Each rule is a function from (path, text) to complaints, and has a snippet in SELF_TEST that must break it: a rule that cannot fail
proves nothing. docs/architecture.md draws the directions for people; the tables below are what is enforced.
"""

import re
import sys
from pathlib import Path

CPP = {".cpp", ".hpp"}
CODE = CPP | {".py", ".sh", ".cmake", ".sql", ".toml"}
TEXT = CODE | {".md", ".json", ".txt", ""}
THIS_FILE = Path("tests/tidy/check_includes.py")  # which quotes what it forbids
LONGEST_LINE = 140
LONG_FILE = 600

# What a folder of sim-core may include of the others; <stillpoint/...> is open to all, and so is the folder itself.
MODEL = {"engine", "trace", "random", "base"}
KERNEL = {"net", "disk", "threads"} | MODEL
SIM_CORE = {
    "include": set(),
    "base": set(),
    "random": {"base"},
    "trace": {"base"},
    "engine": {"trace", "random", "base"},
    "net": MODEL,
    "disk": MODEL,
    "threads": MODEL,
    "kernel": KERNEL,
    "interpose": {"kernel"} | KERNEL,
    "check": {"trace", "base"},
    "scenario": {"faults", "random", "base"},
    "faults": {"kernel"} | KERNEL,
    "process": {"interpose", "faults", "check", "scenario", "kernel"} | KERNEL,
    "record": {"trace", "base"},
    "explain": {"record", "disk"} | MODEL,
    "supervise": {"process", "faults", "check", "scenario", "kernel"} | KERNEL,
    "campaign": {"supervise", "process", "record", "faults", "check", "scenario", "trace", "random", "base"},
}
# The example of somebody's own project: it is its own root, and its scenario is what knows of Stillpoint.
EXAMPLE = Path("system-under-test/echo")
# What a top-level folder may include, as prefixes of the included path. Tests may include anything.
TOP_LEVEL = {
    "sim-core": ("stillpoint/", "sim-core/"),  # and SIM_CORE on top
    "system-under-test": ("stillpoint/annotate.hpp",),  # and its own program
    "scenarios": ("stillpoint/", "scenarios/", "system-under-test/"),
    "visualizer": ("stillpoint/", "visualizer/", "sim-core/record/", "sim-core/trace/", "sim-core/base/"),
    "cli": ("stillpoint/", "cli/", "scenarios/", "system-under-test/", "sim-core/base/", "sim-core/check/", "sim-core/scenario/",
            "sim-core/faults/", "sim-core/record/", "sim-core/explain/", "sim-core/supervise/", "sim-core/campaign/"),
}
PROJECT_INCLUDE = re.compile(
    r'^\s*#\s*include\s+(?:"([^"]+)"|<((?:stillpoint|sim-core|cli|scenarios|system-under-test|visualizer)/[^>]+)>)')
GENERATED = {"stillpoint_version.hpp"}
TOUCHES_THE_MACHINE = {"interpose", "process", "supervise", "campaign"}


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        found = PROJECT_INCLUDE.match(line)
        if found:
            yield number, found.group(1) or found.group(2)


def lines_with(pattern, text):
    return [(number, line) for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


def code_only(text):
    """The text with comments blanked, line by line."""
    text = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment.group().count("\n"), text, flags=re.S)
    return re.sub(r"(?<![:\"])//[^\n]*", "", text)


# ---- the rules ----

def directions(path, text):
    if path.suffix not in CPP or path.parts[0] not in TOP_LEVEL:
        return
    top, folder = path.parts[0], path.parts[1]
    allowed = TOP_LEVEL[top]
    if top == "system-under-test":
        allowed += (f"{top}/{folder}/",)
    if path.parent == EXAMPLE:
        allowed = ("client.hpp",) + (("stillpoint/",) if path.name == "scenario.cpp" else ())
    if top == "sim-core" and folder not in SIM_CORE:
        yield 1, f"sim-core/{folder} has no place in the order of folders: add it to SIM_CORE in tests/tidy/check_includes.py"
        return
    for number, name in includes(text):
        if name in GENERATED:
            continue
        if not name.startswith(allowed):
            yield number, f"{top} must not include {name}"
        elif top == "sim-core" and name.startswith("sim-core/"):
            other = name.split("/")[1]
            if other != folder and other not in SIM_CORE[folder]:
                yield number, f"sim-core/{folder} must not include {name}: dependencies point down only"


def include_forms(path, text):
    if path.suffix not in CPP:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r'\s*#\s*include\s+"stillpoint/', line):
            yield number, "public headers are included as <stillpoint/...>"
        elif re.match(r'\s*#\s*include\s+"\.\.?/', line):
            yield number, "include by the path from the repository's root"
        elif re.match(r"\s*#\s*include\s+<(sim-core|cli|scenarios|system-under-test|visualizer)/", line):
            yield number, "headers of the tree that are not public are included in quotes"


def pragma_once(path, text):
    if path.suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.M):
        yield 1, "a header has #pragma once"


def no_leftovers(path, text):
    for number, _ in lines_with(r"\b(TODO|FIXME|XXX)\b", text):
        yield number, "no TODO or FIXME: do it, or say in docs/ what is not there"


def no_unordered(path, text):
    if path.suffix in CPP and path.parts[0] == "sim-core":
        for number, _ in lines_with(r"\bunordered_(map|set|multimap|multiset)\b", code_only(text)):
            yield number, "no unordered containers in sim-core: their order decides things"


def no_distributions(path, text):
    if path.suffix in CPP and path.parts[0] in ("sim-core", "scenarios", "cli"):
        for number, _ in lines_with(r"\b(uniform|normal|exponential|poisson|bernoulli|discrete|geometric|binomial)\w*_distribution\b",
                                    code_only(text)):
            yield number, "no std::*_distribution: results differ between libraries; use RandomStream"


def no_machine(path, text):
    if path.suffix in CPP and path.parts[0] == "sim-core" and path.parts[1] not in TOUCHES_THE_MACHINE:
        pattern = r"\b(steady|system|high_resolution)_clock::now\b|\bstd::(jthread|thread|async)\b|\b(secure_)?getenv\b|\brandom_device\b"
        for number, _ in lines_with(pattern, code_only(text)):
            yield number, "only interpose, process, supervise, campaign and cli touch real clocks, threads, environment and entropy"


def no_machine_paths(path, text):
    for number, _ in lines_with(r"(?<![\w.])/(work|home|root|Users|workspace)/\w", text):
        yield number, "a path of somebody's machine"


def line_length(path, text):
    if path.suffix in CODE or path.name == "CMakeLists.txt":
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > LONGEST_LINE:
                yield number, f"{len(line)} columns; {LONGEST_LINE} at most"


RULES = [directions, include_forms, pragma_once, no_leftovers, no_unordered, no_distributions, no_machine, no_machine_paths, line_length]

# Rule, path, a text that breaks it, a text that does not.
SELF_TEST = [
    (directions, "sim-core/engine/a.cpp", '#include "sim-core/kernel/host.hpp"', '#include "sim-core/trace/writer.hpp"'),
    (directions, "sim-core/net/a.cpp", '#include "sim-core/kernel/host.hpp"', '#include "sim-core/engine/event_queue.hpp"'),
    (directions, "sim-core/kernel/a.cpp", '#include "sim-core/interpose/call.hpp"', '#include "sim-core/net/tcp.hpp"'),
    (directions, "sim-core/record/a.cpp", '#include "sim-core/supervise/run_once.hpp"', '#include "sim-core/trace/record.hpp"'),
    (directions, "sim-core/supervise/a.cpp", '#include "sim-core/record/recorder.hpp"', '#include "sim-core/process/run.hpp"'),
    (directions, "sim-core/base/a.hpp", '#include "sim-core/trace/record.hpp"', "#include <stillpoint/time.hpp>"),
    (directions, "sim-core/include/stillpoint/a.hpp", '#include "sim-core/base/units.hpp"', "#include <stillpoint/time.hpp>"),
    (directions, "sim-core/kernel/a.cpp", '#include "cli/command.hpp"', '#include "sim-core/base/result.hpp"'),
    (directions, "sim-core/shiny/a.cpp", "", None),
    (directions, "scenarios/a.cpp", '#include "sim-core/kernel/host.hpp"', "#include <stillpoint/scenario.hpp>"),
    (directions, "system-under-test/plaza/a.cpp", "#include <stillpoint/random.hpp>", "#include <stillpoint/annotate.hpp>"),
    (directions, "system-under-test/plaza/a.cpp", '#include "system-under-test/workloads/workload.hpp"',
     '#include "system-under-test/plaza/bugs.hpp"'),
    (directions, "system-under-test/echo/server.cpp", "#include <stillpoint/scenario.hpp>", '#include "client.hpp"'),
    (directions, "system-under-test/echo/scenario.cpp", '#include "sim-core/kernel/host.hpp"', "#include <stillpoint/scenario.hpp>"),
    (directions, "visualizer/a.cpp", '#include "sim-core/supervise/run_once.hpp"', '#include "sim-core/record/trace_file.hpp"'),
    (directions, "cli/a.cpp", '#include "sim-core/interpose/call.hpp"', '#include "sim-core/supervise/run_once.hpp"'),
    (include_forms, "cli/a.cpp", '#include "stillpoint/time.hpp"', "#include <stillpoint/time.hpp>"),
    (include_forms, "cli/a.cpp", '#include "../b.hpp"', '#include "cli/b.hpp"'),
    (include_forms, "tests/a.cpp", "#include <sim-core/base/units.hpp>", '#include "sim-core/base/units.hpp"'),
    (pragma_once, "cli/a.hpp", "// #pragma once is missing", "#pragma once"),
    (no_leftovers, "cli/a.cpp", "// TODO: later", "// Later."),
    (no_leftovers, "docs/a.md", "FIXME", "fixed"),
    (no_unordered, "sim-core/net/a.hpp", "std::unordered_map<int, int> m;", "std::map<int, int> m;  // never an unordered_map"),
    (no_distributions, "scenarios/a.cpp", "std::uniform_int_distribution<int> d;", "// no std::uniform_int_distribution"),
    (no_machine, "sim-core/kernel/a.cpp", "auto t = std::chrono::steady_clock::now();", "// no steady_clock::now()"),
    (no_machine, "sim-core/check/a.cpp", "std::thread t;", "std::string thread;"),
    (no_machine, "sim-core/record/a.cpp", 'getenv("HOME")', None),
    (no_machine, "sim-core/random/a.cpp", "std::random_device d;", None),
    (no_machine_paths, "docs/a.md", "see /home/alice/x", "see /etc/hosts and scenarios/home/x"),
    (line_length, "cli/a.cpp", "x" * 141, "ö" * 140),
]


def self_test():
    failures = []
    for rule, path, bad, good in SELF_TEST:
        if not list(rule(Path(path), bad)):
            failures.append(f"self-test: {rule.__name__} does not complain about {path}: {bad[:60]}")
        if good is not None and list(rule(Path(path), good)):
            failures.append(f"self-test: {rule.__name__} complains about {path}: {good[:60]}")
    untested = {rule.__name__ for rule in RULES} - {rule.__name__ for rule, *_ in SELF_TEST}
    return failures + [f"self-test: nothing proves that {name} can fail" for name in sorted(untested)]


def sources(root):
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        skipped = any(part.startswith("build") or part in (".git", ".cache", "__pycache__") for part in relative.parts[:-1])
        if not skipped and path.is_file() and path.suffix in TEXT:
            yield path, relative


def main():
    root = Path(sys.argv[1]).resolve()
    complaints = self_test()
    files = 0
    for path, relative in sources(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            complaints.append(f"{relative}: is not UTF-8")
            continue
        files += 1
        lines = text.count("\n")
        if path.suffix in CODE and lines > LONG_FILE:
            print(f"note: {relative} has {lines} lines; does it hold more than one concept?")
        rules = [line_length] if relative == THIS_FILE else RULES
        for rule in rules:
            complaints += [f"{relative}:{number}: {what}" for number, what in rule(relative, text)]
    for complaint in complaints:
        print(complaint)
    print(f"{files} files looked at, {len(SELF_TEST)} self-tests, {len(complaints)} complaints")
    return 1 if complaints or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
