from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.azure.connection import Connection
from shared.adapters.clock import SystemClock, VirtualClock
from shared.errors import EndpointError
from tests.unit.shared.adapters.azure.stub import Reply, Stub, hang_up, serving

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ADVANCE = "/_sim/clock/advance"


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as server:
        headers = {"x-sim-clock": "/_sim/clock", "x-sim-now": START.isoformat()}
        server.on("GET", "/subscriptions", Reply({"value": []}, headers=headers))
        yield server


@pytest.fixture
async def connection(stub: Stub) -> AsyncIterator[Connection]:
    async with Connection(stub.base) as opened:
        yield opened


async def test_the_systems_clock_is_in_utc_and_a_past_moment_is_not_waited_for() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)  # noqa: TID251 -- the very clock under test is compared with it
    assert timedelta() <= clock.now() - before < timedelta(minutes=1)
    assert clock.now().tzinfo is UTC
    await clock.wait_until(before - timedelta(days=1))


async def test_the_systems_clock_waits_for_a_moment_that_is_near() -> None:
    clock = SystemClock()
    due = clock.now() + timedelta(milliseconds=20)
    await clock.wait_until(due)
    assert clock.now() >= due - timedelta(milliseconds=2)


async def test_a_virtual_clock_needs_an_endpoint_that_has_told_its_time(connection: Connection) -> None:
    with pytest.raises(ValueError, match="first contact"):
        VirtualClock(connection)


async def test_waiting_asks_for_one_jump_and_takes_the_time_it_ends_at(connection: Connection, stub: Stub) -> None:
    await connection.first_contact()
    clock = VirtualClock(connection)
    assert clock.now() == START
    sooner = START + timedelta(seconds=20)
    stub.on("POST", ADVANCE, Reply({"now": sooner.isoformat(), "idle": False, "nextDue": None}))
    await clock.wait_until(START + timedelta(minutes=1))
    assert clock.now() == sooner
    assert connection.observed_now == sooner
    assert stub.seen[-1].body == {"to": (START + timedelta(minutes=1)).isoformat()}
    assert "Authorization" not in stub.seen[-1].headers


async def test_a_moment_that_has_come_needs_no_jump(connection: Connection, stub: Stub) -> None:
    await connection.first_contact()
    await VirtualClock(connection).wait_until(START)
    assert [each.path for each in stub.seen] == ["/subscriptions"]


async def test_time_goes_on_with_every_answer(connection: Connection, stub: Stub) -> None:
    await connection.first_contact()
    clock = VirtualClock(connection)
    connection.observed_now = START + timedelta(hours=1)
    assert clock.now() == START + timedelta(hours=1)


@pytest.mark.parametrize("script", [hang_up, Reply({"error": "x"}, 500), Reply({}), Reply([1]), Reply({"now": "soon"})])
async def test_a_clock_that_does_not_answer_as_it_should_is_told(
    connection: Connection, stub: Stub, script: Any
) -> None:
    await connection.first_contact()
    stub.on("POST", ADVANCE, script)
    with pytest.raises(EndpointError, match="clock"):
        await VirtualClock(connection).wait_until(START + timedelta(minutes=1))
