"""A webhook for the simulator's events: it agrees to them or not, keeps what it gets, and answers as told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.simulator.client import Client, Reply


@dataclass
class Receiver:
    """`handshake`: passes | silent (takes the question, says nothing) | wrong | refuses."""

    url: str = ""
    status: int = 200
    handshake: str = "passes"
    #: What to answer to one delivery, where `status` is not enough.
    answer: Callable[[Any], int] | None = None
    #: Where to send those who deliver, with a `status` that says so.
    location: str = ""
    #: While this is set the receiver does not answer.
    hang: asyncio.Event | None = None
    got: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "OPTIONS":
            self.asked.append(dict(request.headers))
            origin = {"passes": "eventgrid.azure.net", "wrong": "elsewhere.example"}.get(self.handshake)
            headers = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "120"} if origin else {}
            return web.Response(status=403 if self.handshake == "refuses" else 200, headers=headers)
        body = await request.json()
        if request.headers["aeg-event-type"] == "SubscriptionValidation":
            self.asked.append(body[0])
            if self.handshake in ("silent", "refuses"):
                return web.Response(status=202 if self.handshake == "silent" else 404)
            code = body[0]["data"]["validationCode"] if self.handshake == "passes" else "no"
            return web.json_response({"validationResponse": code})
        self.got.append(body)
        self.headers.append(dict(request.headers))
        if self.hang is not None:
            await self.hang.wait()
        headers = {"Location": self.location} if self.location else {}
        return web.Response(status=self.answer(body) if self.answer else self.status, headers=headers)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event of every delivery, in the order of arrival."""
        return [each for body in self.got for each in (body if isinstance(body, list) else [body])]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port for the length of the block; its address has a query with a secret."""
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/hook", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?code=secret"
    try:
        yield made
    finally:
        if made.hang is not None:
            made.hang.set()
        await runner.cleanup()


def wish(url: str, *, schema: str = "EventGridSchema", rules: Any = None, hook: Any = None, **more: Any) -> Any:
    """The body of an event subscription. `rules` is its filter, `hook` what else the destination says."""
    destination = {"endpointType": "WebHook", "properties": {"endpointUrl": url, **(hook or {})}}
    return {
        "properties": {"destination": destination, "filter": rules or {}, "eventDeliverySchema": schema, **more},
    }


async def first_subscription(azure: Client) -> str:
    """`/subscriptions/{id}` of the first subscription."""
    return f"/subscriptions/{(await azure.rows('/subscriptions'))[0]['subscriptionId']}"


def at(scope: str, name: str = "backstop") -> str:
    """The path of an event subscription at a scope."""
    return f"{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{name}"


async def subscribe(azure: Client, scope: str, url: str, name: str = "backstop", **more: Any) -> Reply:
    return await azure.ask("PUT", at(scope, name), wish(url, **more))


async def everywhere(azure: Client, url: str, **more: Any) -> None:
    """The same event subscription in every subscription, settled."""
    for each in await azure.rows("/subscriptions"):
        reply = await subscribe(azure, f"/subscriptions/{each['subscriptionId']}", url, **more)
        assert reply.status == 201, reply


async def settings(azure: Client, **chosen: Any) -> None:
    reply = await azure.ask("PUT", "/_sim/events", chosen)
    assert reply.status == 200, reply


async def exactly_once(azure: Client, delay: float = 1.0) -> None:
    """No duplicates and one fixed delay: what is left to see is the schedule."""
    await settings(azure, duplicates=0, delaySeconds=[delay, delay])


async def tag(azure: Client, vm: str, name: str = "a", value: str = "b") -> None:
    """Something that happens: exactly one event, with the operation Microsoft.Resources/tags/write."""
    body = {"operation": "Merge", "properties": {"tags": {name: value}}}
    reply = await azure.ask("PATCH", f"{vm}/providers/Microsoft.Resources/tags/default", body)
    assert reply.status == 200, reply


TAGS_ONLY = {
    "advancedFilters": [
        {"operatorType": "StringIn", "key": "data.operationName", "values": ["Microsoft.Resources/tags/write"]}
    ]
}


async def counts(azure: Client) -> Any:
    """The totals over all event subscriptions; they always add up."""
    totals = (await azure.get("/_sim/events"))["totals"]
    assert totals["matched"] == sum(totals[n] for n in ("delivered", "deadLettered", "dropped", "pending"))
    return totals
