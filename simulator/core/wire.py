"""The small vocabulary every route shares: answers, errors, timestamps, pages and `$filter`.

Refuses to know any resource: a shape that belongs to one Azure service lives with that service.
"""

import base64
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]

#: What .NET prints for "no date"; an unfinished operation's endTime (recorded traffic, 2019).
NO_DATE = "0001-01-01T00:00:00"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `body` None means an empty body, as Azure's 202 and 204 have."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class AzureError(Exception):
    """An answer in Azure's error shape: `{"error": {"code", "message"}}`."""

    def __init__(self, status: int, code: str, message: str, details: Sequence[Json] = ()) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.details = status, code, message, list(details)

    def answer(self) -> Answer:
        """The error as an answer, with `x-ms-error-code` where clients look for it."""
        error: Json = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        return Answer(self.status, {"error": error}, {"x-ms-error-code": self.code})


def stamp(moment: datetime) -> str:
    """ISO-8601 UTC with seven fractional digits, as .NET prints them: `2019-12-16T13:16:26.6857896Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "0Z"


def duration(span: timedelta) -> str:
    """ISO-8601 duration: `PT1H21M13.311390S`."""
    seconds = max(span.total_seconds(), 0.0)
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    text = (f"{int(hours)}H" if hours >= 1 else "") + (f"{int(minutes)}M" if minutes >= 1 else "")
    return f"PT{text}{rest:.7f}".rstrip("0").rstrip(".") + "S"


def timespan(span: timedelta) -> str:
    """.NET timespan `d.hh:mm:ss.fffffff`, as `deferredDeleteTimeRemaining` has it (recorded traffic, 2019)."""
    seconds = max(span.total_seconds(), 0.0)
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{int(days)}.{int(hours):02}:{int(minutes):02}:{rest:010.7f}"


def page(rows: Sequence[Json], query: dict[str, str], url: str, size: int) -> Json:
    """One page of `rows`. `url` is the list's own address without query; the next page is `nextLink`.

    Raises AzureError 400 where `$skipToken` is none that this function gave out.
    """
    token = query.get("$skiptoken")
    start = 0
    if token:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode())
        except ValueError:
            raise AzureError(400, "InvalidSkipToken", f"The skip token '{token}' is not valid.") from None
    body: Json = {"value": list(rows[start : start + size])}
    if start + size < len(rows):
        kept = {k: v for k, v in query.items() if k != "$skiptoken"}
        kept["$skipToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        body["nextLink"] = url + "?" + "&".join(f"{quote(k, safe='$-')}={quote(v)}" for k, v in kept.items())
    return body


_CLAUSE = re.compile(r"\s*([\w/]+)\s+(eq)\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)


def parse_filter(text: str) -> dict[str, str]:
    """`a eq 'x' and b eq 'y'` → `{"a": "x", "b": "y"}` (names lower-cased): all that the backup service's lists take.

    Raises AzureError 400 on anything else.
    """
    found: dict[str, str] = {}
    rest = text
    while rest.strip():
        clause = _CLAUSE.match(rest)
        if clause is None:
            raise AzureError(400, "BMSUserErrorInvalidFilter", f"The filter is not in proper format: {text}")
        found[clause[1].lower()] = clause[3].replace("''", "'")
        rest = rest[clause.end() :]
        if rest.strip():
            if not rest[:4].lower().startswith("and "):
                raise AzureError(400, "BMSUserErrorInvalidFilter", f"The filter is not in proper format: {text}")
            rest = rest[4:]
    return found


def _no_number(word: str) -> None:
    """`NaN` and `Infinity` are Python's, not JSON's: kept, they would make every later answer unreadable."""
    raise ValueError(f"{word} is no JSON value")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def parse_body(raw: bytes) -> Json:
    """A request's body as an object; empty gives `{}`. Raises AzureError 400 on anything that is no JSON object."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise AzureError(400, "InvalidRequestContent", f"The request content was invalid: {error}") from None
    if not isinstance(body, dict):
        raise AzureError(400, "InvalidRequestContent", "The request content was invalid: expected an object.")
    return body
