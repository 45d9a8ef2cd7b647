"""`explain`: why a VM has its verdict, from what was seen to what would happen next. It writes nothing."""

import asyncio
import uuid
from datetime import UTC, datetime

from cli import exit_codes
from cli.options import Options
from cli.output import explanation, explanation_json
from cli.output.console import err, print_json
from cli.output.explanation import Explained
from cli.vm_argument import vm_argument
from shared.bootstrap import Backstop, open_backstop
from shared.domain.explaining import Explanation, explain
from shared.domain.model import Action, Observation, ReconcileRequest, State, Verdict, Vm
from shared.domain.policy import EnforcementPolicy, Mode
from shared.domain.reasons import Reason

_NOTHING = {
    State.COMPLIANT: "Nothing: the VM has the backup that its rule asks for.",
    State.EXEMPT: "Nothing, as long as its owner's opt-out is honoured.",
    State.NOT_APPLICABLE: "Nothing: the policy leaves this VM alone.",
}


def run(options: Options, vm_id: str) -> int:
    """0 when the VM could be read, or is known not to exist; 1 when something about it could not be read."""
    return asyncio.run(_run(options, vm_id))


async def _run(options: Options, text: str) -> int:
    vm_id = vm_argument(text)
    async with open_backstop(options.settings()) as backstop:
        with err().status("Reading the VM from Azure"):
            seen, verdict, actions = await backstop.reconciler.look(ReconcileRequest(vm_id, "cli", uuid.uuid4().hex))
        explained = Explained(
            vm_id=vm_id,
            policy=backstop.policy.policy,
            seen=seen,
            verdict=verdict,
            actions=actions,
            way=Explanation() if seen is None else explain(seen, verdict, backstop.policy),
            next_step=await _next_step(backstop, seen, verdict, actions),
            on_record=await backstop.findings.of(vm_id),
        )
    if options.as_json:
        print_json(explanation_json.as_data(explained))
    else:
        explanation.show(explained)
    return exit_codes.FAILED if verdict.state is State.UNKNOWN else exit_codes.DONE


async def _next_step(
    backstop: Backstop, seen: Observation | None, verdict: Verdict, actions: tuple[Action, ...]
) -> str:
    paused = await backstop.pause.paused() if actions else ""
    return next_step(backstop.policy.policy, seen, verdict, actions, paused)


def next_step(
    policy: EnforcementPolicy, seen: Observation | None, verdict: Verdict, actions: tuple[Action, ...], paused: str
) -> str:
    """What Backstop would do about this VM, in a sentence. `paused` is the pause switch's reason, or empty."""
    if actions:
        if policy.spec.mode is not Mode.ENFORCE:
            return (
                f"Nothing is written: the policy's mode is {policy.spec.mode}. In mode enforce the steps above follow."
            )
        if paused:
            return f"Nothing is written while Backstop is paused ({paused}). After `backstop resume` the steps follow."
        return "The next sweep with --enforce takes the steps above; so does: backstop protect VM_ID --enforce"
    if verdict.state is State.UNKNOWN:
        return "Nothing is written while something cannot be read; the next sweep looks again."
    if verdict.has(Reason.SETTLING):
        return f"It is left alone {_until(policy, seen)}; then Backstop looks again."
    if verdict.has(Reason.PROTECTION_IN_PROGRESS):
        return "Azure is at work. When it is done, Backstop looks again and starts the first backup if one is missing."
    if verdict.state is State.NON_COMPLIANT:
        return "Backstop reports it and leaves it to a person; the remedies stand with the reasons."
    return _NOTHING[verdict.state] if seen is not None else "Nothing: the VM does not exist."


def _until(policy: EnforcementPolicy, seen: Observation | None) -> str:
    vm = seen.vm if seen is not None else None
    created: datetime | None = vm.created if isinstance(vm, Vm) else None
    if created is None:
        return "until `settle` has passed"
    return f"until {(created + policy.spec.settle).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
