"""`plan`: the sweep's discovery and decisions, shown, and how they differ from the plan before.

It writes nothing to Azure and no finding; what it keeps is the plan itself, for the next one's comparison. A plan in
which a VM could not be read is not kept: the next one is held against the last that knew everything.
"""

import uuid

from cli import exit_codes
from cli.options import Options
from cli.output import machine, placement, plan_changes
from cli.output.console import err, out, plain, print_json
from cli.output.tables import left_alone, plan_table, verdict_bars
from shared.bootstrap import Backstop, open_backstop
from shared.domain.model import State
from shared.domain.policy_tools.placement_summary import PlacementSummary, summarise_placement
from shared.domain.policy_tools.plan_diff import Plan, PlanDiff, Planned, compare
from shared.domain.withholding import withheld
from shared.domain.words import counted
from shared.errors import PermanentError
from shared.reporting.render_json import action_data
from shared.reporting.text import utc
from shared.sweep import Discovery, over_limits


async def run(options: Options) -> int:
    """0 when the estate could be read (what is not protected is what a plan is for), 1 when part of it could not."""
    async with open_backstop(options.settings()) as backstop:
        with err().status("Reading the estate from Resource Graph"):
            discovery = await backstop.sweeper.discover(backstop.settings.scope, uuid.uuid4().hex)
        unread = any(each.verdict.state is State.UNKNOWN for each in discovery.findings)
        previous, diff = _held_against_the_last(backstop, discovery, keep=not unread)
        if options.as_json:
            policy = backstop.policy.policy
            print_json(
                {
                    "policy": {"name": policy.metadata.name, "mode": policy.spec.mode.value, "hash": policy.hash},
                    "policyProblem": machine.policy_problem(backstop.policies.problem),
                    "discovered": len(discovery.findings),
                    "verdicts": machine.verdicts(discovery.findings),
                    "vmsToChange": len(discovery.to_change),
                    "byAction": plan_changes.by_action(discovery.findings),
                    "actions": machine.actions(discovery.findings),
                    "placement": placement.as_data(summary_of(backstop, discovery)),
                    **plan_changes.as_data(previous, diff),
                }
            )
        else:
            show(backstop, discovery)
            plan_changes.show(previous, diff, backstop.policy.policy.hash)
            if discovery.to_change:
                out().print(plain(_how_to_go_on(backstop), "bold"))
    return exit_codes.FAILED if unread else exit_codes.DONE


def show(backstop: Backstop, discovery: Discovery) -> None:
    """The plan as tables, with the brake that would stop it."""
    policy = backstop.policy.policy
    vms = counted(len(discovery.findings), "VM")
    title = f"Policy {policy.metadata.name} ({policy.hash}), mode {policy.spec.mode}: {vms}"
    out().print(plain(title, "bold"))
    counts = machine.verdicts(discovery.findings)
    out().print(verdict_bars({State(name): count for name, count in counts.items()}))
    if (actions := plan_changes.action_table(discovery.to_change)) is not None:
        out().print(actions)
    out().print(plan_table(discovery.to_change))
    summary = summary_of(backstop, discovery)
    for part in (placement.where_they_go(summary, out().width), placement.held_table(summary.held, "Held up")):
        if part is not None:
            out().print(part)
    if (table := left_alone(discovery.findings)) is not None:
        out().print(table)
    if problem := backstop.policies.problem:
        line = f"The policy in its place is not taken; {policy.metadata.name} stays in force. {problem.what}"
        out().print(plain(line, "bold yellow"), soft_wrap=True)
    if why := over_limits(discovery):
        out().print(plain(f"A sweep would be stopped before its first write: {why}.", "yellow"))


def summary_of(backstop: Backstop, discovery: Discovery) -> PlacementSummary:
    """Where the VMs of the plan go, and which are held up."""
    audited = {each.rule.name for each in discovery.policy.rules if each.rule.effect == "audit"}
    findings = (each for each in discovery.findings if not (each.actions and each.verdict.rule in audited))
    return summarise_placement(findings, discovery.placed, discovery.holdings, discovery.policy, backstop.clock.now())


def _held_against_the_last(
    backstop: Backstop, discovery: Discovery, *, keep: bool
) -> tuple[Plan | None, PlanDiff | None]:
    from shared.adapters.local.last_plan import LastPlan

    settings, policy = backstop.settings, discovery.policy.policy
    planned = {
        each.vm.key: Planned(each.vm.text, tuple(action_data(action) for action in each.actions))
        for each in discovery.to_change
    }
    now = Plan(utc(backstop.clock.now()), policy.metadata.name, policy.hash, planned)
    last = LastPlan(settings.state_dir, settings.endpoint, backstop.tenant_id, settings.scope)
    previous = None
    try:
        previous = last.load()
    except PermanentError as error:
        err().print(plain(f"{error.message}; this one counts as the first.", "yellow"), soft_wrap=True)
    diff = compare(previous, now, discovery.findings) if previous is not None else None
    if keep:
        try:
            last.save(now)
        except PermanentError as error:
            err().print(plain(error.message, "yellow"), soft_wrap=True)
    return previous, diff


def _how_to_go_on(backstop: Backstop) -> str:
    if (why := withheld(backstop.policy.policy.spec, None, permitted=True)) is not None:
        return f"Nothing would be written: {why.why}."
    return "To carry this out: backstop sweep --enforce"
