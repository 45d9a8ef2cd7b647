import asyncio
from datetime import timedelta

import azure.functions as func  # noqa: TID251  # what the local host hands over
import pytest

from cli.host.host_json import HostLimits
from cli.host.invoking import Invoker
from cli.host.queues import QueuePump
from shared.adapters.local.work_queue import SqliteWorkQueue
from tests.fakes import START, FakeClock
from tests.unit.cli.host.conftest import App, Told

LIMITS = HostLimits(batch_size=16, max_dequeue_count=5, visibility_timeout=timedelta(seconds=30))


@pytest.fixture
def pump(app: App, queue: SqliteWorkQueue, clock: FakeClock, told: Told) -> QueuePump:
    return QueuePump(app.triggers.queues, queue, clock, LIMITS, Invoker(told))


def bodies(app: App, function: str) -> list[str]:
    return [each.get_body().decode() for each in app.called(function) if isinstance(each, func.QueueMessage)]


async def test_every_message_goes_to_the_function_of_its_queue_and_is_gone_afterwards(
    app: App, queue: SqliteWorkQueue, pump: QueuePump
) -> None:
    for number in range(40):
        await queue.send("first", f"a{number}")
    await queue.send("second", "b")
    await pump.drain()
    assert sorted(bodies(app, "on_first")) == sorted(f"a{number}" for number in range(40))
    assert bodies(app, "on_second") == ["b"]
    assert [await queue.depth(name) for name in ("first", "second")] == [0, 0]
    assert await pump.next_due() is None


async def test_messages_that_are_not_due_are_left_alone_and_tell_when_they_are(
    app: App, queue: SqliteWorkQueue, pump: QueuePump
) -> None:
    await queue.send("first", "later", not_before=START + timedelta(hours=2))
    await queue.send("second", "sooner", not_before=START + timedelta(hours=1))
    await pump.drain()
    assert app.calls == []
    assert await pump.next_due() == START + timedelta(hours=1)


async def test_messages_that_a_function_sends_are_worked_on_too(
    app: App, queue: SqliteWorkQueue, pump: QueuePump
) -> None:
    app.hooks["on_first"] = lambda: queue.send("second", "made by the first")
    await queue.send("first", "a")
    await pump.drain()
    assert bodies(app, "on_second") == ["made by the first"]


async def test_a_failed_message_rests_and_is_tried_again(
    app: App, queue: SqliteWorkQueue, pump: QueuePump, clock: FakeClock, told: Told
) -> None:
    app.fail["on_first"] = [RuntimeError("not yet")]
    await queue.send("first", "a")
    await pump.drain()
    assert await pump.next_due() == START + timedelta(seconds=30)
    assert told.events[-1] == ("retry", {"function": "on_first", "until": START + timedelta(seconds=30)})
    await clock.wait_until(START + timedelta(seconds=30))
    await pump.drain()
    assert bodies(app, "on_first") == ["a", "a"]
    assert await queue.depth("first") == 0


async def test_a_message_that_fails_five_times_is_kept_in_the_poison_queue_with_the_last_reason(
    app: App, queue: SqliteWorkQueue, pump: QueuePump, clock: FakeClock, told: Told
) -> None:
    app.fail["on_first"] = [RuntimeError(f"reason {number}\nof many lines") for number in range(1, 9)]
    await queue.send("first", "a")
    for _ in range(8):
        await pump.drain()
        clock.moment += timedelta(seconds=30)
    assert len(bodies(app, "on_first")) == 5
    assert await queue.depth("first") == 0
    (kept,) = await queue.poisoned("first")
    assert kept.body == "a"
    assert kept.reason.startswith("on_first failed 5 times; at last: reason 5")
    assert "\n" not in kept.reason
    assert told.events[-1] == ("poisoned", {"queue": "first", "reason": kept.reason})


async def test_a_failing_message_holds_up_no_other(app: App, queue: SqliteWorkQueue, pump: QueuePump) -> None:
    app.fail["on_first"] = [RuntimeError("only the first")]
    for number in range(20):
        await queue.send("first", f"a{number}")
    await pump.drain()
    assert await queue.depth("first") == 1
    assert len(bodies(app, "on_first")) == 20


async def test_no_more_than_a_batch_is_worked_on_at_a_time_over_all_queues(
    app: App, queue: SqliteWorkQueue, pump: QueuePump
) -> None:
    now, most = 0, 0

    async def work() -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    app.hooks |= {"on_first": work, "on_second": work}
    for number in range(50):
        await queue.send("first" if number % 2 else "second", str(number))
    await pump.drain()
    assert most == LIMITS.batch_size
    assert len(app.calls) == 50


async def test_an_interrupted_pump_loses_no_message(
    app: App, queue: SqliteWorkQueue, pump: QueuePump, clock: FakeClock
) -> None:
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    app.hooks["on_first"] = hang
    await queue.send("first", "a")
    draining = asyncio.create_task(pump.drain())
    await begun.wait()
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    del app.hooks["on_first"]
    assert await pump.next_due() == START + timedelta(minutes=10)
    clock.moment += timedelta(minutes=10)
    await pump.drain()
    assert bodies(app, "on_first") == ["a", "a"]
    assert await queue.depth("first") == 0
