"""Resource Graph: real KQL over the simulator's state, translated by duckdb-kql and run by DuckDB.

A result is worked out once and paged from for as long as nothing changes: of a query whose rows are rows of a table
only the ids, of any other the whole. DuckDB works in a thread of its own, one query after the other; the state is
read on the event loop only.
"""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from simulator.core.clock import Clock
from simulator.core.state import State
from simulator.core.wire import stamp
from simulator.graph.feed import Feed
from simulator.graph.plan import Plan, Planner, refused
from simulator.graph.quota import Quota
from simulator.graph.scope import Scope
from simulator.graph.store import Fetched, Image, Store


class Page(NamedTuple):
    """Some rows of a result, and how many it has in all. `kinds` are DuckDB's types."""

    names: list[str]
    kinds: list[str]
    rows: list[list[Any]]
    total: int


class Graph:
    """The tables and the queries on them. One query at a time; the others wait."""

    def __init__(self, state: State, clock: Clock, lag: float) -> None:
        self._clock, self._store, self._planner = clock, Store(), Planner()
        self.quota = Quota()
        self.quota_refuses = False
        self._feed = Feed(state, clock, lag)
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="resource-graph")

    @property
    def lags(self) -> Mapping[str, float]:
        """Virtual seconds between a change and its being seen, by table."""
        return self._feed.lags

    @property
    def waiting(self) -> int:
        """How many changes a lag holds back."""
        return self._feed.waiting

    async def start(self) -> None:
        """Load everything where there is a lag: what a table showed before a change must be known before it."""
        if any(self.lags.values()):
            async with self._lock:
                await self._feed.load_all(self._put)

    async def set_lags(self, lags: Mapping[str, float]) -> None:
        """Let the tables be behind by that much from now on; changes that wait already wait by the new measure."""
        async with self._lock:
            await self._feed.load_all(self._put)
            await self._feed.follow(self._put)
            self._feed.lags = dict(lags)

    def close(self) -> None:
        """Give everything back."""
        self._thread.shutdown()
        self._store.close()
        self._planner.close()

    def plan(self, kql: str) -> Plan:
        """Raises Refusal."""
        return self._planner.plan(kql, self._clock.now())

    async def query(self, plan: Plan, scope: Scope, top: int, skip: int) -> Page:
        """The rows from `skip` to `skip + top`. Raises Refusal where the query is wrong."""
        async with self._lock:
            await self._feed.load(scope.subscriptions, self._put)
            await self._feed.follow(self._put)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._page, plan, scope, top, skip, self._clock.now())

    async def _put(self, images: list[tuple[str, Image]], fresh: bool) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, lambda: self._store.put(images, fresh=fresh))

    def _page(self, plan: Plan, scope: Scope, top: int, skip: int, now: datetime) -> Page:
        bound, keys = plan.bound(now), scope.keys
        try:
            if plan.by_row:
                order = "" if plan.sorted else ' ORDER BY "id"'
                ids = f'SELECT "id" FROM ({plan.sql}){order}'
                name, total = self._store.result((ids, keys, str(bound)), ids, bound, keys)
                page = self._store.rows_of(name, skip, top, f"SELECT * FROM ({plan.sql}){order}", bound)
            else:
                name, total = self._store.result((plan.sql, keys, str(bound)), plan.sql, bound, keys)
                page = self._store.slice(name, skip, top)
        except duckdb.Error as error:
            raise refused(error) from None
        return shown(page, total)


def shown(page: Fetched, total: int) -> Page:
    kinds = [kind for _, kind in page.columns]
    rows = [[_value(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in page.rows]
    return Page([name for name, _ in page.columns], kinds, rows, total)


def _value(value: Any, kind: str) -> Any:
    """A value as Azure's JSON has it. A string is never null in Kusto."""
    if kind == "VARCHAR":
        return "" if value is None else value
    if kind == "JSON" and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, list):
        return [None if each is None else _value(each, kind.removesuffix("[]")) for each in value]
    if isinstance(value, datetime):
        return stamp(value.replace(tzinfo=value.tzinfo or UTC))
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, date):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def span(value: timedelta) -> str:
    """A timespan as .NET writes it: `1.02:03:04.5000000`, days and fraction only where there are any."""
    sign, rest = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(rest.seconds, 60)
    days = f"{rest.days}." if rest.days else ""
    fraction = f".{rest.microseconds:06}0" if rest.microseconds else ""
    return f"{sign}{days}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"
