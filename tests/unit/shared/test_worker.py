from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.azure_answers import Scope
from shared.domain.model import Outcome, Status
from shared.errors import PermanentError, RetryLaterError
from shared.worker import GRID, MAX_TRIES, next_look
from tests.fakes import World, a_vault, a_vm
from tests.policies import compiled, demo_policy

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


async def test_a_run_of_which_too_many_fail_stops_and_stays_stopped() -> None:
    here = World(compiled("mode: enforce\nlimits: {failurePercent: 20}\nrules: [{name: all, priority: 1, match: {}}]"))
    here.azure.vaults.append(a_vault())
    vms = [here.azure.add(a_vm(f"vm-{number:02}")) for number in range(40)]
    here.azure.fail["protect"] += [PermanentError("no", code="UserErrorRequestDisallowedByPolicy")] * 3
    await here.sweeper.sweep(Scope(), "run-1")
    here.queue.waiting.sort(key=lambda each: each[2])
    for _ in range(3):
        await here.worker.work_on(here.queue.waiting.pop(0)[2])
    for vm in vms[3:10]:  # seven that need nothing any more: with them, three of ten failed
        here.azure.vms.pop(vm.id.key)
        await here.worker.work_on(here.queue.waiting.pop(0)[2])
    await here.run()
    assert here.azure.writes == []
    assert here.worker.tally["FAILURE_PERCENT"] == 30
    assert {here.finding(vm).outcome.error_code for vm in vms[10:]} == {"FAILURE_PERCENT"}
    await here.sweeper.sweep(Scope(), "run-2")  # the next sweep begins anew
    await here.run()
    assert len([method for method, _ in here.azure.writes if method == "protect"]) == 33
