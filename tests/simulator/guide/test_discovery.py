"""Discovery runs only where a direct protect is refused for it, and no worker waits for it."""

from datetime import timedelta
from pathlib import Path

from shared.domain.model import State, Status
from tests.simulator.guide.guided import VAULT, guided

TWO = f"{VAULT}virtualMachines: [{{name: vm-1}}, {{name: vm-2}}]\n"


async def test_where_the_service_takes_a_vm_nothing_is_discovered(tmp_path: Path) -> None:
    async with guided(tmp_path, TWO) as here:
        await here.sweep()
        assert here.requests("POST refreshContainers") == 0
        assert sorted(here.writes()) == ["POST backup"] * 2 + ["PUT protectedItems"] * 2
        await here.right({"vm-1": "protect", "vm-2": "protect"})


async def test_a_vm_that_the_vault_does_not_know_is_discovered_and_then_protected(tmp_path: Path) -> None:
    async with guided(tmp_path, TWO) as here:
        here.world.backup.discovery_needed = True
        found = await here.sweep()
        assert {each.verdict.state for each in found.values()} == {State.COMPLIANT}
        assert 1 <= here.requests("POST refreshContainers") <= 2
        refused = [each for each in here.world.ledger.writes if each.status >= 400]
        assert {each.operation for each in refused} == {"PUT protectedItems"}


async def test_while_it_runs_the_worker_is_free(tmp_path: Path) -> None:
    async with guided(tmp_path, f"{VAULT}virtualMachines: [{{name: vm-1}}]\n") as here, here.opened() as backstop:
        here.world.backup.discovery_needed = True
        await backstop.sweeper.sweep(backstop.settings.scope, "run")
        before = here.now()
        [message] = await backstop.queue.receive("reconcile", 1, timedelta(minutes=10))
        await backstop.worker.work_on(message.body)
        await backstop.queue.done(message)
        [finding] = await backstop.findings.latest()
        assert (here.now(), finding.outcome.status) == (before, Status.ACCEPTED)
        assert finding.outcome.look_again == await backstop.queue.next_due("reconcile")
        assert finding.outcome.look_again is not None
        assert finding.outcome.look_again > before
