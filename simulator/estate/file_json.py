"""Reads an estate file that is JSON, entry by entry from a buffer, so that a file of 250 MB needs a few of them.

Strict: no duplicate keys, no NaN, no half characters, one value. The decoding is `json`'s own; here is only which
piece of the text comes next. Places are counted when they are asked for, that is, for an error.
"""

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

import yaml

from simulator.estate.file_text import (
    MAX_DEPTH,
    MAX_ENTRY,
    Entry,
    EstateFileError,
    Objection,
    Path_,
    is_encodable,
    problem,
    shown,
)
from simulator.estate.file_yaml import node_of

_CHUNK = 1 << 20
_SMALL, _ALIKE = 8, 4096  # keys of an object that may be shared, and how many are remembered
_PLAIN = (str, bool)  # not numbers: 1 and true are alike to a dictionary
_SPACE = " \t\r\n"


class _Twice(ValueError):
    """A key that appears twice in one object."""


class _Objects:
    """Makes the file's objects. Small ones that are alike (images, sizes) are one: nobody writes to them."""

    def __init__(self) -> None:
        self._alike: dict[tuple[tuple[str, Any], ...], dict[str, Any]] = {}

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = {sys.intern(name): value for name, value in pairs}
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            raise _Twice(next(name for name in names if names.count(name) > 1))
        if len(pairs) > _SMALL or any(type(value) not in _PLAIN for value in made.values()):
            return made
        if len(self._alike) > _ALIKE:
            self._alike.clear()
        return self._alike.setdefault(tuple(pairs), made)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number that JSON knows")


def _fraction(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_Objects(), parse_constant=_no_number, parse_float=_fraction)


def entries(stream: TextIO, file: Path, objection: Objection) -> Iterator[Entry]:
    """The file's entries in their order; EstateFileError for what is no JSON object."""
    reader = _Reader(stream, file)
    reader.expect("{", "an estate file is one object with the keys version, subscriptions, virtualMachines, …")
    seen: set[str] = set()
    if not reader.passes("}"):
        while True:
            name, at = reader.value("")
            if not isinstance(name, str) or name in seen:
                what = "this key appears twice" if isinstance(name, str) else "a key must be a text"
                raise problem(file, reader.place(at), shown(str(name)), what)
            seen.add(name)
            if what := objection(name):
                raise problem(file, reader.place(at), shown(name), what)
            reader.expect(":", "a colon is missing")
            yield from _section(reader, name, file)
            if reader.passes("}"):
                break
            reader.expect(",", "a comma or the end of the object is missing")
    if reader.peek():
        raise problem(file, reader.place(reader.offset), "", "something follows the end of the object")


def _section(reader: "_Reader", name: str, file: Path) -> Iterator[Entry]:
    if not reader.passes("["):
        value, at = reader.value(name)
        yield Entry(name, None, value, _locator(file, at))
        return
    index, otherwise = 0, f"a comma or the end of the list {shown(name)} is missing"
    if reader.passes("]"):
        return
    while True:
        value, at = reader.value(f"{name}[{index}]")
        yield Entry(name, index, value, _locator(file, at))
        index += 1
        if reader.passes("]"):
            return
        reader.expect(",", otherwise)


class _locator:  # noqa: N801  # used as a function; a class, because 100,000 closures would take twice the memory
    """Finds places inside the entry that begins at an offset, by reading the file again up to there."""

    __slots__ = ("at", "file")

    def __init__(self, file: Path, at: int) -> None:
        self.file, self.at = file, at

    def __call__(self, path: Path_) -> tuple[int, int]:
        with self.file.open(encoding="utf-8-sig") as stream:
            line, column = _place(stream, self.at)
            text = stream.read(MAX_ENTRY)
        _, end = _decoder().raw_decode(text)
        try:
            return node_of(text[:end], self.file, line, column).find(path)
        except (yaml.YAMLError, EstateFileError):  # JSON that is no YAML, such as an escaped pair of surrogates
            return line, column  # where the entry begins is near enough


def _place(stream: TextIO, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at this offset; the stream then stands there."""
    line, column = 1, 1
    while offset > 0:
        chunk = stream.read(min(offset, _CHUNK))
        if not chunk:
            break
        offset -= len(chunk)
        line += chunk.count("\n")
        last = chunk.rfind("\n")
        column = column + len(chunk) if last < 0 else len(chunk) - last
    return line, column


class _Reader:
    """A window over the text. `offset` counts the characters before it."""

    def __init__(self, stream: TextIO, file: Path) -> None:
        self._stream, self._file, self._decoder = stream, file, _decoder()
        self._text, self._at, self._before, self._ended = "", 0, 0, False

    @property
    def offset(self) -> int:
        """Characters of the file before the next one."""
        return self._before + self._at

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character."""
        with self._file.open(encoding="utf-8-sig") as stream:
            return _place(stream, offset)

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def passes(self, sign: str) -> bool:
        """Whether the next character is this one; it is then behind us."""
        if self.peek() != sign:
            return False
        self._at += 1
        return True

    def expect(self, sign: str, otherwise: str) -> None:
        """Go past this character, or raise EstateFileError."""
        if not self.passes(sign):
            raise problem(self._file, self.place(self.offset), "", f"not valid JSON: {otherwise}")

    def value(self, key: str) -> tuple[Any, int]:
        """The next value and the offset at which it begins."""
        self.peek()
        start = self.offset
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) - self._at < MAX_ENTRY and self._more():
                    continue
                raise self._invalid(error, key) from None
            except _Twice as error:
                raise problem(
                    self._file, self.place(start), key, f"the key '{shown(str(error))}' appears twice"
                ) from None
            except RecursionError:
                raise problem(self._file, self.place(start), key, _TOO_DEEP) from None
            except ValueError as error:
                raise problem(self._file, self.place(start), key, shown(str(error))) from None
            if end == len(self._text) and self._more():
                continue  # a number may go on
            break
        text = self._text[self._at : end]
        self._refuse(text, value, start, key)
        self._at = end
        if self._at > _CHUNK:
            self._before, self._text, self._at = self._before + self._at, self._text[self._at :], 0
        return value, start

    def _refuse(self, text: str, value: Any, start: int, key: str) -> None:
        if len(text) > MAX_ENTRY:
            raise problem(self._file, self.place(start), key, f"holds more than {MAX_ENTRY:,} characters")
        if text.count("{") + text.count("[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
            raise problem(self._file, self.place(start), key, _TOO_DEEP)
        if "\\u" in text and not is_encodable(json.dumps(value, ensure_ascii=False)):
            raise problem(self._file, self.place(start), key, "holds half a character (a lone surrogate)")

    def _invalid(self, error: json.JSONDecodeError, key: str) -> EstateFileError:
        return problem(self._file, self.place(self._before + error.pos), key, f"not valid JSON: {shown(error.msg)}")

    def _more(self) -> bool:
        if self._ended:
            return False
        size = max(_CHUNK, len(self._text) - self._at)
        chunk = self._stream.read(size)
        self._ended = not chunk
        self._text += chunk
        return bool(chunk)


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        each, level = waiting.pop()
        deepest = max(deepest, level)
        if level > MAX_DEPTH:
            return level
        if isinstance(each, dict | list):
            inner = each.values() if isinstance(each, dict) else each
            waiting += [(one, level + 1) for one in inner]
    return deepest
