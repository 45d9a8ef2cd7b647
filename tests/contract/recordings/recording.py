"""Recorded traffic: the files of the folder `recordings/` of the reference data, read and named.

Every file there is taken for a recording; one that is none raises `NotARecordingError` with one line that says why.
Nothing here knows a simulator or an adapter.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]

_FIELDS = {"method": str, "path": str, "query": str, "status": int, "headers": dict}
#: Where Azure's own paths begin; a recording may hold what a client read from other hosts.
_ROOTS = ("subscriptions", "providers", "tenants", "metadata")
ELSEWHERE = "elsewhere"
_METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")


class NotARecordingError(Exception):
    """A file that is no list of exchanges; the message names the file and what is wrong, in one line."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `path` is decoded, `sent` as it went out; header names are lower-case."""

    number: int
    method: str
    path: str
    sent: str
    query: str
    request: Any
    status: int
    headers: dict[str, str]
    response: Any

    @property
    def operation(self) -> str:
        """What is done to which type, a `*` for every name: `GET Microsoft.RecoveryServices/vaults/*/backupJobs`."""
        return operation_of(self.method, self.path)

    @property
    def at(self) -> datetime:
        """When it was answered, from its `date`."""
        return parsedate_to_datetime(self.headers["date"]).astimezone(UTC)

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


def operation_of(method: str, path: str) -> str:
    """The operation of a request: its method, the last provider in the path, and the types under it."""
    segments = [part for part in path.split("/") if part]
    if not segments or segments[0].lower() not in _ROOTS:
        return f"{method} {ELSEWHERE}"
    low = [part.lower() for part in segments]
    namespace, types = "Microsoft.Resources", segments
    if "providers" in low:
        last = len(low) - 1 - low[::-1].index("providers")
        namespace, types = "".join(segments[last + 1 : last + 2]), segments[last + 2 :]
    kinds = [part if index % 2 == 0 else "*" for index, part in enumerate(types)]
    return f"{method} {'/'.join([namespace, *kinds])}"


def load(path: Path) -> list[Exchange]:
    """The exchanges of a file, in their order. Raises NotARecordingError."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotARecordingError(f"{path.name} is no recording: {error}".replace("\n", " ")) from None
    if not isinstance(raw, list) or not raw:
        raise NotARecordingError(f"{path.name} is no recording: it holds no list of exchanges")
    return [_exchange(path.name, number, each) for number, each in enumerate(raw)]


def _exchange(name: str, number: int, raw: object) -> Exchange:
    where = f"{name} is no recording: exchange {number}"
    if not isinstance(raw, dict):
        raise NotARecordingError(f"{where} is no object")
    for field, kind in _FIELDS.items():
        if not isinstance(raw.get(field), kind):
            raise NotARecordingError(f"{where} has no {field} that is a {kind.__name__}")
    for field in ("request", "response"):
        if field not in raw:
            raise NotARecordingError(f"{where} has no {field}")
    if raw["method"] not in _METHODS or not raw["path"].startswith("/"):
        raise NotARecordingError(f"{where} asks {raw['method']} of {raw['path']}")
    headers = {str(key).lower(): _text(value) for key, value in raw["headers"].items()}
    try:
        parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        raise NotARecordingError(f"{where} has no date among its headers") from None
    path = re.sub("/{2,}", "/", "/".join(unquote(part) for part in raw["path"].split("/")))
    return Exchange(
        number=number,
        method=raw["method"],
        path=path,
        sent=raw["path"],
        query=raw["query"].removeprefix("?"),
        request=raw["request"],
        status=raw["status"],
        headers=headers,
        response=raw["response"],
    )


def _text(value: object) -> str:
    """A header's value; cassettes keep a list of one."""
    return str(value[0]) if isinstance(value, list) and value else str(value)


def resources(body: object) -> list[Json]:
    """The resources that an answer shows: itself, or the elements of its list."""
    if not isinstance(body, dict):
        return []
    value = body.get("value")
    found = value if isinstance(value, list) else [body]
    return [each for each in found if isinstance(each, dict)]
