#!/usr/bin/env python3
"""Looks for each planted bug of a hunt, and writes down what was found: which invariant, which seed, after how much CPU time.

  scripts/hunt.py                          every bug of scenarios/hunts/bugs.toml; the table goes to standard output
  scripts/hunt.py --update docs/hunt.md    and into that file, between its two markers
  scripts/hunt.py --only NAME              one of them; may be given several times
  scripts/hunt.py --budget 120s            real time for each at most

A hunt is a fuzz campaign with the switch on, which stops at the first seed that fails. The seed must then pass with the switch
off, and the invariant that was broken must be one of those that are meant for the bug; otherwise the row says so. Exits with 1 if
fewer were found than --least says (17), or anything else was not as it should be; with 2, and one line, if it cannot hunt at all.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN = "<!-- hunt: begin -->"
END = "<!-- hunt: end -->"
BAD_INPUT = 2  # the exit code of stillpoint, and of this, for what cannot be run

BUILD = ROOT / "build"


def refuse(why):
    print(f"hunt.py: {why}", file=sys.stderr)
    sys.exit(BAD_INPUT)


def stillpoint(*arguments):
    """What it refuses is an error of the hunt, not something that was found."""
    command = [str(BUILD / "stillpoint"), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if ran.returncode == BAD_INPUT:
        refuse(last_line(ran))
    return ran


def last_line(ran):
    return ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else f"stillpoint ends with exit code {ran.returncode}"


def check_build(folder):
    program = folder / "stillpoint"
    if not os.access(program, os.X_OK) or not program.is_file():
        refuse(f"--build {folder}: there is no stillpoint in it (cmake --build --preset release)")


def check_document(path):
    """That the table can go into it, before any time is spent on the table."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"--update {path}: {getattr(error, 'strerror', None) or 'is no text'}")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        refuse(f"--update {path}: the table goes between {BEGIN} and {END}, and these are not in it once each")
    if not os.access(path, os.W_OK):
        refuse(f"--update {path}: cannot be written")


def ids():
    """Of all bugs that there are, by name."""
    rows = (line.split(maxsplit=2) for line in stillpoint("list", "--bugs").stdout.splitlines())
    return {name: identity for identity, name, _ in rows}


def hunt(scenario, bug, budget, jobs):
    options = shlex.split(bug["options"])
    out = pathlib.Path(tempfile.mkdtemp(prefix="hunt-"))
    try:
        ran = stillpoint("fuzz", scenario, "--bug", bug["name"], *options, "--seeds", "1..1000000", "--budget", budget, "--stop-at-first",
                         "--no-regressions", "--jobs", str(jobs), "--out", str(out / "c"), "--json")
        if not ran.stdout.strip():
            return {"error": last_line(ran)}
        campaign = json.loads(ran.stdout)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    found = {"seeds": campaign["seeds"], "cpu": campaign["cpu_ns"] / 1e9}
    if not campaign["failures"]:
        return found
    failure = campaign["failures"][0]
    found["seed"] = failure["smallest_seed"]
    # "safety: capacity conserved (first purchase: apply, second purchase: apply)"
    found["invariant"] = failure["signature"].split(": ", 1)[1].split(" (")[0]
    found["meant"] = found["invariant"] in bug["invariants"]
    found["passes"] = stillpoint("run", scenario, *options, "--seed", str(found["seed"])).returncode == 0
    return found


def row(bug, found):
    if "error" in found:
        return f"| {bug['id']} | `{bug['name']}` | {found['error']} | | | | `{bug['options']}` |"
    if "seed" not in found:
        return (f"| {bug['id']} | `{bug['name']}` | not found | | {found['seeds']:,} | {found['cpu']:.0f} | "
                f"`{bug['options']}` |")
    remark = "" if found["meant"] else " (another one was meant)"
    remark += "" if found["passes"] else " (**fails without it, too**)"
    return (f"| {bug['id']} | `{bug['name']}` | {found['invariant']}{remark} | {found['seed']} | {found['seeds']:,} | "
            f"{found['cpu']:.1f} | `{bug['options']}` |")


def main():
    global BUILD
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", type=pathlib.Path, metavar="FILE", help="write the table into this file, between its two markers")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="look for this bug only, by its name or id; may be given several times")
    parser.add_argument("--budget", default="120s", metavar="TIME",
                        help="real time for each bug at most, as in 30s or 10m (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="simulations at a time (default: %(default)s)")
    parser.add_argument("--least", type=int, default=17, metavar="N",
                        help="how many must be found, or all of them if --only leaves fewer (default: %(default)s)")
    parser.add_argument("--build", type=pathlib.Path, default=BUILD, metavar="FOLDER",
                        help="the build folder, which has stillpoint (default: build, beside scripts)")
    options = parser.parse_args()
    BUILD = options.build.absolute()
    check_build(options.build)
    if options.update:
        check_document(options.update)
    with open(ROOT / "scenarios/hunts/bugs.toml", "rb") as file:
        plan = tomllib.load(file)
    known = ids()
    for bug in plan["bug"]:
        bug["id"] = known.pop(bug["name"], None) or refuse(f"there is no bug '{bug['name']}' (stillpoint list --bugs)")
    if known:
        refuse(f"scenarios/hunts/bugs.toml says nothing of '{sorted(known)[0]}'")
    for name in options.only:
        if not any(name in (bug["name"], bug["id"]) for bug in plan["bug"]):
            refuse(f"--only {name}: there is no such bug in scenarios/hunts/bugs.toml (stillpoint list --bugs)")
    bugs = [bug for bug in plan["bug"] if not options.only or bug["name"] in options.only or bug["id"] in options.only]
    lines = ["| id | bug | the invariant that was broken | seed | seeds run | CPU seconds | options |",
             "|---|---|---|---|---|---|---|"]
    good = 0
    wrong = 0
    for bug in bugs:
        found = hunt(plan["scenario"], bug, options.budget, options.jobs)
        lines.append(row(bug, found))
        print(lines[-1], file=sys.stderr, flush=True)
        if "seed" in found and found["meant"] and found["passes"]:
            good += 1
        elif "seed" in found or "error" in found:
            wrong += 1
    lines.append("")
    lines.append(f"{good} of {len(bugs)} found, each by an invariant that is meant for it, within {options.budget} of real time "
                 f"({options.jobs} at a time).")
    table = "\n".join(lines)
    print(table)
    if options.update:
        text = options.update.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        options.update.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    sys.exit(0 if wrong == 0 and good >= min(options.least, len(bugs)) else 1)


if __name__ == "__main__":
    main()
