"""Resource Graph's quota: so many queries by one caller in a window of virtual time that its first query opens.

Numbers and headers are those of Azure's guidance for throttled requests (2022). Counts always; whether the quota
refuses is somebody else's switch. Knows no HTTP.
"""

import base64
import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

QUERIES, WINDOW = 15, timedelta(seconds=5)
THROTTLED = (
    "Client application has been throttled and should not attempt to repeat the request until an amount of time has "
    "elapsed. Please see https://aka.ms/resourcegraph-throttling for help."
)


@dataclass(frozen=True)
class Grant:
    """What a caller has left after a query, and for how long the window still runs."""

    admitted: bool
    remaining: int
    resets_after: timedelta

    @property
    def headers(self) -> dict[str, str]:
        """`x-ms-user-quota-*`, as every answer has them."""
        seconds = self.retry_after
        return {
            "x-ms-user-quota-remaining": str(self.remaining),
            "x-ms-user-quota-resets-after": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
        }

    @property
    def retry_after(self) -> int:
        """Whole seconds after which the window has ended for certain."""
        return max(math.ceil(self.resets_after.total_seconds()), 1)


class Quota:
    """Windows by caller. `queries` and `window` may be set at any time; they hold from the next window on."""

    def __init__(self, queries: int = QUERIES, window: timedelta = WINDOW) -> None:
        self.queries, self.window = queries, window
        self._used: dict[str, tuple[datetime, int]] = {}

    def take(self, caller: str, now: datetime) -> Grant:
        """Count one query. One that is not admitted uses nothing up."""
        ends, used = self._used.get(caller, (now, 0))
        if now >= ends:
            ends, used = now + self.window, 0
            self._used = {each: window for each, window in self._used.items() if window[0] > now}
        admitted = used < self.queries
        used += admitted
        self._used[caller] = (ends, used)
        return Grant(admitted, max(self.queries - used, 0), ends - now)


def caller(authorization: str) -> str:
    """Who sends a token: its `oid`, else its `appid`; the token itself where it is no JWT that says either."""
    token = authorization.partition(" ")[2].strip()
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return str(claims.get("oid") or claims["appid"])
    except (IndexError, ValueError, KeyError, AttributeError):
        return token
