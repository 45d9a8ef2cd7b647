"""The virtual clock: jumps to what is due, never backwards, and runs everything due before it answers."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from simulator.core.clock import Clock
from tests.simulator.client import Client

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: Real seconds, so that a test which would wait for ever ends.
PATIENCE = 60


async def test_a_jump_ends_at_the_next_due_moment() -> None:
    clock, ran = Clock("stepped", START), []
    clock.after(10, lambda: ran.append("ten"))
    clock.after(5, lambda: ran.append("five"))
    assert await clock.advance(START + timedelta(seconds=60)) is False
    assert (clock.now(), ran) == (START + timedelta(seconds=5), ["five"])
    await clock.advance(START + timedelta(seconds=7))
    assert (clock.now(), ran) == (START + timedelta(seconds=7), ["five"])
    await clock.advance(None)
    assert (clock.now(), ran) == (START + timedelta(seconds=10), ["five", "ten"])


async def test_without_work_and_target_the_clock_is_idle_and_stands_still() -> None:
    clock = Clock("stepped", START)
    assert await clock.advance(None) is True
    assert clock.now() == START
    assert await clock.advance(START + timedelta(hours=1)) is False
    assert clock.now() == START + timedelta(hours=1)


async def test_the_clock_never_goes_back() -> None:
    clock = Clock("stepped", START)
    await clock.advance(START - timedelta(days=1))
    assert clock.now() == START


async def test_work_that_is_due_at_once_runs_in_the_same_jump() -> None:
    clock, ran = Clock("stepped", START), []
    clock.after(5, lambda: clock.after(0, lambda: ran.append("next")))
    await clock.advance(None)
    assert ran == ["next"]


async def test_a_jump_waits_for_asynchronous_work() -> None:
    clock, ran = Clock("stepped", START), []

    async def work() -> None:
        await asyncio.sleep(0)
        ran.append("done")

    clock.after(1, work)
    await clock.advance(None)
    assert ran == ["done"]


async def test_failing_work_fails_the_jump() -> None:
    clock = Clock("stepped", START)

    async def work() -> None:
        raise ValueError("boom")

    clock.after(1, work)
    with pytest.raises(ValueError, match="boom"):
        await clock.advance(None)


async def test_concurrent_jumps_run_each_piece_of_work_once() -> None:
    clock, ran = Clock("stepped", START), []
    for second in range(1, 6):
        clock.after(second, lambda second=second: ran.append(second))  # type: ignore[misc]  # bound per turn
    await asyncio.gather(*(clock.advance(None) for _ in range(8)))
    assert ran == [1, 2, 3, 4, 5]


async def test_a_flowing_clock_flows_and_jumps_and_runs_what_is_due() -> None:
    clock, ran = Clock("flowing", START), asyncio.Event()
    assert START <= clock.now() < START + timedelta(minutes=1)
    task = asyncio.create_task(clock.flow())
    clock.after(0.01, ran.set)
    await asyncio.wait_for(ran.wait(), PATIENCE)
    clock.after(3600, lambda: None)
    await clock.advance(None)
    assert clock.now() >= START + timedelta(hours=1)
    task.cancel()


async def test_a_faster_clock_runs_an_hour_s_work_within_real_moments() -> None:
    clock, ran = Clock("flowing", START, speed=36_000), asyncio.Event()
    task = asyncio.create_task(clock.flow())
    clock.after(3600, ran.set)
    await asyncio.wait_for(ran.wait(), PATIENCE)
    assert clock.now() >= START + timedelta(hours=1)
    task.cancel()


async def test_a_jump_brings_what_is_due_later_nearer_for_a_flowing_clock_too() -> None:
    clock, ran = Clock("flowing", START), asyncio.Event()
    task = asyncio.create_task(clock.flow())
    clock.after(3600, ran.set)
    await asyncio.sleep(0)  # the flow now waits for an hour
    await clock.advance(START + timedelta(seconds=3599.9))
    await asyncio.wait_for(ran.wait(), PATIENCE)
    task.cancel()


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_clock_that_would_stand_or_run_back_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Clock("flowing", START, speed)


async def test_the_control_api_tells_and_moves_the_clock(azure: Client) -> None:
    clock = await azure.get("/_sim/clock")
    assert (clock["mode"], clock["nextDue"]) == ("stepped", None)
    assert datetime.fromisoformat(clock["now"]).microsecond == 0
    assert await azure.advance() == {"now": clock["now"], "idle": True, "nextDue": None}
    await azure.ask("DELETE", (await azure.label("being-deleted"))["vmId"])
    due = (await azure.get("/_sim/clock"))["nextDue"]
    assert due > clock["now"]
    assert await azure.advance("2199-01-01T00:00:00") == {"now": due, "idle": False, "nextDue": None}
    assert (await azure.ask("POST", "/_sim/clock/advance", {"to": "soon"})).status == 400


async def test_work_that_hangs_holds_nothing_back_while_time_flows() -> None:
    clock, free, ran = Clock("flowing"), asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        await free.wait()

    clock.after(0, hang)
    clock.after(0.01, ran.set)
    flow = asyncio.create_task(clock.flow())
    await asyncio.wait_for(ran.wait(), PATIENCE)
    free.set()
    flow.cancel()


async def test_work_that_fails_late_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    clock, free = Clock("flowing"), asyncio.Event()

    async def fail() -> None:
        await free.wait()
        raise ValueError("too late")

    clock.after(0, fail)
    hanging, over = asyncio.Event(), asyncio.Event()
    clock.after(0.01, hanging.set)
    flow = asyncio.create_task(clock.flow())
    await asyncio.wait_for(hanging.wait(), PATIENCE)
    free.set()
    clock.after(0.01, over.set)
    await asyncio.wait_for(over.wait(), PATIENCE)
    flow.cancel()
    assert "too late" in caplog.text
