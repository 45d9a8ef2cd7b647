"""Reads an estate file that is YAML, by its events, so that only one entry at a time is built.

Plain YAML only: no anchors and aliases (they can grow without bound), no type tags, no duplicate keys (one of them
would silently win), one document. Of unquoted words only `true`, `false`, `null` and numbers as JSON has them are
something else than text: a date stays the text that it is, and so do `no` and `on`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import yaml

from simulator.estate.file_text import MAX_DEPTH, MAX_ENTRY, Entry, EstateFileError, Node, Objection, problem, shown

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# An exponent needs a fraction before it and a sign, as in YAML 1.1: writers leave the text 1e5 unquoted.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,20}([eE][+-][0-9]{1,2})?)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WORDS |= {spelt(word): value for word, value in _WORDS.items() for spelt in (str.capitalize, str.upper)}


def entries(stream: TextIO, file: Path, objection: Objection) -> Iterator[Entry]:
    """The file's entries in their order; EstateFileError for what is no plain YAML mapping."""
    reader = _Reader(stream, file)
    try:
        yield from reader.sections(objection)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        place = (mark.line + 1, mark.column + 1) if mark else None
        raise problem(file, place, "", f"not valid YAML: {shown(what)}") from None
    finally:
        reader.close()


def node_of(text: str, file: Path, line: int, column: int) -> Node:
    """The places inside a piece of JSON (which is YAML too) that begins at this line and column."""
    reader = _Reader(text, file, line)
    try:
        reader.take(), reader.take()
        node = reader.node(reader.take(), 0, "")
    finally:
        reader.close()
    _shift(node, line, column)
    return node


def _shift(node: Node, line: int, column: int) -> None:
    """The first line of a piece does not begin at its file's left edge."""
    if node.line == line:
        node.column += column - 1
    if node.key_place and node.key_place[0] == line:
        node.key_place = (line, node.key_place[1] + column - 1)
    for child in node.inside.values() if isinstance(node.inside, dict) else node.inside:
        _shift(child, line, column)


class _Reader:
    """Events in, nodes out."""

    def __init__(self, source: TextIO | str, file: Path, first_line: int = 1) -> None:
        self._loader = _Loader(source)
        self._file, self._first, self._size = file, first_line, 0

    def close(self) -> None:
        self._loader.dispose()

    def take(self) -> Any:
        return self._loader.get_event()

    def sections(self, objection: Objection) -> Iterator[Entry]:
        self.take()  # the stream begins
        if isinstance(self.take(), yaml.StreamEndEvent):
            raise self._no_mapping(None)
        event = self.take()
        if not isinstance(event, yaml.MappingStartEvent):
            raise self._no_mapping(event)
        self._refuse_specials(event, "")
        seen: set[str] = set()
        while not isinstance(event := self.take(), yaml.MappingEndEvent):
            name = self._key(event, seen, "")
            if what := objection(name):
                raise self._error(event, shown(name), what)
            event = self.take()
            if isinstance(event, yaml.SequenceStartEvent):
                self._refuse_specials(event, name)
                yield from self._list(name)
            else:
                node = self.node(event, 1, name)
                yield Entry(name, None, node.value, node.find)
        self.take()
        if not isinstance(event := self.take(), yaml.StreamEndEvent):
            raise self._error(event, "", "a second document begins here; an estate file holds one")

    def _list(self, section: str) -> Iterator[Entry]:
        index = 0
        while not isinstance(event := self.take(), yaml.SequenceEndEvent):
            self._size = 0
            node = self.node(event, 2, f"{section}[{index}]")
            yield Entry(section, index, node.value, node.find)
            index += 1

    def node(self, event: Any, depth: int, key: str) -> Node:
        """What begins with this event, as plain values with their places."""
        self._refuse_specials(event, key)
        if depth > MAX_DEPTH:
            raise self._error(event, key, f"nested deeper than {MAX_DEPTH} levels")
        line, column = event.start_mark.line + self._first, event.start_mark.column + 1
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._scalar(event, key), line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            listed: list[Node] = []
            while not isinstance(event := self.take(), yaml.SequenceEndEvent):
                listed.append(self.node(event, depth + 1, f"{key}[{len(listed)}]"))
            return Node([each.value for each in listed], line, column, listed)
        inside: dict[str | int, Node] = {}
        seen: set[str] = set()
        while not isinstance(event := self.take(), yaml.MappingEndEvent):
            name = sys.intern(self._key(event, seen, key))
            place = (event.start_mark.line + self._first, event.start_mark.column + 1)
            inside[name] = self.node(self.take(), depth + 1, f"{key}.{shown(name)}" if key else shown(name))
            inside[name].key_place = place
        return Node({name: each.value for name, each in inside.items()}, line, column, inside)

    def _key(self, event: Any, seen: set[str], key: str) -> str:
        self._refuse_specials(event, key)
        if not isinstance(event, yaml.ScalarEvent) or not isinstance(self._scalar(event, key), str):
            raise self._error(event, key, "keys must be text; quote this one")
        name = str(event.value)
        if name in seen:
            raise self._error(event, f"{key}.{shown(name)}" if key else shown(name), "this key appears twice")
        seen.add(name)
        return name

    def _scalar(self, event: Any, key: str) -> Any:
        text = str(event.value)
        self._size += len(text)
        if self._size > MAX_ENTRY:
            raise self._error(event, key, f"the entry holds more than {MAX_ENTRY:,} characters")
        if event.style:  # quoted, or a block of text
            return text
        if text in _WORDS:
            return _WORDS[text]
        number = _NUMBER.fullmatch(text)
        if number is None:
            if text in {".inf", "-.inf", "+.inf", ".nan"}:
                raise self._error(event, key, f"{text} is no number that JSON knows")
            return text
        return float(text) if number[2] else int(text)

    def _refuse_specials(self, event: Any, key: str) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._error(event, key, "anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            raise self._error(event, key, f"the type tag {shown(str(event.tag))} is not allowed")

    def _no_mapping(self, event: Any) -> EstateFileError:
        what = "an estate file is one mapping with the keys version, subscriptions, virtualMachines, …"
        return self._error(event, "", what) if event is not None else problem(self._file, (1, 1), "", what)

    def _error(self, event: Any, key: str, what: str) -> EstateFileError:
        place = (event.start_mark.line + self._first, event.start_mark.column + 1)
        return problem(self._file, place, key, what)
