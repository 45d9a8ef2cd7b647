from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.drain import drain
from shared.adapters.local.store import Store
from shared.adapters.local.work_queue import SqliteWorkQueue
from shared.domain import messages
from shared.domain.azure_answers import Scope
from shared.domain.model import ReconcileRequest, State
from shared.errors import LoginError, RetryLaterError
from shared.reconcile import Reconciled
from tests.fakes import START, World, a_vault, a_vm
from tests.policies import demo_policy


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Any]:
    """A Backstop whose queue is the real one, over the fakes."""
    world = World(demo_policy())
    world.azure.vaults.append(a_vault())
    for name in ("one", "two", "three"):
        world.azure.add(a_vm(name))
    with Store(tmp_path) as store:
        queue = SqliteWorkQueue(store, world.clock)
        yield SimpleNamespace(
            world=world,
            queue=queue,
            clock=world.clock,
            worker=replace(world.worker, queue=queue),
            sweeper=replace(world.sweeper, queue=queue),
            settings=SimpleNamespace(reconcile_queue="reconcile"),
        )


def ignore(_done: Reconciled) -> None:
    pass


async def test_a_run_is_worked_until_each_vm_is_done(here: Any) -> None:
    looks: list[Reconciled] = []
    await here.sweeper.sweep(Scope(), "run")
    drained = await drain(here, "run", looks.append)
    assert (drained.put_off, drained.looks) == (0, len(looks))
    assert {each.verdict.state for each in here.world.memory.kept.values()} == {State.COMPLIANT}
    assert await here.queue.depth("reconcile") == 0


async def test_what_a_killed_run_left_is_worked_on_but_not_waited_for(here: Any) -> None:
    (vm, *_) = here.world.azure.vms.values()
    left = messages.encode(ReconcileRequest(vm.id, "sweep", run_id="killed"))
    await here.queue.send("reconcile", left, not_before=START + timedelta(hours=9), group="killed")
    await here.sweeper.sweep(Scope(), "run")
    await drain(here, "run", ignore)
    assert here.clock.now() < START + timedelta(hours=1)
    assert await here.queue.depth("reconcile") == 1


async def test_a_run_over_a_part_of_the_estate_leaves_other_runs_alone(here: Any) -> None:
    one, two, _ = here.world.azure.vms.values()
    for vm, run in ((one, "killed"), (two, "mine")):
        await here.queue.send("reconcile", messages.encode(ReconcileRequest(vm.id, "cli", run_id=run)), group=run)
    await drain(here, "mine", ignore, alone=True)
    assert {key for _, key in here.world.azure.writes} == {two.id.key}
    assert await here.queue.depth("reconcile", "killed") == 1


async def test_what_is_due_much_later_is_put_off(here: Any) -> None:
    closed = RetryLaterError("closed for a day", code="CloudDosAbsoluteLimitReached", retry_after=timedelta(hours=24))
    here.world.azure.fail["protect"] += [closed] * 3
    await here.sweeper.sweep(Scope(), "run")
    drained = await drain(here, "run", ignore)
    assert drained.put_off == 3
    assert drained.put_off_until is not None
    assert drained.put_off_until >= START + timedelta(hours=24)


async def test_the_pause_switch_ends_the_run(here: Any) -> None:
    here.world.memory.pause_reason = "change freeze"
    await here.sweeper.sweep(Scope(), "run")
    drained = await drain(here, "run", ignore)
    assert (drained.paused, drained.put_off) == ("change freeze", 3)
    assert here.world.azure.writes == []


async def test_what_a_person_must_mend_ends_the_run_and_leaves_the_message(here: Any) -> None:
    here.world.azure.fail["vm"].append(LoginError("the login has ended"))
    await here.sweeper.sweep(Scope(), "run")
    with pytest.raises(LoginError):
        await drain(here, "run", ignore)
    here.clock.moment += timedelta(minutes=11)
    await drain(here, "run", ignore)
    assert len(here.world.azure.writes) == 6
