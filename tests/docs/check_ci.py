#!/usr/bin/env python3
"""Runs the steps of docs/ci/github-actions.yml and docs/ci/gitlab-ci.yml as the CI systems would.

Usage: check_ci.py SOURCE_DIR BUILD_DIR

Each file gets two scratch copies of the tree, with `build` leading to BUILD_DIR: one as it is, which must succeed, and one with a case in
scenarios/last-ticket.seeds that expects a failing seed to pass, which must fail. Either way the artifacts that the file names must be
there afterwards, the JUnit file must be valid and have the right counts, and the summary must have been appended.

What installs and builds is not run: GitHub's steps whose names begin with Install or Build, and GitLab's before_script. Of these the
syntax is checked, and that their scripts and CMake presets exist. Everything else runs with `bash -eo pipefail`, in order; after a
failure only what has `if: always()`. STILLPOINT_BUDGET, which both files offer, is set to a few seconds.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import yaml  # Debian: python3-yaml

sys.dont_write_bytecode = True
from check_docs import copy_tree  # noqa: E402

BUDGET = "5s"
SECONDS_MOST = 120
SUMMARY_BEFORE = "What an earlier step has written.\n"
NOT_RUN = ("Install", "Build")
BROKEN_CASE = """
[[case]]
seed = "7"
bug = "oversell"
expect = "pass"
why = "put here by check_ci.py: this cannot pass"
"""
SAFETY = 10


class Step:
    def __init__(self, name, script, run=True, always=False):
        self.name, self.script, self.run, self.always = name, script, run, always


class Job:
    """What a workflow file asks for: its steps, its variables, and the files that it keeps."""

    def __init__(self):
        self.steps, self.variables, self.artifacts, self.complaints = [], {}, [], []
        self.appends_summary = False
        self.junit = None


def set_variables(job, variables):
    for name, value in variables.items():
        # Expressions are GitHub's to evaluate, variables of variables GitLab's: what the steps need of them is set in environment().
        if "$" not in str(value):
            job.variables[name] = str(value)
        elif name not in environment_names():
            job.complaints.append(f"the value of {name} is an expression, and this test has none to put in its place")


def github(text):
    job = Job()
    jobs = list(yaml.safe_load(text)["jobs"].values())
    if len(jobs) != 1:
        job.complaints.append(f"{len(jobs)} jobs; this test runs one")
    one = jobs[0]
    if one.get("defaults", {}).get("run", {}).get("shell") != "bash":
        job.complaints.append("the shell is not bash: the steps would run without pipefail")
    set_variables(job, one.get("env", {}))
    for step in one["steps"]:
        name = step.get("name") or step.get("uses", "?")
        if step.get("if") not in (None, "always()"):
            job.complaints.append(f"step '{name}': this test does not know the condition {step['if']}")
        if "uses" in step:
            if not re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", step["uses"]):
                job.complaints.append(f"step '{name}': an action has a version, as in @v4")
            if "upload-artifact@" in step["uses"]:
                job.artifacts += step["with"]["path"].split()
                if step.get("if") != "always()":
                    job.complaints.append("a failure would not be uploaded: upload-artifact has no `if: always()`")
            continue
        if "${{" in step["run"]:
            job.complaints.append(f"step '{name}': an expression in a script; give it a variable in env")
        job.steps.append(Step(name, step["run"], not name.startswith(NOT_RUN), step.get("if") == "always()"))
    job.junit = next((path for path in job.artifacts if path.endswith(".xml")), None)
    job.appends_summary = True
    return job


def gitlab(text):
    job = Job()
    file = yaml.safe_load(text)
    jobs = [value for value in file.values() if isinstance(value, dict) and "script" in value]
    if len(jobs) != 1:
        job.complaints.append(f"{len(jobs)} jobs; this test runs one")
    one = jobs[0]
    set_variables(job, file.get("variables", {}) | one.get("variables", {}))
    job.steps.append(Step("before_script", "\n".join(one.get("before_script", [])), run=False))
    job.steps.append(Step("script", "\n".join(one["script"])))
    artifacts = one["artifacts"]
    if artifacts.get("when") != "always":
        job.complaints.append("a failure would not be uploaded: artifacts have no `when: always`")
    job.junit = artifacts["reports"]["junit"]
    job.artifacts = artifacts["paths"] + [job.junit]
    return job


def environment(scratch):
    return {"STILLPOINT_BUDGET": BUDGET, "CCACHE_DIR": str(scratch / ".ccache"), "GITHUB_STEP_SUMMARY": str(scratch / ".step-summary"),
            "GITHUB_WORKSPACE": str(scratch), "CI_PROJECT_DIR": str(scratch), "CI": "true", "LC_ALL": "C.UTF-8"}


def environment_names():
    return environment(Path("."))


def bash(arguments, script, scratch, variables):
    file = scratch / ".step.sh"
    file.write_text(script, encoding="utf-8")
    try:
        done = subprocess.run(["bash", "--noprofile", "--norc", *arguments, str(file)], cwd=scratch, env=dict(os.environ, **variables),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_MOST,
                              encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired:
        return 124, f"it ran for more than {SECONDS_MOST} s"
    return done.returncode, done.stdout.strip()[-800:]


def look_at(step, scratch):
    """A step that is not run."""
    code, output = bash(["-n"], step.script, scratch, {})
    if code != 0:
        yield f"step '{step.name}': {output}"
    for script in re.findall(r"\bscripts/[\w.-]+", step.script):
        if not os.access(scratch / script, os.X_OK):
            yield f"step '{step.name}': {script} is no executable of the tree"
    presets = {preset["name"] for preset in json.loads((scratch / "CMakePresets.json").read_text())["configurePresets"]}
    for preset in re.findall(r"--preset (\S+)", step.script):
        if preset not in presets:
            yield f"step '{step.name}': there is no preset {preset}"


def check_junit(job, source, scratch, verdict):
    if job.junit is None:
        yield "no JUnit file is kept"
        return
    file = scratch / job.junit
    if not file.exists():
        return  # told of already, as an artifact that is not there
    schema = source / "tests/cli/junit.xsd"
    done = subprocess.run(["xmllint", "--noout", "--schema", schema, file], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        yield f"{job.junit} is not valid: {done.stderr.strip()[-800:]}"
        return
    root = ElementTree.parse(file).getroot()
    for suite in [root] + root.findall("testsuite"):
        cases = suite.findall(".//testcase")
        for name, count in (("tests", len(cases)), ("failures", sum(case.find("failure") is not None for case in cases))):
            if int(suite.get(name)) != count:
                yield f"{job.junit}: {suite.tag} says {name}={suite.get(name)}, and has {count}"
    if (int(root.get("failures")) > 0) != (verdict == SAFETY):
        yield f"{job.junit} has {root.get('failures')} failures"


def check_run(job, source, build, expected):
    """Runs the steps in a scratch copy, of which this exit code is expected."""
    with tempfile.TemporaryDirectory(prefix="stillpoint-ci-") as folder:
        scratch = Path(folder) / "stillpoint"
        copy_tree(source, build, scratch)
        if expected == SAFETY:
            with open(scratch / "scenarios/last-ticket.seeds", "a", encoding="utf-8") as seeds:
                seeds.write(BROKEN_CASE)
        variables = job.variables | environment(scratch)
        summary = Path(variables["GITHUB_STEP_SUMMARY"])
        summary.write_text(SUMMARY_BEFORE, encoding="utf-8")
        failed = 0
        for step in job.steps:
            if not step.run:
                yield from look_at(step, scratch)
                continue
            if failed and not step.always:
                continue
            code, output = bash(["-eo", "pipefail"], step.script, scratch, variables)
            if code not in (0, expected) or (code != 0 and step.always):
                yield f"step '{step.name}' exits with {code}: {output}"
            failed = failed or code
        if failed != expected:
            yield f"the job ends with {failed}, not with {expected}"
        for path in job.artifacts:
            there = scratch / path
            if not there.exists() or (there.is_file() and there.stat().st_size == 0) or (there.is_dir() and not any(there.iterdir())):
                yield f"the artifact {path} is not there, or empty"
        yield from check_junit(job, source, scratch, expected)
        if job.appends_summary:
            text = summary.read_text(encoding="utf-8")
            if not text.startswith(SUMMARY_BEFORE + "## Stillpoint: "):
                yield f"the summary was not appended to GITHUB_STEP_SUMMARY, which holds: {text[:200]!r}"


def check(path, read, source, build):
    try:
        job = read(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        return [f"{error}"]
    complaints = list(job.complaints)
    if not any(step.run for step in job.steps):
        complaints.append("no step is run")
    if "STILLPOINT_BUDGET" not in path.read_text(encoding="utf-8"):
        complaints.append("it does not offer STILLPOINT_BUDGET")
    for expected in (0, SAFETY):
        kind = "a campaign that fails" if expected else "a campaign that passes"
        complaints += [f"{kind}: {complaint}" for complaint in check_run(job, source, build, expected)]
    return complaints


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    complaints = []
    for name, read in (("github-actions.yml", github), ("gitlab-ci.yml", gitlab)):
        path = source / "docs/ci" / name
        complaints += [f"docs/ci/{name}: {complaint}" for complaint in check(path, read, source, build)]
    for complaint in complaints:
        print(complaint)
    print(f"2 files, 4 campaigns, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
