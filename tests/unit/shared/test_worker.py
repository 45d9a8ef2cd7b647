from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.model import Outcome, Status
from shared.errors import RetryLaterError
from shared.worker import GRID, MAX_TRIES, next_look
from tests.fakes import World, a_vault, a_vm
from tests.policies import demo_policy

NOW = datetime(2026, 11, 1, 12, 0, 3, 7, tzinfo=UTC)


async def test_a_message_that_is_no_request_goes_to_the_poison_queue_with_its_reason() -> None:
    here = World(demo_policy())
    await here.queue.send("reconcile", '{"vm": "nonsense"}')
    await here.run()
    ((body, reason),) = here.queue.poisoned
    assert body == '{"vm": "nonsense"}'
    assert reason.startswith("not a request: ")


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2)), st.integers(1, 8), st.booleans())
def test_the_next_look_is_on_the_grid_and_never_early(wait: timedelta, attempt: int, failed: bool) -> None:
    again = next_look(Outcome(Status.DEFERRED, NOW + wait, failed_try=failed), attempt, NOW)
    assert NOW + wait <= again
    assert (again.second % GRID.seconds, again.microsecond) == (0, 0)
    if not failed:
        assert again - (NOW + wait) < GRID


async def test_tries_that_fail_in_a_row_are_counted_and_a_step_on_begins_anew() -> None:
    here = World(demo_policy())
    here.azure.vaults.append(a_vault())
    vm = here.azure.add(a_vm())
    for method in ("vm", "operation"):  # fewer than MAX_TRIES each, more than that together
        here.azure.fail[method] += [RetryLaterError("busy", code="TooManyRequests")] * (MAX_TRIES - 3)
    await here.request(vm)
    await here.run()
    assert here.queue.poisoned == []
    assert here.worker.tally["TooManyRequests"] == 2 * (MAX_TRIES - 3)
    assert sorted(here.azure.writes) == [("protect", vm.id.key), ("start_backup", vm.id.key)]


def test_repeated_errors_wait_longer_each_time_up_to_a_quarter_of_an_hour() -> None:
    waits = [next_look(Outcome(Status.DEFERRED, NOW, failed_try=True), attempt, NOW) - NOW for attempt in range(1, 9)]
    assert waits == sorted(waits)
    assert timedelta(seconds=30) <= waits[0] < waits[-1] <= timedelta(minutes=15) + GRID
