"""`docs/guide.md` is what really happens: its files are read and its commands run, and each line that it shows is said.

A line of `…` alone stands for lines that are left out; within a line `…` stands for any part of it.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.e2e.running import ROOT, backstop, simulator

GUIDE = ROOT / "docs" / "guide.md"
_FILE = re.compile(r"^```yaml\n# ([a-z-]+\.yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_RUN = re.compile(r"^```text\n\$ \./backstop (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Run(NamedTuple):
    """A command of the guide and the lines that it shows."""

    command: str
    lines: list[str]


def files() -> dict[str, str]:
    """The files that the guide tells to save, by name."""
    return {found[1]: found[2] for found in _FILE.finditer(GUIDE.read_text(encoding="utf-8"))}


def runs() -> Iterator[Run]:
    """The guide's commands, in its order."""
    for found in _RUN.finditer(GUIDE.read_text(encoding="utf-8")):
        yield Run(found[1], found[2].splitlines())


def said(run: Run, output: str) -> list[str]:
    """The lines of the run that its output does not have, in their order."""
    there, missing = iter([each.rstrip() for each in output.splitlines()]), []
    for line in run.lines:
        wanted = re.compile(".*".join(re.escape(part) for part in line.rstrip().split("…")))
        if line.strip(" …") and not any(wanted.fullmatch(each) for each in there):
            missing.append(line)
            there = iter([])  # what comes after it cannot be told any more
    return missing


def test_the_guide_shows_what_really_happens(tmp_path: Path) -> None:
    for name, text in files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = [*runs()]
    assert len(told) > 10
    with simulator("--estate", str(tmp_path / "estate.yaml"), "--clock", "stepped") as url:
        for run in told:
            words = [str(tmp_path / word) if word in files() else word for word in shlex.split(run.command)]
            there = [] if words[:1] == ["policy"] else ["--endpoint", url]
            if words[0] not in ("policy", "jobs"):
                there += ["--state", str(tmp_path / "state")]
            done = backstop(*words, *there)
            assert "Traceback" not in done.stderr
            assert said(run, done.stdout + done.stderr) == [], (run.command, done.stdout, done.stderr)
