"""Where two answers differ: the recorded one and the simulated one.

Compared are the status, the headers that clients act upon, the keys at every depth, the types, and those values that
are words of Azure's: states, kinds, codes, names and ids. Not compared are moments, durations, sizes and free text.
Refuses to judge: which differences are acceptable is in the listing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.contract.recordings.names import INVENTED, Names

Kind = Literal["missing", "extra", "type", "value"]
Json = dict[str, Any]

#: Headers that a client acts upon.
HEADERS = ("azure-asyncoperation", "location", "retry-after")
RATE_LIMIT = "x-ms-ratelimit-remaining-"
#: Keys whose values are Azure's words. `code` is one in errors and statuses; health details have numbers there.
_WORDS = re.compile(
    r"(?i:type|status|state|operation|code|objectType|provisioningState|taskId|virtualMachineVersion|timeZone|title"
    r"|location|resourceGroup|scheduleRunFrequency|durationType|sku|tier)$|[a-z]\w*(Type|State|Status|Name)$|name$"
)
#: How the elements of two lists are told: the first of these that both have.
_IDENTITY = ("id", "name", "taskId", "code", "lun", "jobId", "weekOfMonth")
#: What tells one kind of element from another where nothing tells the very element.
_KIND = ("type", "objectType", "protectedItemType", "protectableItemType", "containerType", "backupManagementType")


@dataclass(frozen=True)
class Difference:
    """`where`: `status`, `header NAME`, or `body PATH` with dots between keys and `[]` for a list's elements.

    `recorded` and `here` tell the values, the types, or which element is missing or extra.
    """

    operation: str
    where: str
    kind: Kind
    recorded: str = ""
    here: str = ""

    def __str__(self) -> str:
        told = [f"{name} {value}" for name, value in (("recorded", self.recorded), ("here", self.here)) if value]
        return f"{self.operation}: {self.where}: {self.kind}" + (f" ({', '.join(told)})" if told else "")


class Comparison:
    """Compares answers to one operation. `names` binds what Azure invented as it is seen."""

    def __init__(self, operation: str, names: Names) -> None:
        self.operation, self.names = operation, names

    def headers(self, recorded: dict[str, str], simulated: dict[str, str]) -> Iterator[Difference]:
        """Presence of each header that matters, and the form of its value."""
        for name in sorted({*recorded, *simulated}):
            if name not in HEADERS and not name.startswith(RATE_LIMIT):
                continue
            where = f"header {name}"
            if name not in simulated:
                yield Difference(self.operation, where, "missing")
            elif name not in recorded:
                yield Difference(self.operation, where, "extra")
            else:
                yield from self._header(where, recorded[name], simulated[name])

    def _header(self, where: str, recorded: str, simulated: str) -> Iterator[Difference]:
        if recorded.startswith("http"):
            old, new = urlsplit(recorded), urlsplit(simulated)
            self.names.bind_paths(old.path, new.path)
            here = self.names.to_simulated(old.path).lower().replace("%3b", ";")
            there = new.path.lower().replace("%3b", ";")
            if here != there or not set(parse_qs(old.query)) <= set(parse_qs(new.query)):
                yield Difference(self.operation, where, "value", recorded[:300], simulated[:300])
        elif re.sub(r"\d+", "0", recorded) != re.sub(r"\d+", "0", simulated):
            yield Difference(self.operation, where, "value", recorded, simulated)

    def body(self, recorded: Any, simulated: Any) -> list[Difference]:
        """Keys, types and words of two bodies; None is no body."""
        return list(self._node(recorded, simulated, ""))

    def _found(self, path: str, kind: Kind, recorded: str = "", here: str = "") -> Difference:
        return Difference(self.operation, f"body {path}".rstrip(), kind, recorded, here)

    def _node(self, recorded: Any, simulated: Any, path: str) -> Iterator[Difference]:
        if _json_type(recorded) != _json_type(simulated):
            if path or (recorded is not None and simulated is not None):
                yield self._found(path, "type", _json_type(recorded), _json_type(simulated))
            else:
                yield self._found(path, "extra" if recorded is None else "missing")
        elif isinstance(recorded, dict):
            yield from self._object(recorded, simulated, path)
        elif isinstance(recorded, list):
            yield from self._list(recorded, simulated, path + "[]")
        elif isinstance(recorded, str):
            yield from self._text(recorded, simulated, path)

    def _object(self, recorded: Json, simulated: Json, path: str) -> Iterator[Difference]:
        for key in [*recorded, *(key for key in simulated if key not in recorded)]:
            under = f"{path}.{key}".lstrip(".")
            if key not in simulated:
                yield self._found(under, "missing")
            elif key not in recorded:
                yield self._found(under, "extra")
            else:
                yield from self._node(recorded[key], simulated[key], under)

    def _list(self, recorded: list[Any], simulated: list[Any], path: str) -> Iterator[Difference]:
        pairs, lost, new = self._pairs(recorded, simulated)
        for old, other in pairs:
            yield from self._node(old, other, path)
        for element in lost:
            yield self._found(path, "missing", _label(element))
        for element in new:
            yield self._found(path, "extra", here=_label(element))

    def _pairs(self, recorded: list[Any], simulated: list[Any]) -> tuple[list[tuple[Any, Any]], list[Any], list[Any]]:
        """Elements that are the same thing, then those of the same kind in their order; what is left on either side."""
        free = list(simulated)
        pairs, rest, lost = [], [], []
        for old in recorded:
            same = next((other for other in free if self._same(old, other)), None)
            if same is None:
                rest.append(old)
            else:
                free.remove(same)
                pairs.append((old, same))
        for old in rest:
            alike = next((other for other in free if self._alike(old, other)), None)
            if alike is None:
                lost.append(old)
            else:
                free.remove(alike)
                pairs.append((old, alike))
        return pairs, lost, free

    def _same(self, old: Any, other: Any) -> bool:
        if not isinstance(old, dict) or not isinstance(other, dict):
            return bool(old == other)
        for key in _IDENTITY:
            if key in old and key in other:
                return self.names.to_simulated(str(old[key])).lower() == str(other[key]).lower()
        return False

    def _alike(self, old: Any, other: Any) -> bool:
        """Of one kind, and not told apart by a name that someone chose."""
        if _json_type(old) != _json_type(other):
            return False
        if not isinstance(old, dict):
            return True
        if _kind(old) != _kind(other):
            return False
        key = next((key for key in _IDENTITY if key in old and key in other), None)
        if key is None:
            return True
        invented = [str(each[key]).rsplit("/", 1)[-1] for each in (old, other)]
        return all(map(INVENTED.fullmatch, invented)) and not self.names.known(invented[0])

    def _text(self, recorded: str, simulated: str, path: str) -> Iterator[Difference]:
        key = path.rsplit(".", 1)[-1].removesuffix("[]")
        if recorded.startswith("/") and simulated.startswith("/"):
            self.names.bind_paths(recorded, simulated)
        elif key in ("id", "name", "jobId"):
            self.names.bind(recorded, simulated)
        elif not _WORDS.match(key):
            return
        expected = self.names.to_simulated(recorded)
        exact = key not in ("id", "name") and not expected.startswith("/") and not key.endswith("Name")
        if expected != simulated and (exact or expected.lower() != simulated.lower()):
            yield self._found(path, "value", recorded, simulated)


def _json_type(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "boolean", False: "boolean"}[value]
    names = {str: "string", int: "number", float: "number", dict: "object", list: "list"}
    return names[type(value)]


def _kind(element: Json) -> tuple[str, ...]:
    found = element | (element["properties"] if isinstance(element.get("properties"), dict) else {})
    return tuple(str(found.get(key)) for key in _KIND)


def _label(element: Any) -> str:
    if isinstance(element, dict):
        return next((str(element[key]) for key in _IDENTITY if key in element), str(element)[:200])
    return str(element)[:200]
