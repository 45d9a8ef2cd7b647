"""`protect`: one VM, under the same policy, plan and guards as every other way in."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from cli import exit_codes
from cli.drain import Drained, drain
from cli.options import Options
from cli.output.action_words import action_text, held_text
from cli.output.asking import confirm
from cli.output.console import err, out, plain, print_json
from cli.output.explanation import remedy_of
from cli.vm_argument import require_in_scope, vm_argument
from shared.bootstrap import Backstop, open_backstop
from shared.domain import messages
from shared.domain.model import Action, Finding, Protection, ReconcileRequest, State, Status, Verdict
from shared.domain.withholding import Withheld
from shared.errors import SettingsError
from shared.looking import Look


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for, as typed."""

    vm_id: str
    backup_now: bool
    retain_until: str


async def run(options: Options, wish: Wish, *, enforce: bool, yes: bool) -> int:
    """0 when nothing is left to do for the VM or nothing may be written, 1 when it failed or could not be read."""
    vm_id = vm_argument(wish.vm_id)
    async with open_backstop(options.settings(enforce=enforce)) as backstop:
        await require_in_scope(backstop, vm_id)
        retain_until = parse_retention(wish.retain_until, backstop.clock.now())
        run_id = uuid.uuid4().hex
        request = ReconcileRequest(vm_id, "cli", run_id, run_id, backup_now=wish.backup_now, retain_until=retain_until)
        with err().status("Reading the VM"):
            look = await backstop.reconciler.looker.look(request, backstop.policy)
        verdict, actions = look.verdict, look.actions
        if not options.as_json:
            _show_plan(request, look)
        drained, finding = Drained(), None
        why_not = backstop.reconciler.why_not(backstop.policy, verdict)
        if actions and why_not is None:
            confirm(backstop, f"Do this to {vm_id.name}?", yes=yes)
            drained, finding = await _carry_out(backstop, request)
        if options.as_json:
            print_json(_as_data(request, verdict, actions, finding, why_not))
        else:
            _show_end(look, finding, drained, why_not)
    if drained.paused:
        return exit_codes.PAUSED
    failed = verdict.state is State.UNKNOWN or (finding is not None and finding.outcome.status is Status.FAILED)
    return exit_codes.FAILED if failed else exit_codes.DONE


def parse_retention(text: str, now: datetime) -> datetime | None:
    """The end of that day, UTC; SettingsError for what is no date, lies behind, or beyond what Azure keeps."""
    if not text:
        return None
    try:
        until = datetime.combine(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC), time.max, UTC)
    except ValueError:
        raise SettingsError(f"{text!r} is no date", code="RETAIN_UNTIL", remedy="Write it as YYYY-MM-DD") from None
    until = until.replace(microsecond=0)
    # 9999 days is the longest daily retention in Azure Backup's support matrix (2022).
    if not now < until <= now + timedelta(days=9999):
        remedy = "Choose a day from today on, within 9999 days"
        raise SettingsError(f"a recovery point cannot be kept until {text}", code="RETAIN_UNTIL", remedy=remedy)
    return until


async def _carry_out(backstop: Backstop, request: ReconcileRequest) -> tuple[Drained, Finding | None]:
    queue = backstop.settings.reconcile_queue
    await backstop.queue.send(queue, messages.encode(request), group=request.run_id)
    with err().status("Waiting for Azure"):
        drained = await drain(backstop, request.run_id, lambda _done: None, alone=True)
    return drained, await backstop.findings.of(request.vm_id)


def _show_plan(request: ReconcileRequest, look: Look) -> None:
    verdict, actions = look.verdict, look.actions
    item = look.seen.protection if look.seen is not None else None
    current = item.backup_policy if isinstance(item, Protection) else ""
    out().print(plain(f"{request.vm_id.name}: {verdict.state}", "bold"), plain(f"(rule {verdict.rule or 'none'})"))
    for each in verdict.reasons:
        out().print(plain(f"  {each.reason.code}: {each}"))
        if remedy := remedy_of(each.reason, actions):
            out().print(plain(f"    {remedy}", "bright_black"))
    for action in actions:
        out().print(plain(f"  → {action_text(action, current)}", "cyan"))


def _show_end(look: Look, finding: Finding | None, drained: Drained, why_not: Withheld | None) -> None:
    held = look.steps.held
    if not look.actions and held is not None:
        out().print(plain(held_text(held, steps=False), "yellow"))
    elif not look.actions:
        out().print(plain("Nothing to do.", "bold"))
    elif why_not is not None:
        why = "--enforce was not given" if why_not.code == "NOT_PERMITTED" else f"{why_not.why}. {why_not.remedy}"
        out().print(plain(f"Nothing was written: {why}.", "bold"))
    elif finding is not None:
        done = finding.outcome
        out().print(plain(f"{done.status}: {finding.verdict.reasons[0]}", "bold"))
        if done.error_code:
            out().print(plain(f"{done.error_code}: {done.error}. {done.remedy}", "red"))
        if drained.put_off_until is not None:
            out().print(plain(f"Looked at again from {drained.put_off_until:%Y-%m-%d %H:%M} UTC on.", "yellow"))


def _as_data(
    request: ReconcileRequest,
    verdict: Verdict,
    actions: tuple[Action, ...],
    finding: Finding | None,
    why_not: Withheld | None,
) -> dict[str, object]:
    last = finding.verdict if finding is not None else verdict
    outcome = finding.outcome if finding is not None else None
    return {
        "vm": request.vm_id.text,
        "wrote": why_not is None and bool(actions),
        "withheld": why_not.code if why_not is not None and actions else None,
        "before": {"verdict": verdict.state.value, "reasons": [each.reason.code for each in verdict.reasons]},
        "actions": [action.kind.value for action in actions],
        "verdict": last.state.value,
        "rule": last.rule,
        "reasons": [each.reason.code for each in last.reasons],
        "outcome": None
        if outcome is None
        else {
            "status": outcome.status.value,
            "code": outcome.error_code,
            "error": outcome.error,
            "remedy": outcome.remedy,
        },
    }
