"""`explain`: why a VM has its verdict, from what was seen to what would happen next. It writes nothing.

Exit codes: 0 when the VM could be read; 1 when it does not exist, or something about it could not be read; 8 when the
id is none of a VM, or lies outside BACKSTOP_SCOPE; the rest as for every verb.
"""

import asyncio
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from cli import exit_codes
from cli.commands.explain_schedule import schedule_of
from cli.options import Options
from cli.output import explanation, explanation_json
from cli.output.action_words import held_text
from cli.output.console import err, print_json
from cli.output.explanation import Explained
from cli.output.explanation_health import Health
from cli.vm_argument import require_in_scope, vm_argument
from shared.bootstrap import Backstop, open_backstop
from shared.domain.advice import Advisory
from shared.domain.arm_id import ArmId, parse_id
from shared.domain.azure_answers import RecoveryPoint
from shared.domain.explaining import Explanation, explain
from shared.domain.model import (
    Action,
    Observation,
    Protection,
    ReasonDetail,
    ReconcileRequest,
    State,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.policy import EnforcementPolicy
from shared.domain.reasons import Reason
from shared.domain.rules import vmss_uniform
from shared.domain.steps import Held
from shared.domain.vm_health import OF_THE_VM, vm_advisories
from shared.domain.withholding import Withheld, withheld
from shared.errors import PermanentError, RetryLaterError
from shared.looking import Look
from shared.ports import RecoveryPoints

_NOTHING = {
    State.COMPLIANT: "Nothing: the VM has the backup that its rule asks for.",
    State.EXEMPT: "Nothing, as long as its owner's opt-out is honoured.",
    State.NOT_APPLICABLE: "Nothing: the policy leaves this VM alone.",
}


def run(options: Options, vm_id: str) -> int:
    """Explain the VM of this id. What the exit codes mean stands at the top of this module."""
    return asyncio.run(_run(options, vm_id))


async def _run(options: Options, text: str) -> int:
    never = vmss_uniform.check_id(text.strip())
    vm_id = parse_id(text.strip()) if never is not None else vm_argument(text)
    async with open_backstop(options.settings()) as backstop:
        await require_in_scope(backstop, vm_id)
        look = await _look(backstop, vm_id, never)
        seen, verdict, actions, held = look.seen, look.verdict, look.actions, look.steps.held
        policy = backstop.policy.policy
        why = held_up(policy, verdict, await backstop.pause.paused()) if actions else None
        on_record = await backstop.findings.of(vm_id)
        known = (*(on_record.advisories if on_record is not None else ()), *await backstop.findings.advisories())
        explained = Explained(
            vm_id=vm_id,
            policy=policy,
            seen=seen,
            verdict=verdict,
            actions=actions,
            way=Explanation() if seen is None else explain(seen, verdict, backstop.policy),
            held_up=why,
            next_step=next_step(policy, seen, verdict, actions, why, held),
            on_record=on_record,
            problem=backstop.policies.problem,
            health=None if seen is None else await health_of(vm_id, seen, known, backstop.backup),
            held=held,
            schedule=await schedule_of(look, backstop.policy, backstop.backup),
        )
    if options.as_json:
        print_json(explanation_json.as_data(explained))
    else:
        explanation.show(explained)
    unread = verdict.state is State.UNKNOWN or verdict.has(Reason.VM_GONE)
    return exit_codes.FAILED if unread else exit_codes.DONE


async def _look(backstop: Backstop, vm_id: ArmId, never: Reason | None) -> Look:
    if never is not None:  # no VM to Azure: there is nothing to read, and the id says it all
        return Look(None, Verdict(State.NOT_APPLICABLE, (ReasonDetail(never),)))
    with err().status("Reading the VM from Azure"):
        request = ReconcileRequest(vm_id, "cli", uuid.uuid4().hex)
        return await backstop.reconciler.looker.look(request, backstop.policy)


async def health_of(vm_id: ArmId, seen: Observation, known: Iterable[Advisory], points: RecoveryPoints) -> Health:
    """The VM's health as it is now, and the advice about it; `known` is advice on record, about any VM.

    One request for the latest recovery point, where the VM has a protected item.
    """
    vm = seen.vm if isinstance(seen.vm, Vm) else None
    point: RecoveryPoint | Unread | None = None
    if isinstance(seen.protection, Protection) and seen.protection.item_id:
        try:
            point = await points.latest_point(seen.protection)
        except (RetryLaterError, PermanentError) as error:
            point = Unread("the latest recovery point", error.message, error.code, error.remedy)
    fresh = vm_advisories(vm, seen.at) if vm is not None else ()
    kept = [each for each in known if each.vm == vm_id and (vm is None or each.advice not in OF_THE_VM)]
    return Health(seen.at, vm, point, tuple(dict.fromkeys((*fresh, *kept))))


def held_up(policy: EnforcementPolicy, verdict: Verdict, paused: str) -> Withheld | None:
    """What keeps Backstop from writing for this VM, the operator's --enforce aside; None where nothing does.

    `paused` is the pause switch's reason, or empty.
    """
    rule = next((each for each in policy.spec.rules if each.name == verdict.rule), None)
    if (why := withheld(policy.spec, rule, permitted=True)) is not None:
        return why
    return Withheld("PAUSED", f"Backstop is paused ({paused})", "Release it with: backstop resume") if paused else None


def next_step(
    policy: EnforcementPolicy,
    seen: Observation | None,
    verdict: Verdict,
    actions: tuple[Action, ...],
    why: Withheld | None,
    held: Held | None = None,
) -> str:
    """What Backstop would do about this VM, in a sentence. `why` keeps it from writing, `held` is what it awaits."""
    if actions and why is not None:
        return f"Nothing is written: {why.why}. {why.remedy}; then the steps above follow."
    if held is not None:
        return held_text(held, steps=bool(actions))
    if actions:
        return "The next sweep with --enforce takes the steps above; so does: backstop protect VM_ID --enforce"
    if verdict.state is State.UNKNOWN:
        return "Nothing is written while something cannot be read; the next sweep looks again."
    if verdict.has(Reason.VM_GONE):
        return "Nothing: the VM does not exist."
    if verdict.has(Reason.SETTLING):
        return f"It is left alone {_until(policy, seen)}; then Backstop looks again."
    if verdict.has(Reason.PROTECTION_IN_PROGRESS) and verdict.state is State.NON_COMPLIANT:
        return "Azure is at work. When it is done, Backstop looks again and starts the first backup if one is missing."
    if verdict.state is State.NON_COMPLIANT:
        return "Backstop reports it and leaves it to a person; the remedies stand with the reasons."
    return _NOTHING[verdict.state]


def _until(policy: EnforcementPolicy, seen: Observation | None) -> str:
    vm = seen.vm if seen is not None else None
    created: datetime | None = vm.created if isinstance(vm, Vm) else None
    if created is None:
        return "until `settle` has passed"
    return f"until {(created + policy.spec.settle).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
