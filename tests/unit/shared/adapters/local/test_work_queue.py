import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shared.adapters.local.store import Store
from shared.adapters.local.work_queue import SqliteWorkQueue
from shared.ports import Clock, Received, WorkSource

MINUTE = timedelta(minutes=1)


@pytest.fixture
def queue(store: Store, clock: Clock) -> SqliteWorkQueue:
    return SqliteWorkQueue(store, clock)


async def bodies(queue: SqliteWorkQueue, limit: int = 10) -> list[str]:
    return [each.body for each in await queue.receive("q", limit, MINUTE)]


def test_it_is_a_work_source(queue: SqliteWorkQueue) -> None:
    source: WorkSource = queue
    assert source is queue


async def test_messages_come_in_the_order_they_were_sent_and_each_once(queue: SqliteWorkQueue) -> None:
    for body in "abc":
        await queue.send("q", body)
    assert await bodies(queue, 2) == ["a", "b"]
    assert await bodies(queue) == ["c"]
    assert await bodies(queue) == []
    assert await queue.depth("q") == 3


async def test_a_message_says_when_it_was_sent_and_how_often_it_was_taken(queue: SqliteWorkQueue, clock: Any) -> None:
    sent = clock.now()
    await queue.send("q", "a")
    for count in (1, 2, 3):
        (message,) = await queue.receive("q", 1, MINUTE)
        assert (message.dequeue_count, message.inserted, message.queue) == (count, sent, "q")
        clock.move(MINUTE)


async def test_queues_do_not_see_each_others_messages(queue: SqliteWorkQueue) -> None:
    await queue.send("other", "a")
    assert await bodies(queue) == []
    assert await queue.next_due("q") is None


async def test_a_run_can_take_its_own_messages_alone(queue: SqliteWorkQueue) -> None:
    for body, group in (("a", "other"), ("b", "mine"), ("c", ""), ("d", "mine")):
        await queue.send("q", body, group=group)
    assert [each.body for each in await queue.receive("q", 10, MINUTE, "mine")] == ["b", "d"]
    assert await queue.receive("q", 10, MINUTE, "mine") == ()
    assert await bodies(queue) == ["a", "c"]


async def test_a_delayed_message_comes_at_its_moment_and_not_a_microsecond_sooner(
    queue: SqliteWorkQueue, clock: Any
) -> None:
    due = clock.now() + MINUTE
    await queue.send("q", "late", not_before=due)
    assert await queue.next_due("q") == due
    clock.move(MINUTE - timedelta(microseconds=1))
    assert await bodies(queue) == []
    clock.move(timedelta(microseconds=1))
    assert await bodies(queue) == ["late"]


async def test_a_message_whose_receiver_vanished_comes_back_when_its_visibility_ends(
    queue: SqliteWorkQueue, clock: Any
) -> None:
    await queue.send("q", "a")
    assert await bodies(queue) == ["a"]
    assert await queue.next_due("q") == clock.now() + MINUTE
    clock.move(MINUTE)
    (again,) = await queue.receive("q", 10, MINUTE)
    assert (again.body, again.dequeue_count) == ("a", 2)


async def test_a_message_that_is_done_is_gone(queue: SqliteWorkQueue, clock: Any) -> None:
    await queue.send("q", "a")
    (message,) = await queue.receive("q", 1, MINUTE)
    await queue.done(message)
    clock.move(MINUTE * 2)
    assert await queue.depth("q") == 0
    assert await queue.next_due("q") is None
    await queue.done(message)  # twice is harmless


@pytest.mark.parametrize("taken_again", [True, False])
async def test_a_receipt_that_has_timed_out_is_ignored(queue: SqliteWorkQueue, clock: Any, taken_again: bool) -> None:
    await queue.send("q", "a")
    (old,) = await queue.receive("q", 1, MINUTE)
    clock.move(MINUTE)
    if taken_again:
        await queue.receive("q", 1, MINUTE)
    await queue.done(old)
    await queue.put_back(old, clock.now() + timedelta(days=1))
    assert await queue.depth("q") == 1
    clock.move(MINUTE)
    assert await bodies(queue) == ["a"]


async def test_a_message_put_back_waits_keeps_its_count_and_voids_its_receipt(
    queue: SqliteWorkQueue, clock: Any
) -> None:
    await queue.send("q", "a")
    (message,) = await queue.receive("q", 1, MINUTE)
    later = clock.now() + timedelta(hours=3)
    await queue.put_back(message, later)
    await queue.done(message)
    assert await queue.next_due("q") == later
    clock.move(timedelta(hours=3))
    (again,) = await queue.receive("q", 1, MINUTE)
    assert (again.body, again.dequeue_count) == ("a", 2)


async def test_a_receipt_never_fits_a_later_message(queue: SqliteWorkQueue) -> None:
    await queue.send("q", "a")
    (first,) = await queue.receive("q", 1, MINUTE)
    await queue.done(first)
    await queue.send("q", "b")
    (second,) = await queue.receive("q", 1, MINUTE)
    await queue.done(first)
    assert await queue.depth("q") == 1
    assert second.id != first.id


async def test_a_run_finds_its_own_messages(queue: SqliteWorkQueue, clock: Any) -> None:
    due = clock.now() + MINUTE
    await queue.send("q", "mine", group="run-1", not_before=due)
    await queue.send("q", "other", group="run-2")
    await queue.send("q", "nobody's")
    assert await queue.depth("q", "run-1") == 1
    assert await queue.depth("q", "") == 1
    assert await queue.depth("q") == 3
    assert await queue.next_due("q", "run-1") == due
    assert await queue.next_due("q", "run-9") is None


async def test_a_poisoned_message_keeps_its_text_and_its_reason(queue: SqliteWorkQueue, clock: Any) -> None:
    await queue.poison("q", "\ud800 not json \x00", "it is not JSON")
    (poisoned,) = await queue.poisoned("q")
    assert poisoned.body == "\\ud800 not json \x00"
    assert poisoned.reason == "it is not JSON"
    assert poisoned.inserted == clock.now()
    assert await queue.depth("q-poison") == 1
    assert await queue.depth("q") == 0


async def test_after_the_clock_went_back_nothing_waits_for_the_old_future(queue: SqliteWorkQueue, clock: Any) -> None:
    await queue.send("q", "taken")
    await queue.receive("q", 1, MINUTE)
    await queue.send("q", "delayed", not_before=clock.now() + timedelta(hours=1), group="run-1")
    clock.move(-timedelta(days=1))
    assert await queue.next_due("q") == clock.now()
    assert await queue.next_due("q", "run-1") == clock.now()
    assert sorted(await bodies(queue)) == ["delayed", "taken"]


async def test_a_small_step_back_of_the_clock_disturbs_no_worker(queue: SqliteWorkQueue, clock: Any) -> None:
    await queue.send("q", "a")
    (message,) = await queue.receive("q", 1, MINUTE)
    clock.move(-timedelta(seconds=2))
    assert await bodies(queue) == []
    await queue.done(message)
    assert await queue.depth("q") == 0


async def test_two_processes_share_the_messages_without_doubling_any(
    queue: SqliteWorkQueue, store: Store, clock: Any
) -> None:
    for number in range(40):
        await queue.send("q", str(number))
    with Store(store.directory) as second:
        other = SqliteWorkQueue(second, clock)
        taken = [body for _ in range(4) for each in (queue, other) for body in await bodies(each, 7)]
    assert sorted(taken, key=int) == [str(number) for number in range(40)]


KILLED = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shared.adapters.local.store import Store
from shared.adapters.local.work_queue import SqliteWorkQueue

class Clock:
    def now(self):
        return datetime(2026, 11, 24, 8, tzinfo=UTC)

async def main():
    queue = SqliteWorkQueue(Store(Path(sys.argv[1])), Clock())
    number = 0
    while True:
        await queue.send("q", str(number))
        number += 1
        print(number, flush=True)

asyncio.run(main())
"""


def sent_before_a_kill(directory: Path) -> int:
    """Let a process send messages, kill it, and return how many it had confirmed."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(directory)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
    )
    with process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 200:
            pass
        process.send_signal(signal.SIGKILL)
        return max([200, *(int(line) for line in process.stdout.read().split(b"\n")[:-1])])


async def test_what_was_sent_before_a_kill_is_there_afterwards(tmp_path: Path, clock: Any) -> None:
    confirmed = sent_before_a_kill(tmp_path)
    with Store(tmp_path) as store:
        queue = SqliteWorkQueue(store, clock)
        found = [each.body for each in await queue.receive("q", 1_000_000, MINUTE)]
    assert len(found) >= confirmed
    assert found == [str(number) for number in range(len(found))]


class QueueMachine(RuleBasedStateMachine):
    """Against a plain model: no message is lost, none is taken twice at a time."""

    directory: Path
    clock: Any
    runs = 0

    @initialize()
    def open(self) -> None:
        type(self).runs += 1
        self.store = Store(self.directory / str(type(self).runs))
        self.queue = SqliteWorkQueue(self.store, self.clock)
        self.waiting: dict[str, tuple[Any, int]] = {}  # body -> (visible at, count)
        self.held: list[tuple[Received, Any]] = []
        self.sent = 0

    def teardown(self) -> None:
        self.store.close()

    def run(self, coroutine: Any) -> Any:
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("the local queue must not wait")

    @rule(delay=st.integers(0, 90))
    def send(self, delay: int) -> None:
        due = self.clock.now() + timedelta(seconds=delay)
        self.run(self.queue.send("q", f"m{self.sent}", not_before=due))
        self.waiting[f"m{self.sent}"] = (due, 0)
        self.sent += 1

    @rule(limit=st.integers(0, 3))
    def receive(self, limit: int) -> None:
        now = self.clock.now()
        due = sorted((at, int(body[1:]), body) for body, (at, _) in self.waiting.items() if at <= now)
        for message in (messages := self.run(self.queue.receive("q", limit, MINUTE))):
            count = self.waiting[message.body][1] + 1
            assert message.dequeue_count == count
            self.waiting[message.body] = (now + MINUTE, count)
            self.held.append((message, now + MINUTE))
        assert [each.body for each in messages] == [body for _, _, body in due[:limit]]

    @rule(data=st.data())
    def finish(self, data: Any) -> None:
        if self.held:
            message, until = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
            self.run(self.queue.done(message))
            if until > self.clock.now():
                del self.waiting[message.body]

    @rule(data=st.data(), delay=st.integers(0, 90))
    def put_back(self, data: Any, delay: int) -> None:
        if self.held:
            message, until = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
            due = self.clock.now() + timedelta(seconds=delay)
            self.run(self.queue.put_back(message, due))
            if until > self.clock.now():
                self.waiting[message.body] = (due, self.waiting[message.body][1])

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.clock.move(timedelta(seconds=seconds))

    @rule()
    def killed_and_started_again(self) -> None:
        self.store.close()
        self.store = Store(self.store.directory)
        self.queue = SqliteWorkQueue(self.store, self.clock)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.run(self.queue.depth("q")) == len(self.waiting)
        due = min((at for at, _ in self.waiting.values()), default=None)
        assert self.run(self.queue.next_due("q")) == due


def test_the_queue_does_what_a_plain_model_of_it_does(tmp_path: Path, clock: Any) -> None:
    QueueMachine.directory, QueueMachine.clock = tmp_path, clock
    run_state_machine_as_test(QueueMachine, settings=settings(max_examples=25, stateful_step_count=30, deadline=None))
