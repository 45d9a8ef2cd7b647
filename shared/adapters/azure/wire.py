"""Strict reading of Azure's JSON: what is absent reads as empty, what is of the wrong type is an error.

SDK models are mappings over the wire JSON too, so one reader serves ARM answers and Resource Graph rows alike. This
module never guesses: a malformed answer raises ValueError, which `arm_errors.translated` turns into an error of ours.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

Wire = Mapping[str, object]

# What .NET prints for "no date": 0001-01-01, and 2001-01-01 for an item that was never backed up (recorded, 2019).
_NO_DATE_UNTIL = datetime(2001, 1, 1, tzinfo=UTC)


def value_at(node: Wire, *path: str) -> object:
    """The value at a path of keys, or None where a key is absent or null on the way."""
    current: object = node
    for depth, key in enumerate(path):
        if current is None:
            return None
        if not isinstance(current, Mapping):
            raise ValueError(f"{'.'.join(path[:depth])} is not an object")
        current = current.get(key)
    return current


def text_at(node: Wire, *path: str) -> str:
    """The text at a path; empty where there is none."""
    value = value_at(node, *path)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{'.'.join(path)} is not a text but {type(value).__name__}")
    return str(value)  # an SDK's enum is a text as well


def required_text(node: Wire, *path: str) -> str:
    """The text at a path; ValueError where there is none."""
    text = text_at(node, *path)
    if not text:
        raise ValueError(f"{'.'.join(path)} is missing")
    return text


def flag_at(node: Wire, *path: str) -> bool | None:
    """True or False at a path, None where there is neither."""
    value = value_at(node, *path)
    if value is None or isinstance(value, bool):
        return value
    raise ValueError(f"{'.'.join(path)} is neither true nor false but {value!r}")


def number_at(node: Wire, *path: str) -> int | None:
    """The whole number at a path, None where there is none; a JSON `32.0` is one as well."""
    value = value_at(node, *path)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise ValueError(f"{'.'.join(path)} is not a whole number but {value!r}")
    return int(value)


def object_at(node: Wire, *path: str) -> Wire:
    """The object at a path; empty where there is none."""
    value = value_at(node, *path)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{'.'.join(path)} is not an object")
    return value


def list_at(node: Wire, *path: str) -> Sequence[object]:
    """The list at a path; empty where there is none."""
    value = value_at(node, *path)
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"{'.'.join(path)} is not a list")
    return value


def moment_at(node: Wire, *path: str) -> datetime | None:
    """The moment at a path in UTC; None where there is none, and for .NET's ways of saying so."""
    text = text_at(node, *path)
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return None if moment.replace(tzinfo=UTC) <= _NO_DATE_UNTIL else moment.astimezone(UTC)


def tags_at(node: Wire, *path: str) -> dict[str, str]:
    """Tags; empty where there are none. A tag without a value has an empty one."""
    tags = object_at(node, *path)
    for name, value in tags.items():
        if not isinstance(value, str | None):
            raise ValueError(f"tag {name!r} is not a text")
    return {str(name): str(value or "") for name, value in tags.items()}
