"""An estate from a file: `load` gives the state that `--estate FILE` serves. docs/estate.md describes the format.

The file's kind follows from its content: what begins with `{` is JSON, the rest is YAML. Everything that is wrong with
it is one EstateFileError with file, line, column and key; nothing is guessed, repaired or left out.
"""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, get_args

from pydantic import TypeAdapter, ValidationError

from simulator.core.state import State
from simulator.estate import file_json, file_yaml
from simulator.estate.bulk import no_collector
from simulator.estate.file_build import Parts, build
from simulator.estate.file_model import EstateFile
from simulator.estate.file_text import Entry, EstateFileError, problem, shown

#: Largest files that are read at all. YAML takes about forty times as long as JSON.
MAX_JSON, MAX_YAML = 2 << 30, 128 << 20

_FIELDS = {field.alias or name: field for name, field in EstateFile.model_fields.items()}


def load(file: Path, start: datetime, seed: int = 1) -> tuple[State, datetime]:
    """The file's estate and the moment as of which it stands: the file's `asOf`, or `start` where it names none.

    Raises EstateFileError, whose text is one line for a person.
    """
    parts: Parts = {name: [] for name in _FIELDS}
    with _opened(file) as (stream, reader), no_collector():
        for entry in reader.entries(stream, file, _objection):
            parts[entry.section].append((entry, _validated(entry, file)))
        for name in ("version", "subscriptions"):
            if not parts[name]:
                raise problem(file, (1, 1), "", f"the key '{name}' is missing")
        return build(parts, file, start, seed)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[TextIO, Any]]:
    try:
        size = file.stat().st_size
        if not file.is_file():  # a folder, or a device that never ends
            raise EstateFileError(f"{file}: cannot be read: no regular file")
        with file.open(encoding="utf-8-sig") as stream:
            head = stream.read(4096).lstrip()
            stream.seek(0)
            as_json = head.startswith("{")
            if size > (most := MAX_JSON if as_json else MAX_YAML):
                raise EstateFileError(f"{file}: larger than {most >> 20:,} MiB; a large estate is to be JSON")
            yield stream, file_json if as_json else file_yaml
    except FileNotFoundError:
        raise EstateFileError(f"{file}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise EstateFileError(f"{file}: not UTF-8 text ({error.reason})") from None
    except OSError as error:
        raise EstateFileError(f"{file}: cannot be read: {error.strerror}") from None


def _objection(section: str) -> str:
    if section in _FIELDS:
        return ""
    near = difflib.get_close_matches(section, _FIELDS, n=1)
    return f"unknown key{f' (did you mean {near[0]!r}?)' if near else ''}"


def _is_list(section: str) -> bool:
    return getattr(_FIELDS[section].annotation, "__origin__", None) is list


def _adapter(section: str) -> TypeAdapter[Any]:
    field = _FIELDS[section]
    if _is_list(section):
        return TypeAdapter(get_args(field.annotation)[0])
    return TypeAdapter(field.rebuild_annotation())


_ADAPTERS = {section: _adapter(section) for section in _FIELDS}


def _validated(entry: Entry, file: Path) -> Any:
    if _is_list(entry.section) != (entry.index is not None):
        if entry.index is None:
            raise entry.error(file, "must be a list")
        raise problem(file, entry.locate(()), entry.section, "must not be a list")
    try:
        return _ADAPTERS[entry.section].validate_python(entry.value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
    # Raised out here: as its context, pydantic's error would keep all that was on the stack alive for good.
    # A misspelt key is also a missing one: its misspelling is what helps.
    first: Any = min(found, key=lambda each: each["type"] != "extra_forbidden")
    path = _in_file(first["loc"], entry.value)
    raise entry.error(file, _explain(first, path), *path)


def _in_file(loc: tuple[Any, ...], value: Any) -> tuple[str | int, ...]:
    """The part of pydantic's path that leads to something in the file; the rest names types of the model."""
    path: list[str | int] = []
    for part in loc:
        inside = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
        if part in inside:
            value = inside[part]
            path.append(part)
        elif part == loc[-1]:
            break
    return tuple(path)


def _explain(error: Any, path: tuple[str | int, ...]) -> str:
    kind, last = error["type"], error["loc"][-1] if error["loc"] else ""
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(last), _WORDS, n=1)
        return f"unknown key{f' (did you mean {near[0]!r}?)' if near else ''}"
    if kind == "missing":
        return f"the key '{last}' is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind in {"value_error", "literal_error"} or isinstance(error.get("input"), dict | list):
        return message[:1].lower() + message[1:]
    if kind == "string_type" and path:
        return "must be text; quote it"
    if kind == "string_pattern_mismatch":
        return f"not a valid value: {shown(str(error.get('input')))!r}"
    return f"{message[:1].lower()}{message[1:]}, not {shown(repr(error.get('input')))}"


def _words(model: Any, found: set[str]) -> set[str]:
    for name, field in model.model_fields.items():
        if (word := field.alias or name) not in found:
            found.add(word)
        for inner in (field.annotation, *get_args(field.annotation)):
            for each in (inner, *get_args(inner)):
                if isinstance(each, type) and hasattr(each, "model_fields") and each is not model:
                    _words(each, found)
    return found


#: Every key that a file can have, for suggestions.
_WORDS = sorted(_words(EstateFile, set()))
