"""Time: the real one, and a simulator's virtual one. The only module of the core that asks the system what time it is.

Neither clock waits for work: whoever calls `wait_until` has made sure that nothing else can be done before.
"""

import asyncio
from datetime import UTC, datetime
from typing import Protocol

import aiohttp

from shared.errors import EndpointError

_JUMP_TIMEOUT = aiohttp.ClientTimeout(total=120)  # a jump delivers the simulator's due events, for up to 30 s


class SystemClock:
    """The system's clock, in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)

    async def wait_until(self, moment: datetime) -> None:
        """Sleep until the moment has come; at once where it has passed."""
        await asyncio.sleep(max((moment - self.now()).total_seconds(), 0.0))


class ObservedTime(Protocol):
    """A connection to a simulator, whose every answer tells its virtual time."""

    observed_now: datetime | None

    @property
    def endpoint(self) -> str: ...

    @property
    def virtual_clock_path(self) -> str | None: ...

    @property
    def session(self) -> aiohttp.ClientSession: ...


class VirtualClock:
    """A simulator's clock as its latest answer told it. Waiting is asking the simulator to jump."""

    def __init__(self, connection: ObservedTime) -> None:
        if connection.observed_now is None or connection.virtual_clock_path is None:
            raise ValueError("the endpoint has not told a virtual time (yet): make first contact before")
        self._advance_url = f"{connection.endpoint}{connection.virtual_clock_path}/advance"
        self._connection = connection
        self._latest = connection.observed_now

    def now(self) -> datetime:
        """The latest moment observed."""
        return self._connection.observed_now or self._latest

    async def wait_until(self, moment: datetime) -> None:
        """Make one jump, towards `moment` at most: it ends sooner where work of the simulator itself falls due."""
        if moment <= self.now():
            return
        try:
            body = {"to": moment.astimezone(UTC).isoformat()}
            headers = {"Accept-Encoding": "identity"}
            request = self._connection.session.post(
                self._advance_url, json=body, headers=headers, timeout=_JUMP_TIMEOUT, allow_redirects=False
            )
            async with request as response:
                response.raise_for_status()
                answer = await response.json()
                self._latest = datetime.fromisoformat(answer["now"]).astimezone(UTC)
                self._connection.observed_now = self._latest
        except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError) as error:
            raise EndpointError(
                f"the simulator's clock at {self._advance_url} does not answer as it should: {error}",
                remedy="Start the simulator again.",
            ) from error
