#!/usr/bin/env python3
"""Holds lists in docs/ to the code that they describe: libc calls, exit codes, event kinds, settings, and excerpts of C++.

Usage: check_facts.py SOURCE_DIR
"""

import re
import sys
import tomllib
from pathlib import Path

root = Path(sys.argv[1]).resolve()
complaints = []


def read(path):
    return (root / path).read_text(encoding="utf-8")


def section(text, title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    if not found:
        complaints.append(f"no section '{title}'")
    return found.group(1) if found else ""


def same(what, documented, coded):
    if not coded:
        complaints.append(f"{what}: found none in the code")
    complaints.extend(f"{what}: {each} is in the code, not in the document" for each in sorted(coded - documented))
    complaints.extend(f"{what}: {each} is in the document, not in the code" for each in sorted(documented - coded))


# ---- docs/kernel.md: served and refused calls ----
served, refused = set(), set()
for path in sorted((root / "sim-core/interpose").glob("*.cpp")):
    text = path.read_text(encoding="utf-8")
    served |= set(re.findall(r"\bSP_(?:CALL|TRAPPED)(?:_UNLESS\(.*\), int|\([^,]+),\s*(\w+),", text))
    served |= set(re.findall(r'\bSP_CALL_AS\([^,]+,\s*\w+,\s*"(\w+)"', text))
    served |= set(re.findall(r"^SP_ENDING\((\w+),", text, re.M))
    served |= set(re.findall(r'^extern [^;{]*__asm__\("(\w+)"\);', text, re.M))
    refused |= set(re.findall(r"\bSP_REFUSED\([^,]+,\s*(\w+),", text))
served = {"std::random_device" if "random_device" in name else name for name in served}
kernel = read("docs/kernel.md")
tables = [re.findall(r"^\|(.*?)\|(.*)\|$", section(kernel, title), re.M) for title in ("Served", "Refused")]
same("served calls", {name for calls, _ in tables[0] for name in re.findall(r"`([\w:]+)`", calls)}, served)
same("refused calls", {name for _, calls in tables[1] for name in re.findall(r"`([\w:]+)`", calls)}, refused)

# ---- docs/cli.md: exit codes ----
enumerators = dict(re.findall(r"^\s*(\w+) = (\d+),", read("sim-core/check/verdict.hpp"), re.M))
names = dict(re.findall(r'case Verdict::(\w+):\s*return "([\w-]+)"', read("sim-core/check/verdict.cpp")))
documented = set(re.findall(r"^\| (\d+) +\| `([\w-]+)`", section(read("docs/cli.md"), "Exit codes"), re.M))
same("exit codes", documented, {(code, names.get(enumerator, enumerator)) for enumerator, code in enumerators.items()})

# ---- docs/cli.md: options, and members of the JSON object ----
cli = read("docs/cli.md")
for path in ("cli/run.cpp", "cli/fuzz.cpp", "cli/request_options.cpp", "cli/replay.cpp", "cli/disk.cpp", "cli/bench.cpp"):
    for option in re.findall(r'add_(?:option|flag)\(\s*"(--[\w-]+)"', read(path)):
        if option not in cli:
            complaints.append(f"docs/cli.md does not mention {option} of {path}")
printer = read("cli/present.cpp").split("void print_json")[1] + read("cli/fuzz_report.cpp")
members = set(re.findall(r'\{"(\w+)",', printer)) | set(re.findall(r'object\["(\w+)"\]', printer))
for member in sorted(members - set(re.findall(r"`(\w+)`", section(cli, "JSON")))):
    complaints.append(f"docs/cli.md does not mention the member {member} of the JSON object")

# ---- docs/ci.md: exit codes in their order, tables and views of a campaign ----
ci = read("docs/ci.md")
order = re.search(r"kByGravity\[\] = \{(.*?)\};", read("sim-core/campaign/series.cpp"), re.S).group(1)
gravity = [names[enumerator] for enumerator in re.findall(r"Verdict::(\w+)", order)]
shown = re.findall(r"^\| \d+ +\| `([\w-]+)`", section(ci, "Exit codes"), re.M)
if shown != gravity:
    complaints.append(f"docs/ci.md has the verdicts in the order {shown}, the code in the order {gravity}")
codes = [code for code in (next(c for c, name in documented if name == each) for each in gravity) if code not in ("130", "0")]
if ", ".join(codes) not in cli:
    complaints.append(f"docs/cli.md does not say that a campaign exits with the first of {', '.join(codes)}")
contents = section(ci, "Reading a campaign")
for what in set(re.findall(r"CREATE (?:TABLE|VIEW) (\w+)", read("sim-core/campaign/schema.sql"))) - set(re.findall(r"`(\w+)`", contents)):
    complaints.append(f"docs/ci.md does not mention the table or view {what}")

# ---- docs/trace.md: tables, kinds of events ----
schema = read("sim-core/record/schema.sql")
contents = section(read("docs/trace.md"), "What is in it")
first_columns = " ".join(re.findall(r"^\|([^|]*)\|", contents, re.M))
mentioned = set(re.findall(r"`(\w+)`", contents))
for what in set(re.findall(r"CREATE (?:TABLE|VIEW) (\w+)", schema)) - mentioned:
    complaints.append(f"docs/trace.md does not mention the table or view {what}")
kinds = set(re.findall(r"^  \(\d+, '(\w+)', '", schema.split("CREATE TABLE segment")[0], re.M))
for kind in sorted(kinds - set(re.findall(r"`(\w+)`", first_columns))):
    complaints.append(f"docs/trace.md does not explain events of kind {kind}")

# ---- docs/scenarios.md: settings of the behaviours ----
scenarios = read("docs/scenarios.md")
file = tomllib.loads(read("scenarios/last-ticket.toml"))
for behaviour, path in (("last-ticket", "scenarios/last_ticket.cpp"), ("workload", "scenarios/workload.cpp")):
    coded = set(re.findall(r'settings\.(?:count|duration|ratio|text|required_text|flag)\("([\w.]+)"', read(path)))
    keys = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", section(scenarios, f"The behaviour `{behaviour}`")))
    same(f"settings of {behaviour}", keys, coded)
    for key, default in re.findall(r"^\| `([\w.]+)` +\| (\S+)", section(scenarios, f"The behaviour `{behaviour}`"), re.M):
        table, name = key.split(".")
        value = file[table][name]
        in_file = str(value).lower() if isinstance(value, bool) else str(value)
        if in_file != default:
            complaints.append(f"settings of {behaviour}: {key} is {in_file} in the scenario's file, not {default}")

# ---- docs/scenarios.md and docs/ci.md: limits; keys of known cases ----
coded = dict(re.findall(r"^  (?:std::uint64_t|Duration) (\w+) = ([^;]+);", read("sim-core/scenario/scenario_file.hpp"), re.M))
coded = {name: re.sub(r"std::chrono::minutes\((\d+)\)", r"\1m", value.replace("'", "")) for name, value in coded.items() if name != "users"}
limits = {(f"limits.{name}", value) for name, value in coded.items()}
for name, text in (("scenarios", section(scenarios, "Limits")), ("ci", section(ci, "Bounds for each seed"))):
    rows = re.findall(r"^\| `(limits\.\w+)` +\| (\S+)", text, re.M)
    same(f"limits in docs/{name}.md", {(key, value.replace(",", "")) for key, value in rows}, limits)
known = re.search(r"known = \{(.*?)\};", read("sim-core/campaign/regressions.cpp"), re.S).group(1)
keys = set(re.findall(r"^\| `(\w+)`", section(ci, "Known cases"), re.M))
same("keys of known cases in docs/ci.md", keys, set(re.findall(r'"(\w+)"', known)))

# ---- excerpts of C++, of CMake, and of workflow files ----
for document in sorted((root / "docs").glob("*.md")):
    for path, excerpt in re.findall(r"^```(?:cpp|cmake|yaml) from (\S+)\n(.*?)^```", document.read_text(encoding="utf-8"), re.S | re.M):
        if "".join(excerpt.split()) not in "".join(read(path).split()):
            complaints.append(f"{document.name}: an excerpt is not in {path}: {excerpt.strip().splitlines()[0]}")

for complaint in complaints:
    print(complaint)
print(f"{len(served)} served and {len(refused)} refused calls, {len(enumerators)} verdicts; {len(complaints)} complaints")
sys.exit(1 if complaints else 0)
