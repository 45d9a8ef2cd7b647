"""How far Resource Graph is behind, and that it misses nothing on the way: lags, `/_sim/graph`, loading by parts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from simulator.graph import feed, schema, store
from simulator.server import running
from simulator.world import World
from tests.simulator.client import Client
from tests.simulator.conftest import TOKEN

VMS = "resources | where type == 'microsoft.compute/virtualmachines' | project id, tags"
STATES = """recoveryservicesresources | where type endswith 'protecteditems'
    | project source = tolower(tostring(properties.sourceResourceId)), state = properties.currentProtectionState"""
LAGS = {"resources": 30.0, "recoveryservicesresources": 600.0}


@pytest.fixture
async def late() -> AsyncIterator[tuple[Client, World]]:
    async with running(vms=25, graph_lag=60) as (base, world), aiohttp.ClientSession(headers=TOKEN) as http:
        yield Client(base, http), world


async def _tags(azure: Client) -> dict[str, Any]:
    rows = (await azure.graph(VMS, options={"$top": 1000})).body["data"]
    return {row["id"].lower(): row["tags"] for row in rows}


async def _state(azure: Client, vm: str) -> list[str]:
    rows = (await azure.graph(STATES, options={"$top": 1000})).body["data"]
    return [row["state"] for row in rows if row["source"] == vm.lower()]


async def _pass(azure: Client, world: World, seconds: float) -> None:
    """Go on by that much, with everything that falls due on the way."""
    end = world.now() + timedelta(seconds=seconds)
    while world.now() < end:
        await azure.advance(end.isoformat())


async def test_every_change_comes_by_itself_and_in_order(late: tuple[Client, World]) -> None:
    azure, world = late
    vm = (await azure.label("plain-unprotected"))["vmId"]
    key, before = vm.lower(), (await _tags(azure))[vm.lower()]
    await azure.ask("PATCH", vm, {"tags": {"step": "1"}})
    await _pass(azure, world, 40)
    await azure.ask("PATCH", vm, {"tags": {"step": "2"}})
    await _pass(azure, world, 19)
    assert (await _tags(azure))[key] == before
    await _pass(azure, world, 2)
    assert (await _tags(azure))[key] == {"step": "1"}  # as it was then, though it has changed since
    await _pass(azure, world, 40)
    assert (await _tags(azure))[key] == {"step": "2"}


async def test_a_new_vm_comes_late_and_a_deleted_one_lingers(late: tuple[Client, World]) -> None:
    azure, world = late
    body = {"count": 1, "seed": 3}
    [plan] = (await azure.ask("POST", "/_sim/arrivals", body)).body
    await azure.ask("PUT", plan["path"], plan["body"])
    new = plan["vmId"].lower()
    await _pass(azure, world, 59)
    assert new not in await _tags(azure)
    await _pass(azure, world, 2)
    assert new in await _tags(azure)
    await azure.ask("DELETE", plan["vmId"])
    await azure.until_idle()
    assert (await azure.ask("GET", plan["vmId"])).status == 404
    assert new in await _tags(azure)
    await _pass(azure, world, 61)
    assert new not in await _tags(azure)


async def test_a_table_can_lag_behind_the_others_and_be_set_at_run_time(azure: Client, served: Any) -> None:
    _, world = served
    assert (await azure.get("/_sim/graph"))["lagSeconds"]["resources"] == 0
    set_ = (await azure.ask("PUT", "/_sim/graph", {"lagSeconds": LAGS})).body
    assert set_["lagSeconds"] | LAGS == set_["lagSeconds"]
    vm = (await azure.label("plain-unprotected"))["vmId"]
    await azure.protect(vm, await azure.vault_for(vm))
    await azure.ask("PATCH", vm, {"tags": {"a": "b"}})
    assert (await azure.get("/_sim/graph"))["waiting"] > 0
    await _pass(azure, world, 120)
    assert (await azure.get(vm))["tags"] == {"a": "b"}
    assert (await _tags(azure))[vm.lower()] == {"a": "b"}
    assert await _state(azure, vm) == []
    await _pass(azure, world, 600)
    assert await _state(azure, vm) == ["ProtectionConfigured"]


async def test_no_lag_any_more_shows_all_that_waited_at_once_and_nothing_older_afterwards(
    late: tuple[Client, World],
) -> None:
    azure, world = late
    vm = (await azure.label("plain-unprotected"))["vmId"]
    await azure.ask("PATCH", vm, {"tags": {"step": "1"}})
    await azure.ask("PUT", "/_sim/graph", {"lagSeconds": 0})
    assert (await _tags(azure))[vm.lower()] == {"step": "1"}
    await azure.ask("PATCH", vm, {"tags": {"step": "2"}})
    assert (await _tags(azure))[vm.lower()] == {"step": "2"}
    await _pass(azure, world, 120)
    assert (await _tags(azure))[vm.lower()] == {"step": "2"}
    assert (await azure.get("/_sim/graph"))["waiting"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"lagSeconds": -1},
        {"lagSeconds": "5"},
        {"lagSeconds": {"nowhere": 5}},
        {"lagSeconds": {"resources": True}},
        {"lagSeconds": 1e9},
        {"quota": {"queries": 0}},
        {"quota": {"windowSeconds": 0}},
        {"quota": {"refuses": 1}},
        {"quota": []},
        {"lag": 5},
    ],
)
async def test_settings_that_are_none_are_refused_and_set_nothing(azure: Client, body: Any) -> None:
    before = await azure.get("/_sim/graph")
    reply = await azure.ask("PUT", "/_sim/graph", body)
    assert (reply.status, reply.code) == (400, "InvalidSetting")
    assert await azure.get("/_sim/graph") == before


async def test_backup_jobs_leave_after_fourteen_days(served: tuple[Client, World]) -> None:
    azure, world = served
    jobs = "recoveryservicesresources | where type endswith 'backupjobs' | project started = properties.startTime"
    assert (await azure.graph(jobs)).body["totalRecords"] > 0
    await azure.advance((world.now() + timedelta(days=14, seconds=1)).isoformat())
    assert (await azure.graph(jobs)).body["totalRecords"] == 0


async def test_what_changes_before_and_while_a_subscription_is_loaded_is_shown(
    served: tuple[Client, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure, world = served
    monkeypatch.setattr(feed, "AT_A_TIME", 1)
    first, second = list(world.state.subscriptions)[:2]
    vms = {each: [vm for vm in world.state.vms.values() if vm.subscription == each] for each in (first, second)}
    await azure.ask("PATCH", vms[first][0].id, {"tags": {"when": "before"}})
    loading = azure.graph(VMS, subscriptions=[first, second], options={"$top": 1000})
    changes = (azure.ask("PATCH", vm.id, {"tags": {"when": "while"}}) for vm in vms[second])
    await asyncio.gather(loading, *changes)
    rows = (await azure.graph(VMS, subscriptions=[first, second], options={"$top": 1000})).body["data"]
    shown = {row["id"].lower(): row["tags"] for row in rows}
    assert shown == {vm.key: vm.tags for each in vms.values() for vm in each}


def test_rows_that_were_taken_out_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "DEAD_ROWS", 5)
    held = store.Store()
    row = dict.fromkeys((*schema.TEXT, "scope"), "s") | dict.fromkeys(schema.DYNAMIC)
    for turn in range(40):
        held.put([("one", {"resources": [row | {"name": str(turn)}]})])
        assert held.dead["resources"] <= 5
    name, total = held.result("all", "SELECT name FROM resources", {}, ["s"])
    assert (total, held.slice(name, 0, 5).rows) == (1, [("39",)])
    held.close()


async def test_rows_written_anew_are_all_there_and_once(
    served: tuple[Client, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure, world = served
    monkeypatch.setattr(store, "DEAD_ROWS", 5)
    for turn in range(4):
        for vm in list(world.state.vms.values()):
            vm.tags = {"turn": str(turn)}
            world.state.touch("vm", vm.key, world.now())
        shown = await _tags(azure)
        assert shown == {key: {"turn": str(turn)} for key in world.state.vms}
    assert (await azure.graph(VMS, options={"$top": 1000})).body["totalRecords"] == len(world.state.vms)
