"""HTTP of the local host: Event Grid's webhook with its two handshakes, and the app's own routes.

It answers on loopback and to loopback names only, so that no web page can read a report through a name of its own.
Every refusal is one line of text.
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import azure.functions as func
from aiohttp import web

from cli.host import payloads
from cli.host.invoking import Invoker, one_line
from cli.host.triggers import EventGridTrigger, HttpTrigger, Triggers
from shared.endpoint import is_loopback

WEBHOOK = "/runtime/webhooks/EventGrid"
_LARGEST = 2 * 1024 * 1024  # Event Grid sends at most 1 MiB at a time
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(triggers: Triggers, route_prefix: str, invoker: Invoker) -> web.Application:
    """The web application for these functions."""
    app = web.Application(client_max_size=_LARGEST, middlewares=[_plain_refusals, _loopback_names])
    webhook = _Webhook(triggers.event_grid, invoker)
    app.router.add_post(WEBHOOK, webhook.deliver)
    app.router.add_options(WEBHOOK, webhook.cloud_handshake)
    for trigger in triggers.http:
        for method in trigger.methods:
            app.router.add_route(
                method, f"/{route_prefix}/{trigger.route}".replace("//", "/"), _route(trigger, invoker)
            )
    return app


@web.middleware
async def _plain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        return _line(refusal.status, refusal.text or refusal.reason)


@web.middleware
async def _loopback_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not is_loopback(f"http://{request.host}"):
        return _line(403, "this host answers to names of this machine only")
    return await handler(request)


class _Webhook:
    def __init__(self, triggers: Iterable[EventGridTrigger], invoker: Invoker) -> None:
        self._triggers = {each.function.lower(): each for each in triggers}
        self._invoker = invoker

    async def deliver(self, request: web.Request) -> web.StreamResponse:
        """An event or an array of events: one invocation each. 500 where one fails, so that all are sent again."""
        trigger = self._trigger(request)
        events = _events(await request.read())
        if request.headers.get("aeg-event-type", "").lower() == "subscriptionvalidation":
            return _event_grid_handshake(events)
        decoded = []
        for each in events:
            try:
                decoded.append(payloads.event(each))
            except (ValueError, TypeError) as error:
                raise web.HTTPBadRequest(text=f"an event cannot be read: {one_line(error)}") from error
        for event in decoded:
            try:
                await self._invoker.invoke(trigger, event)
            except Exception as error:  # noqa: BLE001  # whatever the function raises, Event Grid must send it again
                return _line(500, f"{trigger.function} failed: {one_line(error)}")
        return web.Response(status=200)

    async def cloud_handshake(self, request: web.Request) -> web.StreamResponse:
        """CloudEvents' handshake (HTTP 1.1 Web Hooks for Event Delivery): allow the origin that asks."""
        self._trigger(request)
        origin = request.headers.get("WebHook-Request-Origin")
        if not origin:
            raise web.HTTPBadRequest(text="the header WebHook-Request-Origin is missing")
        return web.Response(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})

    def _trigger(self, request: web.Request) -> EventGridTrigger:
        name = request.query.get("functionName", "")
        if name.lower() not in self._triggers:
            raise web.HTTPNotFound(text="functionName names no Event Grid function of this app")
        return self._triggers[name.lower()]


def _events(body: bytes) -> list[dict[str, Any]]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="the body is not JSON") from None
    events = data if isinstance(data, list) else [data]
    if not all(isinstance(each, dict) for each in events):
        raise web.HTTPBadRequest(text="the body is neither an event nor an array of events")
    return events


def _event_grid_handshake(events: list[dict[str, Any]]) -> web.StreamResponse:
    data = events[0].get("data") if events else None
    code = data.get("validationCode") if isinstance(data, dict) else None
    if not isinstance(code, str):
        raise web.HTTPBadRequest(text="the validation event holds no validationCode")
    return web.json_response({"validationResponse": code})


def _route(trigger: HttpTrigger, invoker: Invoker) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        payload = payloads.http_request(
            request.method, str(request.url), request.headers, request.query, request.match_info, await request.read()
        )
        try:
            answer = await invoker.invoke(trigger, payload)
        except Exception as error:  # noqa: BLE001  # whatever the function raises becomes a 500, as in Azure
            return _line(500, f"{trigger.function} failed: {one_line(error)}")
        if not isinstance(answer, func.HttpResponse):
            return _line(500, f"{trigger.function} answered with {type(answer).__name__} instead of an HttpResponse")
        return web.Response(
            status=answer.status_code,
            body=answer.get_body(),
            headers=dict(answer.headers),
            content_type=answer.mimetype,
            charset=answer.charset if answer.mimetype.startswith("text/") else None,  # as the worker does
        )

    return handle


def _line(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=" ".join(text.split()) + "\n")
