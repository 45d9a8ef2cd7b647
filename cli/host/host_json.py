"""The limits in `host.json`, which the deployed app obeys too."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.errors import SettingsError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class HostLimits:
    """The defaults are those that Functions' host takes for what `host.json` leaves out (Azure Functions reference).

    `visibility_timeout` is how long a message rests after a failed try.
    """

    batch_size: int = 16
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta()
    route_prefix: str = "api"


def read_host_json(path: Path) -> HostLimits:
    """The limits in this file. SettingsError where it cannot be read or holds what no host would accept."""
    try:
        extensions = json.loads(path.read_text(encoding="utf-8")).get("extensions", {})
        queues, http = extensions.get("queues", {}), extensions.get("http", {})
        default = HostLimits()
        return HostLimits(
            batch_size=_between(1, 32, queues.get("batchSize", default.batch_size), "batchSize"),
            max_dequeue_count=_between(
                1, 1000, queues.get("maxDequeueCount", default.max_dequeue_count), "maxDequeueCount"
            ),
            visibility_timeout=_time_span(queues.get("visibilityTimeout", "00:00:00")),
            route_prefix=str(http.get("routePrefix", default.route_prefix)).strip("/"),
        )
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"{path.name} cannot be used: {error}", code="HOST_JSON", remedy="Restore it from the repository"
        ) from error


def _between(least: int, most: int, value: Any, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{key} must be a whole number from {least} to {most}, not {value!r}")
    return value


def _time_span(value: Any) -> timedelta:
    found = _TIME_SPAN.fullmatch(str(value))
    if found is None:
        raise ValueError(f"visibilityTimeout must be like 00:00:30, not {value!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
