"""The local host on a simulator in this process: its own clock, its own Backstop, the real function app."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

import function_app
from cli.host.host import LocalHost
from shared import bootstrap
from shared.bootstrap import process_backstop
from shared.domain.model import State
from shared.errors import EndpointError, SettingsError
from simulator.server import running
from simulator.world import World
from tests.unit.cli.host.conftest import Told

ROOT = Path(__file__).parents[4]
ARM = {"Authorization": "Bearer any", "x-sim-actor": "estate"}


@pytest.fixture
async def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, World]]:
    monkeypatch.chdir(ROOT)
    async with running(vms=50, seed=2) as (base, world):
        for key, value in {
            "BACKSTOP_ENDPOINT": base,
            "BACKSTOP_STATE": str(tmp_path),
            "BACKSTOP_POLICY": "examples/demo.yaml",
            "BACKSTOP_ENFORCE": "true",
        }.items():
            monkeypatch.setenv(key, value)
        yield base, world


async def ask(method: str, url: str, body: object = None) -> tuple[int, object]:
    async with aiohttp.ClientSession(headers=ARM) as http, http.request(method, url, json=body) as answer:
        return answer.status, await answer.json()


async def check(base: str) -> tuple[object, object]:
    _, verdict = await ask("GET", f"{base}/_sim/check")
    assert isinstance(verdict, dict)
    return verdict["missed"], verdict["wrongWrites"]


async def test_a_sweep_is_worked_to_its_end_on_the_simulators_clock(azure: tuple[str, World], told: Told) -> None:
    async with LocalHost(app=function_app.app, on_event=told) as host:
        assert (await check(azure[0]))[0] != []
        began = host.clock.now()
        await host.invoke_timer("discovery_sweep")
        await host.run_until_idle()
        assert await check(azure[0]) == ([], [])
        assert timedelta() < host.clock.now() - began < timedelta(hours=1)
        backstop = await process_backstop()
        assert await backstop.queue.depth("reconcile") == 0
    assert told.kinds[0] == "serving"
    assert {"started", "succeeded", "waiting"} <= set(told.kinds)
    assert "failed" not in told.kinds


async def test_a_new_vms_events_in_both_schemas_lead_to_its_protection(azure: tuple[str, World], told: Told) -> None:
    base, _ = azure
    async with LocalHost(app=function_app.app, on_event=told) as host:
        _, found = await ask("GET", f"{base}/subscriptions?api-version=2022-12-01")
        assert isinstance(found, dict)
        for number, each in enumerate(found["value"]):
            hub = f"{base}/subscriptions/{each['subscriptionId']}/providers/Microsoft.EventGrid/eventSubscriptions"
            properties = {
                "destination": {
                    "endpointType": "WebHook",
                    "properties": {"endpointUrl": host.webhook_url("vm_written")},
                },
                "filter": {},
                "eventDeliverySchema": ["EventGridSchema", "CloudEventSchemaV1_0"][number % 2],
            }
            status, _ = await ask("PUT", f"{hub}/to-host?api-version=2022-06-15", {"properties": properties})
            assert status == 201
        _, arrivals = await ask("POST", f"{base}/_sim/arrivals", {"count": 12, "seed": 4})
        assert isinstance(arrivals, list)
        for each in arrivals:
            separator = "&" if "?" in each["path"] else "?"
            await ask("PUT", f"{base}{each['path']}{separator}api-version=2026-04-01", each["body"])
            if each["thenTags"]:
                tags = {"tags": each["thenTags"]}
                await ask("PATCH", f"{base}{each['path'].split('?')[0]}?api-version=2026-04-01", tags)
        await host.run_until_idle(host.clock.now() + timedelta(minutes=45))
        await host.run_until_idle()
        missed, wrong = await check(base)
        born = {each["vmId"] for each in arrivals}
        assert isinstance(missed, list)
        assert [each for each in missed if each["vmId"] in born] == []
        assert wrong == []
    assert "failed" not in told.kinds


async def test_timers_run_by_their_schedule_until_the_moment_that_was_asked_for(
    azure: tuple[str, World], told: Told
) -> None:
    async with LocalHost(app=function_app.app, on_event=told) as host:
        until = host.clock.now() + timedelta(hours=24)
        await host.run_until_idle(until)
        assert host.clock.now() == until
        backstop = await process_backstop()
        assert {each.verdict.state for each in await backstop.findings.latest()} >= {State.COMPLIANT}
        assert await backstop.findings.load_report("report.html")
    functions = [details["function"] for kind, details in told.events if kind == "started"]
    assert functions.count("discovery_sweep") == 6
    assert functions.count("compliance_report") == 1


async def test_timers_alone_never_keep_the_host_from_being_idle(azure: tuple[str, World], told: Told) -> None:
    async with LocalHost(app=function_app.app, on_event=told) as host:
        began = host.clock.now()
        await host.run_until_idle()
        assert host.clock.now() == began
    assert told.kinds == ["serving"]


async def test_serving_works_on_what_arrives_until_it_is_ended(azure: tuple[str, World]) -> None:
    worked = asyncio.Event()

    def watch(kind: str, details: Mapping[str, object]) -> None:
        if kind == "succeeded" and details["function"] == "reconcile_vm":
            worked.set()

    async with LocalHost(app=function_app.app, on_event=watch, poll=0.01) as host:
        serving = asyncio.create_task(host.serve_forever())
        status, health = await ask("GET", host.routes["health"])
        assert (status, isinstance(health, dict) and health["status"]) == (200, "ok")
        backstop = await process_backstop()
        await backstop.queue.send("reconcile", "no request")
        await asyncio.wait_for(worked.wait(), 60)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def test_serving_ends_in_one_clear_error_when_the_simulator_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("BACKSTOP_STATE", str(tmp_path))
    async with running(vms=50) as (base, _):
        monkeypatch.setenv("BACKSTOP_ENDPOINT", base)
        host = LocalHost(app=function_app.app, poll=0.01)
        await host.start()
    with pytest.raises(EndpointError):
        await host.serve_forever()
    await host.stop()


async def test_after_the_host_its_backstop_is_closed_and_the_next_one_opens_its_own(azure: tuple[str, World]) -> None:
    async with LocalHost(app=function_app.app):
        first = await process_backstop()
    assert bootstrap._Process.backstop is None
    async with LocalHost(app=function_app.app):
        assert await process_backstop() is not first


async def test_a_port_that_is_taken_is_told_and_nothing_stays_open(azure: tuple[str, World]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SettingsError, match="cannot be used"):
            async with LocalHost(app=function_app.app, port=other.getsockname()[1]):
                raise AssertionError("it must not start")
    assert bootstrap._Process.backstop is None
