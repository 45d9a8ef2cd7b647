"""What happens in Azure, told to a webhook: event subscriptions and their deliveries."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.world import World
from tests.simulator.client import Client
from tests.simulator.webhook import (
    TAGS_ONLY,
    Receiver,
    at,
    counts,
    everywhere,
    exactly_once,
    first_subscription,
    settings,
    subscribe,
    tag,
    wish,
)

VM_WRITE = "Microsoft.Compute/virtualMachines/write"


async def _create_vm(azure: Client) -> str:
    [arrival] = (await azure.ask("POST", "/_sim/arrivals", {"count": 1, "seed": 1})).body
    reply = await azure.ask("PUT", arrival["path"], arrival["body"], headers={"x-sim-actor": "estate"})
    assert reply.status == 201
    return str(arrival["vmId"])


async def test_a_new_vm_is_told_to_the_webhook_with_what_else_happened(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url)
    await settings(azure, duplicates=0)
    vm = await _create_vm(azure)
    assert receiver.got == []
    await azure.until_idle()
    assert all(len(batch) == 1 for batch in receiver.got)
    operations = [event["data"]["operationName"] for event in receiver.events]
    assert operations.count(VM_WRITE) == 2
    assert "Microsoft.Network/networkInterfaces/write" in operations
    told = next(event for event in receiver.events if event["data"]["operationName"] == VM_WRITE)
    assert told["eventType"] == "Microsoft.Resources.ResourceWriteSuccess"
    assert told["topic"] == "/".join(vm.split("/")[:3])
    assert told["subject"].lower() == told["data"]["resourceUri"].lower() == vm.lower()
    assert "location" not in told["data"]
    assert (await azure.get("/_sim/state"))["events"]["delivered"] == len(receiver.got)


async def test_a_changed_tag_is_told_with_the_tags_own_subject(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, rules=TAGS_ONLY)
    vm = (await azure.label("plain-unprotected"))["vmId"]
    await tag(azure, vm)
    assert (await azure.ask("PATCH", vm, {"tags": {"c": "d"}})).status == 200
    await azure.until_idle()
    expected = f"{vm}/providers/Microsoft.Resources/tags/default".lower()
    assert {event["subject"].lower() for event in receiver.events} == {expected}


async def test_deliveries_carry_event_grids_headers(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, rules=TAGS_ONLY)
    await tag(azure, (await azure.label("no-tags"))["vmId"])
    await azure.until_idle()
    headers = {name.lower(): value for name, value in receiver.headers[0].items()}
    assert {name: value for name, value in headers.items() if name.startswith("aeg-")} == {
        "aeg-event-type": "Notification",
        "aeg-subscription-name": "BACKSTOP",
        "aeg-delivery-count": "0",
        "aeg-data-version": "2",
        "aeg-metadata-version": "1",
        "aeg-output-event-id": receiver.events[0]["id"],
    }
    assert headers["content-type"] == "application/json; charset=utf-8"


async def test_cloud_events_come_one_by_one_and_name_the_specs_version(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, schema="CloudEventSchemaV1_0")
    await _create_vm(azure)
    await azure.until_idle()
    assert receiver.got
    for event, headers in zip(receiver.got, receiver.headers, strict=True):
        assert event["specversion"] == headers["aeg-metadata-version"] == "1.0"
        assert event["type"].startswith("Microsoft.Resources.Resource")
        assert event["source"].startswith("/subscriptions/")
        assert "aeg-data-version" not in headers
        assert headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"


async def test_own_headers_are_added_and_secret_ones_stay_hidden(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    mappings = [
        {"name": "x-key", "type": "Static", "properties": {"value": "hush", "isSecret": True}},
        {"name": "x-operation", "type": "Dynamic", "properties": {"sourceField": "data.operationName"}},
    ]
    hook = {"deliveryAttributeMappings": mappings}
    made = await subscribe(azure, scope, receiver.url, hook=hook, rules=TAGS_ONLY)
    assert "hush" not in str(made.body)
    shown = (await azure.ask("POST", f"{at(scope)}/getDeliveryAttributes")).body["value"]
    assert [each["properties"].get("value") for each in shown] == ["Hidden", None]
    await tag(azure, next(vm["id"] for vm in await azure.rows(f"{scope}/providers/Microsoft.Compute/virtualMachines")))
    await azure.until_idle()
    assert receiver.headers[0]["x-key"] == "hush"
    assert receiver.headers[0]["x-operation"] == "Microsoft.Resources/tags/write"


async def test_duplicates_come_as_often_as_set_and_count_as_one_event(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, rules=TAGS_ONLY)
    await settings(azure, duplicates=1, copies=3)
    await tag(azure, (await azure.label("no-tags"))["vmId"])
    await azure.until_idle()
    assert len(receiver.events) == 3
    assert len({event["id"] for event in receiver.events}) == 1
    assert (await counts(azure))["delivered"] == 1


async def test_a_wide_delay_shuffles_and_a_fixed_one_keeps_the_order(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, rules=TAGS_ONLY)
    vms = [label["vmId"] for label in await azure.labels()][:12]

    async def arrivals(low: float, high: float) -> list[str]:
        await azure.until_idle()
        await settings(azure, duplicates=0, delaySeconds=[low, high])
        receiver.got.clear()
        for vm in vms:
            await tag(azure, vm)
            await azure.advance(_plus((await azure.get("/_sim/clock"))["now"], 1))
        await azure.until_idle()
        return [
            event["data"]["resourceUri"].partition("/providers/Microsoft.Resources")[0] for event in receiver.events
        ]

    assert await arrivals(20, 20) == vms
    shuffled = await arrivals(0, 600)
    assert sorted(shuffled) == sorted(vms)
    assert shuffled != vms


async def test_batches_hold_what_is_waiting_and_no_more_than_asked_for(azure: Client, receiver: Receiver) -> None:
    await exactly_once(azure)
    await everywhere(azure, receiver.url, rules=TAGS_ONLY, hook={"maxEventsPerBatch": 4})
    vm = (await azure.label("no-tags"))["vmId"]
    for _ in range(10):
        await tag(azure, vm)
    await azure.until_idle()
    assert [len(batch) for batch in receiver.got] == [4, 4, 2]
    assert len({event["id"] for event in receiver.events}) == 10
    assert (await counts(azure))["delivered"] == 10


async def test_a_subscription_shows_no_secret_and_can_be_deleted(
    served: tuple[Client, World], receiver: Receiver
) -> None:
    azure, world = served
    scope = await first_subscription(azure)
    await subscribe(azure, scope, receiver.url)
    shown = await azure.get(at(scope))
    assert "secret" not in str(shown)
    assert shown["properties"]["destination"]["properties"]["endpointBaseUrl"] == receiver.url.partition("?")[0]
    assert (await azure.ask("POST", f"{at(scope)}/getFullUrl")).body == {"endpointUrl": receiver.url}
    vm = next(vm for vm in world.state.vms.values() if scope.endswith(vm.subscription))
    await azure.ask("PATCH", vm.id, {"tags": {}})
    gone = await azure.ask("DELETE", at(scope))
    assert gone.status == 202
    assert (await azure.ask("GET", gone.headers["location"])).status == 202
    assert (await azure.ask("DELETE", at(scope))).status == 204
    await azure.until_idle()
    assert (await azure.ask("GET", gone.headers["location"])).status == 200
    assert receiver.got == []
    assert (await counts(azure))["dropped"] == 1
    assert [each["operation"] for each in (await azure.get("/_sim/check"))["wrongWrites"]] == ["PATCH virtualMachines"]


async def test_a_patch_changes_what_it_names_and_keeps_the_rest(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    await subscribe(azure, scope, receiver.url, rules=TAGS_ONLY, labels=["one"])
    await azure.until_idle()
    reply = await azure.ask("PATCH", at(scope), {"labels": ["two"], "retryPolicy": {"maxDeliveryAttempts": 3}})
    assert (reply.status, reply.body["properties"]["provisioningState"]) == (201, "Updating")
    await azure.until_idle()
    shown = (await azure.get(at(scope)))["properties"]
    assert (shown["provisioningState"], shown["labels"]) == ("Succeeded", ["two"])
    assert shown["retryPolicy"] == {"maxDeliveryAttempts": 3, "eventTimeToLiveInMinutes": 1440}
    assert shown["filter"]["advancedFilters"] == TAGS_ONLY["advancedFilters"]


async def test_an_expired_subscription_is_gone(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    start = (await azure.get("/_sim/clock"))["now"]
    ends = _plus(start, 3600)
    assert (await subscribe(azure, scope, receiver.url, expirationTimeUtc=start)).status == 400
    assert (await subscribe(azure, scope, receiver.url, expirationTimeUtc=ends)).status == 201
    await azure.until_idle()
    assert (await azure.get(at(scope)))["properties"]["expirationTimeUtc"] == ends
    await azure.advance(ends)
    assert (await azure.ask("GET", at(scope))).status == 404


def _plus(moment: str, seconds: int) -> str:
    return (datetime.fromisoformat(moment) + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"destination": {"endpointType": "StorageQueue", "properties": {}}}, "UnsupportedBySimulator"),
        ({"destination": {"endpointType": "AzureFunction", "properties": {}}}, "UnsupportedBySimulator"),
        ({"deliveryWithResourceIdentity": {"identity": {}}}, "UnsupportedBySimulator"),
        ({"destination": {"endpointType": "WebHook", "properties": {"endpointUrl": "ftp://x"}}}, "InvalidRequest"),
        ({"eventDeliverySchema": "CustomInputSchema"}, "InvalidRequest"),
        ({"retryPolicy": {"maxDeliveryAttempts": 31}}, "InvalidRequest"),
        ({"retryPolicy": {"eventTimeToLiveInMinutes": 0}}, "InvalidRequest"),
        ({"deadLetterDestination": {"endpointType": "StorageBlob", "properties": {}}}, "InvalidRequest"),
        ({"filter": {"includedEventTypes": ["Microsoft.Storage.BlobCreated"]}}, "InvalidRequest"),
    ],
)
async def test_what_cannot_be_done_as_asked_is_refused(
    azure: Client, receiver: Receiver, wrong: dict[str, Any], code: str
) -> None:
    scope = await first_subscription(azure)
    body = wish(receiver.url)
    body["properties"] |= wrong
    reply = await azure.ask("PUT", at(scope), body)
    assert (reply.status, reply.code) == (400, code)
    assert receiver.asked == []
    assert (await azure.ask("GET", at(scope))).status == 404
