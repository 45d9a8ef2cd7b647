"""Reads requirement files and judges the pins: complete, hashed, agreeing with each other, and nothing left over.

All of it offline, from the files and from the metadata of what is installed; only writing them anew needs the network.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows"))


@dataclass(frozen=True, slots=True)
class Pin:
    """One `name==version` of a .txt file, with the marker that says where it holds."""

    requirement: Requirement
    hashes: int

    @property
    def name(self) -> str:
        """The canonical name: lower-case, with hyphens."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version it allows; empty when it is no pin."""
        specifiers = list(self.requirement.specifier)
        return specifiers[0].version if len(specifiers) == 1 and specifiers[0].operator == "==" else ""


def declared_in(path: Path, *, follow: bool = True) -> list[Requirement]:
    """What a .in file asks for; `follow` adds the files that it includes by `-r`."""
    found: list[Requirement] = []
    for line in _lines(path):
        if line.startswith("-r "):
            found += declared_in(path.parent / line[3:].strip()) if follow else []
        else:
            found.append(Requirement(line))
    return found


def pins_in(path: Path) -> list[Pin]:
    """The pins of a .txt file."""
    found = []
    for line in _lines(path):
        text, *hashes = line.split(" --hash=")
        found.append(Pin(Requirement(text), len(hashes)))
    return found


def environments() -> Iterator[dict[str, str]]:
    """The markers' values for every Python and system that the pins must serve."""
    for python in PYTHONS:
        for platform, system in SYSTEMS:
            yield {
                **{key: str(value) for key, value in default_environment().items()},
                "python_version": python,
                "python_full_version": f"{python}.0",
                "sys_platform": platform,
                "platform_system": system,
                "os_name": "nt" if platform == "win32" else "posix",
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
            }


def judge_file(declared: Iterable[Requirement], pins: list[Pin], name: str) -> list[str]:
    """What is wrong with one .txt: a pin without version or hash, or a declared requirement that no pin meets."""
    problems = [f"{name}: {pin.name} is not pinned to one version" for pin in pins if not pin.version]
    problems += [f"{name}: {pin.name} has no hash" for pin in pins if not pin.hashes]
    for environment in environments():
        where = f"Python {environment['python_version']} on {environment['sys_platform']}"
        active = active_versions(pins, environment)
        for requirement in declared:
            if not _holds(requirement, environment):
                continue
            version = active.get(canonicalize_name(requirement.name))
            if version is None or not requirement.specifier.contains(version, prereleases=True):
                problems.append(f"{name}: {requirement} is not met for {where} (pinned: {version or 'nothing'})")
    return problems


def judge_agreement(smaller: list[Pin], larger: list[Pin], names: tuple[str, str]) -> list[str]:
    """Every pin of the smaller set stands in the larger one as it is: one resolution, not two."""
    theirs = {str(pin.requirement) for pin in larger}
    return [
        f"{names[1]}: does not hold {pin.requirement}, as {names[0]} does"
        for pin in smaller
        if str(pin.requirement) not in theirs
    ]


def judge_closure(declared: Iterable[Requirement], pins: list[Pin], name: str) -> list[str]:
    """The pins are what the declared requirements need, here and now, by the installed packages' own metadata."""
    here = {key: str(value) for key, value in default_environment().items()}
    needed = needed_by(declared, here)
    active = set(active_versions(pins, here))
    problems = [f"{name}: {package} is needed and has no pin" for package in sorted(needed - active)]
    return problems + [f"{name}: {package} is pinned and nothing needs it" for package in sorted(active - needed)]


def active_versions(pins: Iterable[Pin], environment: Mapping[str, str]) -> dict[str, str]:
    """Name to version of the pins whose marker holds in an environment."""
    return {pin.name: pin.version for pin in pins if _holds(pin.requirement, environment)}


def needed_by(declared: Iterable[Requirement], environment: Mapping[str, str]) -> set[str]:
    """Canonical names of the declared packages and all that they require, extras followed."""
    seen: set[tuple[str, str]] = set()
    waiting = [requirement for requirement in declared if _holds(requirement, environment)]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *sorted(requirement.extras)):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            children = map(Requirement, _requires(name))
            waiting += [child for child in children if _holds(child, {**environment, "extra": extra})]
    return {name for name, _ in seen}


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []  # not installed, so not in the pins either: judge_closure names it


def _holds(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": "", **environment})


def _lines(path: Path) -> Iterator[str]:
    """Logical lines: continuations joined, comments and blanks left out."""
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text = " ".join(line.partition("#")[0].split())
        if text:
            yield text
