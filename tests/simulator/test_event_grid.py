"""Event subscriptions, the handshake, and deliveries on the virtual clock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from simulator.world import World
from tests.simulator.client import Client

VM_WRITE = "Microsoft.Compute/virtualMachines/write"


@dataclass
class Receiver:
    """A webhook: passes the handshake, keeps what it gets, and answers as told."""

    url: str = ""
    status: int = 200
    willing: bool = True
    got: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "OPTIONS":
            return web.Response(headers={"WebHook-Allowed-Origin": "eventgrid.azure.net"} if self.willing else {})
        body = await request.json()
        if request.headers["aeg-event-type"] == "SubscriptionValidation":
            code = body[0]["data"]["validationCode"]
            return web.json_response({"validationResponse": code if self.willing else "no"})
        self.got.append(body)
        self.headers.append(dict(request.headers))
        return web.Response(status=self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/hook", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?code=secret"
    yield made
    await runner.cleanup()


def _body(url: str, schema: str = "EventGridSchema", **rules: Any) -> dict[str, Any]:
    destination = {"endpointType": "WebHook", "properties": {"endpointUrl": url}}
    return {"properties": {"destination": destination, "filter": rules, "eventDeliverySchema": schema}}


async def _subscribe(azure: Client, subscription: str, url: str, **more: Any) -> Any:
    path = f"/subscriptions/{subscription}/providers/Microsoft.EventGrid/eventSubscriptions/backstop"
    return await azure.ask("PUT", path, _body(url, **more))


async def _create_vm(azure: Client) -> str:
    [arrival] = (await azure.ask("POST", "/_sim/arrivals", {"count": 1, "seed": 1})).body
    reply = await azure.ask("PUT", arrival["path"], arrival["body"], headers={"x-sim-actor": "estate"})
    assert reply.status == 201
    return str(arrival["vmId"])


async def _everywhere(azure: Client, receiver: Receiver, **more: Any) -> None:
    for subscription in await azure.rows("/subscriptions"):
        assert (await _subscribe(azure, subscription["subscriptionId"], receiver.url, **more)).status == 201


async def test_a_new_vm_is_told_to_the_webhook_with_what_else_happened(azure: Client, receiver: Receiver) -> None:
    await _everywhere(azure, receiver)
    vm = await _create_vm(azure)
    assert receiver.got == []
    await azure.until_idle()
    events = [event for batch in receiver.got for event in batch]
    assert all(len(batch) == 1 for batch in receiver.got)
    assert all(headers["aeg-event-type"] == "Notification" for headers in receiver.headers)
    operations = [event["data"]["operationName"] for event in events]
    assert operations.count(VM_WRITE) >= 2
    assert "Microsoft.Network/networkInterfaces/write" in operations
    told = next(event for event in events if event["data"]["operationName"] == VM_WRITE)
    assert told["eventType"] == "Microsoft.Resources.ResourceWriteSuccess"
    assert told["topic"] == "/".join(vm.split("/")[:3])
    assert told["subject"].lower() == told["data"]["resourceUri"].lower() == vm.lower()
    assert "location" not in told["data"]
    assert (await azure.get("/_sim/state"))["events"]["delivered"] == len(receiver.got)


async def test_a_changed_tag_is_told_with_the_tags_own_subject(azure: Client, receiver: Receiver) -> None:
    rule = {"operatorType": "StringIn", "key": "data.operationName", "values": ["Microsoft.Resources/tags/write"]}
    await _everywhere(azure, receiver, advancedFilters=[rule])
    vm = (await azure.label("plain-unprotected"))["vmId"]
    scope = f"{vm}/providers/Microsoft.Resources/tags/default"
    body = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
    assert (await azure.ask("PATCH", scope, body)).status == 200
    assert (await azure.ask("PATCH", vm, {"tags": {"c": "d"}})).status == 200
    await azure.until_idle()
    assert {event["subject"].lower() for [event] in receiver.got} == {scope.lower()}


async def test_a_failed_delivery_is_tried_again_on_the_virtual_clock(azure: Client, receiver: Receiver) -> None:
    await _everywhere(azure, receiver, includedEventTypes=["Microsoft.Resources.ResourceDeleteSuccess"])
    await azure.ask("DELETE", (await azure.label("being-deleted"))["vmId"])
    receiver.status = 503
    while not receiver.got:
        await azure.advance()
    failed = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    receiver.status = 200
    while receiver.headers[-1]["aeg-delivery-count"] == "0":  # a duplicate may come in between
        await azure.advance()
    tried = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    assert tried - failed == timedelta(seconds=10)
    assert receiver.got[0] == receiver.got[-1]


async def test_an_unwilling_receiver_gets_nothing_more(azure: Client, receiver: Receiver) -> None:
    await _everywhere(azure, receiver, includedEventTypes=["Microsoft.Resources.ResourceDeleteSuccess"])
    receiver.status = 413
    await azure.ask("DELETE", (await azure.label("being-deleted"))["vmId"])
    await azure.until_idle()
    events = (await azure.get("/_sim/state"))["events"]
    assert events["dropped"] == len(receiver.got) > 0
    assert events["delivered"] == 0


async def test_a_silent_receiver_is_given_up_within_a_day(azure: Client, receiver: Receiver) -> None:
    await _everywhere(azure, receiver, includedEventTypes=["Microsoft.Resources.ResourceDeleteSuccess"])
    receiver.status = 500
    before = (await azure.get("/_sim/clock"))["now"]
    await azure.ask("DELETE", (await azure.label("being-deleted"))["vmId"])
    await azure.until_idle()
    events = (await azure.get("/_sim/state"))["events"]
    assert events["dropped"] >= 1
    assert events["failedAttempts"] >= 10
    assert before < (await azure.get("/_sim/clock"))["now"]


async def test_without_the_handshake_there_is_no_subscription(azure: Client, receiver: Receiver) -> None:
    subscription = (await azure.rows("/subscriptions"))[0]["subscriptionId"]
    receiver.willing = False
    for schema in ("EventGridSchema", "CloudEventSchemaV1_0"):
        reply = await _subscribe(azure, subscription, receiver.url, schema=schema)
        assert (reply.status, reply.code) == (400, "Url validation")
        assert "secret" not in reply.body["error"]["message"]
    path = f"/subscriptions/{subscription}/providers/Microsoft.EventGrid/eventSubscriptions"
    assert await azure.rows(path) == []
    assert (await azure.ask("GET", f"{path}/backstop")).status == 404
    assert (await _subscribe(azure, subscription, "http://127.0.0.1:9/none")).status == 400


async def test_cloud_events_come_one_by_one(azure: Client, receiver: Receiver) -> None:
    await _everywhere(azure, receiver, schema="CloudEventSchemaV1_0")
    await _create_vm(azure)
    await azure.until_idle()
    assert all(event["specversion"] == "1.0" for event in receiver.got)
    assert all(h["Content-Type"].startswith("application/cloudevents+json") for h in receiver.headers)


async def test_a_subscription_shows_no_secret_and_can_be_deleted(
    served: tuple[Client, World], receiver: Receiver
) -> None:
    azure, world = served
    subscription = (await azure.rows("/subscriptions"))[0]["subscriptionId"]
    await _subscribe(azure, subscription, receiver.url)
    path = f"/subscriptions/{subscription}/providers/Microsoft.EventGrid/eventSubscriptions/backstop"
    shown = await azure.get(path)
    assert "secret" not in str(shown)
    assert shown["properties"]["destination"]["properties"]["endpointBaseUrl"] == receiver.url.partition("?")[0]
    vm = next(vm for vm in world.state.vms.values() if vm.subscription == subscription)
    await azure.ask("PATCH", vm.id, {"tags": {}})
    assert (await azure.ask("DELETE", path)).status == 200
    assert (await azure.ask("DELETE", path)).status == 204
    await azure.until_idle()
    assert receiver.got == []
    assert (await azure.get("/_sim/check"))["wrongWrites"][0]["operation"] == "PATCH virtualMachines"
    assert len((await azure.get("/_sim/check"))["wrongWrites"]) == 1
