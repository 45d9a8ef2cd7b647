"""The check of requirements: `python -m cli.quality.requirements`, a step of `./backstop test`.

Three sets, each on top of the one before: the deployed app, the command line with the simulator, the tests. A package
that a room imports must be declared in its set or one below; a declared package must be imported there, or have its
reason here. The pins must fit what is declared.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from cli.quality import pins
from cli.quality.imports import Owners, files_of, packages_used
from cli.quality.steps import ROOT

OURS = ("backstop", "benchmarks", "cli", "function_app", "handlers", "shared", "simulator", "tests")

# Declared and imported nowhere: each with the reason why it must be there.
NEEDED_UNSEEN: Mapping[str, str] = {
    "tzdata": "zoneinfo reads it where the machine has no time zones of its own",
    "pytz": "duckdb loads it to hand over timestamps with a zone",
    "azure-functions-runtime": "the worker tests, on Python 3.13 alone",
    "import-linter": "run as a tool",
    "mypy": "run as a tool",
    "pytest-asyncio": "a pytest plugin",
    "pytest-xdist": "a pytest plugin",
    "ruff": "run as a tool",
    "types-pyyaml": "types for mypy",
    "uv": "run as a tool, to write the pins",
}


@dataclass(frozen=True, slots=True)
class Level:
    """One set of requirements and the files that it serves."""

    name: str
    rooms: tuple[str, ...]
    leave_out: str = ""  # a folder in the rooms that belongs to a later set


LEVELS = (
    Level("requirements", ("function_app.py", "handlers", "shared")),
    Level("requirements-local", ("cli", "simulator", "benchmarks"), leave_out="cli/quality"),
    Level("requirements-dev", ("tests", "cli/quality")),
)
#: Azure's own command line, installed apart and imported by nothing here.
CLIENTS = "requirements-clients"


def problems(root: Path, owners: Owners, levels: Iterable[Level] = LEVELS) -> list[str]:
    """Everything that is wrong, one line each; empty when all is well. Raises `OSError` for a missing file."""
    found: list[str] = []
    allowed: set[str] = set()
    before: tuple[str, list[pins.Pin]] | None = None
    for level in levels:
        own: set[str] = {
            canonicalize_name(each.name) for each in pins.declared_in(root / f"{level.name}.in", follow=False)
        }
        allowed |= own
        found += _judge_imports(root, level, owners, own, allowed)
        name = f"{level.name}.txt"
        declared, pinned = pins.declared_in(root / f"{level.name}.in"), pins.pins_in(root / name)
        found += pins.judge_file(declared, pinned, name) + pins.judge_closure(declared, pinned, name)
        if before is not None:
            found += pins.judge_agreement(before[1], pinned, (before[0], name))
        before = (name, pinned)
    return found


def client_problems(root: Path) -> list[str]:
    """The same for the set of Azure's command line, as far as it can be told where it is not installed."""
    declared, pinned = pins.declared_in(root / f"{CLIENTS}.in"), pins.pins_in(root / f"{CLIENTS}.txt")
    return pins.judge_file(declared, pinned, f"{CLIENTS}.txt")


def _judge_imports(root: Path, level: Level, owners: Owners, own: set[str], allowed: set[str]) -> list[str]:
    """Missing and unused packages of one set."""
    used, found = packages_used(files_of(root, level.rooms, level.leave_out), owners, ours=OURS, declared=allowed)
    for package, file in sorted(used.items()):
        if package not in allowed:
            found.append(f"{level.name}.in: misses {package}, which {Path(file).relative_to(root)} imports")
    for package in sorted(own - set(used) - set(NEEDED_UNSEEN)):
        found.append(f"{level.name}.in: {package} is imported nowhere in {', '.join(level.rooms)}")
    return found


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    found = problems(ROOT, Owners.installed()) + client_problems(ROOT)
    for line in found:
        print(line)
    if not found:
        print(f"Requirements fit: {', '.join(f'{name}.txt' for name in (*(level.name for level in LEVELS), CLIENTS))}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
