"""Requests that hang on purpose, so that a client can be killed at an exact moment.

`before`: nothing has been committed yet; if the client's connection dies then, the request never happened.
`after`: the state is committed, and the answer never arrives. A hold catches one request and then only waits.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from simulator.core.wire import AzureError, Json

When = Literal["before", "after"]
#: Real seconds between two looks at whether the held client is still there.
LOOK = 0.02
#: Real seconds that a long poll waits for a hold to catch something.
LONG_POLL = 20.0


class ClientGone(Exception):
    """The held request's connection died."""


@dataclass
class Hold:
    """One order to hang, and what has become of it."""

    method: str
    operation: str
    nth: int
    when: When
    seen: int = 0
    holding: bool = False
    caught: bool = False
    client_gone: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def to_json(self) -> Json:
        return {
            "method": self.method,
            "operation": self.operation,
            "nth": self.nth,
            "when": self.when,
            "holding": self.holding,
            "caught": self.caught,
            "clientGone": self.client_gone,
        }


class Holds:
    """All holds, in the order they were asked for."""

    def __init__(self) -> None:
        self.all: list[Hold] = []
        self._caught = asyncio.Event()

    def add(self, body: Json) -> Hold:
        """A hold as asked for by `POST /_sim/holds`. Raises AzureError 400 on a body that is none."""
        method, operation = str(body.get("method", "")).upper(), str(body.get("operation", ""))
        nth, when = body.get("nth", 1), body.get("when")
        if not operation or not isinstance(nth, int) or nth < 1 or when not in ("before", "after"):
            raise AzureError(400, "InvalidHold", "A hold needs operation, nth >= 1 and when = before|after.")
        name = operation if " " in operation else f"{method} {operation}"
        hold = Hold(name.split(" ", 1)[0], name, nth, when)
        self.all.append(hold)
        return hold

    def release(self) -> None:
        for hold in self.all:
            hold.released.set()
        self.all.clear()
        self._caught.clear()

    async def wait(self) -> None:
        """Return as soon as a request is being held, or after LONG_POLL real seconds."""
        if not any(hold.holding for hold in self.all):
            self._caught.clear()
            try:
                await asyncio.wait_for(self._caught.wait(), LONG_POLL)
            except TimeoutError:
                return

    def match(self, operation: str) -> Hold | None:
        """Count this request against every hold; the one that it completes, if any."""
        found = None
        for hold in self.all:
            if not hold.caught and hold.operation.lower() == operation.lower():
                hold.seen += 1
                if hold.seen == hold.nth and found is None:
                    hold.caught, found = True, hold
        return found

    async def keep(self, hold: Hold, alive: Callable[[], bool]) -> None:
        """Hang until released. Raises ClientGone once the client is no longer there."""
        hold.holding = True
        self._caught.set()
        try:
            while not hold.released.is_set():
                if not alive():
                    hold.client_gone = True
                    raise ClientGone
                try:
                    await asyncio.wait_for(hold.released.wait(), LOOK)
                except TimeoutError:
                    continue
        finally:
            hold.holding = False
