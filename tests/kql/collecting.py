"""Finds the KQL of the project: string constants of Python, code blocks and quoted commands of everything else.

A text is KQL where it begins with a table of Resource Graph and goes on with a pipe, or is one of the table's joins.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from simulator.graph.schema import TABLES

ROOT = Path(__file__).parents[2]
READ = (".py", ".md", ".sh", ".yaml", ".json")
_NAMES = "|".join(TABLES)
_QUERY = re.compile(rf"\s*(?://[^\n]*\s*)*(?:(?:{_NAMES})\s*(?:\||//)|union\s+(?:{_NAMES})\b)", re.IGNORECASE)
_FENCED = re.compile(r"^```(?:kusto|kql)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(rf'"((?:{_NAMES})\s*\|[^"]*)"|`((?:{_NAMES})\s*\|[^`]*)`', re.IGNORECASE)


class Query(NamedTuple):
    """A query and the place where it stands."""

    place: str
    text: str


@cache
def all_queries() -> list[Query]:
    """The project's queries, tests and documents included."""
    folders = (path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    nested = (path for folder in folders for path in folder.rglob("*") if "node_modules" not in path.parts)
    paths = [path for path in (*ROOT.glob("*"), *nested) if path.suffix in READ and path.is_file()]
    return [query for path in sorted(paths) for query in _in_file(path)]


def _in_file(path: Path) -> Iterator[Query]:
    text, place = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
    if path.suffix == ".py":
        yield from (Query(f"{place}:{line}", found) for line, found in in_python(text))
    else:
        yield from (Query(f"{place}:{line}", found) for line, found in in_prose(text))


def in_python(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each; what an f-string fills in stands as `x`."""
    tree = ast.parse(text)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            found = node.value
        else:
            continue
        if _QUERY.match(found):
            yield node.lineno, found


def in_prose(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each."""
    for pattern in (_FENCED, _QUOTED):
        for match in pattern.finditer(text):
            found = next(group for group in match.groups() if group is not None)
            yield text.count("\n", 0, match.start()) + 1, found
