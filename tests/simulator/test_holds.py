"""Requests that hang, and clients that die meanwhile."""

import asyncio
from typing import Any

import aiohttp

from tests.simulator.client import Client, item_of, protect_body
from tests.simulator.conftest import TOKEN


async def _hold(azure: Client, when: str, operation: str = "PUT protectedItems", nth: int = 1) -> None:
    body = {"method": "PUT", "operation": operation, "nth": nth, "when": when}
    assert (await azure.ask("POST", "/_sim/holds", body)).status == 201


async def _caught(azure: Client) -> Any:
    [hold] = await azure.get("/_sim/holds?wait=1")
    assert hold["holding"] is True
    return hold


async def _die_while_held(azure: Client, vm: str, vault: str) -> None:
    """Send the protect from a client of its own, and break its connection once it hangs."""
    async with aiohttp.ClientSession(headers=TOKEN) as http:
        doomed = asyncio.create_task(Client(azure.base, http).protect(vm, vault))
        await _caught(azure)
        doomed.cancel()
        await asyncio.wait([doomed])
    gone = False
    while not gone:
        [hold] = await azure.get("/_sim/holds")
        gone = hold["clientGone"]
    assert (await azure.ask("DELETE", "/_sim/holds")).status == 204


async def test_a_client_that_dies_before_the_commit_has_done_nothing(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await _hold(azure, "before")
    await _die_while_held(azure, vm, vault)
    assert (await azure.backup_status(vm))["protectionStatus"] == "NotProtected"
    assert await azure.get("/_sim/writes") == []
    assert (await azure.protect(vm, vault)).status == 202


async def test_a_client_that_dies_after_the_commit_has_protected(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await _hold(azure, "after")
    await _die_while_held(azure, vm, vault)
    assert (await azure.backup_status(vm))["protectionStatus"] == "Protecting"
    [write] = await azure.get("/_sim/writes")
    assert (write["operation"], write["status"], write["vmId"]) == ("PUT protectedItems", 202, vm)


async def test_a_released_request_goes_on(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await _hold(azure, "before")
    sent = asyncio.create_task(azure.protect(vm, vault))
    await _caught(azure)
    assert not sent.done()
    await azure.ask("DELETE", "/_sim/holds")
    assert (await sent).status == 202
    assert await azure.get("/_sim/holds") == []


async def test_only_the_nth_matching_request_hangs(azure: Client) -> None:
    await _hold(azure, "before", operation="subscriptions", nth=2)
    body = {"method": "GET", "operation": "subscriptions", "nth": 2, "when": "after"}
    await azure.ask("DELETE", "/_sim/holds")
    await azure.ask("POST", "/_sim/holds", body)
    await azure.get("/subscriptions")
    await azure.get("/tenants")
    sent = asyncio.create_task(azure.get("/subscriptions"))
    assert (await _caught(azure))["nth"] == 2
    await azure.get("/subscriptions")
    await azure.ask("DELETE", "/_sim/holds")
    await sent


async def test_a_hold_that_makes_no_sense_is_refused(azure: Client) -> None:
    for body in ({}, {"operation": "PUT x", "when": "during"}, {"operation": "PUT x", "when": "before", "nth": 0}):
        assert (await azure.ask("POST", "/_sim/holds", body)).code == "InvalidHold"


async def test_a_refused_request_is_held_too_and_changes_nothing(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await _hold(azure, "after")
    sent = asyncio.create_task(azure.ask("PUT", item_of(vault, vm), protect_body(vm, "")))
    await _caught(azure)
    await azure.ask("DELETE", "/_sim/holds")
    assert (await sent).status == 400
