"""`plan`: the sweep's discovery and decisions, shown. It writes nothing to Azure and nothing to the store."""

import uuid

from cli import exit_codes
from cli.options import Options
from cli.output import machine
from cli.output.console import err, out, plain, print_json
from cli.output.tables import left_alone, plan_table, verdict_bars
from shared.bootstrap import Backstop, open_backstop
from shared.domain.model import State
from shared.domain.withholding import withheld
from shared.sweep import Discovery, over_limits


async def run(options: Options) -> int:
    """0 when the estate could be read (what is not protected is what a plan is for), 1 when part of it could not."""
    async with open_backstop(options.settings()) as backstop:
        with err().status("Reading the estate from Resource Graph"):
            discovery = await backstop.sweeper.discover(backstop.settings.scope, uuid.uuid4().hex)
        if options.as_json:
            policy = backstop.policy.policy
            print_json(
                {
                    "policy": {"name": policy.metadata.name, "mode": policy.spec.mode.value, "hash": policy.hash},
                    "policyProblem": machine.policy_problem(backstop.policies.problem),
                    "discovered": len(discovery.findings),
                    "verdicts": machine.verdicts(discovery.findings),
                    "vmsToChange": len(discovery.to_change),
                    "actions": machine.actions(discovery.findings),
                }
            )
        else:
            show(backstop, discovery)
            if discovery.to_change:
                out().print(plain(_how_to_go_on(backstop), "bold"))
    unread = any(each.verdict.state is State.UNKNOWN for each in discovery.findings)
    return exit_codes.FAILED if unread else exit_codes.DONE


def show(backstop: Backstop, discovery: Discovery) -> None:
    """The plan as tables, with the brake that would stop it."""
    policy = backstop.policy.policy
    title = f"Policy {policy.metadata.name} ({policy.hash}), mode {policy.spec.mode}: {len(discovery.findings):,} VMs"
    out().print(plain(title, "bold"))
    counts = machine.verdicts(discovery.findings)
    out().print(verdict_bars({State(name): count for name, count in counts.items()}))
    out().print(plan_table(discovery.to_change))
    if (table := left_alone(discovery.findings)) is not None:
        out().print(table)
    if problem := backstop.policies.problem:
        line = f"This is the last good policy. The one in its place is not taken: {problem.what}"
        out().print(plain(line, "bold yellow"), soft_wrap=True)
    if why := over_limits(discovery):
        out().print(plain(f"A sweep would be stopped before its first write: {why}.", "yellow"))


def _how_to_go_on(backstop: Backstop) -> str:
    if (why := withheld(backstop.policy.policy.spec, None, permitted=True)) is not None:
        return f"Nothing would be written: {why.why}."
    return "To carry this out: backstop sweep --enforce"
