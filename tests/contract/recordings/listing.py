"""The differences from recorded traffic that docs/simulator-differences.md lists, each with its reason.

Two tables are read there: what is not served, and what is served and differs. In both `*` stands for anything within
one segment or word and `**` for anything at all; several entries of a cell are separated by commas.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from simulator.services import all_routes
from tests.contract.recordings.comparing import Difference
from tests.contract.recordings.recording import ELSEWHERE, operation_of

PAGE = Path(__file__).parents[3] / "docs" / "simulator-differences.md"
NOT_SERVED = ("Operation", "Why it is not served")
DIFFERENT = ("Operation", "Where", "How", "Seen in", "Reason")
#: Stands for every provider of which the simulator serves nothing.
OTHERS = "any other provider"


class BrokenTableError(Exception):
    """A table that cannot be read; the message names the page and the line."""


@dataclass(frozen=True)
class Row:
    """One line of the second table. `how` is a kind, with `: recorded → here` where only these values are meant."""

    operations: tuple[str, ...]
    places: tuple[str, ...]
    how: str
    seen_in: tuple[str, ...]

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Every pair of an operation and a place that the line speaks of."""
        return [(operation, place) for operation in self.operations for place in self.places]

    def covers(self, part: tuple[str, str], difference: Difference) -> bool:
        """Whether the difference is of this line's kind, and of this pair of operation and place."""
        kind, _, values = self.how.partition(": ")
        recorded, _, here = values.partition(" → ")
        return (
            kind == difference.kind
            and _fits(part[0], difference.operation)
            and _fits(part[1], difference.where)
            and (not recorded or _fits(recorded, difference.recorded))
            and (not here or _fits(here, difference.here))
        )


class Listing:
    """Both tables."""

    def __init__(self, text: str) -> None:
        self.not_served = [pattern for cells in _table(text, NOT_SERVED) for pattern in _entries(cells[0])]
        self.rows = [
            Row(_entries(cells[0]), _entries(cells[1]), cells[2].replace("`", ""), _entries(cells[3]))
            for cells in _table(text, DIFFERENT)
        ]
        served = {_provider(template) for _, template, _ in all_routes()}
        self._served = {provider.lower() for provider in served}

    def unlisted(self, differences: Iterable[Difference]) -> list[Difference]:
        """Those that no line covers, each once."""
        found = dict.fromkeys(differences)
        return [each for each in found if not any(row.covers(part, each) for row in self.rows for part in row.parts)]

    def unlisted_operations(self, operations: Iterable[str]) -> list[str]:
        """Those operations without a route that no line of the first table excuses."""
        return [each for each in dict.fromkeys(operations) if not self._excused(each)]

    def _excused(self, operation: str) -> bool:
        provider = operation.partition(" ")[2].partition("/")[0]
        other = OTHERS in self.not_served and "." in provider and provider.lower() not in self._served
        return other or any(_fits(pattern, operation) for pattern in self.not_served)

    def needless(self) -> list[str]:
        """Lines of the first table that would excuse a request that has a route."""
        routes = [(method, re.sub(r"\{\w+\}", "-", template)) for method, template, _ in all_routes()]
        served = [operation_of(method, path) for method, path in routes]
        return [
            f"{pattern} covers {operation}"
            for pattern in self.not_served
            for operation in served
            if _fits(pattern, operation) and not operation.endswith(ELSEWHERE)
        ]

    def stale(self, found: dict[str, list[Difference]]) -> list[str]:
        """Parts of lines that do not occur in a recording in which they are said to be seen. `found`: by recording."""
        return [
            f"{operation}: {place}: {row.how}: not seen in {recording}"
            for row in self.rows
            for operation, place in row.parts
            for recording in row.seen_in
            if recording in found
            and not any(row.covers((operation, place), difference) for difference in found[recording])
        ]


def _provider(template: str) -> str:
    parts = template.rpartition("/providers/")
    return parts[2].partition("/")[0] if parts[1] else "Microsoft.Resources"


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern means, without case."""
    parts = re.split(r"(\*\*|\*)", pattern)
    kinds = {"**": ".*", "*": "[^/]*"}
    return re.fullmatch("".join(kinds.get(p) or re.escape(p) for p in parts), text, re.IGNORECASE) is not None


def _entries(cell: str) -> tuple[str, ...]:
    return tuple(entry.strip().strip("`") for entry in cell.split(",") if entry.strip())


def _table(text: str, head: tuple[str, ...]) -> list[list[str]]:
    """The cells of the table with this head. Raises BrokenTableError."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _cells(line) == list(head)]
    if len(starts) != 1:
        raise BrokenTableError(f"{PAGE.name} has {len(starts)} tables with the head {' | '.join(head)}, not one")
    found = []
    for number, line in enumerate(lines[starts[0] + 2 :], starts[0] + 3):
        if not line.startswith("|"):
            break
        cells = _cells(line)
        if len(cells) != len(head) or not all(cells):
            raise BrokenTableError(f"{PAGE.name}, line {number}: {len(head)} cells are needed, none of them empty")
        found.append(cells)
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
