"""Runs the steps, all of them even when one fails, and sums up."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.quality import lock
from cli.quality.results import Results, read_results
from cli.quality.steps import ROOT, Step, all_steps, client_steps, unit_steps

NAMES = ("format", "lint", "types", "contracts", "requirements", "tests")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended; `seconds` of real time."""

    step: Step
    ok: bool
    seconds: float


def run(argv: Sequence[str]) -> int:
    """The verb `test`. Exit code 0: all green; 1: something is not; 2: the arguments make no sense."""
    own, pytest_args = _split(argv)
    parser = _parser()
    options = parser.parse_args(own)
    if options.only and (options.unit or options.clients):
        parser.error("--unit and --clients run some tests alone; leave out --only")
    if options.unit and options.clients:
        parser.error("--unit and --clients are two runs")
    if options.lock:
        return lock.compile_requirements()
    with tempfile.TemporaryDirectory(prefix="backstop-test-") as folder:
        junit = Path(folder) / "results.xml"
        if options.unit:
            steps = unit_steps(junit, pytest_args)
        elif options.clients:
            steps = client_steps(junit, pytest_args)
        else:
            steps = all_steps(junit, fix=options.fix, pytest_args=pytest_args)
        chosen = [step for step in steps if not options.only or step.name in options.only]
        return run_steps(chosen, junit, ci=os.environ.get("CI") == "true")


def run_steps(steps: Sequence[Step], junit: Path, *, ci: bool) -> int:
    """Run the steps in order, print the summary and the closing line; 1 if any failed."""
    outcomes: list[Outcome] = []
    for step in steps:
        _print(f"\n── {step.title}")
        began = time.monotonic()
        code = subprocess.run(
            step.command, cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, check=False
        ).returncode
        outcomes.append(Outcome(step, code == 0, time.monotonic() - began))
    results, complaint = _test_results(steps, junit)
    undeclared = [skip for skip in results.skips if not skip.is_declared] if ci else []
    _print("\n── Summary")
    for outcome in outcomes:
        _print(f"{'ok' if outcome.ok else 'FAILED':6}  {outcome.step.title}  {outcome.seconds:.1f} s")
    for skip in results.skips:
        _print(f"skipped {skip.test}: {skip.reason}")
    if undeclared:
        _print(f"FAILED  with CI=true every test runs: {len(undeclared)} skipped for a reason that is not declared")
    if complaint:
        _print(f"FAILED  {complaint}")
    checks = [outcome.ok for outcome in outcomes if outcome.step.name != "tests"]
    tests_ok = all(outcome.ok for outcome in outcomes if outcome.step.name == "tests")
    failed = results.failed + checks.count(False) + len(undeclared) + bool(complaint)
    failed = failed or int(not tests_ok)  # a run that pytest calls failed is never closed with "0 failed"
    _print(f"{results.passed + checks.count(True)} passed, {failed} failed, {len(results.skips)} skipped")
    return 1 if failed else 0


def _test_results(steps: Sequence[Step], junit: Path) -> tuple[Results, str]:
    """The results of the tests, if they were to run, and what is wrong with the record itself."""
    if all(step.name != "tests" for step in steps):
        return Results(), ""
    try:
        results = read_results(junit)
    except (OSError, ET.ParseError) as error:
        return Results(), f"pytest left no record of its run ({error})"
    return results, "" if results.passed + results.failed else "no test ran"


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Everything after `--` is pytest's."""
    words = list(argv)
    return (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backstop test",
        description="Run everything that must be green: format, lint, types, import contracts, requirements, tests.",
        epilog="What follows `--` goes to pytest: ./backstop test --only tests -- -k vault",
    )
    parser.add_argument("--only", action="append", choices=NAMES, help="run this step alone; may be repeated")
    parser.add_argument("--unit", action="store_true", help="run the unit tests alone")
    parser.add_argument("--clients", action="store_true", help="run Azure's own clients against the simulator, alone")
    parser.add_argument("--fix", action="store_true", help="format, and repair what ruff can repair")
    parser.add_argument("--lock", action="store_true", help="write requirements*.txt anew from requirements*.in")
    return parser


def _environment() -> dict[str, str]:
    """The steps find our packages however this process was started.

    Where the person wants no compiled files beside the sources, they stand in the environment's own folder: many tests
    start a process, and each would compile all of Backstop anew.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "compiled"))
    return environment


def _print(text: str) -> None:
    """Flushed, because the tools write to the same stream; printable where the stream is no UTF-8."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()
