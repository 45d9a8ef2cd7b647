"""A file's content with places, and what is said about it: problems name file, line, column and key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a file, with its place: line and column from 1, 0 where it concerns the file as a whole."""

    file: str
    line: int
    column: int
    key: str
    what: str

    @property
    def place(self) -> str:
        """File, line and column; the file alone where it concerns all of it."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.place}: {self.key + ': ' if self.key else ''}{self.what}"


@dataclass(slots=True)
class Node:
    """A value and where it stands, or where its key stands. `raw` is a scalar as written, `quoted` whether in quotes.

    `data` is the value as Python has it: dict, list, str, int, float, bool, date, datetime or None. `inner` holds
    the parts of a mapping by key or of a list by position.
    """

    line: int
    column: int
    data: Any
    raw: str = ""
    quoted: bool = False
    inner: dict[str | int, "Node"] = field(default_factory=dict)

    def at(self, path: Sequence[str | int]) -> "Node | None":
        """The part at this path, or None."""
        node: Node | None = self
        for part in path:
            node = node.inner.get(part) if node is not None else None
        return node

    def nearest(self, path: Sequence[str | int]) -> "Node":
        """The part at this path, or the last one on the way that the file holds."""
        node = self
        for part in path:
            node = node.inner.get(part, node)
        return node

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, "Node"]]:
        """This node and every one below, each with its path, in the order of the file."""
        yield path, self
        for part, node in self.inner.items():
            yield from node.walk((*path, part))


def dotted(path: Sequence[str | int]) -> str:
    """A path as people write it: spec.rules[0].name. A key is cut to 60 characters."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def shown(text: str) -> str:
    """A text of the file for a message: on one line, 60 characters at most, what cannot be seen as an escape."""
    if len(text) <= 60 and text.isprintable():
        return text
    cut = text if len(text) <= 60 else text[:57] + "..."
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in cut)
