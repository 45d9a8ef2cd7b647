"""A request as the text of a queue message, and back.

Decoding is strict, because anybody who can write to the queue can put anything there: a message that is not exactly
what `encode` writes is a `ValueError` that says why, and its place is the poison queue. A message of another version
is refused as well, so that an older worker never guesses at a newer one's meaning.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from shared.domain.arm_id import parse_vm_id
from shared.domain.model import ReconcileRequest

VERSION = 1
CAUSES = frozenset({"event", "sweep", "cli"})
MAX_CHARACTERS = 8_000  # far above what `encode` makes, far below a storage queue's 64 KiB
_MAX_ID = 200
_MAX_ATTEMPT = 1_000_000
_KEYS = frozenset({"version", "vmId", "cause", "correlationId", "runId", "attempt", "backupNow", "retainUntil"})


def encode(request: ReconcileRequest) -> str:
    """The message: one line of ASCII JSON, the same text for the same request."""
    return json.dumps(
        {
            "version": VERSION,
            "vmId": request.vm_id.text,
            "cause": request.cause,
            "correlationId": request.correlation_id,
            "runId": request.run_id,
            "attempt": request.attempt,
            "backupNow": request.backup_now,
            "retainUntil": request.retain_until.isoformat() if request.retain_until else None,
        },
        separators=(",", ":"),
    )


def decode(body: str | bytes) -> ReconcileRequest:
    """The request in a message; ValueError with the reason for anything that `encode` did not write."""
    if len(body) > MAX_CHARACTERS:
        raise ValueError(f"the message is longer than {MAX_CHARACTERS:,} characters")
    data = _object(body)
    version = data.get("version")
    if version != VERSION or isinstance(version, bool):
        raise ValueError(f"the message's version is {_shown(version)}; this Backstop reads version {VERSION}")
    if unknown := sorted(data.keys() - _KEYS):
        raise ValueError(f"unknown key {_shown(unknown[0])}")
    if missing := sorted(_KEYS - data.keys()):
        raise ValueError(f"the key '{missing[0]}' is missing")
    cause = _text(data, "cause")
    if cause not in CAUSES:
        raise ValueError(f"cause: must be one of {', '.join(sorted(CAUSES))}, not {_shown(cause)}")
    return ReconcileRequest(
        vm_id=parse_vm_id(_text(data, "vmId", 1_000)),
        cause=cause,
        correlation_id=_text(data, "correlationId"),
        run_id=_text(data, "runId"),
        attempt=_attempt(data["attempt"]),
        backup_now=_flag(data, "backupNow"),
        retain_until=_moment(data, "retainUntil"),
    )


def _object(body: str | bytes) -> Mapping[str, object]:
    try:
        data = json.loads(body, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the message is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("the message is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the message is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(data, dict):
        raise ValueError("the message is not a JSON object")
    return data


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key appears twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _text(data: Mapping[str, object], key: str, longest: int = _MAX_ID) -> str:
    value = data[key]
    if not isinstance(value, str):
        raise ValueError(f"{key}: must be text, not {_shown(value)}")
    if len(value) > longest:
        raise ValueError(f"{key}: longer than {longest} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair: no store could keep it and no URL could carry it.
        raise ValueError(f"{key}: not valid Unicode text") from None
    return value


def _flag(data: Mapping[str, object], key: str) -> bool:
    value = data[key]
    if not isinstance(value, bool):
        raise ValueError(f"{key}: must be true or false, not {_shown(value)}")
    return value


def _attempt(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MAX_ATTEMPT:
        raise ValueError(f"attempt: must be a whole number from 1, not {_shown(value)}")
    return value


def _moment(data: Mapping[str, object], key: str) -> datetime | None:
    if data[key] is None:
        return None
    text = _text(data, key)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{key}: not a moment in ISO 8601: {_shown(text)}") from None
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"{key}: must be in UTC, not {_shown(text)}")
    return moment.astimezone(UTC)


def _shown(value: object) -> str:
    """A short, one-line, ASCII view of a value that may be hostile."""
    return ascii(value)[:80]
