"""Enabling a backup: one PUT, followed to its end without holding a worker, its progress on record all the while."""

from datetime import timedelta
from pathlib import Path

from shared.domain.model import ProtectionState, State, Status
from tests.simulator.guide.guided import VAULT, codes, guided

ONE = f"{VAULT}virtualMachines: [{{name: vm-1}}]\n"


async def test_the_operation_is_followed_by_messages_and_each_look_is_on_record(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here, here.opened() as backstop:
        await backstop.sweeper.sweep(backstop.settings.scope, "run")
        seen = []
        while (due := await backstop.queue.next_due("reconcile")) is not None:
            await backstop.clock.wait_until(due)
            for message in await backstop.queue.receive("reconcile", 32, timedelta(minutes=10)):
                before = here.now()
                await backstop.worker.work_on(message.body)
                await backstop.queue.done(message)
                assert here.now() == before  # nobody slept in between
                [finding] = await backstop.findings.latest()
                state = finding.protection.state if finding.protection is not None else None
                seen.append((state, finding.outcome.status, codes(finding)))
        assert seen[0] == (ProtectionState.CONFIGURING, Status.ACCEPTED, ["PROTECTION_IN_PROGRESS"])
        assert seen[-1][1:] == (Status.SUCCEEDED, ["INITIAL_BACKUP_RUNNING"])
        assert here.writes() == ["PUT protectedItems", "POST backup"]
        await here.right({"vm-1": "protect"})


async def test_an_operation_that_fails_is_told_with_azures_code_and_the_remedy(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.fault(fault="operation", operation="PUT protectedItems", code="UserErrorVmNotInDesirableState")
        found = await here.sweep()
        outcome = found["vm-1"].outcome
        assert (found["vm-1"].verdict.state, outcome.status, outcome.error_code) == (
            State.NON_COMPLIANT,
            Status.FAILED,
            "UserErrorVmNotInDesirableState",
        )
        assert outcome.remedy
        assert here.items("vm-1") == []


async def test_a_second_sweep_writes_nothing_more(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.sweep()
        before = here.writes()
        await here.sweep()
        assert here.writes() == before
