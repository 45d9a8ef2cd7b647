"""Which writes are told, as what, and by whom."""

import base64
import json
from typing import Any

import pytest

from simulator.world import World
from tests.reference import reference_file
from tests.simulator.client import Client, item_of
from tests.simulator.webhook import TAGS_ONLY, Receiver, everywhere, first_subscription, settings, tag

ITEM = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"


async def _listening(azure: Client, receiver: Receiver) -> None:
    """Everything is told once and with its claims; the set-up's own events are out of the way."""
    await everywhere(azure, receiver.url)
    await settings(azure, duplicates=0, bareClaims=0)
    await azure.until_idle()
    receiver.got.clear()


async def _told(azure: Client, receiver: Receiver) -> list[tuple[str, str]]:
    """Operation and event type of what came since the last call, sorted."""
    await azure.until_idle()
    told = [(each["data"]["operationName"], each["eventType"].rpartition(".")[2]) for each in receiver.events]
    receiver.got.clear()
    return sorted(told)


async def test_the_set_up_of_events_is_told_too(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url)
    await settings(azure, duplicates=0)
    told = await _told(azure, receiver)
    assert set(told) == {("Microsoft.EventGrid/eventSubscriptions/write", "ResourceWriteSuccess")}


async def test_a_protection_is_told_when_it_has_come_to_its_end(azure: Client, receiver: Receiver) -> None:
    await _listening(azure, receiver)
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    assert (await azure.protect(vm, vault)).status == 202
    while not receiver.got:
        await azure.advance()
    assert (await azure.ask("GET", item_of(vault, vm))).status == 200  # not before that can be read
    assert await _told(azure, receiver) == [(f"{ITEM}/write", "ResourceWriteSuccess")]
    assert (await azure.back_up(vm, vault)).status == 202
    assert await _told(azure, receiver) == [(f"{ITEM}/backup/action", "ResourceActionSuccess")]


async def test_a_protection_event_names_the_item_and_not_the_vm(azure: Client, receiver: Receiver) -> None:
    await _listening(azure, receiver)
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await azure.protect(vm, vault)
    await azure.until_idle()
    [event] = receiver.events
    assert event["data"]["resourceUri"].lower() == item_of(vault, vm).replace("%3B", ";").lower()
    assert event["data"]["resourceProvider"] == "Microsoft.RecoveryServices"
    assert event["data"]["status"] == "Succeeded"


async def test_a_refused_protection_is_told_as_a_failure(azure: Client, receiver: Receiver) -> None:
    await _listening(azure, receiver)
    vm = (await azure.label("plain-unprotected"))["vmId"]
    reply = await azure.protect(vm, await azure.vault_for(vm), policy="nowhere")
    assert reply.status == 400
    await azure.until_idle()
    [event] = receiver.events
    assert event["eventType"] == "Microsoft.Resources.ResourceWriteFailure"
    assert (event["data"]["operationName"], event["data"]["status"]) == (f"{ITEM}/write", "Failed")


async def test_a_protection_that_fails_on_its_way_is_told_as_a_failure(azure: Client, receiver: Receiver) -> None:
    await _listening(azure, receiver)
    vm = (await azure.label("plain-unprotected"))["vmId"]
    rule = {"fault": "operation", "operation": "PUT protectedItems", "code": "UserErrorRequestDisallowedByPolicy"}
    assert (await azure.ask("POST", "/_sim/faults", [rule])).status == 201
    assert (await azure.protect(vm, await azure.vault_for(vm))).status == 202
    assert await _told(azure, receiver) == [(f"{ITEM}/write", "ResourceWriteFailure")]


async def test_groups_vaults_and_vms_are_told(served: tuple[Client, World], receiver: Receiver) -> None:
    azure, world = served
    await _listening(azure, receiver)
    group = f"{await first_subscription(azure)}/resourceGroups/fresh"
    await azure.ask("PUT", group, {"location": "westeurope"})
    assert await _told(azure, receiver) == [
        ("Microsoft.Resources/subscriptions/resourceGroups/write", "ResourceWriteSuccess")
    ]
    vault = f"{group}/providers/Microsoft.RecoveryServices/vaults/fresh-vault"
    await azure.ask("PUT", vault, {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}})
    assert await _told(azure, receiver) == [("Microsoft.RecoveryServices/vaults/write", "ResourceWriteSuccess")]
    vm = next(iter(world.state.vms.values())).id
    await azure.ask("PATCH", vm, {"tags": {"a": "b"}})
    assert await _told(azure, receiver) == [("Microsoft.Compute/virtualMachines/write", "ResourceWriteSuccess")]
    await azure.ask("DELETE", vm)
    assert await _told(azure, receiver) == [("Microsoft.Compute/virtualMachines/delete", "ResourceDeleteSuccess")]


async def test_reads_questions_and_what_never_reached_a_provider_are_not_told(
    azure: Client, receiver: Receiver
) -> None:
    await _listening(azure, receiver)
    scope = await first_subscription(azure)
    vm = (await azure.label("protected"))["vmId"]
    await azure.get(vm)
    await azure.backup_status(vm)
    await azure.graph("resources | limit 1")
    nowhere = f"{scope}/resourceGroups/nowhere/providers"
    assert (await azure.ask("PUT", f"{nowhere}/Microsoft.RecoveryServices/vaults/v", {})).status == 404
    assert (await azure.ask("PUT", f"{nowhere}/Microsoft.Nothing/things/t", {})).status == 404
    assert (await azure.ask("PUT", vm, {}, headers={"Authorization": "none"})).status == 401
    assert await _told(azure, receiver) == []


def _token(**claims: Any) -> str:
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*encoded, "signature"])


async def test_who_set_a_tag_stands_in_the_claims(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, rules=TAGS_ONLY)
    await settings(azure, duplicates=0, bareClaims=0)
    vm = (await azure.label("no-tags"))["vmId"]
    token = _token(
        oid="11111111-2222-3333-4444-555555555555",
        tid="t",
        upn="d.moreau@contoso.example",
        name="D. Moreau",
        amr=["pwd", "mfa"],
        iat=1,
        ipaddr="198.51.100.9",
    )
    headers = {"Authorization": f"Bearer {token}", "x-ms-client-request-id": "my-request"}
    body = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
    path = f"{vm}/providers/Microsoft.Resources/tags/default"
    assert (await azure.ask("PATCH", path, body, headers=headers)).status == 200
    await azure.until_idle()
    [event] = receiver.events
    data = event["data"]
    schemas = "http://schemas.microsoft.com"
    assert data["claims"] == {
        f"{schemas}/identity/claims/objectidentifier": "11111111-2222-3333-4444-555555555555",
        f"{schemas}/identity/claims/tenantid": "t",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "d.moreau@contoso.example",
        f"{schemas}/claims/authnmethodsreferences": "pwd,mfa",
        "name": "D. Moreau",
        "iat": "1",
        "ipaddr": "198.51.100.9",
    }
    assert data["authorization"]["action"] == "Microsoft.Resources/tags/write"
    assert data["authorization"]["evidence"]["principalId"] == "11111111222233334444555555555555"
    assert data["authorization"]["evidence"]["principalType"] == "User"
    assert data["httpRequest"]["clientRequestId"] == "my-request"
    assert data["httpRequest"]["clientIpAddress"] == "198.51.100.9"
    assert data["httpRequest"]["method"] == "PATCH"
    assert token not in json.dumps(event)


async def test_the_same_token_is_the_same_caller_and_never_shown(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, rules=TAGS_ONLY)
    await settings(azure, duplicates=0, bareClaims=0)
    vm = (await azure.label("no-tags"))["vmId"]
    path = f"{vm}/providers/Microsoft.Resources/tags/default"
    body = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
    for token in ("one-opaque", "one-opaque", "another-opaque"):
        await azure.ask("PATCH", path, body, headers={"Authorization": f"Bearer {token}"})
    await azure.until_idle()
    callers = [event["data"]["claims"]["appid"] for event in receiver.events]
    assert sorted(callers.count(each) for each in callers) == [1, 2, 2]
    assert "opaque" not in json.dumps(receiver.got)


async def test_the_estates_own_people_have_a_name(azure: Client, receiver: Receiver) -> None:
    await _listening(azure, receiver)
    vm = (await azure.label("no-tags"))["vmId"]
    await azure.ask("PATCH", vm, {"tags": {"a": "b"}}, headers={"x-sim-actor": "estate"})
    await azure.until_idle()
    [event] = receiver.events
    assert event["data"]["claims"]["name"] == "Estate Owner"
    assert event["data"]["authorization"]["evidence"]["principalType"] == "User"


async def test_claims_are_empty_where_they_are_set_to_be(azure: Client, receiver: Receiver) -> None:
    await everywhere(azure, receiver.url, rules=TAGS_ONLY)
    await settings(azure, duplicates=0, bareClaims=1)
    await tag(azure, (await azure.label("no-tags"))["vmId"])
    await azure.until_idle()
    [event] = receiver.events
    assert event["data"]["claims"] == {}
    assert event["data"]["authorization"]["evidence"] == []


@pytest.mark.parametrize("update", [True, False])
async def test_events_have_the_documented_events_keys(azure: Client, receiver: Receiver, update: bool) -> None:
    [documented] = json.loads(
        reference_file("eventgrid/azure-docs.event-schema-subscriptions.ResourceWriteSuccess.json")
    )
    spec = json.loads(reference_file("spec/eventgrid/2018-01-01/Resources.json"))
    known = set(spec["definitions"]["ResourceWriteSuccessData"]["properties"])
    await _listening(azure, receiver)
    if update:
        await tag(azure, (await azure.label("no-tags"))["vmId"])
    else:
        group = f"{await first_subscription(azure)}/resourceGroups/fresh"
        await azure.ask("PUT", group, {"location": "westeurope"})
    await azure.until_idle()
    [event] = receiver.events
    assert set(event) == set(documented)
    assert set(event["data"]) - {"httpRequest"} == set(documented["data"])
    assert set(event["data"]) <= known
    assert ("httpRequest" in event["data"]) is update
    assert set(event["data"]["authorization"]) == set(documented["data"]["authorization"])
    assert "role" in event["data"]["authorization"]["evidence"]
    assert (event["dataVersion"], event["metadataVersion"]) == ("2", "1")
