"""Reads pytest's own record of a run: how many tests passed and failed, and which were skipped, and why.

A skipped test is a part that did not run. People see each one with its reason; with CI=true it fails the run unless
the reason is declared here, because what CI skips, nobody runs.
"""

import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Reason, as the test states it, and when it holds. A reason that does not hold on this machine allows nothing.
DECLARED: Mapping[str, Callable[[], bool]] = {
    "needs Python 3.13": lambda: sys.version_info < (3, 13),
    "needs a POSIX system": lambda: sys.platform == "win32",
    "needs Windows": lambda: sys.platform != "win32",
}


@dataclass(frozen=True, slots=True)
class Skip:
    """One test that did not run."""

    test: str
    reason: str

    @property
    def is_declared(self) -> bool:
        """Whether CI accepts it: the reason begins with a declared one that holds here."""
        return any(self.reason.startswith(reason) and holds() for reason, holds in DECLARED.items())


@dataclass(frozen=True, slots=True)
class Results:
    """What a pytest run did."""

    passed: int = 0
    failed: int = 0
    skips: tuple[Skip, ...] = ()


def read_results(junit: Path) -> Results:
    """Read the JUnit file that pytest wrote. Raises `OSError` or `ET.ParseError` when it is missing or broken."""
    cases = list(ET.parse(junit).getroot().iter("testcase"))  # noqa: S314  # written by our own pytest a moment ago
    failed = {_name(case) for case in cases if case.find("failure") is not None or case.find("error") is not None}
    passed = {_name(case) for case in cases if case.find("skipped") is None} - failed
    skips = [
        Skip(_name(case), _reason(skipped))
        for case in cases
        for skipped in case.findall("skipped")
        if skipped.get("type") != "pytest.xfail"
    ]
    return Results(len(passed), len(failed), tuple(skips))


def _name(case: ET.Element) -> str:
    return "::".join(part for part in (case.get("classname", ""), case.get("name", "")) if part)


def _reason(skipped: ET.Element) -> str:
    """A test's reason is the message; a whole module's stands in the text, behind the place that said it."""
    message = skipped.get("message", "")
    if message == "collection skipped":
        message = (skipped.text or "").partition("Skipped: ")[2].rstrip("')\"")
    return message.removeprefix("Skipped: ") or "no reason given"
