"""The parts of an estate file, one after the other, each with its place: what the YAML and the JSON reader share.

A file is one mapping of sections. A section that is a list is handed out entry by entry, so that an estate of 100,000
VMs is never in memory as text and as objects at once. Refuses to know what a section means: `file_model.py` does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Deepest nesting of an entry. ARM's own `properties` stay below 15.
MAX_DEPTH = 40
#: Most characters of one entry; a VM has about 2,500.
MAX_ENTRY = 4_000_000
#: Longest text from the file that an error message repeats.
_SHOWN = 60

Path_ = tuple[str | int, ...]
#: What is wrong with the name of a section; empty where nothing is.
Objection = Callable[[str], str]


class EstateFileError(ValueError):
    """One line for a person: file, line, column, key, and what is wrong there."""


@dataclass(slots=True)
class Node:
    """A value of the file with its place: line and column count from 1. `inside` leads to what it consists of."""

    value: Any
    line: int
    column: int
    inside: "dict[str | int, Node] | list[Node]" = field(default_factory=list)
    key_place: tuple[int, int] | None = None

    def find(self, path: Path_) -> tuple[int, int]:
        """Line and column of the last part of `path` that the file holds; a key counts for its value."""
        node, place = self, (self.line, self.column)
        for part in path:
            inside: dict[str | int, Node] = {}
            inside |= node.inside if isinstance(node.inside, dict) else dict(enumerate(node.inside))
            if part not in inside:
                break
            node = inside[part]
            place = node.key_place or (node.line, node.column)
        return place


@dataclass(slots=True)
class Entry:
    """One entry of a list section, or a whole section that is no list (`index` None)."""

    section: str
    index: int | None
    value: Any
    locate: Callable[[Path_], tuple[int, int]]

    def error(self, file: Path, what: str, *path: str | int) -> EstateFileError:
        """The error that something is wrong at `path` inside this entry."""
        whole: Path_ = (self.section, *(() if self.index is None else (self.index,)), *path)
        return problem(file, self.locate(path), dotted(whole), what)


def problem(file: Path, place: tuple[int, int] | None, key: str, what: str) -> EstateFileError:
    """`FILE:LINE:COLUMN: KEY: what is wrong`."""
    where = f"{file}:{place[0]}:{place[1]}" if place else str(file)
    return EstateFileError(f"{where}: {key + ': ' if key else ''}{what}")


def dotted(path: Path_) -> str:
    """`virtualMachines[3].tags.env`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def shown(text: str) -> str:
    """A text of the file's in one printable line, cut where it is long."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"


def is_encodable(text: str) -> bool:
    """Whether the text can be sent as UTF-8: JSON's escapes can spell halves of characters, which cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
