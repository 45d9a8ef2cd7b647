"""Brings the state's records into the tables: a subscription's all when it is first asked for, later what changes.

Without a lag a changed record is shown anew at the next query. With one, its rows are taken down as they were when it
changed, and shown that much later: a new VM comes late, a deleted one lingers, a protection lags behind.
Reads the state only on the event loop, so that no record is seen half-way through a change.
"""

import asyncio
import contextlib
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from simulator.core.clock import Clock
from simulator.core.state import State
from simulator.graph import groups, policy_rows
from simulator.graph import rows as graph_rows
from simulator.graph.schema import TABLES
from simulator.graph.store import Image

#: Records read from the state at a stretch; others are served between two of them.
AT_A_TIME = 500
#: Resource Graph keeps backup jobs that long (documentation of Azure Backup, 2021).
JOBS_KEPT = timedelta(days=14)

Record = tuple[str, str]
#: Where images go: (name of the record, its rows), and whether all of these records are new.
Put = Callable[[list[tuple[str, Image]], bool], Awaitable[None]]


class _Taken(NamedTuple):
    at: datetime
    record: Record
    table: str
    image: Image


class Feed:
    """What the tables lack. `lags` in virtual seconds, by table."""

    def __init__(self, state: State, clock: Clock, lag: float) -> None:
        self._state, self._clock = state, clock
        self.lags: Mapping[str, float] = dict.fromkeys(TABLES, lag)
        self._loaded: set[str] = set()
        self._dirty: dict[Record, None] = {}
        self._noted: dict[Record, datetime] = {}
        self._waiting: dict[str, deque[_Taken]] = {table: deque() for table in TABLES}
        self._leaving: list[tuple[datetime, Record]] = []
        state.on_change = self._changed

    @property
    def waiting(self) -> int:
        """How many changes are held back by a lag."""
        return len(self._noted) + sum(len(each) for each in self._waiting.values())

    async def load(self, subscriptions: Iterable[str], put: Put) -> None:
        """See to it that the tables hold these subscriptions and the management groups."""
        if "" not in self._loaded:
            self._loaded.add("")
            await put([("tree|", {"resourcecontainers": groups.rows(self._state)})], True)
            await put([self._image(record) for record in policy_rows.records(self._state, "")], True)
        for subscription in subscriptions:
            if subscription in self._loaded or subscription not in self._state.subscriptions:
                continue
            self._loaded.add(subscription)  # first: what changes from here on is shown anew
            records = self._records(subscription)
            for start in range(0, len(records), AT_A_TIME):
                await put([self._image(record) for record in records[start : start + AT_A_TIME]], True)

    async def load_all(self, put: Put) -> None:
        """As `load`, with every subscription."""
        await self.load(list(self._state.subscriptions), put)

    async def follow(self, put: Put) -> None:
        """Let the tables show what is to be seen now."""
        self._take_down()
        now = self._clock.now()
        for table, waiting in self._waiting.items():
            seen = now - timedelta(seconds=self.lags[table])
            shown: dict[str, Image] = {}
            while waiting and waiting[0].at <= seen:
                taken = waiting.popleft()
                shown["|".join(taken.record)] = taken.image
            if shown:
                await put(list(shown.items()), False)
        while self._leaving and self._leaving[0][0] <= now:
            self._dirty[heapq.heappop(self._leaving)[1]] = None
        if self._dirty:
            changed = [self._image(record) for record in self._dirty]
            self._dirty.clear()
            await put(changed, False)

    def _changed(self, kind: str, key: str, now: datetime) -> None:
        if _subscription(kind, key) not in self._loaded:
            return
        record = (kind, key)
        if not any(self.lags.values()):
            self._dirty[record] = None
            return
        if not self._noted:
            with contextlib.suppress(RuntimeError):  # without a loop nobody can look in between
                asyncio.get_running_loop().call_soon(self._take_down)  # not before the change is made in full
        self._noted[record] = now

    def _take_down(self) -> None:
        for record, at in self._noted.items():
            _, image = self._image(record)
            for table in _tables(record[0]):
                self._waiting[table].append(_Taken(at, record, table, {table: image.get(table, [])}))
        self._noted.clear()

    def _records(self, subscription: str) -> list[Record]:
        state = self._state
        found: list[Record] = [("subscription", subscription)]
        found += [("group", group.id.lower()) for group in state.groups.of(subscription)]
        found += [("vm", vm.key) for vm in state.vms.of(subscription)]
        found += policy_rows.records(state, subscription)
        for vault in state.vaults.of(subscription):
            found.append(("vault", vault.key))
            found += [("item", f"{vault.key}|{key}") for key in vault.items]
            found += [("job", f"{vault.key}|{key}") for key in vault.jobs]
        return found

    def _image(self, record: Record) -> tuple[str, Image]:
        kind, key = record
        return "|".join(record), self._rows(kind, key)

    def _rows(self, kind: str, key: str) -> Image:
        """The rows that a record has now; none where it is gone. A table that it could be in is always named."""
        state = self._state
        if kind == "vm":
            vm = state.vms.get(key)
            return {"resources": [graph_rows.vm(state, vm)] if vm else []}
        if kind in ("group", "subscription"):
            row = graph_rows.container(state, key)
            return {"resourcecontainers": [row] if row else []}
        if kind == "assignment":
            return {policy_rows.TABLE: policy_rows.assignment(state, key)}
        if kind == "definition":
            return {policy_rows.TABLE: policy_rows.definition(state, key)}
        place, _, rest = key.partition("|")
        vault = state.vaults.get(place)
        if kind == "vault":
            return {
                "resources": [graph_rows.vault(state, vault)] if vault else [],
                "recoveryservicesresources": graph_rows.policies(state, vault) if vault else [],
            }
        if kind == "item":
            item = vault.items.get(rest) if vault else None
            return {"recoveryservicesresources": [graph_rows.item(state, vault, item)] if vault and item else []}
        job = vault.jobs.get(rest) if vault else None
        if vault is None or job is None or job.started + JOBS_KEPT <= self._clock.now():
            return {"recoveryservicesresources": []}
        heapq.heappush(self._leaving, (job.started + JOBS_KEPT, (kind, key)))
        return {"recoveryservicesresources": [graph_rows.job(state, vault, job)]}


def _subscription(kind: str, key: str) -> str:
    return key if kind == "subscription" else policy_rows.subscription_of(key)


_TABLES = {
    "vm": ("resources",),
    "group": ("resourcecontainers",),
    "subscription": ("resourcecontainers",),
    "vault": ("resources", "recoveryservicesresources"),
    "assignment": (policy_rows.TABLE,),
    "definition": (policy_rows.TABLE,),
}


def _tables(kind: str) -> tuple[str, ...]:
    return _TABLES.get(kind, ("recoveryservicesresources",))
