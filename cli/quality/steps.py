"""What `./backstop test` runs, in order: cheap checks first, so that a slip shows within seconds."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Step:
    """A command to run in the repository's root; it is green when it exits 0."""

    name: str
    title: str
    command: tuple[str, ...]


def all_steps(junit: Path, *, fix: bool = False, pytest_args: Sequence[str] = ()) -> tuple[Step, ...]:
    """Every step. `junit` is where pytest leaves its results; `fix` lets ruff write instead of only judging."""
    python = sys.executable
    contracts = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return (
        Step("format", "Format (ruff format)", (python, "-m", "ruff", "format", *(() if fix else ("--check",)), ".")),
        Step("lint", "Lint (ruff check)", (python, "-m", "ruff", "check", *(("--fix",) if fix else ()), ".")),
        Step("types", "Types (mypy, strict)", (python, "-m", "mypy")),
        Step("contracts", "Import contracts (import-linter)", (python, "-c", contracts, "--no-logo")),
        Step("requirements", "Requirements: pins, missing, unused", (python, "-m", "cli.quality.requirements")),
        Step("tests", "Tests (pytest)", pytest_command(junit, pytest_args)),
    )


def unit_steps(junit: Path, pytest_args: Sequence[str] = ()) -> tuple[Step, ...]:
    """Only the unit tests: what every supported Python runs."""
    command = pytest_command(junit, (*pytest_args, "tests/unit"))
    return (Step("tests", "Unit tests (pytest)", command),)


def client_steps(junit: Path, pytest_args: Sequence[str] = ()) -> tuple[Step, ...]:
    """Azure's own clients against the simulator. Four processes: each waits far longer than it works."""
    options = ("-m", "clients", "-n", "4", "--dist", "worksteal", *pytest_args, "tests/clients")
    return (
        Step("environment", "Azure CLI's environment", (sys.executable, "-m", "cli.quality.clients")),
        Step("tests", "Azure's own clients (pytest)", pytest_command(junit, options)),
    )


def pytest_command(junit: Path, extra: Sequence[str]) -> tuple[str, ...]:
    """Two processes: the machines that this runs on have two cores, and a test server is a process of its own.

    Files are handed out in the order of their names, which has the longest near the beginning. By their number of
    tests, which is the plugin's own order, a file of one long test would come last, and one process wait for it.
    """
    spread = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
    return (sys.executable, "-m", "pytest", "-q", *spread, f"--junitxml={junit}", *extra)
