"""Repeats a recording's requests against a simulator over real HTTP, and compares every answer with the recorded one.

The simulator's clock follows the recorded dates, with two exceptions: while the recording shows something under way,
nothing falls due; and where the recording shows it ended, the clock jumps until it has. A change that the recording
shows as done at once and the simulator only accepts is followed to its end, as a client would.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import yarl

from simulator.core.routing import Call, Router
from simulator.core.wire import AzureError
from simulator.server import running
from simulator.services import all_routes
from simulator.world import World
from tests.contract.recordings.causes import cause_of, operation_polled
from tests.contract.recordings.comparing import Comparison, Difference
from tests.contract.recordings.course import all_text, other_workload, ours, spans, under_way
from tests.contract.recordings.names import INVENTED, Names
from tests.contract.recordings.prerequisites import Prerequisites
from tests.contract.recordings.recording import Exchange, load
from tests.contract.recordings.report import Report

#: Jumps of the clock that may pass until something has ended.
PATIENCE = 60


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: Any


class Repetition:
    """One recording against one world."""

    def __init__(self, name: str, exchanges: list[Exchange], base: str, world: World, http: aiohttp.ClientSession):
        self.exchanges, self.base, self.world, self.http = exchanges, base, world, http
        self.report = Report(name)
        self.names = Names()
        self.prerequisites = Prerequisites(world, exchanges)
        self.router = Router(all_routes())
        self.spans = dict(spans(exchanges))
        self._seen: set[str] = set()
        #: By how much the virtual clock is ahead of the recorded dates, where something took longer here.
        self._ahead = timedelta()

    async def run(self) -> Report:
        for exchange in self.exchanges:
            await self._repeat(exchange)
            self._seen |= {found.lower() for found in INVENTED.findall(all_text(exchange))}
        return self.report

    async def _repeat(self, exchange: Exchange) -> None:
        report = self.report
        report.replayed += 1
        await self._move(exchange)
        if not self._served(exchange):
            await self._refused(exchange)
            return
        if self.names.foreign(exchange.path):
            report.skip("it goes on with something that is not served", exchange.number)
            self.names.shun(all_text(exchange))
            return
        workload = other_workload(exchange)
        if workload:
            report.not_served.append(f"{exchange.method} {workload}")
            report.skip(f"{workload} is not served", exchange.number)
            self.names.shun(all_text(exchange))
            return
        self.prerequisites.before(exchange)
        if not await self._begun(exchange):
            report.skip("the recording lacks the request that began it", exchange.number, foreign=False)
            self.names.shun(all_text(exchange))
            return
        reply = await self._settled(exchange)
        self._ahead = max(self._ahead, self.world.now() - exchange.at)
        self._compare(exchange, reply)
        self.prerequisites.after(exchange)
        if exchange.method != "POST" and "azure-asyncoperation" in reply.headers.keys() - exchange.headers.keys():
            await self._follow(reply)
        report.compared += 1

    # -- time -----------------------------------------------------------------------------------------------------

    async def _move(self, exchange: Exchange) -> None:
        """On to the recorded date; while something is under way in the recording, to just before what is due next."""
        clock, target = self.world.clock, exchange.at + self._ahead
        held = any(first <= exchange.number <= last for first, last in self.spans.values())
        if held and clock.next_due is not None:
            target = min(target, clock.next_due - timedelta(milliseconds=1))
        while clock.now() < target:
            await clock.advance(target)

    async def _settled(self, exchange: Exchange) -> Reply:
        """The answer; where the recording shows an end, the answer once it has come to one here too."""
        reply = await self._ask(exchange)
        for _ in range(PATIENCE):
            if exchange.method != "GET" or under_way(exchange.status, exchange.response):
                break
            if not under_way(reply.status, reply.body) or await self.world.clock.advance(None):
                break
            reply = await self._ask(exchange)
        return reply

    async def _follow(self, reply: Reply) -> None:
        for _ in range(PATIENCE):
            polled = await self._send("GET", reply.headers["azure-asyncoperation"], None)
            if not under_way(polled.status, polled.body) or await self.world.clock.advance(None):
                return

    # -- requests -------------------------------------------------------------------------------------------------

    async def _ask(self, exchange: Exchange) -> Reply:
        target = self.names.target(self.base, exchange.sent, exchange.query)
        return await self._send(exchange.method, target, self.names.request(exchange.request))

    async def _send(self, method: str, address: str, body: Any) -> Reply:
        url = yarl.URL(address.replace(" ", "%20"), encoded=True)
        async with self.http.request(method, url, json=body) as answer:
            raw = await answer.read()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            for name in ("azure-asyncoperation", "location"):
                if name in headers:
                    self.names.remember(headers[name])
            return Reply(answer.status, headers, json.loads(raw) if raw else None)

    def _served(self, exchange: Exchange) -> bool:
        call = Call(self.world, exchange.method, exchange.path.rstrip("/"), {}, b"", self.base)
        try:
            self.router.resolve(call)
        except AzureError:
            return False
        return True

    async def _refused(self, exchange: Exchange) -> None:
        """A request without a route must be refused as Azure refuses one; all that follows from it is left out."""
        reply = await self._ask(exchange)
        shaped = isinstance(reply.body, dict) and {"code", "message"} <= set(reply.body.get("error") or {})
        if reply.status not in (404, 405) or (not shaped and exchange.method != "HEAD"):
            told = f"{reply.status} {reply.body}"[:300]
            self.report.differences.append(Difference(exchange.operation, "status", "value", "a refusal", told))
        self.report.not_served.append(exchange.operation)
        self.report.skip(f"not served: {exchange.operation}", exchange.number)
        self.names.shun(all_text(exchange))

    async def _begun(self, exchange: Exchange) -> bool:
        """Begin what the recording polls without having begun it; False where nothing tells what that was."""
        polled = operation_polled(exchange)
        if not polled or polled.lower() in self._seen:
            return True
        cause = cause_of(exchange, self.exchanges)
        if cause is None:
            return False
        reply = await self._send(cause.method, self.base + cause.target, cause.body)
        address = reply.headers.get("azure-asyncoperation", "").partition("?")[0]
        self.names.bind(polled, address.rsplit("/", 1)[-1])
        return self.names.known(polled)

    # -- comparison -----------------------------------------------------------------------------------------------

    def _compare(self, exchange: Exchange, reply: Reply) -> None:
        found = self.report.differences
        comparison = Comparison(exchange.operation, self.names)
        if exchange.status != reply.status:
            error = reply.body.get("error") if isinstance(reply.body, dict) else None
            told = f"{reply.status} {error or ''}".strip()
            found.append(Difference(exchange.operation, "status", "value", str(exchange.status), told))
            if exchange.accepted != (reply.status < 300):
                self.names.shun(all_text(exchange))
                return
        found += comparison.headers(exchange.headers, reply.headers)
        found += comparison.body(ours(exchange.response), ours(reply.body))


async def repeat(name: str, exchanges: list[Exchange]) -> Report:
    """Repeat one recording against a simulator of its own."""
    async with (
        running(vms=0, start=exchanges[0].at) as (base, world),
        aiohttp.ClientSession(headers={"Authorization": "Bearer recorded"}) as http,
    ):
        return await Repetition(name, exchanges, base, world, http).run()


def repeat_file(path: Path) -> Report:
    """`repeat` for a file of recorded traffic. Raises NotARecordingError where it is none."""
    return asyncio.run(repeat(path.name, load(path)))
