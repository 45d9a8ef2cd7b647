"""The first backup: started unless one runs, exists or comes by itself soon; spread; started again, within the day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.domain.arm_id import parse_vm_id
from shared.domain.model import ReconcileRequest, State, Status
from shared.domain.reasons import Reason
from shared.reporting.render_html import render_html
from tests.simulator.guide.guided import FIRST_BACKUP, VAULT, codes, guided

ONE = f"{VAULT}virtualMachines: [{{name: vm-1}}]\n"
PENDING = f"{ONE}protectedItems: [{{vm: vm-1, vault: rsv-1, state: IRPending}}]\n"
RUNNING = PENDING.replace("IRPending", "IRPending, lastBackupStatus: InProgress")


async def test_it_is_started_at_once_and_its_point_kept_as_long_as_the_rule_says(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        found = await here.sweep("initialBackup: {retain: P45D}")
        assert codes(found["vm-1"]) == ["INITIAL_BACKUP_RUNNING"]
        [job] = [each for each in here.jobs("vm-1") if each.operation == "Backup"]
        assert job.expiry is not None
        assert abs(job.expiry - job.started - timedelta(days=45)) < timedelta(minutes=5)
        await here.wait(FIRST_BACKUP)
        found = await here.look()
        assert (codes(found["vm-1"]), found["vm-1"].actions) == (["PROTECTED"], ())
        await here.right({"vm-1": "protect"})


async def test_a_rule_may_leave_it_to_the_schedule_and_it_is_then_shown_as_pending(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        found = await here.sweep("initialBackup: {enabled: false}")
        assert here.writes() == ["PUT protectedItems"]
        assert found["vm-1"].protection is not None
        assert found["vm-1"].protection.state.value == "firstBackupPending"


async def test_one_that_was_forgotten_is_started(tmp_path: Path) -> None:
    async with guided(tmp_path, PENDING) as here:
        planned = await here.look()
        assert codes(planned["vm-1"]) == ["NO_RECOVERY_POINT"]
        await here.sweep()
        assert here.writes() == ["POST backup"]


async def test_until_its_first_point_it_is_shown_as_pending_in_the_portals_words(tmp_path: Path) -> None:
    async with guided(tmp_path, PENDING) as here:
        async with here.opened("initialBackup: {enabled: false}") as backstop:
            await backstop.sweeper.sweep(backstop.settings.scope, "run")
            page = render_html(await backstop.reporter.report()).decode()
        assert "Warning (initial backup pending)" in page
        await here.sweep()
        await here.wait(FIRST_BACKUP)
        async with here.opened() as backstop:
            await backstop.sweeper.sweep(backstop.settings.scope, "run")
            page = render_html(await backstop.reporter.report()).decode()
        assert "Warning (initial backup pending)" not in page


async def test_a_person_may_back_up_now_and_keep_the_point_until_a_date(tmp_path: Path) -> None:
    text = f"{ONE}protectedItems: [{{vm: vm-1, vault: rsv-1}}]\n"
    until = datetime(2027, 3, 31, tzinfo=UTC)
    async with guided(tmp_path, text) as here, here.opened() as backstop:
        wish = ReconcileRequest(parse_vm_id(here.vm("vm-1").id), "cli", backup_now=True, retain_until=until)
        done = await backstop.reconciler.reconcile(wish)
        assert done.outcome.status is Status.ACCEPTED
        [job] = [each for each in here.jobs("vm-1") if each.user_triggered]
        assert (job.operation, job.expiry) == ("Backup", until)


async def test_none_is_started_while_one_runs(tmp_path: Path) -> None:
    async with guided(tmp_path, RUNNING) as here:
        found = await here.sweep()
        assert (found["vm-1"].verdict.state, here.writes()) == (State.COMPLIANT, [])


@pytest.mark.parametrize(("within", "started"), [("PT16H", False), ("PT10H", True)])
async def test_none_is_started_where_the_scheduled_one_is_near(tmp_path: Path, within: str, started: bool) -> None:
    """It is eight, and the policy runs at 23:00 UTC: fifteen hours on."""
    async with (
        guided(tmp_path, PENDING) as here,
        here.opened(f"initialBackup: {{unlessScheduledWithin: {within}}}") as backstop,
    ):
        discovery = await backstop.sweeper.discover(backstop.settings.scope, "run")
        [finding] = discovery.findings
        if started:
            assert finding.actions
        else:
            assert (finding.actions, finding.outcome.status, finding.outcome.error_code) == (
                (),
                Status.DEFERRED,
                "SCHEDULED_SOON",
            )
            assert finding.outcome.look_again is not None
            assert f"{finding.outcome.look_again:%d %H:%M}" == "25 02:00"


async def test_first_backups_of_many_are_put_apart(tmp_path: Path) -> None:
    text = VAULT + "virtualMachines:\n" + "".join(f"  - {{name: vm-{number}}}\n" for number in range(6))
    async with guided(tmp_path, text) as here:
        await here.sweep("initialBackup: {spread: PT6H}")
        began = sorted(each.at for each in here.world.ledger.writes if each.operation == "POST backup")
        assert len(began) == 6
        assert timedelta(hours=1) < began[-1] - began[0] <= timedelta(hours=6, minutes=10)
        await here.right(dict.fromkeys((f"vm-{number}" for number in range(6)), "protect"))


@pytest.mark.parametrize(("rule", "tries"), [("", 2), ("initialBackup: {again: null}", 1)])
async def test_one_that_failed_is_started_again_after_its_time(tmp_path: Path, rule: str, tries: int) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.fault(fault="job", operation="POST backup", status="Failed", times=1)
        await here.sweep(rule)
        await here.wait(FIRST_BACKUP)
        found = await here.sweep(rule)
        assert found["vm-1"].verdict.has(Reason.INITIAL_BACKUP_FAILED)
        assert here.requests("POST backup") == 1
        await here.wait(timedelta(days=1))
        await here.sweep(rule)
        assert here.requests("POST backup") == tries
        await here.wait(FIRST_BACKUP)
        assert (here.item("vm-1").last_point is not None) == (tries == 2)


async def test_no_vm_is_backed_up_on_demand_more_often_than_its_day_allows(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        here.spec = here.spec.replace("amount: 1000}", "amount: 1000}, onDemandPerDay: 2")
        await here.fault(fault="job", operation="POST backup", status="Failed", times=9)
        rule = "initialBackup: {again: PT2H}"
        await here.sweep(rule)
        for _ in range(8):
            await here.wait(timedelta(hours=3))
            async with here.opened(rule) as backstop:
                await backstop.sweeper.sweep(backstop.settings.scope, "run")
                for message in await backstop.queue.receive("reconcile", 32, timedelta(minutes=10)):
                    await backstop.worker.work_on(message.body)
                    await backstop.queue.done(message)
        began = [each.at for each in here.world.ledger.writes if each.operation == "POST backup"]
        assert len(began) >= 2
        day = timedelta(days=1)
        assert all(later - first >= day for first, later in zip(began, began[2:], strict=False))
        assert all(each.status < 400 for each in here.world.ledger.writes)
