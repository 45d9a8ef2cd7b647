"""`sweep`: discovers, decides, and where writing is permitted works its queue until each VM is done or put off."""

import time
import uuid
from collections import Counter
from datetime import datetime

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import exit_codes
from cli.commands import plan
from cli.drain import Drained, drain
from cli.options import Options
from cli.output import machine, placement
from cli.output.asking import confirm
from cli.output.console import err, out, plain, print_json
from cli.output.tables import failures, left_alone, verdict_bars
from shared.bootstrap import Backstop, open_backstop
from shared.domain.azure_answers import Scope
from shared.domain.model import Finding, State, Status
from shared.domain.policy_tools.placement_summary import held_up
from shared.domain.withholding import withheld
from shared.domain.words import counted
from shared.reconcile import Reconciled
from shared.reporting.render_json import held_data
from shared.sweep import Discovery

WRITES = ("PUT protectedItems", "POST backup")


async def run(options: Options, *, enforce: bool, yes: bool) -> int:
    """0 when the run is complete, 1 when a VM failed or could not be read, 7 when the pause switch stopped it."""
    began = time.monotonic()
    async with open_backstop(options.settings(enforce=enforce)) as backstop:
        run_id = uuid.uuid4().hex
        with err().status("Reading the estate from Resource Graph"):
            discovery = await backstop.sweeper.discover(backstop.settings.scope, run_id)
        if not options.as_json:
            plan.show(backstop, discovery)
        drained = Drained()
        if backstop.reconciler.may_write:
            backstop.sweeper.check_limits(discovery)
            if discovery.to_change:
                confirm(backstop, f"Change {counted(len(discovery.to_change), 'VM')} as shown?", yes=yes)
            await backstop.sweeper.start(discovery)
            drained = await _work(backstop, discovery)
        else:
            await backstop.sweeper.start(discovery)
        findings = (await backstop.reporter.report(backup_policies=False)).findings
        failed = [each for each in findings if each.outcome.status is Status.FAILED]
        if options.as_json:
            print_json(_as_data(backstop, discovery, findings, drained, time.monotonic() - began))
        else:
            _show(backstop, findings, failed, drained, time.monotonic() - began)
    if drained.paused:
        return exit_codes.PAUSED
    unread = any(each.verdict.state is State.UNKNOWN for each in findings)
    return exit_codes.FAILED if failed or unread else exit_codes.DONE


async def _work(backstop: Backstop, discovery: Discovery) -> Drained:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    to_change = {each.vm.key for each in discovery.to_change}
    open_vms = set(to_change)
    with Progress(*columns, console=err(), transient=True, disable=not err().is_terminal) as progress:
        task = progress.add_task("Protecting", total=len(open_vms))

        def on_look(done: Reconciled) -> None:
            if done.finding is not None and done.outcome.look_again is None:
                open_vms.discard(done.finding.vm.key)
            progress.update(task, completed=len(to_change) - len(open_vms))

        return await drain(backstop, discovery.run_id, on_look, alone=backstop.settings.scope != Scope())


def why_nothing(backstop: Backstop) -> str:
    """What kept this run from writing at all."""
    if not backstop.settings.enforce:
        return "--enforce was not given"
    why = withheld(backstop.policy.policy.spec, None, permitted=True)
    return why.why if why is not None else "no rule asked for it"


def _as_data(
    backstop: Backstop, discovery: Discovery, findings: tuple[Finding, ...], drained: Drained, seconds: float
) -> dict[str, object]:
    outcomes = Counter(each.outcome.status for each in findings)
    return {
        "runId": discovery.run_id,
        "policyProblem": machine.policy_problem(backstop.policies.problem),
        "wrote": backstop.reconciler.may_write,
        "discovered": len(findings),
        "verdicts": machine.verdicts(findings),
        "vmsToChange": len(discovery.to_change),
        "actions": machine.actions(discovery.findings),
        "writes": {kind: backstop.requests[kind] for kind in WRITES},
        "outcomes": {status.value: outcomes[status] for status in Status if outcomes[status]},
        "placement": placement.as_data(plan.summary_of(backstop, discovery)),
        "deferred": held_data(held_up(findings)),
        "problems": machine.problems(findings),
        "putOff": drained.put_off,
        "putOffUntil": drained.put_off_until.isoformat() if drained.put_off_until else None,
        "paused": drained.paused or None,
        "requests": dict(backstop.requests),
        "durationSeconds": round(seconds, 2),
    }


def _show(
    backstop: Backstop, findings: tuple[Finding, ...], failed: list[Finding], drained: Drained, seconds: float
) -> None:
    if not backstop.reconciler.may_write:
        out().print(plain(f"Nothing was written: {why_nothing(backstop)}.", "bold"))
        return
    counts = machine.verdicts(findings)
    made = {kind: backstop.requests[kind] for kind in WRITES}
    out().print()
    out().print(plain(f"Done in {seconds:.1f} s; {sum(backstop.requests.values()):,} requests.", "bold"))
    out().print(f"Protections made or changed: {made[WRITES[0]]:,}   backups started: {made[WRITES[1]]:,}")
    out().print(verdict_bars({State(name): count for name, count in counts.items()}))
    if (table := left_alone(findings)) is not None:
        out().print(table)
    held = held_up(findings)
    if (table := placement.held_table(held, "Put off")) is not None:
        out().print(table)
    if failed:
        out().print(failures(failed))
    if drained.paused:
        out().print(plain(f"Paused: {drained.paused}. Waiting in the queue: {drained.put_off:,}.", "yellow"))
    elif drained.put_off > sum(each.vms for each in held):
        out().print(
            plain(f"Put off: {counted(drained.put_off, 'VM')}, until {_minute(drained.put_off_until)}.", "yellow")
        )


def _minute(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "later"
