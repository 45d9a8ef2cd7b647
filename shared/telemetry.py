"""Logging for people and for machines: one line for each record on stderr, with fields, and without secrets.

Texts from outside (names, tags, Azure's messages) cannot forge a line or steer a terminal: control characters are
written as escapes. Tokens, keys and the query of every URL are removed, because the URL of an operation may carry a
signature. This module sets up the standard library's logging and nothing more; the Functions host brings its own.
"""

import json
import logging
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

# What log calls give as `extra`, and `fields` for a whole block; `policy` is the hash that a look was decided by.
FIELDS = ("correlation_id", "run_id", "vm", "code", "policy")
_LONGEST = 4_000
_NOISY = ("azure", "msrest", "aiohttp", "asyncio", "urllib3")
_REMOVED = "[removed]"
_SECRETS = (
    # Bearer tokens, wherever they stand, and JSON web tokens without the word.
    (re.compile(r"(?i)\b(bearer|basic|sharedaccesssignature)\s+[A-Za-z0-9\-._~+/=%&]{6,}"), rf"\1 {_REMOVED}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*){0,2}"), _REMOVED),
    (
        re.compile(
            r"(?i)(\b(?:authorization|aeg-sas-key|aeg-sas-token|x-functions-key|x-ms-copy-source-authorization"
            r"|accountkey|sharedaccesskey|sharedaccesssignature|client_secret|access_token|refresh_token|password)\b"
            r"['\"]?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|(?:bearer |basic )?[^\s;,'\"}&]+)"
        ),
        rf"\1{_REMOVED}",
    ),
    # The query of any URL, and of the path of an operation.
    (re.compile(r"(?i)(\bhttps?://[^\s?'\"<>]*)\?[^\s'\"<>]*"), rf"\1?{_REMOVED}"),
    (re.compile(r"(/subscriptions/[^\s?'\"<>]*)\?[^\s'\"<>]*"), rf"\1?{_REMOVED}"),
    (re.compile(r"(?i)([?&](?:sig|signature|code|key|token|c|s|h|t)=)[^&\s'\"<>]+"), rf"\1{_REMOVED}"),
)
_fields: ContextVar[dict[str, str] | None] = ContextVar("log_fields", default=None)


def configure(*, json_lines: bool, level: int | str = logging.INFO) -> None:
    """Send all logging to stderr, as JSON lines or as short lines; calling it again replaces the earlier set-up."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(JsonFormatter() if json_lines else ShortFormatter())
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _NOISY:
        # Azure's SDK logs whole requests below WARNING.
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


@contextmanager
def fields(**values: str) -> Iterator[None]:
    """Give every record inside the block these fields; ValueError for one that is not in `FIELDS`."""
    if unknown := values.keys() - set(FIELDS):
        raise ValueError(f"not a log field: {min(unknown)}")
    token = _fields.set({**(_fields.get() or {}), **values})
    try:
        yield
    finally:
        _fields.reset(token)


def clean(text: str) -> str:
    """The text without secrets, on one line, with invisible characters as escapes, and of a bearable length."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(each) for each in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class _Handler(logging.StreamHandler[TextIO]):
    """Our handler, so that a second `configure` finds the first one's."""


class ShortFormatter(logging.Formatter):
    """`08:00:00 WARNING shared.sweep: text (vm=…)`, for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        known = _fields_of(record)
        tail = f" ({' '.join(f'{name}={clean(value)}' for name, value in known.items())})" if known else ""
        error = record.exc_info[1] if record.exc_info else None
        why = f": {type(error).__name__} {clean(str(error))}" if error else ""
        return f"{at} {record.levelname} {clean(record.name)}: {clean(record.getMessage())}{why}{tail}"


class JsonFormatter(logging.Formatter):
    """An object a line: at, level, logger, message, the fields that are set, and the exception with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of ASCII JSON."""
        data = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": clean(record.name),
            "message": clean(record.getMessage()),
            **{name: clean(value) for name, value in _fields_of(record).items()},
        }
        if record.exc_info and record.exc_info[1]:
            trace = self.formatException(record.exc_info)
            data["exception"] = "\n".join(clean(line) for line in trace.splitlines())[-_LONGEST:]
        return json.dumps(data)


def _fields_of(record: logging.LogRecord) -> dict[str, str]:
    around = _fields.get() or {}
    values = {name: getattr(record, name, None) or around.get(name) for name in FIELDS}
    return {name: str(value) for name, value in values.items() if value}


def _shown(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode()
    return character
