"""Writes an estate file, entry by entry, and all or nothing: a name never stands for half an estate.

What is written goes to a file beside the wanted one, readable by its owner alone, and takes its name at the very end.
The ending decides on the form: `.json` (quick, for large estates) or `.yaml`. This module knows no section's meaning.
"""

import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import yaml

from shared.errors import SettingsError

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
ENDINGS = (".json", ".yaml", ".yml")


class EstateFile:
    """Use as a context manager: the file is there when the block ends without an error. `counts` are its entries."""

    def __init__(self, path: Path) -> None:
        """SettingsError for an ending that is none of ENDINGS."""
        if path.suffix.lower() not in ENDINGS:
            raise SettingsError(
                f"{path}: the name of an estate file ends with {', '.join(ENDINGS)}",
                code="OUT",
                remedy="Give such a name with --out",
            )
        self.path, self.counts = path, Counter[str]()
        self._json = path.suffix.lower() == ".json"
        self._stream: TextIO | None = None
        self._section, self._begun = "", False
        self._temporary = Path()

    def __enter__(self) -> Self:
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        except OSError as error:
            raise self._unwritable(error) from None
        self._temporary = Path(name)
        self._stream = os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stream, self._stream = self._open_stream(), None
        try:
            with stream:
                if kind is None:
                    stream.write(self._end())
                    stream.flush()
                    os.fsync(stream.fileno())
            if kind is None:
                self._temporary.replace(self.path)
        except OSError as failure:
            raise self._unwritable(failure) from None
        finally:
            self._temporary.unlink(missing_ok=True)

    def head(self, name: str, value: Any) -> None:
        """A section that is one value, no list; not between the entries of a list."""
        self._write(self._start(name) + " " + _json(value))

    def add(self, section: str, entry: Any) -> None:
        """An entry of a list; entries of one section come one after the other."""
        if section == self._section:
            begin = ",\n" if self._json else ""
        elif section in self.counts:
            raise ValueError(f"section {section} is closed already")
        else:
            begin = self._start(section) + (" [\n" if self._json else "\n")
            self._section = section
        self.counts[section] += 1
        self._write(begin + (_json(entry) if self._json else _yaml([entry])))

    def _start(self, name: str) -> str:
        """What ends the section before, and the new one's name."""
        listed, begun = bool(self._section), self._begun
        self._section, self._begun = "", True
        if self._json:
            return ("\n]" if listed else "") + (",\n" if begun else "{\n") + f'"{name}":'
        return ("" if listed or not begun else "\n") + f"{name}:"

    def _end(self) -> str:
        if self._json:
            return ("\n]" if self._section else "") + "\n}\n"
        return "" if self._section else "\n"

    def _write(self, text: str) -> None:
        try:
            self._open_stream().write(text)
        except OSError as error:
            raise self._unwritable(error) from None

    def _open_stream(self) -> TextIO:
        if self._stream is None:
            raise RuntimeError("the estate file is not open: use it as a context manager")
        return self._stream

    def _unwritable(self, error: OSError) -> SettingsError:
        remedy = "Give another file with --out"
        return SettingsError(f"{self.path} cannot be written: {error.strerror}", code="OUT", remedy=remedy)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _yaml(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)
    return text
