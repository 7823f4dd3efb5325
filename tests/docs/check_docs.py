#!/usr/bin/env python3
"""Runs every command that README.md and docs/*.md show, and compares what they print with what stands there.

Usage: check_docs.py SOURCE_DIR BUILD_DIR [--update] [DOCUMENT...]

Each document gets a scratch copy of the tree, with `build` leading to BUILD_DIR and BUILD_DIR first in PATH, and its blocks run there in
order; a `cd` holds for what follows, as in a terminal:

  ```sh            a script, run with `bash -euo pipefail`; it must succeed
  ```text output   right after a script: what it printed
  ```console       `$ command` lines (`> ` continues one), each followed by what it printed, standard error and output together, and by
                   `exit N` where it is to fail
  ```sh by REASON  not run here; REASON says what runs it

Digits may differ from run to run, so numbers and hashes are compared by their place only; a line `...` stands for any lines. So may the
unit of real time, how many jobs run at a time, and the lines that tell how far a campaign is, which appear every ten seconds. --update
writes what was really printed into the document. Links to files, and commands that are scripts of the tree, must exist as well.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FENCE = re.compile(r"^```(.*)$")
PROGRESS = re.compile(r"^  [\d,]+ seeds?   [\d.]+/s   ")
SECONDS_MOST = 300


class Block:
    def __init__(self, info, first_line, lines):
        self.info, self.first_line, self.lines = info, first_line, lines


def blocks_of(lines):
    block = None
    for index, line in enumerate(lines):
        fence = FENCE.match(line)
        if fence and block is None:
            block = Block(fence.group(1).strip(), index + 1, [])
        elif fence:
            yield block
            block = None
        elif block is not None:
            block.lines.append(line)


def shape(line):
    """A line with its numbers, hashes and spacing masked: what must be the same in every run."""
    line = re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,}(-dirty)?\b", "#", line)
    line = re.sub(r"\d[\d,.]*", "#", line)
    line = re.sub(r"# (?:us|ms|s|m(?: # s)?) real\b", "# s real", line)
    line = re.sub(r"# jobs?\b", "# jobs", line)
    return re.sub(r"[\s─]+", " ", line).strip()


def differs(documented, printed):
    """Where the documented lines are not what was printed; None if they are."""
    shown = [shape(line) for line in printed if line.strip() and not PROGRESS.match(line)]
    at = 0
    anywhere = False
    for line in documented:
        if not line.strip():
            continue
        if line.strip() == "...":
            anywhere = True
            continue
        wanted = shape(line)
        found = next((i for i in range(at, len(shown)) if shown[i] == wanted), None) if anywhere else at
        if found is None or found >= len(shown) or shown[found] != wanted:
            return f"'{line.strip()}' is not what was printed"
        at, anywhere = found + 1, False
    if not anywhere and at < len(shown):
        return f"more was printed: '{shown[at]}'"
    return None


class Document:
    def __init__(self, path, source, build, update):
        self.path, self.source, self.build, self.update = path, source, build, update
        self.lines = path.read_text(encoding="utf-8").splitlines()
        self.complaints = []
        self.commands = 0
        self.replacements = []  # (first line, last line, new lines)
        self.printed = []
        self.folder = None  # where the next command runs; None: in the scratch copy

    def complain(self, line, what):
        self.complaints.append(f"{self.path.relative_to(self.source)}:{line + 1}: {what}")

    def run(self, script, scratch, together=False):
        environment = dict(os.environ, PATH=f"{self.build}:{os.environ['PATH']}", TMPDIR=str(scratch / ".tmp"), LC_ALL="C.UTF-8")
        # Documents that build something do so in a folder that is new each time: the compiler's cache shall know it again.
        if shutil.which("ccache"):
            environment |= {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_BASEDIR": str(scratch.parent), "CCACHE_NOHASHDIR": "1"}
        self.commands += 1
        left_in = scratch / ".tmp" / "folder"
        script = f"trap 'pwd > {left_in}' EXIT\n{script}"
        try:
            # Line by line, as on a terminal: else standard output would come after standard error.
            done = subprocess.run(["stdbuf", "-oL", "bash", "-euo", "pipefail", "-c", script], cwd=self.folder or scratch, env=environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT if together else subprocess.PIPE,
                                  timeout=SECONDS_MOST, encoding="utf-8", errors="replace")
        except subprocess.TimeoutExpired:
            return 124, [f"it ran for more than {SECONDS_MOST} s"], ""
        if left_in.exists():
            self.folder = left_in.read_text(encoding="utf-8").rstrip("\n")
        return done.returncode, [line.rstrip() for line in done.stdout.splitlines()], done.stderr or ""

    def check_script(self, block, scratch):
        code, self.printed, errors = self.run("\n".join(block.lines), scratch)
        if code != 0:
            self.complain(block.first_line, f"the script exits with {code}: {errors.strip()[-400:]}")

    def check_output(self, block):
        if self.update and "..." not in block.lines:
            self.replacements.append((block.first_line, len(block.lines), self.printed))
        elif wrong := differs(block.lines, self.printed):
            self.complain(block.first_line, wrong)

    def check_console(self, block, scratch):
        rewritten = []
        index = 0
        while index < len(block.lines):
            start = index
            if not block.lines[index].startswith("$ "):
                self.complain(block.first_line + index, "a console block begins with a '$ command' line")
                return
            command = block.lines[index][2:]
            index += 1
            while index < len(block.lines) and block.lines[index].startswith("> "):
                command += "\n" + block.lines[index][2:]
                index += 1
            rewritten += block.lines[start:index]
            documented = []
            while index < len(block.lines) and not block.lines[index].startswith("$ "):
                documented.append(block.lines[index])
                index += 1
            blank_after = documented[-1:] == [""]
            while documented and not documented[-1].strip():
                documented.pop()
            wanted_code = 0
            if documented and re.fullmatch(r"exit \d+", documented[-1]):
                wanted_code = int(documented.pop().split()[1])
            code, printed, _ = self.run(command, scratch, together=True)
            line = block.first_line + start
            if code != wanted_code:
                self.complain(line, f"'{command}' exits with {code}, not {wanted_code}: {' / '.join(printed)[-400:]}")
            if self.update and "..." not in [each.strip() for each in documented]:
                documented = printed
            elif wrong := differs(documented, printed):
                self.complain(line, f"'{command}': {wrong}")
            rewritten += documented + ([f"exit {code}"] if code != 0 else []) + ([""] if blank_after else [])
        if self.update:
            self.replacements.append((block.first_line, len(block.lines), rewritten))

    def check_elsewhere(self, block):
        for word in re.findall(r"^(scripts/\S+)", "\n".join(block.lines), re.M):
            if not os.access(self.source / word, os.X_OK):
                self.complain(block.first_line, f"{word} is no executable of the tree")

    def check_links(self):
        fenced = False
        for number, line in enumerate(self.lines):
            fenced ^= FENCE.match(line) is not None
            for target in [] if fenced else re.findall(r"\]\(([^)#\s]+)", line):
                if "://" not in target and not (self.path.parent / target).exists():
                    self.complain(number, f"the link to {target} leads nowhere")

    def check(self, scratch):
        self.check_links()
        for block in list(blocks_of(self.lines)):
            if block.info == "sh":
                self.check_script(block, scratch)
            elif block.info == "text output":
                self.check_output(block)
            elif block.info == "console":
                self.check_console(block, scratch)
            elif block.info.startswith("sh by "):
                self.check_elsewhere(block)
            elif block.info.split()[:1] in (["sh"], ["bash"], ["shell"]):
                self.complain(block.first_line, f"a block '{block.info}' would not be run")
        if self.update and self.replacements:
            for first, count, lines in reversed(self.replacements):
                self.lines[first:first + count] = lines
            self.path.write_text("\n".join(self.lines) + "\n", encoding="utf-8")


def copy_tree(source, build, scratch):
    shutil.copytree(source, scratch, symlinks=True,
                    ignore=lambda folder, names: [name for name in names if name.startswith("build") or name in (".git", ".cache")])
    (scratch / ".tmp").mkdir()
    (scratch / "build").symlink_to(build)


def main():
    arguments = [word for word in sys.argv[1:] if word != "--update"]
    if len(arguments) < 2:
        sys.exit(__doc__)
    source, build = Path(arguments[0]).resolve(), Path(arguments[1]).resolve()
    paths = [Path(word).resolve() for word in arguments[2:]] or [source / "README.md"] + sorted((source / "docs").glob("*.md"))
    complaints = []
    commands = 0
    for path in paths:
        document = Document(path, source, build, "--update" in sys.argv)
        with tempfile.TemporaryDirectory(prefix="stillpoint-docs-") as folder:
            scratch = Path(folder) / "stillpoint"
            copy_tree(source, build, scratch)
            document.check(scratch)
        print(f"{path.relative_to(source)}: {document.commands} commands")
        complaints += document.complaints
        commands += document.commands
    for complaint in complaints:
        print(complaint)
    if commands == 0:
        print("no document has a command: is this the right folder?")
    return 1 if complaints or commands == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
