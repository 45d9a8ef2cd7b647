"""The HTTP door: one handler for every path, so that nothing but Azure's own error shape ever comes out.

It resolves a request, holds it where asked to, serves it, takes it down in the ledger, and puts on Azure's headers.
"""

import asyncio
import contextlib
import inspect
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from email.utils import format_datetime

from aiohttp import web

from simulator.backup import control as backup_control
from simulator.control import api as control
from simulator.control import guests
from simulator.control.holds import ClientGone
from simulator.control.ledger import Write
from simulator.core.admission import admit
from simulator.core.routing import Call, Handler, Router, decode_path, encode
from simulator.core.wire import Answer, AzureError, Json
from simulator.events import control as events_control
from simulator.faults import api as faults_api
from simulator.faults.breaking import Cut
from simulator.faults.faults import Strike
from simulator.graph import control as graph_control
from simulator.limits import api as limits_api
from simulator.services import all_routes
from simulator.world import World

log = logging.getLogger(__name__)


class Door:
    """Takes every request of one world: to Azure, or to the control API."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.azure = Router(all_routes())
        self.control = Router(
            [
                *control.ROUTES,
                *guests.ROUTES,
                *backup_control.ROUTES,
                *events_control.ROUTES,
                *faults_api.ROUTES,
                *graph_control.ROUTES,
                *limits_api.ROUTES,
            ]
        )
        world.faults.deeds.perform = self._perform

    async def lifetime(self, _app: web.Application) -> AsyncIterator[None]:
        """Opens the webhook client and, on a flowing clock, the task that runs due work."""
        await self.world.graph.start()
        async with self.world.hub.session():
            flow = asyncio.create_task(self.world.clock.flow()) if self.world.clock.mode == "flowing" else None
            yield
            if flow is not None:
                flow.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await flow
        self.world.graph.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request at all; answers 413 itself, since aiohttp's own has not Azure's shape."""
        path = decode_path(request.rel_url.raw_path)
        call = Call(
            world=self.world,
            method=request.method,
            path=path.rstrip("/") or "/",
            query={name.lower(): value for name, value in request.query.items()},
            raw=b"",
            base=f"{request.scheme}://{request.host}",
            headers={name.lower(): _readable(value) for name, value in request.headers.items()},
        )
        try:
            call.raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._respond(call, AzureError(413, "RequestEntityTooLarge", "The body is too large.").answer())
        except web.RequestPayloadError:
            message = "The request content was invalid: it is not encoded as its headers say."
            return self._respond(call, AzureError(400, "InvalidRequestContent", message).answer())
        if path.lower().startswith("/_sim/"):
            answer = await self._guarded(self._serve(self.control, call))
        else:
            if self.world.latency:
                await asyncio.sleep(self.world.latency)
            try:
                return await self._azure(call, request)
            except (ClientGone, Cut):
                raise web.HTTPServiceUnavailable from None  # nobody is listening any more
        return self._respond(call, answer)

    async def _azure(self, call: Call, request: web.Request) -> web.Response:
        """One call to Azure: resolved, held or spoilt where asked for, served, taken down."""
        world = self.world
        try:
            try:
                handler = self.azure.resolve(call)
            finally:
                admit(call)  # whoever is not let in does not learn what there is
            world.locks.refuse(call)
        except AzureError as error:
            handler = _answering(error)
        throttled = world.limits.admit(call)
        if throttled is not None:
            return self._respond(call, self._taken_down(call, throttled))

        def alive() -> bool:
            return request.transport is not None and not request.transport.is_closing()

        hold = world.holds.match(call.operation)
        if hold is not None and hold.when == "before":
            await world.holds.keep(hold, alive)
        vm = world.vm_of(call)
        strike = world.faults.strike(call, vm)
        answer = await world.faults.before(strike, vm, alive)
        write = self._write(call, vm)
        if answer is None:
            answer = await self._guarded(_run(handler, call))
            world.hub.answered(call, answer)
        write.status, write.over_existing = answer.status, call.over_existing
        write.change, write.needless = call.change, call.needless
        write.in_vain = call.fate is not None and call.fate.error is not None
        world.ledger.record(write, estate=call.headers.get("x-sim-actor") == "estate")
        if strike.spared:
            world.knowledge.read(call, vm, answer.status, world.now())
        answer = await world.faults.after(strike, answer, alive)
        if hold is not None and hold.when == "after":
            await world.holds.keep(hold, alive)
        return await world.faults.deliver(strike, request, self._respond(call, answer, strike))

    def _taken_down(self, call: Call, throttled: Answer) -> Answer:
        """A request that a limit keeps out, on record: no service and no fault has seen it."""
        write = self._write(call, self.world.vm_of(call))
        write.status = throttled.status
        self.world.ledger.record(write, estate=False)
        return throttled

    def _write(self, call: Call, vm: str | None) -> Write:
        """A client's request as the ledger takes it down, with what the client could know of the VM by then."""
        world = self.world
        write = Write(0, world.now(), call.method, call.path, call.operation, vm)
        write.label, write.overtaken = world.knowledge.label(vm), world.knowledge.is_behind(vm)
        return write

    async def _perform(self, method: str, path: str, body: Json) -> Answer:
        """A request of the estate's own that comes from nowhere: another actor's deed."""
        headers = {"authorization": "Bearer estate", "x-sim-actor": "estate"}
        call = Call(self.world, method, path, {"api-version": "2026-10-01"}, encode(body), "http://estate", headers)
        answer = await self._guarded(self._serve(self.azure, call))
        self.world.hub.answered(call, answer)
        write = Write(0, self.world.now(), method, path, call.operation, self.world.vm_of(call), answer.status)
        self.world.ledger.record(write, estate=True)
        return answer

    @staticmethod
    async def _serve(router: Router, call: Call) -> Answer:
        return await _run(router.resolve(call), call)

    @staticmethod
    async def _guarded(work: Awaitable[Answer]) -> Answer:
        try:
            return await work
        except AzureError as error:
            return error.answer()
        except Exception:
            log.exception("a handler failed")
            return AzureError(500, "InternalServerError", "The simulator failed; its log says why.").answer()

    def _respond(self, call: Call, answer: Answer, strike: Strike | None = None) -> web.Response:
        now = self.world.now()
        date, told = (now + strike.skew.get(name, timedelta()) if strike else now for name in ("date", "x-sim-now"))
        headers = {
            "Date": format_datetime(date.replace(microsecond=0), usegmt=True),
            "Server": "backstop-simulator",
            "Cache-Control": "no-cache",
            "x-ms-request-id": str(uuid.uuid4()),
            "x-ms-correlation-request-id": call.headers.get("x-ms-correlation-request-id", str(uuid.uuid4())),
            **call.remaining,
            "x-sim-now": told.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "x-sim-clock": "/_sim/clock",
        }
        if "x-ms-client-request-id" in call.headers:
            headers["x-ms-client-request-id"] = call.headers["x-ms-client-request-id"]
        headers |= answer.headers
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        if isinstance(answer.body, str) and answer.status >= 500:  # a gateway's page
            return web.Response(status=answer.status, text=answer.body, headers=headers, content_type="text/html")
        return web.Response(
            status=answer.status,
            body=encode(answer.body),
            headers=headers,
            content_type="application/json",
            charset="utf-8",
        )


def _readable(value: str) -> str:
    """A header's value with bytes that are no UTF-8 read as Latin-1: what cannot be written again helps nobody."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _answering(error: AzureError) -> Handler:
    return lambda _call: error.answer()


async def _run(handler: Handler, call: Call) -> Answer:
    outcome = handler(call)
    return await outcome if inspect.isawaitable(outcome) else outcome
